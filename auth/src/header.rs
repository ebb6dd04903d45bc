//! `Authorization` (RFC 9110 §11.6.2) with `Basic` (RFC 7617) and `Bearer` (RFC 6750), and the
//! challenges that ask for them in `WWW-Authenticate`.
//!
//! What the field says is a value of its own type or an error, never a text that somebody splits
//! again. Nothing here shows what it read.

use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use zeroize::Zeroizing;

use crate::password::{PASSWORD_MAX, Password};

/// The most bytes of a name.
pub const NAME_MAX: usize = 255;

/// The most bytes of a bearer token. An app's own may be longer than an access token.
const BEARER_MAX: usize = 16 * 1024;

/// The most characters of base64 that `name:password` can have.
const BASIC_MAX: usize = (NAME_MAX + 1 + PASSWORD_MAX).div_ceil(3) * 4;

/// What a request's `Authorization` field says.
#[derive(Debug)]
#[non_exhaustive]
pub enum Authorization {
    /// A name and a password.
    Basic(Basic),
    /// A token.
    Bearer(Bearer),
    /// Another scheme, which may be the app's own.
    Other,
}

/// A name and a password (RFC 7617). `Debug` shows neither.
#[non_exhaustive]
pub struct Basic {
    /// Before the first colon; may be empty.
    pub name: String,
    /// Behind it.
    pub password: Password,
}

/// A token. RFC 6750 §2.1 has a `token68` here; one that a person chose may have any characters
/// (as marimo takes them), but for control characters. Wiped from memory when dropped, and never
/// shown by `Debug`.
pub struct Bearer(Zeroizing<String>);

impl Authorization {
    /// Reads the value of the field. A request with several such fields has none: their order means
    /// nothing, and proxies differ in which they take.
    ///
    /// Stricter than the grammar in three points. Base64 is canonical, so that one pair of name and
    /// password has one spelling. Name and password are UTF-8, as the challenge asks of browsers, and
    /// other bytes are refused: no hash was made of them. Control characters are refused in both, as
    /// RFC 7617 §2 demands of those who send them.
    ///
    /// # Errors
    ///
    /// When the scheme is `Basic` or `Bearer` and what follows is not, or the field is no
    /// `Authorization` at all.
    pub fn parse(value: &[u8]) -> Result<Self, AuthorizationError> {
        let end = value.iter().position(|byte| *byte == b' ');
        let (scheme, rest) = value.split_at(end.unwrap_or(value.len()));
        if scheme.is_empty() || !scheme.iter().copied().all(is_token) {
            return Err(AuthorizationError::Scheme);
        }
        let blanks = rest.iter().take_while(|byte| **byte == b' ').count();
        let credentials = &rest[blanks..];
        if scheme.eq_ignore_ascii_case(b"basic") {
            Basic::read(credentials).map(Self::Basic)
        } else if scheme.eq_ignore_ascii_case(b"bearer") {
            Bearer::read(credentials).map(Self::Bearer)
        } else {
            Ok(Self::Other)
        }
    }
}

impl Basic {
    fn read(encoded: &[u8]) -> Result<Self, AuthorizationError> {
        if encoded.len() > BASIC_MAX {
            return Err(AuthorizationError::TooLong);
        }
        let mut bytes = Zeroizing::new([0; BASIC_MAX / 4 * 3]);
        let decoded = BASE64_STANDARD.decode_slice(encoded, &mut *bytes).ok();
        let text = decoded.and_then(|length| std::str::from_utf8(&bytes[..length]).ok());
        let text = text.filter(|text| !text.contains(char::is_control));
        let (name, password) =
            (text.and_then(|text| text.split_once(':'))).ok_or(AuthorizationError::Basic)?;
        if name.len() > NAME_MAX {
            return Err(AuthorizationError::TooLong);
        }
        Ok(Self {
            name: name.to_owned(),
            password: Password::new(password).map_err(|_| AuthorizationError::TooLong)?,
        })
    }
}

impl Bearer {
    fn read(token: &[u8]) -> Result<Self, AuthorizationError> {
        if token.len() > BEARER_MAX {
            return Err(AuthorizationError::TooLong);
        }
        let text = std::str::from_utf8(token).map_err(|_| AuthorizationError::Bearer)?;
        if text.trim().is_empty() || text.contains(char::is_control) {
            return Err(AuthorizationError::Bearer);
        }
        Ok(Self(Zeroizing::new(text.to_owned())))
    }

