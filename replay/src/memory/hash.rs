//! The hash of nonces and of browsers' digests.

use std::hash::{BuildHasher, Hasher};

use crate::random;

/// A keyed hash of sixteen bytes: one multiplication, folded.
///
/// Nonces are random, or digests in the profile `mesop`, and both get here only after the token's
/// MAC, so their own bits would do. But another caller may use consecutive nonces, and the digest
/// of a binding is that of a cookie which the browser has chosen, perhaps after many tries for a
/// digest that suited it. Under a random key nobody can target one slot.
#[derive(Clone)]
pub(super) struct KeyedHash([u64; 2]);

impl KeyedHash {
    pub(super) fn random() -> Self {
        Self(halves(random::bytes()))
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "both halves of the product are used"
    )]
    pub(super) fn of(&self, bytes: [u8; 16]) -> u64 {
        let [low, high] = halves(bytes);
        let product = u128::from(low ^ self.0[0]) * u128::from(high ^ self.0[1]);
        (product >> u64::BITS) as u64 ^ product as u64
    }
}

fn halves(bytes: [u8; 16]) -> [u64; 2] {
    let whole = u128::from_le_bytes(bytes);
    let mut halves = [0; 2];
    for (half, bytes) in halves.iter_mut().zip(whole.to_le_bytes().chunks_exact(8)) {
        *half = bytes
            .iter()
            .rev()
            .fold(0, |half, byte| half << 8 | u64::from(*byte));
    }
    halves
}

/// For maps whose keys are sixteen bytes.
pub(super) struct KeyedHasher {
    hash: KeyedHash,
    value: u64,
}

impl BuildHasher for KeyedHash {
    type Hasher = KeyedHasher;

    fn build_hasher(&self) -> KeyedHasher {
        KeyedHasher {
            hash: self.clone(),
            value: 0,
        }
    }
}

impl Hasher for KeyedHasher {
    fn finish(&self) -> u64 {
        self.value
    }

    fn write(&mut self, bytes: &[u8]) {
        if let Some(bytes) = bytes.first_chunk() {
            self.value ^= self.hash.of(*bytes);
        }
    }

    // Arrays hash their length first; it is the same for all keys.
    fn write_usize(&mut self, _: usize) {}
}
