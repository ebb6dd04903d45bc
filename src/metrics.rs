//! Counters and gauges, through the `metrics` facade: an app or service that installs a recorder sees them;
//! otherwise they cost next to nothing.

use std::time::Duration;

use metrics::{counter, gauge};

/// Tokens sealed.
const ISSUED: &str = "apply_cookies_tokens_issued_total";
/// Tokens of this process that expired before anyone redeemed them.
const EXPIRED: &str = "apply_cookies_tokens_expired_total";
/// Operations that were accepted but cannot reach the browser; `reason` says why.
const LOST: &str = "apply_cookies_operations_lost_total";
/// Pushes that were refused; `reason` says why.
const REFUSED: &str = "apply_cookies_pushes_refused_total";
/// Answers of the endpoint; `result` is `released`, `retried`, or the type of the refusal.
const REDEMPTIONS: &str = "apply_cookies_redemptions_total";
/// Sign-outs whose barrier could not be raised.
const BARRIERS_FAILED: &str = "apply_cookies_barriers_failed_total";

/// Tokens whose receipts end as unknown, because too many were in flight.
const UNTRACKED: &str = "apply_cookies_tokens_untracked_total";
/// How far the machine's clock was set back while this process ran, in seconds.
const SET_BACK: &str = "apply_cookies_clock_set_back_seconds";
/// How long the replay store refuses tokens of other processes because the clock was ahead.
const AHEAD: &str = "apply_cookies_store_ahead_seconds";

pub(crate) fn token_issued() {
    counter!(ISSUED).increment(1);
}

pub(crate) fn token_expired() {
    counter!(EXPIRED).increment(1);
}

/// Why operations were lost.
#[derive(Clone, Copy)]
pub(crate) enum Loss {
    HandlerFailed,
    StreamEnded,
}

pub(crate) fn operations_lost(number: usize, loss: Loss) {
    let reason = match loss {
        Loss::HandlerFailed => "handler-failed",
        Loss::StreamEnded => "stream-ended",
    };
    counter!(LOST, "reason" => reason).increment(number as u64);
}

pub(crate) fn push_refused(reason: &'static str) {
    counter!(REFUSED, "reason" => reason).increment(1);
}

pub(crate) fn redemption(result: &'static str) {
    counter!(REDEMPTIONS, "result" => result).increment(1);
}

pub(crate) fn token_untracked() {
    counter!(UNTRACKED).increment(1);
}

pub(crate) fn clock_set_back(by: Duration) {
    gauge!(SET_BACK).set(by.as_secs_f64());
}

pub(crate) fn store_ahead(by: Duration) {
    gauge!(AHEAD).set(by.as_secs_f64());
}

pub(crate) fn barrier_failed() {
    counter!(BARRIERS_FAILED).increment(1);
}
