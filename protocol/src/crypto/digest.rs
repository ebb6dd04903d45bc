//! A digest that names something without showing it.

use sha2::{Digest, Sha256};

/// The first half of a SHA-256.
pub(crate) fn digest16(hasher: Sha256) -> [u8; 16] {
    let digest = hasher.finalize();
    let mut half = [0; 16];
    half.copy_from_slice(&digest[..16]);
    half
}
