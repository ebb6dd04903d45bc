//! A stranger's text → a token that was made with a key of the ring.

use std::fmt;

use crate::base64url;
use crate::crypto::TAG;
use crate::keys::{KeyId, KeyRing};
use crate::limits::TOKEN_TEXT_MAX;

use super::authentic::AuthenticToken;
use super::body::NativeBody;
use super::error::{InvalidReason, InvalidToken};
use super::payload::decode_payload;
use super::seal::Seal;

/// Text that claims to be a token. Nothing about it is known.
#[derive(Clone, Copy)]
pub struct UntrustedToken<'t>(&'t str);

impl<'t> UntrustedToken<'t> {
    /// Takes any text.
    #[must_use]
    pub const fn new(text: &'t str) -> Self {
        Self(text)
    }

    /// The text, for a profile whose tokens have another form.
    #[cfg(feature = "mesop")]
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
    /// The same error whatever is wrong; its reason is for logs, not for the stranger.
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
        let payload = decode_payload(payload).map_err(|_| InvalidReason::Payload)?;
        let body = NativeBody(payload.operations);
        Ok(AuthenticToken::new(
            seal,
            Some(key_id),
            &keys.binding,
            payload.header,
            body,
        ))
    }
}

impl fmt::Debug for UntrustedToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UntrustedToken({} bytes)", self.0.len())
    }
}
