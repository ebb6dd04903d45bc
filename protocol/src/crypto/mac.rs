//! HMAC-SHA256 (RFC 2104), keyed once: every tag of the native profile is made and checked here.
//!
//! Built on SHA-256's compression function. The crate `hmac` moves a state of 150 bytes for each
//! tag and copies the message into it, which takes as long as a block does; most messages here have
//! three. That crate and Wycheproof's vectors say in the tests that the tags are the same.

use std::ops::BitAnd;

use sha2::block_api::compress256;
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// Bytes of a tag.
pub(crate) const TAG: usize = 32;

/// Bytes that SHA-256 takes in at once.
const BLOCK: usize = 64;

/// The tag is not that of the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WrongTag;

/// The state of SHA-256 between two blocks (FIPS 180-4 §6.2).
type State = [u32; 8];

/// FIPS 180-4 §5.3.3.
const INITIAL: State = [
    0x6A09_E667,
    0xBB67_AE85,
    0x3C6E_F372,
    0xA54F_F53A,
    0x510E_527F,
    0x9B05_688C,
    0x1F83_D9AB,
    0x5BE0_CD19,
];

/// HMAC-SHA256 that has already taken in its key. Wipes itself when dropped. A tag is made in copies
/// of the two states, which the last blocks overwrite.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(crate) struct MacKey {
    inner: State,
    outer: State,
    /// The bytes that the inner state has taken in.
    taken: usize,
    /// What comes between these and the message: less than a block.
    between: Vec<u8>,
}

impl MacKey {
    pub(crate) fn new(key: &[u8]) -> Self {
        let mut block = Zeroizing::new([0; BLOCK]);
        if key.len() > BLOCK {
            block[..TAG].copy_from_slice(&Sha256::digest(key));
        } else {
            block[..key.len()].copy_from_slice(key);
        }
        let keyed = |pad: u8| {
            let mut state = INITIAL;
            let block = Zeroizing::new(block.map(|byte| byte ^ pad));
            compress256(&mut state, std::slice::from_ref(&*block));
            state
        };
        Self {
            inner: keyed(0x36),
            outer: keyed(0x5C),
            taken: BLOCK,
            between: Vec::new(),
        }
    }

    /// The same key, for messages that all start with `prefix`: it is taken in once.
    pub(crate) fn behind(mut self, prefix: &[u8]) -> Self {
        let prefix = [&self.between, prefix].concat();
        let (blocks, rest) = prefix.as_chunks();
        compress256(&mut self.inner, blocks);
        self.taken += blocks.len() * BLOCK;
        self.between = rest.to_vec();
        self
    }

    pub(crate) fn tag(&self, message: &[u8]) -> [u8; TAG] {
        let mut state = self.inner;
        let mut rest = message;
        let mut last = [[0; BLOCK]; 2];
        let mut filled = self.between.len();
        last[0][..filled].copy_from_slice(&self.between);
        if filled > 0
            && let Some((first, behind)) = rest.split_at_checked(BLOCK - filled)
        {
            last[0][filled..].copy_from_slice(first);
            compress256(&mut state, &last[..1]);
            (filled, rest) = (0, behind);
        }
        if filled == 0 {
            let (blocks, behind) = rest.as_chunks();
            compress256(&mut state, blocks);
            rest = behind;
        }
        let end = filled + rest.len();
        last[0][filled..end].copy_from_slice(rest);
        let length = self.taken + self.between.len() + message.len();
        let inner = digest(&mut state, &mut last, end, length);
        last[0][..TAG].copy_from_slice(&inner);
        state = self.outer;
        digest(&mut state, &mut last, TAG, BLOCK + TAG)
    }

    /// Compares in constant time, and accepts only the whole tag, never a part of it.
    pub(crate) fn verify(&self, message: &[u8], tag: &[u8]) -> Result<(), WrongTag> {
        let tag: &[u8; TAG] = tag.try_into().map_err(|_| WrongTag)?;
        if same(&self.tag(message), tag) {
            Ok(())
        } else {
            Err(WrongTag)
        }
    }
}

