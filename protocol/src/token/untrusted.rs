//! A stranger's text → a token that was made with a key of the ring.

use std::fmt;

use crate::base64url;
use crate::keys::{KeyId, KeyRing};
use crate::limits::TOKEN_TEXT_MAX;

use super::authentic::AuthenticToken;
use super::payload::decode_payload;
use super::sealed::Seal;

const TAG: usize = super::fernet::TAG;

/// Text that claims to be a token. Nothing about it is known.
#[derive(Clone, Copy)]
pub struct UntrustedToken<'t>(&'t str);

impl<'t> UntrustedToken<'t> {
    /// Takes any text.
    #[must_use]
    pub const fn new(text: &'t str) -> Self {
        Self(text)
    }

    pub(crate) const fn text(self) -> &'t str {
        self.0
    }

    /// Checks length, form, version, key id and MAC, in this order, then reads the payload.
    ///
    /// The text is decoded, and decrypted, into `buffer`, which the result borrows. Keep one per
    /// thread to allocate nothing.
    ///
    /// # Errors
    ///
    /// One error for all that is wrong; its reason is for logs, not for the stranger.
    pub fn open<'b>(
        self,
        ring: &'b KeyRing,
        buffer: &'b mut Vec<u8>,
    ) -> Result<AuthenticToken<'b>, InvalidToken> {
        if self.0.len() > TOKEN_TEXT_MAX {
            return Err(InvalidReason::TooLong.into());
        }
        let (seal, body) = [Seal::Encrypted, Seal::Signed]
            .into_iter()
            .find_map(|seal| Some((seal, self.0.strip_prefix(seal.prefix())?)))
            .ok_or(InvalidReason::Version)?;
        base64url::decode_into(body.as_bytes(), buffer).ok_or(InvalidReason::Form)?;
        let (key_id, sealed) = buffer
            .split_first_chunk_mut()
            .filter(|(_, sealed)| sealed.len() >= TAG)
            .ok_or(InvalidReason::Form)?;
        let key_id = KeyId(*key_id);
        let keys = ring.find(key_id).ok_or(InvalidReason::KeyId)?;
        let payload = match seal {
            Seal::Encrypted => keys
                .encryption
                .open(sealed)
                .map_err(|_| InvalidReason::Mac)?,
            Seal::Signed => {
                let length = sealed.len() - TAG;
                let (payload, tag) = sealed.split_at(length);
                keys.signing
                    .verify(payload, tag)
                    .map_err(|_| InvalidReason::Mac)?;
                payload
            }
        };
        let payload = decode_payload(payload, seal, key_id).map_err(|_| InvalidReason::Payload)?;
        Ok(AuthenticToken::new(seal, &keys.binding, payload))
    }
}

impl fmt::Debug for UntrustedToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UntrustedToken({} bytes)", self.0.len())
    }
}

/// Text that is no token of this ring, or a token whose cookies cannot be emitted.
///
/// Its `Display` is the same for every reason: a stranger must not learn how far a forgery came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid token")]
pub struct InvalidToken {
    pub(super) reason: InvalidReason,
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
    /// No key of the ring has this id.
    KeyId,
    /// Not made with the key that it names.
    Mac,
    /// Authentic, but not laid out as SPEC §5 says.
    Payload,
    /// Authentic, but a browser or proxy would not take its cookies.
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
