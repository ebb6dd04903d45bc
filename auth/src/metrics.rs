//! What is counted. The names are in `docs/sign-ins.md`.

use metrics::counter;

/// Somebody was signed in, or not: `result` is `signed-in` or the code of the refusal.
pub(crate) fn sign_in(method: &str, result: &'static str) {
    counter!("apply_cookies_auth_sign_ins_total", "method" => method.to_owned(), "result" => result)
        .increment(1);
}

/// A session was ended before its time.
pub(crate) fn session_ended(reason: &'static str) {
    counter!("apply_cookies_auth_sessions_ended_total", "reason" => reason).increment(1);
}

/// A handler or a guard has found no middleware.
pub(crate) fn middleware_missing() {
    counter!("apply_cookies_auth_middleware_missing_total").increment(1);
}

/// The store of revocations did not answer.
pub(crate) fn revocation_error() {
    counter!("apply_cookies_auth_revocation_errors_total").increment(1);
}
