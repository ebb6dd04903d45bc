//! Redemption ids whose digests are nearly the same.

use apply_cookies_protocol::RedemptionDigest;

use crate::answer::ClaimAnswer::AlreadyUsed;
use crate::claim::Claim;
use crate::conformance::maker::{Outcome, StoreMaker, Verdict};
use crate::conformance::world::{FIRST, RETRY, Vary, World};

type Bytes = [u8; 16];

/// The bytes of a digest that every store must compare.
const COMPARED: usize = 8;

/// Digests, and how one of the bytes that must be compared is changed. Real ones are as random as
/// the first; the others are what becomes the same when bytes are taken for something else.
const CHANGES: [(&str, Bytes, u8); 5] = [
    (
        "one bit apart",
        *b"\x9a\x47\xd1\x6e\x28\xf3\x0c\xb5\x81\x3e\xda\x52\x77\xc9\x14\xe6",
        1,
    ),
    (
        "the same letters, small or capital",
        *b"replayConformanc",
        0x20,
    ),
    (
        "the same to the first zero byte",
        *b"a\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
        1,
    ),
    ("the same where they are UTF-8", [0xff; 16], 1),
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
    for (what, one, change) in CHANGES {
        for byte in 0..COMPARED {
            let mut other = one;
            other[byte] ^= change;
            compare(what, one, other)?;
        }
    }
    // What is the same when the bytes are added up, in words of up to four of them.
    let (_, one, _) = CHANGES[0];
    for by in [1, 2, 4] {
        let mut other = one;
        other.rotate_left(by);
        compare("of the same bytes in another order", one, other)?;
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
