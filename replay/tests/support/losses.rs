//! Tokens that are claimed before and after a server loses something, by two who want them.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::missing_panics_doc,
    reason = "each test file uses its own part"
)]

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use apply_cookies_protocol::{BindingCookie, Lifetime, Nonce, RedemptionDigest, UnixMillis};
use apply_cookies_replay::{Claim, ClaimAnswer, Clock, ReplayStore, StoreError, StoreFuture};
use futures_util::future::join_all;

/// The count of a short run, and that of a full one.
pub fn count(short: usize, full: usize) -> usize {
    match std::env::var("APPLY_COOKIES_FAULTS").as_deref() {
        Ok("full") => full,
        _ => short,
    }
}

/// Waits in a runtime, as an app does.
pub fn wait<T: Unpin + Send>(answer: StoreFuture<'_, T>) -> Result<T, StoreError> {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.unwrap().block_on(answer)
}

/// The real time and some more: five seconds pass at once.
#[derive(Clone, Default)]
pub struct Ahead(Arc<AtomicI64>);

impl Ahead {
    pub fn clock(&self) -> Clock {
        let (ahead, real) = (self.0.clone(), Clock::system());
        Clock::from_fn(move || {
            let real = i64::try_from(real.now().get()).unwrap();
            let ahead = ahead.load(Ordering::SeqCst);
            UnixMillis::new(u64::try_from(real + ahead).unwrap()).unwrap()
        })
    }

    /// Lets time pass.
    pub fn pass(&self, millis: i64) {
        self.0.fetch_add(millis, Ordering::SeqCst);
    }

    pub fn millis(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// A token of one of ten browsers.
pub fn token(number: u64, issued_at: UnixMillis) -> Claim {
    static RUN: AtomicU64 = AtomicU64::new(0);
    let mut nonce = [0; 16];
    nonce[..8].copy_from_slice(&number.to_be_bytes().map(|byte| byte.rotate_left(3)));
    nonce[8..].copy_from_slice(&RUN.fetch_add(1, Ordering::Relaxed).to_be_bytes());
    let life = Lifetime::default();
    let expires_at = issued_at.plus(life.as_millis());
    let mut claim = Claim::new(
        Nonce::from_random(nonce),
        issued_at,
        expires_at,
        life,
        issued_at,
    );
    let browser = u8::try_from(number % 10).unwrap();
    claim.binding = Some(BindingCookie::from_random([browser; 32]).digest());
    claim
}

/// Who got which token, and who was refused.
#[derive(Default)]
pub struct Owners {
    first: HashMap<[u8; 16], u8>,
    pub firsts: usize,
    pub doubles: usize,
    pub refused: usize,
    pub errors: usize,
}

/// How often somebody asks again after an error.
const TRIES: usize = 30;

/// How many ask at the same time.
const TOGETHER: usize = 64;

impl Owners {
    /// Claims all tokens for one who wants them, 64 at a time, and asks again after an error under
    /// the same id. Returns how many were granted.
    pub fn claim(&mut self, store: &dyn ReplayStore, tokens: &[Claim], who: u8) -> usize {
        let mut granted = 0;
        for tokens in tokens.chunks(TOGETHER) {
            let answers = join_all(tokens.iter().map(|token| ask(store, *token, who)));
            let mut runtime = tokio::runtime::Builder::new_current_thread();
            let answers = runtime.enable_time().build().unwrap().block_on(answers);
            for (token, answer) in tokens.iter().zip(answers) {
                match answer {
                    Ok(ClaimAnswer::Granted { .. }) => {
                        granted += 1;
                        match self.first.insert(token.nonce.to_bytes(), who) {
                            None => self.firsts += 1,
                            Some(owner) if owner != who => self.doubles += 1,
                            Some(_) => {}
                        }
                    }
                    Ok(_) => self.refused += 1,
                    Err(_) => self.errors += 1,
                }
            }
        }
        granted
    }
}

async fn ask(
    store: &dyn ReplayStore,
    mut token: Claim,
    who: u8,
) -> Result<ClaimAnswer, StoreError> {
    token.redemption = RedemptionDigest::from_id(&[who]);
    let mut answer = store.claim(token).await;
    for _ in 1..TRIES {
        if answer.is_ok() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        answer = store.claim(token).await;
    }
    answer
}
