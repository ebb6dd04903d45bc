//! The answer of `inspect`, in either profile.

use std::borrow::Cow;

use apply_cookies::UnixMillis;
use apply_cookies::protocol::{AuthenticToken, RefusedToken, TokenBody};
use serde::Serialize;

pub(super) const INVALID: &str = r#"{"verdict":"invalid"}"#;

/// One line of the answer. The order of the fields is part of the tool.
#[derive(Serialize)]
pub(super) struct Report<O> {
    pub(super) verdict: &'static str,
    pub(super) profile: &'static str,
    pub(super) seal: &'static str,
    pub(super) nonce: String,
    pub(super) issued_at: u64,
    pub(super) expires_at: u64,
    /// Only for tokens that are barriers.
    #[serde(skip_serializing_if = "is_false")]
    pub(super) barrier: bool,
    /// Only for tokens with an action: the value of the header `Apply-Cookies-Then`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) then: Option<Cow<'static, str>>,
    pub(super) operations: O,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_false(flag: &bool) -> bool {
    !flag
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
