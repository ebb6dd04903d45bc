//! Redemption ids whose digests are nearly the same.

use apply_cookies_protocol::RedemptionDigest;

use crate::answer::ClaimAnswer::AlreadyUsed;
use crate::claim::Claim;
use crate::conformance::maker::{Outcome, StoreMaker, Verdict};
use crate::conformance::world::{FIRST, RETRY, Vary, World};

type Bytes = [u8; 16];

/// The bytes of a digest that every store must compare.
const COMPARED: usize = 8;

/// As random as real ones.
const DIGEST: Bytes = *b"\x9a\x47\xd1\x6e\x28\xf3\x0c\xb5\x81\x3e\xda\x52\x77\xc9\x14\xe6";

/// Digests that become the same when they are taken for text, and how one of their bytes is changed.
const TEXTS: [(&str, Bytes, u8); 3] = [
    (
        "of the same letters, small or capital",
        *b"replayConformanc",
        0x20,
    ),
    (
        "the same to the first zero byte",
        *b"a\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
        1,
    ),
    (
        "the same without spaces",
        *b"a               ",
        b' ' ^ b'\t',
    ),
];

pub(in crate::conformance) fn similar_ids<M: StoreMaker>(maker: &M) -> Outcome {
    let world = World::settled(maker);
    let mut n = 0;
    let mut compare = |what: &str, one: Bytes, other: Bytes| {
        n += 1;
        let token = world.token(n).of(1);
        let what = format!("redemption ids with digests {what}: {one:02x?}, {other:02x?}");
        world.expect(&what, token.with(one), FIRST)?;
        world.expect(&what, token.with(other), AlreadyUsed)?;
        world.expect("the same redemption id", token.with(one), RETRY)
    };
    for bit in 0..8 * COMPARED {
        let mut other = DIGEST;
        other[bit / 8] ^= 1 << (bit % 8);
        compare("one bit apart", DIGEST, other)?;
    }
    for (what, one, change) in TEXTS {
        for byte in 0..COMPARED {
            let mut other = one;
            other[byte] ^= change;
            compare(what, one, other)?;
        }
    }
    // What is the same when the bytes are added up, in words of up to four of them.
    for by in [1, 2, 4] {
        let mut other = DIGEST;
        other.rotate_left(by);
        compare("of the same bytes in another order", DIGEST, other)?;
    }
    Ok(Verdict::Held)
}

impl Claim {
    /// Under the redemption id with this digest.
    fn with(mut self, digest: Bytes) -> Self {
        self.redemption = Some(RedemptionDigest::from_bytes(digest));
        self
    }
}
