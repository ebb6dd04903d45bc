//! A clock that moves by hand, and tokens for it.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::missing_panics_doc,
    reason = "each test file uses its own part"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use apply_cookies_protocol::{Grant, Lifetime, Nonce, UnixMillis};
use apply_cookies_replay::{BarrierAnswer, Claim, ClaimAnswer, Clock};

pub const START: u64 = 1_795_000_000_000;

pub const FIRST: ClaimAnswer = ClaimAnswer::Granted {
    grant: Grant::First,
    barrier: BarrierAnswer::NotAsked,
};

pub fn at(millis: u64) -> UnixMillis {
    UnixMillis::new(millis).unwrap()
}

/// A clock and its hands.
pub fn clock() -> (Clock, Arc<AtomicU64>) {
    let hands = Arc::new(AtomicU64::new(START));
    let shown = hands.clone();
    let clock = Clock::from_fn(move || at(shown.load(Ordering::SeqCst)));
    (clock, hands)
}

/// A token that lives for a minute, of nobody.
pub fn claim(number: u64, issued_at: u64) -> Claim {
    let mut nonce = [0; 16];
    nonce[..8].copy_from_slice(&number.to_le_bytes());
    Claim::new(
        Nonce::from_random(nonce),
        at(issued_at),
        at(issued_at + 60_000),
        Lifetime::default(),
        at(issued_at),
    )
}
