//! The reasons why a token is not redeemed.

/// Text that is not a token of this ring, or a token whose cookies cannot be emitted.
///
/// Its `Display` is the same for every reason: a stranger must not learn how far a forgery got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid token")]
pub struct InvalidToken {
    reason: InvalidReason,
}

impl InvalidToken {
    /// Why, for the operator's log.
    #[must_use]
    pub const fn reason(&self) -> InvalidReason {
        self.reason
    }
}

impl From<InvalidReason> for InvalidToken {
    fn from(reason: InvalidReason) -> Self {
        Self { reason }
    }
}

/// Why a token is invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InvalidReason {
    /// Longer than any token.
    TooLong,
    /// No known version prefix.
    Version,
    /// Not canonical base64, or too short.
    Form,
    /// No key of the ring has its key id.
    KeyId,
    /// Not made with the key that it names.
    Mac,
    /// Authentic, but not laid out as SPEC §5 says.
    Payload,
    /// Authentic, but a browser or proxy would not accept its cookies.
    CannotEmit,
}

impl InvalidReason {
    /// A short name for logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TooLong => "too long",
            Self::Version => "unknown version",
            Self::Form => "malformed",
            Self::KeyId => "unknown key",
            Self::Mac => "forged",
            Self::Payload => "malformed payload",
            Self::CannotEmit => "cookies cannot be emitted",
        }
    }
}

/// An authentic token that may not be used, here or now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RefusedToken {
    /// It has expired.
    #[error("the token has expired")]
    Expired,
    /// It was issued further in the future than the allowed clock skew.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// It carries another browser's binding, or none where one is required.
    #[error("the token belongs to another browser")]
    WrongBrowser,
}
