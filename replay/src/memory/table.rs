//! A set of claims in one flat array: open addressing, linear probing, no deletion.
//!
//! A slot is sixteen bytes: a fingerprint of the nonce, and eight bytes of the redemption digest. A
//! table grows by half and is filled to 4/5, and tables start at different sizes, so that of many
//! tables only a few grow at a time: memory per entry hardly varies with their number, and no
//! growth takes long. A doubling hash map of whole nonces takes two to three times as much at its
//! worst, and its growth stops everybody for a long time.

/// Sixty-four bits in place of a nonce; never zero.
///
/// The same nonce has the same fingerprint, so a used nonce is always found: a replay is never
/// accepted. Two nonces with one fingerprint among n live ones have a chance of n / 2^64, at ten
/// million about 5e-13 for each claim; the later token is refused as used.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Fingerprint(u64);

impl Fingerprint {
    pub(super) fn new(hash: u64) -> Self {
        Self(hash.max(1))
    }

    /// The shard that has it, of 2^8. Within a table the other bits count.
    pub(super) const fn shard(self) -> usize {
        (self.0 >> (u64::BITS - SHARD_BITS)) as usize
    }
}

const SHARD_BITS: u32 = 8;
pub(super) const SHARDS: usize = 1 << SHARD_BITS;

/// Sixty-four bits of a redemption digest, or zero for none.
pub(super) type RedemptionWord = u64;

/// A fingerprint and a redemption in each; a fingerprint of zero is a free slot.
pub(super) type Slots = Box<[[u64; 2]]>;

#[derive(Default)]
pub(super) struct ClaimTable {
    slots: Slots,
    len: usize,
}

/// Where a fingerprint is, or would be.
pub(super) enum Lookup {
    Used(RedemptionWord),
    Free(FreeSlot),
}

pub(super) struct FreeSlot(usize);

impl ClaimTable {
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    pub(super) fn find(&self, fingerprint: Fingerprint) -> Lookup {
        let mut at = self.home(fingerprint);
        // There is always a free slot, unless the table has none at all.
        while let Some([found, redemption]) = self.slots.get(at) {
            if *found == 0 {
                break;
            }
            if *found == fingerprint.0 {
                return Lookup::Used(*redemption);
            }
            at = self.after(at);
        }
        Lookup::Free(FreeSlot(at))
    }

    /// Puts an entry where `find` found a free slot for it. Returns the slots that the table has
    /// outgrown, or none.
    pub(super) fn insert(
        &mut self,
        slot: FreeSlot,
        fingerprint: Fingerprint,
        redemption: RedemptionWord,
    ) -> Slots {
        let (mut slot, mut outgrown) = (slot, Slots::default());
        if (self.len + 1) * 5 > self.slots.len() * 4 {
            outgrown = self.grow(fingerprint.shard());
            slot = self.free(fingerprint);
        }
        self.slots[slot.0] = [fingerprint.0, redemption];
        self.len += 1;
        outgrown
    }

    /// Changes the word of an entry.
    pub(super) fn replace(&mut self, fingerprint: Fingerprint, word: u64) {
        let mut at = self.home(fingerprint);
        while self.slots[at][0] != fingerprint.0 {
            at = self.after(at);
        }
        self.slots[at][1] = word;
    }

    fn free(&self, fingerprint: Fingerprint) -> FreeSlot {
        let mut at = self.home(fingerprint);
        while self.slots[at][0] != 0 {
            at = self.after(at);
        }
        FreeSlot(at)
    }

    /// Slots in the order of fingerprints, as far as they are free, so growing reads and writes
    /// memory from one end to the other.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "less than the number of slots"
    )]
    const fn home(&self, fingerprint: Fingerprint) -> usize {
        let within = (fingerprint.0 << SHARD_BITS) as u128;
        ((within * self.slots.len() as u128) >> u64::BITS) as usize
    }

    const fn after(&self, at: usize) -> usize {
        if at + 1 == self.slots.len() {
            0
        } else {
            at + 1
        }
    }

    fn grow(&mut self, shard: usize) -> Slots {
        let slots = match self.slots.len() {
            0 => 16 + shard % 8,
            slots => slots + slots / 2,
        };
        let old = std::mem::replace(&mut self.slots, vec![[0; 2]; slots].into_boxed_slice());
        for slot in old.iter().filter(|slot| slot[0] != 0) {
            let free = self.free(Fingerprint(slot[0]));
            self.slots[free.0] = *slot;
        }
        old
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All of one shard, and some that want the same slot.
    fn fingerprints() -> impl Iterator<Item = Fingerprint> {
        (1..5_000_u64).map(|n| {
            Fingerprint(if n % 5 == 0 {
                n
            } else {
                n.wrapping_mul(0x9e37_79b9_7f4a_7c15)
            })
        })
    }

    #[test]
    fn what_is_inserted_is_found_with_its_redemption_and_nothing_else_is() {
        let mut table = ClaimTable::default();
        for (n, fingerprint) in (0..).zip(fingerprints()) {
            let Lookup::Free(slot) = table.find(fingerprint) else {
                panic!("{n} is found before it was inserted");
            };
            table.insert(slot, fingerprint, n);
            assert!(table.len() * 5 <= table.slots.len() * 4);
            assert!(table.slots.len() <= 24.max(table.len() * 2));
        }
        for (n, fingerprint) in (0..).zip(fingerprints()) {
            assert!(matches!(table.find(fingerprint), Lookup::Used(redemption) if redemption == n));
        }
        assert_eq!(table.len(), fingerprints().count());
    }

    #[test]
    fn nearly_all_entries_are_in_the_order_of_their_fingerprints() {
        let mut table = ClaimTable::default();
        for n in 1..5_000_u64 {
            let fingerprint = Fingerprint(n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> SHARD_BITS);
            let Lookup::Free(slot) = table.find(fingerprint) else {
                panic!("{n} is found before it was inserted");
            };
            table.insert(slot, fingerprint, n);
        }
        let taken: Vec<_> = table.slots.iter().filter(|slot| slot[0] != 0).collect();
        let astray = taken.windows(2).filter(|two| two[0] > two[1]).count();
        assert!(astray * 10 < taken.len(), "{astray} of {}", taken.len());
    }

    #[test]
    fn the_last_slot_is_followed_by_the_first() {
        let mut table = ClaimTable::default();
        let last = |n| Fingerprint((u64::MAX >> SHARD_BITS) - n);
        for n in 0..12 {
            let Lookup::Free(slot) = table.find(last(n)) else {
                panic!("{n} is found before it was inserted");
            };
            table.insert(slot, last(n), 100 + n);
        }
        assert_eq!(table.slots.len(), 16);
        for n in 0..12 {
            assert!(
                matches!(table.find(last(n)), Lookup::Used(redemption) if redemption == 100 + n)
            );
        }
    }
}
