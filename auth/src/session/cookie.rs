//! The cookie of a session, with the keys of one deployment.

use std::time::Duration;

use apply_cookies::protocol::{CookieHeader, Lookup, Stamp, ValueCodec};
use apply_cookies::{ApplyCookies, OperationError, Protection, SameSite, SetCookie, UnixMillis};

use super::Session;
use super::signed_in::SignedIn;
use crate::random;

/// The cookie of a session. Over plain http it has no prefix.
const NAME: &str = "__Host-signed-in";

/// The most bytes of the cookie, name and value together: browsers keep 4,096, and other cookies of
/// the app need room in a proxy's header buffer.
pub const COOKIE_MAX: usize = 3_800;

/// An identity that does not fit into a cookie.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the identity takes {size} bytes of a cookie, and {COOKIE_MAX} is the most; the largest part is {largest}"
)]
#[non_exhaustive]
pub struct IdentityTooLarge {
    /// The bytes of the cookie.
    pub size: usize,
    /// What takes the most room: a claim's name, or `roles`.
    pub largest: String,
}

/// Writes and reads the cookie of sessions.
pub(crate) struct SessionCookie {
    codec: ValueCodec,
    same_site: SameSite,
}

/// Why a request's cookie is nobody's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unread {
    /// There is none.
    Absent,
    /// It is not one of ours, was changed, or is over.
    Unreadable,
    /// It was given to another browser.
    OtherBrowser,
}

impl SessionCookie {
    pub(crate) fn new(cookies: &ApplyCookies, same_site: SameSite) -> Result<Self, OperationError> {
        let codec = cookies.classes().value_codec(NAME, Protection::Encrypted)?;
        Ok(Self { codec, same_site })
    }

    /// The cookie's name, as the browser knows it.
    pub(crate) fn name(&self) -> &str {
        self.codec.name()
    }

    /// The cookie, which ends at `end` or with the session.
    pub(crate) fn write(
        &self,
        session: &Session,
        end: UnixMillis,
    ) -> Result<SetCookie<'static>, IdentityTooLarge> {
        let (now, end) = (session.written, end.min(session.end));
        let stamp = Stamp::new(now, random::bytes()).expires_at(end);
        let value = self.codec.encode_json(&SignedIn::from(session), &stamp);
        // A claim that is nested too deeply to be read back is too large as well.
        let value = value.unwrap_or_default();
        let size = self.name().len() + value.len();
        if value.is_empty() || size > COOKIE_MAX {
            return Err(IdentityTooLarge {
                size,
                largest: largest(session),
            });
        }
        // Whole seconds, rounded up: the value itself says when it ends.
        let age = Duration::from_secs(end.get().saturating_sub(now.get()).div_ceil(1000));
        Ok(SetCookie::new(self.name().to_owned(), value)
            .max_age(age)
            .same_site(self.same_site))
    }

    /// Reads the cookie of a browser with this binding, from the values of the `Cookie` fields.
    pub(crate) fn read<'h>(
        &self,
        fields: impl Iterator<Item = &'h [u8]> + Clone,
        binding: Option<[u8; 16]>,
        now: UnixMillis,
    ) -> Result<Session, Unread> {
        match CookieHeader::new(fields).find(self.name()) {
            Lookup::Absent => Err(Unread::Absent),
            Lookup::Duplicate => Err(Unread::Unreadable),
            Lookup::One(text) => self.decode(text, binding, now),
        }
    }

    /// Reads the cookie's value.
    pub(crate) fn decode(
        &self,
        text: &[u8],
        binding: Option<[u8; 16]>,
        now: UnixMillis,
    ) -> Result<Session, Unread> {
        let mut buffer = Vec::new();
        let opened = self.codec.decode(text, now, &mut buffer);
        let session = opened.and_then(|opened| opened.json::<SignedIn>());
        let session = session.ok().and_then(SignedIn::read);
        let session = session.filter(|session| now < session.end);
        let session = session.ok_or(Unread::Unreadable)?;
        if binding == Some(session.binding) {
            Ok(session)
        } else {
            Err(Unread::OtherBrowser)
        }
    }
}

fn largest(session: &Session) -> String {
    let who = &session.who;
    let length = |value: &serde_json::Value| value.to_string().len();
    let claims = who.claims().iter();
    let claims = claims.map(|(name, value)| (length(value), format!("the claim `{name}`")));
    let roles = who.roles().iter().map(|role| role.len() + 3).sum();
    let all = claims.chain([(roles, "`roles`".to_owned())]);
    all.max().map(|(_, name)| name).unwrap_or_default()
}
