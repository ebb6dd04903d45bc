//! Counters, through the `metrics` facade: an app or service that installs a recorder sees them;
//! otherwise they cost next to nothing.

use metrics::counter;

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
/// Sign-outs on ordinary responses whose barrier could not be raised.
const BARRIERS_FAILED: &str = "apply_cookies_barriers_failed_total";

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

pub(crate) fn barrier_failed() {
    counter!(BARRIERS_FAILED).increment(1);
}
