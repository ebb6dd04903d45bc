//! Mesop's tokens, fresh ones, of three cookies as a sign-in sets them.

use std::time::SystemTime;

use apply_cookies::Secrets;
use apply_cookies::protocol::mesop::{MesopCookie, MesopKeys, parse_batch, seal};
use apply_cookies::protocol::{Nonce, Secret, UnixMillis};
use rand::Rng;

const BATCH: &str = r#"{"operations":[
    {"op":"set","name":"session","value":"8f14e45fceea167a5a36dedd4bea2543","max_age":3600,"secure":false},
    {"op":"set","name":"theme","value":"dark","secure":false,"http_only":false},
    {"op":"set","name":"seen","value":"2026-11-27","secure":false}]}"#;

pub(crate) struct Tokens {
    pub(crate) secret: String,
    keys: MesopKeys,
    cookies: Vec<MesopCookie>,
}

impl Tokens {
    pub(crate) fn new() -> Self {
        let secret = Secrets::generate();
        let keys = MesopKeys::new(&Secret::from_mesop(&secret).expect("strong"));
        let cookies = parse_batch(BATCH, now()).expect("good");
        Self {
            secret,
            keys,
            cookies,
        }
    }

    pub(crate) fn next(&self) -> String {
        let mut nonce = [0; 16];
        rand::rng().fill_bytes(&mut nonce);
        let nonce = Nonce::from_random(nonce);
        seal(&self.keys, nonce, now(), None, &self.cookies)
            .expect("good")
            .into_string()
    }
}

fn now() -> UnixMillis {
    let since = SystemTime::UNIX_EPOCH.elapsed().expect("after 1970");
    let millis = u64::try_from(since.as_millis()).expect("before 9999");
    UnixMillis::new(millis).expect("before 9999")
}
