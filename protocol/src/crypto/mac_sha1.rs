//! HMAC-SHA1 (RFC 2104), keyed once: itsdangerous signs with it in Mesop.
//!
//! SHA-1 has collisions, but HMAC-SHA1 has no known forgery; the price is a tag of only 160 bits.

use hmac::digest::MacError;
use hmac::{Hmac, KeyInit, Mac};
use sha1::{Digest, Sha1};
use zeroize::Zeroizing;

/// Bytes of a tag.
pub(crate) const TAG_SHA1: usize = 20;

/// HMAC-SHA1 under the key of one salt, already taken in. Wipes itself when dropped.
pub(crate) struct MacSha1(Hmac<Sha1>);

impl MacSha1 {
    /// `key = SHA1(salt ‖ "signer" ‖ secret)`: this is how itsdangerous makes a key for each salt.
    pub(crate) fn new(secret: &[u8], salt: &[u8]) -> Self {
        let mut key = Zeroizing::new([0_u8; TAG_SHA1]);
        Sha1::new()
            .chain_update(salt)
            .chain_update(b"signer")
            .chain_update(secret)
            .finalize_into((&mut *key).into());
        Self(Hmac::new_from_slice(&*key).expect("HMAC takes keys of any length"))
    }

    pub(crate) fn tag(&self, message: &[u8]) -> [u8; TAG_SHA1] {
        let tag = self.0.clone().chain_update(message).finalize();
        tag.into_bytes().into()
    }

    /// Compares in constant time.
    pub(crate) fn verify(&self, message: &[u8], tag: &[u8; TAG_SHA1]) -> Result<(), MacError> {
        self.0.clone().chain_update(message).verify_slice(tag)
    }
}
