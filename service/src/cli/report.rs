//! The answer of `inspect`, in either profile.

use apply_cookies::UnixMillis;
use apply_cookies::protocol::{AfterApply, AuthenticToken, RefusedToken, TokenBody};
use serde::Serialize;

use super::lines::{self, Unread};

const INVALID: &str = r#"{"verdict":"invalid"}"#;

/// The answer to a line, or that it is invalid; why is written to standard error.
pub(super) fn or_invalid(
    number: usize,
    line: Result<&str, Unread>,
    inspect: impl FnOnce(&str) -> Result<String, &'static str>,
) -> String {
    let answer = match line {
        Ok(line) => inspect(line).inspect_err(|why| lines::tell(number, why)),
        Err(unread) => {
            lines::tell(number, &unread);
            return INVALID.to_owned();
        }
    };
    answer.unwrap_or_else(|_| INVALID.to_owned())
}

/// Its fields can all be written as JSON.
pub(super) fn line<O: Serialize>(report: &Report<'_, O>) -> String {
    serde_json::to_string(report).unwrap_or_else(|_| INVALID.to_owned())
}

/// One line of the answer, spelled as in the vectors (SPEC §11). The order of the fields is part of
/// the tool.
#[derive(Serialize)]
pub(super) struct Report<'a, O> {
    pub(super) verdict: &'static str,
    pub(super) profile: &'static str,
    pub(super) seal: &'static str,
    /// Which secret of the ring; Mesop's tokens do not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) key_id: Option<String>,
    pub(super) nonce: String,
    pub(super) issued_at: u64,
    pub(super) expires_at: u64,
    pub(super) barrier: bool,
    pub(super) scope: Option<String>,
    pub(super) bound: bool,
    pub(super) then: Option<&'a AfterApply<'a>>,
    pub(super) operations: O,
}

/// Whether the token is valid at this time.
pub(super) fn verdict<B: TokenBody>(
    token: &AuthenticToken<'_, B>,
    now: UnixMillis,
) -> &'static str {
    match token.check_time(now) {
        Ok(()) => "valid",
        Err(RefusedToken::NotYetValid) => "not_yet_valid",
        Err(_) => "expired",
    }
}
