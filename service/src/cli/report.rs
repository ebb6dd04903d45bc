//! The answer of `inspect`, in either profile.

use apply_cookies::UnixMillis;
use apply_cookies::protocol::{AfterApply, AuthenticToken, RefusedToken, TokenBody};
use serde::Serialize;

pub(super) const INVALID: &str = r#"{"verdict":"invalid"}"#;

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
    pub(super) scoped: bool,
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
