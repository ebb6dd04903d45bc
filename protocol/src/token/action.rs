//! The page's next action once the cookies are applied. It travels sealed, so that no one can turn
//! a stream into an open redirect.

use std::borrow::Cow;

use serde::{Serialize, Serializer};

use crate::limits::ATTRIBUTE_MAX;

/// The page's action after a token is applied.
///
/// ```
/// use apply_cookies_protocol::AfterApply;
///
/// let then = AfterApply::parse("go /account").unwrap();
/// assert_eq!(then.to_header(), "go /account");
/// assert_eq!(AfterApply::parse("go https://evil.example"), None);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AfterApply<'a> {
    /// Reopen the stream, now with the new cookies.
    Reconnect,
    /// Reload the page.
    Reload,
    /// Go to this path.
    GoTo(SameOriginPath<'a>),
}

const RECONNECT: &str = "reconnect";
const RELOAD: &str = "reload";
const GO: &str = "go ";

impl<'a> AfterApply<'a> {
    /// The text of the header that carries it to the page (SPEC §9.4).
    #[must_use]
    pub fn to_header(&self) -> Cow<'static, str> {
        match self {
            Self::Reconnect => Cow::Borrowed(RECONNECT),
            Self::Reload => Cow::Borrowed(RELOAD),
            Self::GoTo(path) => Cow::Owned([GO, path.as_str()].concat()),
        }
    }

    /// Reads what [`to_header`](Self::to_header) writes.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        match text {
            RECONNECT => Some(Self::Reconnect),
            RELOAD => Some(Self::Reload),
            _ => SameOriginPath::parse(text.strip_prefix(GO)?).map(Self::GoTo),
        }
    }

    /// The same action, owning its text.
    #[must_use]
    pub fn into_owned(self) -> AfterApply<'static> {
        match self {
            Self::Reconnect => AfterApply::Reconnect,
            Self::Reload => AfterApply::Reload,
            Self::GoTo(path) => AfterApply::GoTo(path.into_owned()),
        }
    }
}

/// As in the vectors (SPEC §11): `"reconnect"`, `"reload"` or `{"go":"/account"}`.
impl Serialize for AfterApply<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Reconnect => serializer.serialize_str(RECONNECT),
            Self::Reload => serializer.serialize_str(RELOAD),
            Self::GoTo(path) => serializer.collect_map([("go", path.as_str())]),
        }
    }
}

/// A path of this origin and nothing else.
///
/// ```
/// use apply_cookies_protocol::SameOriginPath;
///
/// assert!(SameOriginPath::parse("/account?tab=1#top").is_some());
/// for elsewhere in ["https://evil.example", "//evil.example", "/\\evil.example", "/%2fevil.example", "account"] {
///     assert!(SameOriginPath::parse(elsewhere).is_none());
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SameOriginPath<'a>(Cow<'a, str>);

impl<'a> SameOriginPath<'a> {
    /// Accepts a path that starts with exactly one slash and contains only visible ASCII, without a
    /// backslash and without an encoded slash or backslash; at most 1024 bytes.
    #[must_use]
    pub fn parse(path: impl Into<Cow<'a, str>>) -> Option<Self> {
        let path = path.into();
        let bytes = path.as_bytes();
        let one_slash = bytes.first() == Some(&b'/') && bytes.get(1) != Some(&b'/');
        let visible = bytes
            .iter()
            .all(|byte| matches!(byte, 0x21..=0x7E) && *byte != b'\\');
        let encoded_slash = bytes
            .windows(3)
            .any(|three| three.eq_ignore_ascii_case(b"%2f") || three.eq_ignore_ascii_case(b"%5c"));
        (one_slash && visible && !encoded_slash && bytes.len() <= ATTRIBUTE_MAX)
            .then_some(Self(path))
    }

    /// The path.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same path, owning its text.
    #[must_use]
    pub fn into_owned(self) -> SameOriginPath<'static> {
        SameOriginPath(Cow::Owned(self.0.into_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_reads_back_and_nothing_else_does() {
        for text in ["reconnect", "reload", "go /", "go /account?tab=1"] {
            let then = AfterApply::parse(text).unwrap();
            assert_eq!(then.to_header(), text);
            assert_eq!(then.clone().into_owned(), then);
        }
        for text in [
            "",
            "Reload",
            "reload ",
            "go",
            "go ",
            "go  /",
            "/account",
            "go //evil.example",
            "go\t/",
        ] {
            assert_eq!(AfterApply::parse(text), None, "{text:?}");
        }
    }
}
