//! Says of most digests that they were never revoked, without a lock, from two words of memory.
//!
//! Nearly every look-up is of a few digests of which none was revoked. In a table of a million they
//! would be as many places in 30 MB that no cache has; here each is one place in 2 MB. Two filters take
//! turns, because nothing can be taken out of one: new entries go into one of them until all that are
//! in the other are forgotten, which is then cleared. So each has little more than what is recorded
//! while a session lasts.

use std::sync::atomic::{AtomicU64, Ordering};

/// Bits of a filter for each entry: then less than one in a hundred digests is taken for another.
const BITS_PER_ENTRY: usize = 16;

/// A filter: bits of a digest are all in one word.
struct Filter(Box<[AtomicU64]>);

/// Where the bits of a digest are.
#[derive(Clone, Copy)]
struct Place {
    word: usize,
    bits: u64,
}

impl Filter {
    fn new(entries: usize) -> Self {
        let words = (entries * BITS_PER_ENTRY).div_ceil(64).max(16);
        Self((0..words).map(|_| AtomicU64::new(0)).collect())
    }

    /// The word by the hash's high bits, four bits in it by its low ones.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "less than the number of words"
    )]
    fn place(&self, hash: u64) -> Place {
        let word = (u128::from(hash) * self.0.len() as u128) >> u64::BITS;
        let bit = |n: u32| 1 << ((hash >> (6 * n)) & 63);
        Place {
            word: word as usize,
            bits: bit(0) | bit(1) | bit(2) | bit(3),
        }
    }
}

/// Two filters. One thread at a time adds and forgets; any number asks meanwhile.
pub(super) struct Filters {
    filters: [Filter; 2],
}

/// Which filter takes what is added, and by when all that is in each has ended, in milliseconds since
/// 1970.
#[derive(Default)]
pub(super) struct Turn {
    current: usize,
    ends_at: [u64; 2],
}

impl Filters {
    pub(super) fn new(entries: usize) -> Self {
        Self {
            filters: [Filter::new(entries), Filter::new(entries)],
        }
    }

    /// False only if it was never added, or is forgotten.
    pub(super) fn may_have(&self, hash: u64) -> bool {
        let Place { word, bits } = self.filters[0].place(hash);
        // What was forgotten before a bit was cleared is read after it.
        let found = self
            .filters
            .each_ref()
            .map(|filter| filter.0[word].load(Ordering::Acquire) & bits);
        found.contains(&bits)
    }

    /// Adds a digest whose entry ends by then.
    pub(super) fn add(&self, turn: &mut Turn, hash: u64, ends_at: u64) {
        let filter = &self.filters[turn.current];
        let Place { word, bits } = filter.place(hash);
        filter.0[word].fetch_or(bits, Ordering::Release);
        let latest = &mut turn.ends_at[turn.current];
        *latest = ends_at.max(*latest);
    }

    /// Clears the other filter once all of it is forgotten, and takes turns. A million entries take a
    /// tenth of a millisecond.
    pub(super) fn forget(&self, turn: &mut Turn, until: u64) {
        let other = 1 - turn.current;
        let nothing_to_pass_on = turn.ends_at[turn.current] == 0;
        if turn.ends_at[other] > until || nothing_to_pass_on {
            return;
        }
        if turn.ends_at[other] > 0 {
            for word in &self.filters[other].0 {
                word.store(0, Ordering::Release);
            }
            turn.ends_at[other] = 0;
        }
        turn.current = other;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hashes(seed: u64, count: u64) -> impl Iterator<Item = u64> {
        // SplitMix64.
        (0..count).map(move |n| {
            let mut x = (seed << 40 | n).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            x ^ (x >> 31)
        })
    }

    #[test]
    fn what_was_added_is_found_and_little_else_is() {
        let (filters, mut turn) = (Filters::new(10_000), Turn::default());
        for hash in hashes(1, 10_000) {
            filters.add(&mut turn, hash, 1);
        }
        assert!(hashes(1, 10_000).all(|hash| filters.may_have(hash)));
        let mistaken = hashes(2, 100_000)
            .filter(|hash| filters.may_have(*hash))
            .count();
        assert!(mistaken < 1_000, "{mistaken} of 100,000");
    }

    #[test]
    fn nothing_is_lost_before_it_ends_and_room_comes_back() {
        let (filters, mut turn) = (Filters::new(100), Turn::default());
        for now in 1..200 {
            for hash in hashes(now, 10) {
                filters.add(&mut turn, hash, now + 10);
            }
            filters.forget(&mut turn, now);
            for living in now.saturating_sub(9).max(1)..=now {
                assert!(
                    hashes(living, 10).all(|hash| filters.may_have(hash)),
                    "{living} at {now}"
                );
            }
        }
        let left = |of| {
            hashes(of, 10)
                .filter(|hash| filters.may_have(*hash))
                .count()
        };
        assert!(
            (1..150).map(left).sum::<usize>() < 150,
            "nothing was cleared"
        );
    }
}
