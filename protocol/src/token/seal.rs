//! The kinds of seal.

/// How a token protects its operations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Seal {
    /// Only holders of the secret can read or change it. The default.
    #[default]
    Encrypted,
    /// Anyone who sees it can read it, but not change it. Smaller, and only for values that the
    /// page may know.
    Signed,
}

impl Seal {
    /// The prefix of the token text: it fixes version and seal before anything inside is looked at.
    #[must_use]
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Encrypted => "e1.",
            Self::Signed => "s1.",
        }
    }

    /// The name used on the command line and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Encrypted => "encrypted",
            Self::Signed => "signed",
        }
    }
}
