//! What the page does once the cookies are applied. It travels sealed, so that no one can turn
//! a stream into an open redirect.

use crate::limits::ATTRIBUTE_MAX;

/// What the page does after a token is applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AfterApply<'a> {
    /// Open the stream again, now with the new cookies.
    Reconnect,
    /// Load the page again.
    Reload,
    /// Go to this path.
    GoTo(SameOriginPath<'a>),
}

/// A path of this origin and nothing else (threat T40).
///
/// ```
/// use apply_cookies_protocol::SameOriginPath;
///
/// assert!(SameOriginPath::parse("/account?tab=1#top").is_some());
/// for elsewhere in ["https://evil.example", "//evil.example", "/\\evil.example", "/%2fevil.example", "account"] {
///     assert!(SameOriginPath::parse(elsewhere).is_none());
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SameOriginPath<'a>(&'a str);

impl<'a> SameOriginPath<'a> {
    /// Takes a path that starts with exactly one slash and holds visible ASCII, no backslash and
    /// no encoded slash or backslash; at most 1024 bytes.
    #[must_use]
    pub fn parse(path: &'a str) -> Option<Self> {
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
    pub const fn as_str(self) -> &'a str {
        self.0
    }
}
