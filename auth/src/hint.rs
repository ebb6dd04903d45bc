//! The cookie that a sign-out at the provider needs: the ID token, by which the provider knows whose
//! session is to end.

use apply_cookies::protocol::{CookieHeader, Lookup, Stamp, ValueCodec};
use apply_cookies::{
    ApplyCookies, DeleteCookie, OperationError, Protection, SetCookie, UnixMillis,
};
use zeroize::Zeroizing;

use crate::random;
use crate::session::Session;

/// The cookie of the hint. Over plain http it has no prefix.
const NAME: &str = "__Secure-sign-out";

/// The most bytes of it, name and value together.
const COOKIE_MAX: usize = 3_800;

/// Writes and reads the hint. No page of the app receives it: its path is that of the sign-out.
pub(crate) struct HintCookie {
    codec: ValueCodec,
    path: String,
}

impl HintCookie {
    pub(crate) fn new(cookies: &ApplyCookies, prefix: &str) -> Result<Self, OperationError> {
        let codec = cookies.classes().value_codec(NAME, Protection::Encrypted)?;
        let path = format!("{prefix}/sign-out");
        Ok(Self { codec, path })
    }

    /// The hint for a session. `None` if it is too long: the provider then has to ask the person.
    pub(crate) fn write(
        &self,
        session: &Session,
        id_token: &str,
        now: UnixMillis,
    ) -> Option<SetCookie<'static>> {
        let content = Zeroizing::new([&session.id.0, id_token.as_bytes()].concat());
        let stamp = Stamp::new(now, random::bytes()).expires_at(session.end);
        let value = self.codec.encode(&content, &stamp);
        let name = self.codec.name().to_owned();
        let age = std::time::Duration::from_millis(session.end.get().saturating_sub(now.get()));
        (name.len() + value.len() <= COOKIE_MAX).then(|| {
            SetCookie::new(name, value)
                .path(self.path.clone())
                .max_age(age)
        })
    }

    /// The hint of this very session. `None` if it comes twice, is another session's, or cannot be read.
    pub(crate) fn read<'h>(
        &self,
        session: &Session,
        fields: impl Iterator<Item = &'h [u8]> + Clone,
        now: UnixMillis,
    ) -> Option<Zeroizing<String>> {
        let Lookup::One(text) = CookieHeader::new(fields).find(self.codec.name()) else {
            return None;
        };
        let mut buffer = Zeroizing::new(Vec::new());
        let bytes = self.codec.decode(text, now, &mut buffer).ok()?.bytes();
        let hint = bytes.strip_prefix(&session.id.0)?;
        std::str::from_utf8(hint)
            .ok()
            .map(|hint| Zeroizing::new(hint.to_owned()))
    }

    pub(crate) fn deletion(&self) -> DeleteCookie<'static> {
        DeleteCookie::new(self.codec.name().to_owned()).path(self.path.clone())
    }
}

#[cfg(test)]
mod tests {
    use apply_cookies::SameSite;

    use super::*;
    use crate::identity::Identity;
    use crate::session::Bytes;

    #[test]
    fn a_hint_is_of_one_session_and_what_is_not_certain_is_none() {
        let cookies = ApplyCookies::dev();
        let (hint, now) = (
            HintCookie::new(&cookies, "/auth").unwrap(),
            cookies.clock().now(),
        );
        let session = |id| Session {
            id: Bytes([id; 16]),
            since: now,
            end: now.plus(1000),
            written: now,
            scope: None,
            binding: Bytes([0; 16]),
            credential: None,
            who: Identity::new("google", "ada").unwrap(),
        };
        let set = hint.write(&session(1), "e30.e30.e30", now).unwrap();
        let field = format!("{}={}", set.name(), set.value());
        let read = |id, field: &str, now| {
            let read = hint.read(&session(id), [field.as_bytes()].into_iter(), now);
            read.map(|hint| hint.to_string())
        };
        assert_eq!(read(1, &field, now).unwrap(), "e30.e30.e30");
        assert_eq!(read(2, &field, now), None);
        assert_eq!(read(1, &format!("{field}; {field}"), now), None);
        assert_eq!(read(1, "sign-out=e30.e30.e30", now), None);
        assert_eq!(read(1, &field, now.plus(1000)), None);
        assert!(hint.write(&session(1), &"x".repeat(3_800), now).is_none());
        let line = cookies
            .classes()
            .operation(set.same_site(SameSite::Lax))
            .unwrap();
        let line = line.to_set_cookie();
        assert!(
            line.contains("Path=/auth/sign-out; ") && line.contains("HttpOnly"),
            "{line}"
        );
    }
}
