//! Whether two claims have the same redemption id.

use apply_cookies_protocol::RedemptionDigest;

use super::Store;
use crate::fault::Fault;

impl Store {
    pub(super) fn is_same(
        &self,
        kept: Option<RedemptionDigest>,
        given: Option<RedemptionDigest>,
    ) -> bool {
        match self.fault {
            Some(Fault::AnyIdIsARetry) => kept.is_some() && given.is_some(),
            Some(Fault::NeverARetry) => false,
            Some(Fault::NoIdEqualsNoId) => kept == given,
            Some(Fault::AnIdFollowsNone) => given.is_some() && (kept.is_none() || kept == given),
            _ => match (kept, given) {
                (Some(kept), Some(given)) => self.equal(kept.to_bytes(), given.to_bytes()),
                _ => false,
            },
        }
    }

    fn equal(&self, kept: [u8; 16], given: [u8; 16]) -> bool {
        match self.fault {
            Some(Fault::ComparesFirst(n)) => kept[..n] == given[..n],
            Some(Fault::ComparesLast(n)) => kept[16 - n..] == given[16 - n..],
            Some(Fault::ComparesToAZero) => {
                let to_zero = |bytes: [u8; 16]| bytes.into_iter().take_while(|byte| *byte != 0);
                to_zero(kept).eq(to_zero(given))
            }
            Some(Fault::ComparesCaselessly) => kept.eq_ignore_ascii_case(&given),
            Some(Fault::ComparesSevenBits) => kept.map(|b| b & 0x7f) == given.map(|b| b & 0x7f),
            Some(Fault::ComparesAsText) => {
                String::from_utf8_lossy(&kept) == String::from_utf8_lossy(&given)
            }
            Some(Fault::ComparesTrimmed) => kept.trim_ascii() == given.trim_ascii(),
            Some(Fault::ComparesAsNumber) => number(kept) == number(given),
            Some(Fault::ComparesASum) => sum(kept) == sum(given),
            _ => kept == given,
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "the fault")]
fn number(bytes: [u8; 16]) -> u64 {
    (u128::from_be_bytes(bytes) as f64).to_bits()
}

fn sum(bytes: [u8; 16]) -> u32 {
    let words = bytes.chunks_exact(4).map(|four| {
        let mut word = [0; 4];
        word.copy_from_slice(four);
        u32::from_be_bytes(word)
    });
    words.fold(0, u32::wrapping_add)
}
