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
    let (halves, _) = bytes.as_chunks();
    [0, 1].map(|half| u64::from_ne_bytes(halves[half]))
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

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use apply_cookies_protocol::BindingCookie;

    use super::super::table::{Fingerprint, SHARDS};
    use super::*;

    const HASH: KeyedHash = KeyedHash([0x243f_6a88_85a3_08d3, 0x1319_8a2e_0370_7344]);

    #[test]
    fn consecutive_nonces_are_spread_over_all_shards_and_share_no_fingerprint() {
        for shift in [0, 64] {
            let hashes = (0..100_000_u128).map(|n| HASH.of((n << shift).to_le_bytes()));
            let mut shards = [0; SHARDS];
            for hash in hashes.clone() {
                shards[Fingerprint::new(hash).shard()] += 1;
            }
            let evenly = 100_000 / SHARDS;
            let all = shards
                .iter()
                .all(|count| (evenly / 2..evenly * 2).contains(count));
            assert!(all, "{shards:?}");
            assert_eq!(hashes.collect::<HashSet<_>>().len(), 100_000);
        }
    }

    #[test]
    fn maps_use_the_same_hash() {
        let browser = BindingCookie::from_random([1; 32]).digest();
        assert_eq!(HASH.hash_one(browser), HASH.of(browser.to_bytes()));
    }
}
