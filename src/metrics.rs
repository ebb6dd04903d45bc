//! Counters and gauges, through the `metrics` facade: an app or service that installs a recorder sees them;
//! otherwise they cost next to nothing.

use std::time::Duration;

use apply_cookies_protocol::KeyId;
use metrics::{SharedString, counter, gauge, histogram};

/// Tokens sealed.
const ISSUED: &str = "apply_cookies_tokens_issued_total";
/// Tokens of this process that expired before anyone redeemed them.
const EXPIRED: &str = "apply_cookies_tokens_expired_total";
/// Operations that were accepted but cannot reach the browser; `reason` says why.
const LOST: &str = "apply_cookies_operations_lost_total";
/// Pushes that were refused; `reason` says why.
const REFUSED: &str = "apply_cookies_pushes_refused_total";
/// Answers of the endpoint, by its path; `result` is `released`, `retried`, or the type of the refusal.
const REDEMPTIONS: &str = "apply_cookies_redemptions_total";
/// Sign-outs whose barrier could not be raised.
const BARRIERS_FAILED: &str = "apply_cookies_barriers_failed_total";

/// How long a redemption takes.
const REDEMPTION_DURATION: &str = "apply_cookies_redemption_duration_seconds";
/// How old tokens are when they are redeemed: shows a page or a proxy that delays.
const TOKEN_AGE: &str = "apply_cookies_token_age_seconds";
/// Tokens that were opened, by their key: says when a previous secret may go.
const KEY_USES: &str = "apply_cookies_key_uses_total";
/// Answers to `POST {prefix}/bind`; `result` is `made`, `present` or `refused`.
const BINDINGS: &str = "apply_cookies_bindings_total";
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

/// The path of an endpoint, as a label. Redeemers outside of an endpoint have none.
pub(crate) type Endpoint = Option<SharedString>;

pub(crate) fn redemption(endpoint: &Endpoint, result: &'static str) {
    let counted = if let Some(path) = endpoint {
        counter!(REDEMPTIONS, "endpoint" => path.clone(), "result" => result)
    } else {
        counter!(REDEMPTIONS, "result" => result)
    };
    counted.increment(1);
}

/// From the end of a post's body to its answer.
pub(crate) fn redemption_took(time: Duration) {
    histogram!(REDEMPTION_DURATION).record(time);
}

/// A token that was redeemed for the first time.
pub(crate) fn token_age(age: Duration) {
    histogram!(TOKEN_AGE).record(age);
}

/// A token that was opened with this key.
pub(crate) fn key_used(key: KeyId, current: bool) {
    let role = if current { "current" } else { "previous" };
    counter!(KEY_USES, "key" => key.to_string(), "role" => role).increment(1);
}

/// An answer to `POST {prefix}/bind`.
pub(crate) fn binding(result: &'static str) {
    counter!(BINDINGS, "result" => result).increment(1);
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
