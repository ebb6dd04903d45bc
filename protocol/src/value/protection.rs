//! The protection of a cookie's value.

/// How a cookie's value is protected between two requests. It belongs to the cookie's definition,
/// never to the value: a reader knows which one it expects (SPEC §12).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Protection {
    /// Not at all: anyone with access to the browser can read and write it. For values that a
    /// script of the page reads too, such as a theme.
    Plain,
    /// Anyone who sees it can read it, but not change it (HMAC-SHA256).
    Signed,
    /// Only holders of the secret can read or change it (Fernet).
    Encrypted,
}

impl Protection {
    /// The name used on the command line and in vectors.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Signed => "signed",
            Self::Encrypted => "encrypted",
        }
    }

    /// The prefix of a value's text: it fixes version and protection before anything inside is
    /// looked at. Different from a token's, so that neither is ever taken for the other.
    pub(super) const fn prefix(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Signed => "cs1.",
            Self::Encrypted => "ce1.",
        }
    }
}
