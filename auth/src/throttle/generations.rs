//! A table that forgets: two generations, the older of which is dropped when the younger is full or
//! has lasted long enough.

use std::collections::HashMap;
use std::hash::Hash;
use std::mem;

/// The most entries of a generation. With two, a table has at most some 4 MiB.
const CAPACITY: usize = 32_768;

pub(crate) struct Generations<K, T> {
    young: HashMap<K, T>,
    old: HashMap<K, T>,
    /// When the younger generation began.
    since: u64,
    /// How long an entry that nobody touches is kept at least; it is gone after twice that.
    lasts: u64,
}

impl<K: Copy + Eq + Hash, T: Copy + Default> Generations<K, T> {
    pub(crate) fn new(lasts: u64) -> Self {
        Self {
            young: HashMap::new(),
            old: HashMap::new(),
            since: 0,
            lasts,
        }
    }

    /// The entry, if there is one.
    pub(crate) fn find(&mut self, now: u64, key: K) -> Option<&mut T> {
        self.turn(now);
        match self.young.get_mut(&key) {
            Some(found) => Some(found),
            None => self.old.get_mut(&key),
        }
    }

    /// The entry, as the youngest of all.
    pub(crate) fn entry(&mut self, now: u64, key: K) -> &mut T {
        self.turn(now);
        let earlier = self.old.remove(&key).unwrap_or_default();
        self.young.entry(key).or_insert(earlier)
    }

    fn turn(&mut self, now: u64) {
        let passed = now.saturating_sub(self.since);
        if passed < self.lasts && self.young.len() < CAPACITY && now >= self.since {
            return;
        }
        // A clock that was set back begins a generation, and so is not ahead of it for long.
        let young = mem::take(&mut self.young);
        self.old = if passed < 2 * self.lasts {
            young
        } else {
            HashMap::new()
        };
        self.since = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_bounded_and_what_is_used_stays() {
        let mut table = Generations::new(1000);
        *table.entry(0, 0) = 7;
        let mut most = 0;
        for number in 1..200_000 {
            *table.entry(0, number) = 1;
            if number % 10_000 == 0 {
                assert_eq!(*table.entry(0, 0), 7);
            }
            most = most.max(table.young.len() + table.old.len());
        }
        assert!(most > CAPACITY && most <= 2 * CAPACITY, "{most}");
        assert_eq!(table.find(0, 1), None);
    }

    #[test]
    fn an_entry_is_kept_for_as_long_as_it_should_be() {
        for begun in [1, 600, 999] {
            let mut table = Generations::new(1000);
            table.entry(0, 9);
            *table.entry(begun, 0) = 7;
            assert_eq!(table.find(begun + 1000, 0), Some(&mut 7));
            assert_eq!(table.find(begun + 4000, 0), None);
        }
    }
}
