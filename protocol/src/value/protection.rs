//! What a cookie's value is protected against.

/// How a cookie's value is protected between two requests. It belongs to the cookie's definition,
/// never to the value: a reader knows which one it expects (SPEC §12).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Protection {
    /// Not at all: whoever holds the browser reads and writes it. For what a script of the page
    /// reads too, such as a theme.
    Plain,
    /// Anyone who sees it can read it, nobody can change it (HMAC-SHA256).
    Signed,
    /// Nobody but the holders of the secret can read or change it (Fernet).
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

    /// What the text of a value starts with: version and protection, before anything inside is
    /// looked at. Other than a token's, so that neither is ever taken for the other.
    pub(super) const fn prefix(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Signed => "cs1.",
            Self::Encrypted => "ce1.",
        }
    }
}
