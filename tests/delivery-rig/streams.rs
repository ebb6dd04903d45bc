//! Streams that bring tokens, and what is known about each token.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actix_web::web::{Bytes, Data, Query};
use actix_web::{Error, HttpResponse, rt};
use apply_cookies::protocol::{KeyRing, Nonce, UntrustedToken};
use apply_cookies::{Outcome, PendingCookies, PushError, Receipt, SetCookie};
use async_stream::stream;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::ledger::Ledger;

/// The one cookie that all tokens are about.
pub(crate) const COOKIE: &str = "session";

#[derive(Deserialize)]
pub(crate) struct Wanted {
    /// A name for each token, with commas between them: `set:<value>`, `delete:<any>` or
    /// `sign-out:<any>`.
    tokens: String,
}

/// Every token that was minted, by its name.
pub(crate) struct Minted {
    ring: KeyRing,
    tokens: Mutex<HashMap<String, (Nonce, Option<Outcome>)>>,
}

impl Minted {
    pub(crate) fn new(ring: KeyRing) -> Self {
        Self {
            ring,
            tokens: Mutex::default(),
        }
    }

    fn add(self: Arc<Self>, name: &str, token: &str, receipt: Receipt) {
        let mut buffer = Vec::new();
        let opened = UntrustedToken::new(token)
            .open(&self.ring, &mut buffer)
            .expect("our own token");
        let nonce = opened.header().nonce;
        let earlier = self.tokens().insert(name.to_owned(), (nonce, None));
        assert!(earlier.is_none(), "two tokens are called {name}");
        let name = name.to_owned();
        // As a handler would wait for it.
        rt::spawn(async move {
            let outcome = receipt.await;
            if let Some((_, known)) = self.tokens().get_mut(&name) {
                *known = Some(outcome);
            }
        });
    }

    fn tokens(&self) -> MutexGuard<'_, HashMap<String, (Nonce, Option<Outcome>)>> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn report(&self, ledger: &Ledger) -> Value {
        self.tokens()
            .iter()
            .map(|(name, (nonce, outcome))| {
                let entry = ledger.entry(*nonce);
                let known = json!({
                    "receipt": outcome.map(word),
                    "released": entry.released,
                    "redemptions": entry.redemptions.len(),
                    "place": entry.place,
                });
                (name.clone(), known)
            })
            .collect::<serde_json::Map<_, _>>()
            .into()
    }
}

fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Released => "released",
        Outcome::Expired => "expired",
        Outcome::Undeliverable => "undeliverable",
        _ => "unknown",
    }
}

/// One token for each name, in their order, each in a frame of its own and followed by an event
/// with its name.
pub(crate) async fn mint(
    pending: PendingCookies,
    wanted: Query<Wanted>,
    minted: Data<Minted>,
) -> HttpResponse {
    let mut frames = pending.frames();
    let body = stream! {
        for name in wanted.tokens.split(',') {
            let receipt = match push(&pending, name) {
                Ok(receipt) => receipt,
                Err(error) => {
                    yield Ok(Bytes::from(format!("event: refused\ndata: {error}\n\n")));
                    continue;
                }
            };
            for frame in frames.take_ready() {
                minted.clone().into_inner().add(name, frame.token(), receipt.clone());
                yield Ok::<_, Error>(Bytes::from(frame.to_sse() + &format!("data: {name}\n\n")));
            }
        }
    };
    HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header(("cache-control", "no-store"))
        .streaming(body)
}

fn push(pending: &PendingCookies, name: &str) -> Result<Receipt, PushError> {
    match name.split_once(':') {
        Some(("set", value)) => pending.batch().set(SetCookie::new(COOKIE, value)).push(),
        Some(("sign-out", _)) => pending.sign_out().delete_cookie(COOKIE).push(),
        _ => pending.batch().delete_cookie(COOKIE).push(),
    }
}
