//! The cookie of a session, with the keys of one deployment.

use std::time::Duration;

use apply_cookies::protocol::{CookieHeader, Lookup, Stamp, ValueCodec};
use apply_cookies::{ApplyCookies, OperationError, Protection, SameSite, SetCookie, UnixMillis};

use super::Session;
use crate::millis::millis;
use crate::random;

/// The cookie of a session. Over plain http it has no prefix.
const NAME: &str = "__Host-signed-in";

/// The most bytes of the cookie, name and value together: browsers keep 4,096, and other cookies of
/// the app need room in a proxy's header buffer.
pub(super) const COOKIE_MAX: usize = 3_800;

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
    /// How long a copy is good for, in milliseconds, if not as long as its session.
    idle: Option<u64>,
}

impl SessionCookie {
    pub(crate) fn new(
        cookies: &ApplyCookies,
        same_site: SameSite,
        idle: Option<Duration>,
    ) -> Result<Self, OperationError> {
        let codec = cookies.classes().value_codec(NAME, Protection::Encrypted)?;
        let idle = idle.map(millis);
        Ok(Self {
            codec,
            same_site,
            idle,
        })
    }

    /// The cookie's name, as the browser knows it.
    pub(crate) fn name(&self) -> &str {
        self.codec.name()
    }

    /// Whether a browser leaves it out of whatever another site begins.
    #[cfg(feature = "providers")]
    pub(crate) fn is_strict(&self) -> bool {
        self.same_site == SameSite::Strict
    }

    /// When this copy of a session ends.
    pub(crate) fn end_of(&self, copy: &Session) -> UnixMillis {
        let idle = self.idle.map(|idle| copy.written.plus(idle));
        idle.map_or(copy.end, |idle| idle.min(copy.end))
    }

    /// Whether a copy is to be written anew: past a third of its life.
    pub(crate) fn is_due(&self, copy: &Session, now: UnixMillis) -> bool {
        let age = |at: UnixMillis| at.get().saturating_sub(copy.written.get());
        age(now) >= age(self.end_of(copy)) / 3
    }

    /// The cookie with this copy.
    pub(crate) fn write(&self, session: &Session) -> Result<SetCookie<'static>, IdentityTooLarge> {
        let (now, end) = (session.written, self.end_of(session));
        let stamp = Stamp::new(now, random::bytes()).expires_at(end);
        let value = self.codec.encode_json(session, &stamp);
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

    /// The session of a browser with this binding, by the values of its `Cookie` fields.
    pub(crate) fn read<'h>(
        &self,
        fields: impl Iterator<Item = &'h [u8]> + Clone,
        binding: [u8; 16],
        now: UnixMillis,
    ) -> Option<Session> {
        match CookieHeader::new(fields).find(self.name()) {
            Lookup::One(text) => self.decode(text, binding, now),
            Lookup::Absent | Lookup::Duplicate => None,
        }
    }

    /// The session that the cookie's value proves.
    pub(crate) fn decode(
        &self,
        text: &[u8],
        binding: [u8; 16],
        now: UnixMillis,
    ) -> Option<Session> {
        let mut buffer = Vec::new();
        let opened = self.codec.decode(text, now, &mut buffer);
        let session = opened.and_then(|opened| opened.json::<Session>()).ok();
        let session = session.filter(|session| now < session.end);
        let own = session.filter(|session| session.binding.0 == binding);
        if own.is_none() {
            tracing::debug!("the sign-in cookie is over, of another browser, or cannot be read");
        }
        own
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
