//! `inspect`: tokens → what they say, without redeeming them.

use apply_cookies_protocol::{AuthenticToken, KeyRing, RefusedToken, UnixMillis, UntrustedToken};
use serde::Serialize;

use super::Refused;
use super::args::InspectArgs;
use super::lines::{self, TooLong};
use super::mesop;
use crate::Clock;
use crate::redeem::after_apply;
use crate::secrets::Secrets;

pub(super) fn run(args: &InspectArgs) -> Result<(), Refused> {
    if args.profile.is_mesop() {
        return mesop::inspect(args);
    }
    let ring = Secrets::from_env()?.into_ring()?;
    let clock = Clock::system();
    // What is too long to be a line is too long to be a token.
    lines::answer_each_text(|_, line| {
        let now = args.now.unwrap_or_else(|| clock.now());
        line.map_or_else(
            |TooLong| INVALID.to_owned(),
            |line| inspect(&ring, now, line),
        )
    })
}

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
    /// Only of tokens that are one.
    #[serde(skip_serializing_if = "is_false")]
    pub(super) barrier: bool,
    /// Only of tokens that have an action: what the header `Apply-Cookies-Then` will say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) then: Option<String>,
    pub(super) operations: O,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_false(flag: &bool) -> bool {
    !flag
}

/// Whether the token's time is now.
pub(super) fn verdict(token: &AuthenticToken<'_>, now: UnixMillis) -> &'static str {
    match token.check_time(now) {
        Ok(()) => "valid",
        Err(RefusedToken::NotYetValid) => "not_yet_valid",
        Err(_) => "expired",
    }
}

fn inspect(ring: &KeyRing, now: UnixMillis, text: &str) -> String {
    let mut buffer = Vec::new();
    let Ok(token) = UntrustedToken::new(text).open(ring, &mut buffer) else {
        return INVALID.to_owned();
    };
    let Ok(operations) = token.operations().collect::<Result<Vec<_>, _>>() else {
        return INVALID.to_owned();
    };
    let header = token.header();
    serde_json::to_string(&Report {
        verdict: verdict(&token, now),
        profile: "native",
        seal: token.seal().as_str(),
        nonce: header.nonce.to_text(),
        issued_at: header.issued_at.get(),
        expires_at: header.expires_at.get(),
        barrier: header.barrier,
        then: header.then.and_then(after_apply),
        operations,
    })
    .unwrap_or_else(|_| INVALID.to_owned())
}
