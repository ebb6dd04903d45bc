//! HMAC-SHA256 (RFC 2104), keyed once: every tag of the native profile is made and checked here.

use hmac::digest::{FixedOutput, MacError};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Bytes of a tag.
pub(crate) const TAG: usize = 32;

/// HMAC-SHA256 that has already taken in its key: cloning that state is cheaper than keying it
/// again. Wipes itself when dropped.
pub(crate) struct MacKey(Hmac<Sha256>);

impl MacKey {
    pub(crate) fn new(key: &[u8]) -> Self {
        Self(Hmac::new_from_slice(key).expect("HMAC takes keys of any length"))
    }

    /// The same key, for messages that all start with `prefix`: it is taken in once.
    pub(crate) fn behind(mut self, prefix: &[u8]) -> Self {
        self.0.update(prefix);
        self
    }

    pub(crate) fn tag(&self, message: &[u8]) -> [u8; TAG] {
        // `update` in place: `chain_update` would move the state's 150 bytes.
        let mut mac = self.0.clone();
        mac.update(message);
        mac.finalize_fixed().into()
    }

    /// Compares in constant time, and accepts only the whole tag, never a part of it.
    pub(crate) fn verify(&self, message: &[u8], tag: &[u8]) -> Result<(), MacError> {
        let mut mac = self.0.clone();
        mac.update(message);
        mac.verify_slice(tag)
    }
}
