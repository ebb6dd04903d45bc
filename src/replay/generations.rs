//! A map that forgets whole generations at once, and knows what it has forgotten.
//!
//! Entries of one span of time share a generation. Forgetting drops a generation as a whole:
//! nothing is ever scanned. A generation that was dropped never comes back: `of` says so, which
//! keeps single use safe however the clock is set.

use std::collections::BTreeMap;
use std::hash::{BuildHasherDefault, Hash, Hasher};
use std::sync::{Arc, PoisonError, RwLock};

use apply_cookies_protocol::UnixMillis;
use dashmap::DashMap;

/// Keys are random or are digests, made or checked by us before they come here, so their own
/// bits serve as the hash.
#[derive(Default)]
pub(super) struct RandomKeyHasher(u64);

impl Hasher for RandomKeyHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        if let Some(first) = bytes.first_chunk() {
            self.0 = u64::from_ne_bytes(*first);
        }
    }

    // Arrays hash their length first; it is the same for all keys.
    fn write_usize(&mut self, _: usize) {}
}

pub(super) type Generation<K, V> = DashMap<K, V, BuildHasherDefault<RandomKeyHasher>>;

/// Generations of `width` milliseconds each.
pub(super) struct Generations<K, V> {
    width: u64,
    live: RwLock<Live<K, V>>,
}

struct Live<K, V> {
    /// Generations below this number were dropped.
    floor: u64,
    by_number: BTreeMap<u64, Arc<Generation<K, V>>>,
}

/// The generation was dropped: what it held is not known any more.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Forgotten;

impl<K, V> Generations<K, V>
where
    K: Eq + Hash,
{
    pub(super) fn new(width: u64) -> Self {
        Self {
            width,
            live: RwLock::new(Live {
                floor: 0,
                by_number: BTreeMap::new(),
            }),
        }
    }

    /// The generation of this time, made when there is none.
    pub(super) fn of(&self, at: UnixMillis) -> Result<Arc<Generation<K, V>>, Forgotten> {
        let number = at.get() / self.width;
        {
            let live = self.live.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(generation) = live.by_number.get(&number) {
                return Ok(generation.clone());
            }
        }
        let mut live = self.live.write().unwrap_or_else(PoisonError::into_inner);
        if number < live.floor {
            return Err(Forgotten);
        }
        Ok(live.by_number.entry(number).or_default().clone())
    }

    /// Every generation of this time and later ones, oldest first.
    pub(super) fn from(&self, at: UnixMillis) -> Result<Vec<Arc<Generation<K, V>>>, Forgotten> {
        let live = self.live.read().unwrap_or_else(PoisonError::into_inner);
        let number = at.get() / self.width;
        if number < live.floor {
            return Err(Forgotten);
        }
        Ok(live
            .by_number
            .range(number..)
            .map(|(_, generation)| generation.clone())
            .collect())
    }

    /// Drops the generations that end at or before `until`, and tells how many entries they
    /// held.
    pub(super) fn forget(&self, until: UnixMillis) -> usize {
        let floor = until.get() / self.width;
        let dropped = {
            let mut live = self.live.write().unwrap_or_else(PoisonError::into_inner);
            if floor <= live.floor {
                return 0;
            }
            live.floor = floor;
            let kept = live.by_number.split_off(&floor);
            std::mem::replace(&mut live.by_number, kept)
        };
        dropped.values().map(|generation| generation.len()).sum()
    }
}