    /// The token itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Basic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Basic(..)")
    }
}

impl fmt::Debug for Bearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bearer(..)")
    }
}

/// A character of `token` (RFC 9110 §5.6.2).
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Why an `Authorization` field was not read. Says nothing of what it contains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuthorizationError {
    /// It does not begin with a scheme.
    #[error("Authorization does not begin with a scheme")]
    Scheme,
    /// Basic: without a name and a password as they must be.
    #[error(
        "Authorization: Basic is not followed by canonical base64 of a name, a colon and a password, in UTF-8 without control characters"
    )]
    Basic,
    /// Bearer: nothing, control characters, or not UTF-8.
    #[error("Authorization: Bearer is not followed by a token in UTF-8")]
    Bearer,
    /// Longer than any name, password or token.
    #[error("Authorization is too long")]
    TooLong,
}

/// The name of what a password or token is asked for, which browsers may show.
pub(crate) struct Realm {
    /// As a `quoted-string` (RFC 9110 §5.6.4), quotation marks included.
    quoted: String,
}

impl Realm {
    /// Takes the name: printable ASCII, at most 255 characters. Browsers differ in how they read
    /// others.
    pub(crate) fn new(name: &str) -> Result<Self, RealmError> {
        let is_printable = |byte: u8| matches!(byte, b' '..=b'~');
        if name.len() > NAME_MAX || !name.bytes().all(is_printable) {
            return Err(RealmError);
        }
        let escaped = name.replace('\\', "\\\\").replace('"', "\\\"");
        Ok(Self {
            quoted: format!("\"{escaped}\""),
        })
    }

    /// The value of `WWW-Authenticate` that asks for a name and a password in UTF-8 (RFC 7617 §2).
    pub(crate) fn basic(&self) -> String {
        format!("Basic realm={}, charset=\"UTF-8\"", self.quoted)
    }

    /// The value that asks for a token (RFC 6750 §3); `refused` says that there was one.
    pub(crate) fn bearer(&self, refused: bool) -> String {
        let error = if refused {
            ", error=\"invalid_token\""
        } else {
            ""
        };
        format!("Bearer realm={}{error}", self.quoted)
    }
}

