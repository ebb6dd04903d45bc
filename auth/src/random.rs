//! The one place where this crate draws randomness: the thread's generator, which is seeded by the
//! system and fit for cryptography.

use rand::Rng;

#[expect(clippy::disallowed_methods, reason = "the one place")]
pub(crate) fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::rng().fill_bytes(&mut bytes);
    bytes
}