/// SHA-256 of a message of this length, whose last bytes are the first `filled` of `last` (FIPS
/// 180-4 §5.1.1: a one bit, zeros, and the length in bits).
#[inline]
fn digest(
    state: &mut State,
    last: &mut [[u8; BLOCK]; 2],
    filled: usize,
    length: usize,
) -> [u8; TAG] {
    const LENGTH: usize = size_of::<u64>();
    let last = last.as_flattened_mut();
    let end = if filled < BLOCK - LENGTH {
        BLOCK
    } else {
        2 * BLOCK
    };
    last[filled] = 0x80;
    last[filled + 1..end - LENGTH].fill(0);
    // No message is longer than memory.
    let bits = u64::try_from(length).unwrap_or(u64::MAX).wrapping_mul(8);
    last[end - LENGTH..end].copy_from_slice(&bits.to_be_bytes());
    compress256(state, last[..end].as_chunks().0);
    let mut digest = [0; TAG];
    for (bytes, word) in digest.as_chunks_mut().0.iter_mut().zip(*state) {
        *bytes = word.to_be_bytes();
    }
    digest
}

/// Compares in constant time: a guess must not learn how much of it was right. By words, since
/// `subtle` puts a barrier against optimisation behind each comparison.
pub(crate) fn same<const N: usize>(one: &[u8; N], other: &[u8; N]) -> bool {
    const { assert!(N.is_multiple_of(8), "whole words") }
    let pairs = one.as_chunks().0.iter().zip(other.as_chunks().0);
    pairs
        .map(|(one, other)| u64::from_ne_bytes(*one).ct_eq(&u64::from_ne_bytes(*other)))
        .fold(Choice::from(1), BitAnd::bitand)
        .into()
}

#[cfg(test)]
mod tests {
    use hmac::{Hmac, KeyInit, Mac};
    use proptest::prelude::*;

    use super::*;

    fn bytes(longest: usize) -> impl Strategy<Value = Vec<u8>> {
        proptest::collection::vec(any::<u8>(), 0..=longest)
    }

    fn theirs(key: &[u8], message: &[u8]) -> [u8; TAG] {
        let mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
        mac.chain_update(message).finalize().into_bytes().into()
    }

    proptest! {
        #[test]
        fn tags_are_those_of_the_crate_hmac(key in bytes(200), prefix in bytes(200), message in bytes(300)) {
            let mac = MacKey::new(&key).behind(&prefix);
            let tag = theirs(&key, &[&prefix[..], &message].concat());
            prop_assert_eq!(mac.tag(&message), tag);
            prop_assert_eq!(mac.verify(&message, &tag), Ok(()));
        }

        #[test]
        fn any_other_tag_is_wrong(message in bytes(100), other in bytes(40), at in 0..TAG, bit in 0..8) {
            let mac = MacKey::new(b"key");
            let mut tag = mac.tag(&message);
            prop_assert_eq!(mac.verify(&message, &other), Err(WrongTag));
            for end in 0..TAG {
                prop_assert_eq!(mac.verify(&message, &tag[..end]), Err(WrongTag));
            }
            prop_assert_eq!(mac.verify(&message, &[&tag[..], &[0]].concat()), Err(WrongTag));
            tag[at] ^= 1_u8 << bit;
            prop_assert_eq!(mac.verify(&message, &tag), Err(WrongTag));
        }
    }

    #[test]
    fn each_length_around_the_ends_of_blocks_is_padded_rightly() {
        let message = [0xA5; 4 * BLOCK];
        for key in [0, 1, 32, BLOCK - 1, BLOCK, BLOCK + 1] {
            for prefix in [0, 1, BLOCK - 1, BLOCK, BLOCK + 1] {
                let mac = MacKey::new(&message[..key]).behind(&message[..prefix]);
                for end in prefix..message.len() {
                    let tag = theirs(&message[..key], &message[..end]);
                    assert_eq!(mac.tag(&message[prefix..end]), tag, "{key} {prefix} {end}");
                }
            }
        }
    }
}
