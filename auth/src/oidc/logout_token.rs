//! A provider's word that a session there is over (OpenID Connect Back-Channel Logout 1.0 §2.4, §2.6).

use apply_cookies::UnixMillis;
use serde_json::Value;

use super::id_token::check_parties;
use super::settings::Oidc;
use crate::jws::{Claims, Fault};
use crate::millis::millis;

/// The member of `events` that makes a token one of these.
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// How old a token may be. Providers send it at once, and again within seconds.
const AGE_MAX_MS: u64 = 2 * 60 * 1000;

/// Types of a logout token. The specification asks for the first and leaves the others to providers
/// that are older than it (Keycloak sent `JWT` until version 25), so the type alone never distinguishes a
/// logout token from an ID token: `events` and the absence of `nonce` do.
pub(super) const TYPES: [&str; 3] = ["logout+jwt", "jwt", ""];

/// Whose sessions are over.
#[cfg_attr(test, derive(Debug, PartialEq))]
pub(crate) struct LoggedOut {
    /// All of this person's sessions, unless there is a `sid`.
    pub(crate) subject: Option<String>,
    /// The provider's session.
    pub(crate) sid: Option<String>,
    /// The end of the second in which the token was issued: what began before is over, and a token
    /// that is sent twice ends nothing newer.
    pub(crate) at: UnixMillis,
}

pub(super) fn check(claims: &Claims, settings: &Oidc, now: UnixMillis) -> Result<LoggedOut, Fault> {
    check_parties(claims, settings)?;
    let skew = millis(settings.skew);
    let issued_at = (claims.seconds("iat")?).ok_or_else(|| Fault::new("iat is missing"))?;
    if issued_at.plus(AGE_MAX_MS) < now || issued_at > now.plus(skew) {
        return Err(Fault::new(
            "iat is more than two minutes ago, or in the future",
        ));
    }
    // Required since the final version only.
    if claims
        .seconds("exp")?
        .is_some_and(|end| end.plus(skew) <= now)
    {
        return Err(Fault::new("exp has passed"));
    }
    if claims
        .seconds("nbf")?
        .is_some_and(|start| start > now.plus(skew))
    {
        return Err(Fault::new("nbf is in the future"));
    }
    let event = claims
        .object()
        .get("events")
        .and_then(|events| events.get(EVENT));
    if !event.is_some_and(Value::is_object) {
        return Err(Fault::new("events has no back-channel logout"));
    }
    if claims.object().contains_key("nonce") {
        return Err(Fault::new("nonce is there: this is an ID token"));
    }
    let name = |name| match claims.text(name)? {
        Some(text) if !(1..=255).contains(&text.len()) => {
            Err(Fault::new("sub or sid is not 1 to 255 bytes"))
        }
        text => Ok(text.map(str::to_owned)),
    };
    let (subject, sid) = (name("sub")?, name("sid")?);
    if subject.is_none() && sid.is_none() {
        return Err(Fault::new("sub and sid are missing"));
    }
    Ok(LoggedOut {
        subject,
        sid,
        at: issued_at.plus(999),
    })
}