/// A realm with characters that a field cannot carry, or too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a realm is at most {NAME_MAX} characters of printable ASCII")]
#[non_exhaustive]
pub struct RealmError;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn error(value: &[u8]) -> AuthorizationError {
        Authorization::parse(value).unwrap_err()
    }

    fn basic(text: &[u8]) -> Result<Authorization, AuthorizationError> {
        Authorization::parse(format!("Basic {}", BASE64_STANDARD.encode(text)).as_bytes())
    }

    #[test]
    fn examples_of_the_standards_are_read() {
        // RFC 7617 §2 and §2.1.
        for (value, name, password) in [
            (
                "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
                "Aladdin",
                "open sesame",
            ),
            ("BASIC   dGVzdDoxMjPCow==", "test", "123\u{A3}"),
            ("basic Og==", "", ""),
        ] {
            let read = Authorization::parse(value.as_bytes()).unwrap();
            let Authorization::Basic(basic) = read else {
                panic!("{value}");
            };
            assert_eq!(basic.name, name);
            assert_eq!(basic.password.as_bytes(), password.as_bytes());
        }
        // RFC 6750 §2.1.
        let Ok(Authorization::Bearer(token)) = Authorization::parse(b"bEaReR mF_9.B5f-4.1JqM==")
        else {
            panic!("Bearer");
        };
        assert_eq!(token.as_str(), "mF_9.B5f-4.1JqM==");
        for other in ["Digest username=\"a\"", "Negotiate", "AWS4-HMAC-SHA256 a=b"] {
            let read = Authorization::parse(other.as_bytes());
            assert!(matches!(read, Ok(Authorization::Other)), "{other}");
        }
    }

    #[test]
    fn everything_else_is_refused_by_its_name() {
        use AuthorizationError as E;
        assert_eq!(error(b""), E::Scheme);
        assert_eq!(error(b" Basic Og=="), E::Scheme);
        assert_eq!(error(b"Ba\tsic Og=="), E::Scheme);
        assert_eq!(error(b"Basic\tOg=="), E::Scheme);
        // No padding, a line end, the other alphabet, bits behind the end, blanks inside and behind.
        for text in [
            "Og", "Og=", "Og==\n", "Pz8_Og==", "Oh==", "Og ==", "Og== ", "O",
        ] {
            assert_eq!(
                error(format!("Basic {text}").as_bytes()),
                E::Basic,
                "{text}"
            );
        }
        // Without credentials there is no colon.
        assert_eq!(error(b"Basic"), E::Basic);
        assert_eq!(error(b"Basic "), E::Basic);
        assert_eq!(basic(b"no colon").unwrap_err(), E::Basic);
        assert_eq!(basic(b"caf\xE9:latin-1").unwrap_err(), E::Basic);
        for text in ["a\0:b", "a:b\r\nc", "a:\u{7F}", "\u{85}:b"] {
            assert_eq!(basic(text.as_bytes()).unwrap_err(), E::Basic);
        }
        for text in [&b""[..], b"   ", b"a\n", b"a\0b", b"\xE9"] {
            let field = [&b"Bearer "[..], text].concat();
            assert_eq!(error(&field), E::Bearer, "{text:?}");
        }
    }

    #[test]
    fn the_longest_are_read_and_one_byte_more_is_refused() {
        let pair = |name: usize, password: usize| {
            basic(format!("{}:{}", "n".repeat(name), "p".repeat(password)).as_bytes())
        };
        assert!(pair(NAME_MAX, PASSWORD_MAX).is_ok());
        assert_eq!(
            pair(NAME_MAX + 1, 1).unwrap_err(),
            AuthorizationError::TooLong
        );
        assert_eq!(
            pair(1, PASSWORD_MAX + 1).unwrap_err(),
            AuthorizationError::TooLong
        );
        assert_eq!(pair(9_000, 9_000).unwrap_err(), AuthorizationError::TooLong);
        let bearer =
            |length| Authorization::parse(format!("Bearer {}", "t".repeat(length)).as_bytes());
        assert!(bearer(BEARER_MAX).is_ok());
        assert_eq!(
            bearer(BEARER_MAX + 1).unwrap_err(),
            AuthorizationError::TooLong
        );
    }

    #[test]
    fn nothing_that_was_read_is_shown() {
        let shown = format!(
            "{:?} {:?}",
            basic(b"ada:s3cr3t"),
            Authorization::parse(b"Bearer s3cr3t")
        );
        assert_eq!(shown, "Ok(Basic(Basic(..))) Ok(Bearer(Bearer(..)))");
    }

    #[test]
    fn realms_are_quoted() {
        let realm = Realm::new(r#"a\b"c"#).unwrap();
        assert_eq!(realm.bearer(false), r#"Bearer realm="a\\b\"c""#);
        assert_eq!(
            realm.bearer(true),
            r#"Bearer realm="a\\b\"c", error="invalid_token""#
        );
        for name in ["a\r\nSet-Cookie: b=c", "caf\u{E9}", "\0", &"a".repeat(256)] {
            assert_eq!(Realm::new(name).err(), Some(RealmError));
        }
    }

    proptest! {
        #[test]
        fn each_pair_has_one_spelling(name in "[^:\\p{Cc}]{0,40}", password in "\\PC{0,40}", at: prop::sample::Index, with: u8) {
            let text = format!("{name}:{password}");
            let encoded = BASE64_STANDARD.encode(&text);
            let Ok(Authorization::Basic(read)) = basic(text.as_bytes()) else {
                return Err(TestCaseError::fail(text));
            };
            prop_assert_eq!((read.name.as_str(), read.password.as_bytes()), (&*name, password.as_bytes()));
            let mut other = format!("Basic {encoded}").into_bytes();
            let at = 6 + at.index(encoded.len());
            prop_assume!(other[at] != with);
            other[at] = with;
            if with != b' ' && let Ok(Authorization::Basic(read)) = Authorization::parse(&other) {
                prop_assert_ne!(format!("{}:{}", read.name, String::from_utf8_lossy(read.password.as_bytes())), text);
            }
        }
    }
}
