//! The latest barrier of each browser, in generations of a day.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

use apply_cookies_protocol::{BindingDigest, UnixMillis};
use dashmap::{DashMap, Entry};

use super::hash::KeyedHash;
use crate::answer::StoreError;
use crate::barrier::{self, Barrier};
use crate::claim::Claim;

/// Enough for a map of a million to grow in short steps.
const SHARDS: usize = 128;

pub(super) type Generation = DashMap<BindingDigest, Barrier, KeyedHash>;

pub(super) struct Barriers {
    hash: KeyedHash,
    live: RwLock<Live>,
}

#[derive(Default)]
struct Live {
    /// Generations below this number were dropped.
    floor: u64,
    by_number: BTreeMap<u64, Generation>,
}

/// Generations that were taken out, and how many entries they had.
pub(super) struct Forgotten {
    pub(super) entries: usize,
    pub(super) generations: BTreeMap<u64, Generation>,
}

impl Barriers {
    pub(super) fn new(hash: KeyedHash) -> Self {
        Self {
            hash,
            live: RwLock::default(),
        }
    }

    /// Whether a barrier of the same browser refuses this token, or might have and was forgotten.
    pub(super) fn refuse(&self, claim: &Claim) -> bool {
        let Some(binding) = claim.binding else {
            return false;
        };
        let live = self.live.read().unwrap_or_else(PoisonError::into_inner);
        let number = barrier::generation(claim.issued_at);
        if number < live.floor {
            return true;
        }
        live.by_number.range(number..).any(|(_, barriers)| {
            barriers
                .get(&binding)
                .is_some_and(|barrier| barrier.refuses(claim))
        })
    }

    /// Raises the claim's barrier, if it has one; for a new browser when `take_place` finds a place
    /// for it.
    pub(super) fn raise(
        &self,
        claim: &Claim,
        take_place: impl FnOnce() -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let Some((binding, raised)) = Barrier::of(claim) else {
            return Ok(());
        };
        let number = barrier::generation(raised.issued_at);
        self.begin(number);
        // Held until the barrier is in place: nothing is dropped in the meantime.
        let live = self.live.read().unwrap_or_else(PoisonError::into_inner);
        let Some(barriers) = live.by_number.get(&number) else {
            return Ok(()); // so old that every older token has expired
        };
        match barriers.entry(binding) {
            Entry::Occupied(mut standing) => {
                if raised.replaces(standing.get()) {
                    standing.insert(raised);
                }
            }
            Entry::Vacant(free) => {
                take_place()?;
                free.insert(raised);
            }
        }
        Ok(())
    }

    /// Makes the generation with this number, unless it exists or was dropped.
    fn begin(&self, number: u64) {
        let live = self.live.read().unwrap_or_else(PoisonError::into_inner);
        if live.by_number.contains_key(&number) {
            return;
        }
        drop(live);
        let mut live = self.live.write().unwrap_or_else(PoisonError::into_inner);
        if number >= live.floor {
            let make = || DashMap::with_hasher_and_shard_amount(self.hash.clone(), SHARDS);
            live.by_number.entry(number).or_insert_with(make);
        }
    }

    /// Takes out the generations whose barriers can no longer refuse a token, because every older
    /// token has expired by `until`.
    pub(super) fn forget(&self, until: UnixMillis) -> Option<Forgotten> {
        let floor = barrier::first_generation_kept(until);
        let mut live = self.live.write().unwrap_or_else(PoisonError::into_inner);
        let kept = live.by_number.split_off(&floor);
        let generations = std::mem::replace(&mut live.by_number, kept);
        // Only what was there is forgotten: a clock that ran ahead for a while does not close a day
        // that has yet to begin.
        let (last, _) = generations.last_key_value()?;
        live.floor = last + 1;
        drop(live);
        Some(Forgotten {
            entries: generations.values().map(DashMap::len).sum(),
            generations,
        })
    }
}
