//! The cost of redeeming one of Mesop's tokens, by the number of remembered nonces: here, and in
//! Mesop itself, where every redemption looks at all of them.
//!
//! Mesop's half runs in the environment that `tests/mesop/run` makes; without it the bench says so.

use std::process::Command;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use apply_cookies::Clock;
use apply_cookies::protocol::mesop::{MesopKeys, parse_batch, seal};
use apply_cookies::protocol::{BindingPolicy, Lifetime, Nonce, Secret, UnixMillis, UntrustedToken};
use apply_cookies::replay::{Claim, ClaimAnswer, MemoryReplayStore, ReplayStore};
use futures_util::FutureExt;
use rand::Rng;

const LIVE: [usize; 4] = [0, 1_000, 10_000, 100_000];
const REDEEMED: usize = 2_000;

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::rng().fill_bytes(&mut bytes);
    bytes
}

fn now() -> UnixMillis {
    let since = SystemTime::UNIX_EPOCH.elapsed().expect("after 1970");
    let millis = u64::try_from(since.as_millis()).expect("before 9999");
    UnixMillis::new(millis).expect("before 9999")
}

fn tokens(keys: &MesopKeys) -> Vec<String> {
    let batch = r#"{"operations":[{"op":"set","name":"session","value":"8f14e45fceea167a5a36dedd4bea2543","max_age":3600}]}"#;
    let cookies = parse_batch(batch, now()).expect("good");
    (0..REDEEMED)
        .map(|_| {
            let nonce = Nonce::from_random(random());
            seal(keys, nonce, now(), None, &cookies)
                .expect("good")
                .into_string()
        })
        .collect()
}

/// Verify, prepare, claim, release.
fn redeem(keys: &MesopKeys, store: &dyn ReplayStore, buffer: &mut Vec<u8>, token: &str) {
    let prepared = UntrustedToken::new(token)
        .open_mesop(keys, buffer)
        .expect("ours")
        .verify(now(), BindingPolicy::Optional, None)
        .expect("now")
        .prepare()
        .expect("good");
    let header = prepared.header();
    let claim = Claim::new(
        header.nonce,
        header.issued_at,
        header.expires_at,
        Lifetime::from_millis(61_000).expect("a minute"),
    );
    let answer = store.claim(claim).now_or_never().expect("in memory");
    let Ok(ClaimAnswer::Granted { grant, .. }) = answer else {
        panic!("refused: {answer:?}");
    };
    assert_eq!(prepared.release(grant).iter().len(), 1);
}

/// A store whose horizon is far in the past, and that remembers this many nonces.
fn store(live: usize) -> MemoryReplayStore {
    let started = std::sync::atomic::AtomicBool::new(false);
    let store = MemoryReplayStore::new(Clock::from_fn(move || {
        // The horizon is the time when the clock is first read.
        if started.swap(true, std::sync::atomic::Ordering::Relaxed) {
            now()
        } else {
            now().minus(600_000)
        }
    }));
    for _ in 0..live {
        let claim = Claim::new(
            Nonce::from_random(random()),
            now(),
            now().plus(60_000),
            Lifetime::default(),
        );
        let answer = store.claim(claim).now_or_never().expect("in memory");
        assert!(matches!(answer, Ok(ClaimAnswer::Granted { .. })));
    }
    store
}

fn main() {
    let secret = Secret::from_mesop("8uNnT5lZQ0zGm1rVxkPqYc3sEJfHdOaW7bKtLi2vRyA").expect("strong");
    let keys = MesopKeys::new(&secret);
    println!("microseconds to redeem a token, by live nonces (median)");
    println!("  apply-cookies, --profile mesop");
    for live in LIVE {
        let store: Arc<dyn ReplayStore> = Arc::new(store(live));
        let tokens = tokens(&keys);
        let mut buffer = Vec::new();
        let mut times: Vec<f64> = tokens
            .iter()
            .map(|token| {
                let start = Instant::now();
                redeem(&keys, &*store, &mut buffer, token);
                start.elapsed().as_secs_f64() * 1e6
            })
            .collect();
        times.sort_by(f64::total_cmp);
        println!("  {live:>9}{:>10.2}", times[REDEEMED / 2]);
    }
    println!("  Mesop, _CookieTokenCache.pop");
    let python = concat!(env!("CARGO_MANIFEST_DIR"), "/target/mesop-venv/bin/python");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/mesop/pop.py");
    match Command::new(python).arg(script).output() {
        Ok(output) if output.status.success() => {
            for line in String::from_utf8_lossy(&output.stdout).lines() {
                let (live, cost) = line.split_once('\t').unwrap_or((line, ""));
                println!("  {live:>9}{cost:>10}");
            }
        }
        Ok(output) => println!("  {}", String::from_utf8_lossy(&output.stderr)),
        Err(_) => println!("  not measured: run tests/mesop/run once, which installs Mesop"),
    }
}
