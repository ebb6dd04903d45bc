//! The latest barrier of each browser, in generations that are forgotten together.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{PoisonError, RwLock};

use apply_cookies_protocol::{BindingDigest, UnixMillis};
use dashmap::{DashMap, Entry};

use super::hash::KeyedHash;
use crate::answer::BarrierAnswer;
use crate::barrier::{self, Raising, Standing};
use crate::claim::Claim;

/// Enough for a map of a million to grow in short steps.
const SHARDS: usize = 128;

pub(super) struct Generation {
    barriers: DashMap<BindingDigest, Standing, KeyedHash>,
    /// All of them were issued before, in milliseconds since 1970.
    issued_before: AtomicU64,
}

pub(super) struct Barriers {
    hash: KeyedHash,
    live: RwLock<Live>,
    /// How many generations are live: without any, a claim needs no lock.
    generations: AtomicUsize,
    /// All barriers that were forgotten were issued before, in milliseconds since 1970.
    issued_before: AtomicU64,
}

#[derive(Default)]
struct Live {
    by_end: BTreeMap<u64, Generation>,
}

/// Generations that were taken out, and how many entries they had.
pub(super) struct Forgotten {
    pub(super) entries: usize,
    pub(super) generations: BTreeMap<u64, Generation>,
}

/// How a claim stands to the barriers of its browser.
pub(super) enum Verdict {
    Passes,
    Refused,
    /// A barrier might have refused it, and was forgotten.
    Forgotten,
}

impl Barriers {
    pub(super) fn new(hash: KeyedHash) -> Self {
        Self {
            hash,
            live: RwLock::default(),
            generations: AtomicUsize::new(0),
            issued_before: AtomicU64::new(0),
        }
    }

    pub(super) fn judge(&self, claim: &Claim) -> Verdict {
        let Some(binding) = claim.binding else {
            return Verdict::Passes;
        };
        // Most claims find that nobody has signed out lately. What was forgotten to come to that is
        // read afterwards, so it is not missed.
        let none = self.generations.load(Ordering::Acquire) == 0;
        let live = (!none).then(|| self.live.read().unwrap_or_else(PoisonError::into_inner));
        if barrier::may_be_forgotten(claim, self.issued_before()) {
            return Verdict::Forgotten;
        }
        let Some(live) = live else {
            return Verdict::Passes;
        };
        if live.has(0, &binding, |standing| standing.refuses(claim)) {
            Verdict::Refused
        } else {
            Verdict::Passes
        }
    }

    /// Raises a barrier. A browser that has none in this generation needs a place for it.
    ///
    /// A generation that was dropped because the clock was ahead for a while begins again: what it
    /// has forgotten is refused by `issued_before`, and nobody else's tokens need to be.
    pub(super) fn raise(
        &self,
        raising: &Raising,
        take_place: impl FnOnce() -> bool,
    ) -> BarrierAnswer {
        let end = raising.end_of_generation(0);
        // Held until the barrier is in place: nothing is dropped in the meantime.
        let live = self.live.read().unwrap_or_else(PoisonError::into_inner);
        let covers = |standing: &Standing| standing.covers(&raising.standing);
        if live.has(end, &raising.binding, covers) {
            return BarrierAnswer::Raised;
        }
        if let Some(generation) = live.by_end.get(&end) {
            return generation.raise(raising, take_place);
        }
        drop(live);
        let mut live = self.live.write().unwrap_or_else(PoisonError::into_inner);
        let make = || Generation {
            barriers: DashMap::with_hasher_and_shard_amount(self.hash.clone(), SHARDS),
            issued_before: AtomicU64::new(0),
        };
        live.by_end.entry(end).or_insert_with(make);
        self.generations.store(live.by_end.len(), Ordering::Release);
        let generation = &live.by_end[&end];
        generation.raise(raising, take_place)
    }

    /// All barriers that were forgotten were issued before, in milliseconds since 1970.
    pub(super) fn issued_before(&self) -> u64 {
        self.issued_before.load(Ordering::Relaxed)
    }

    /// Takes out the generations whose barriers can no longer refuse a token, because they have
    /// ended by `until`.
    pub(super) fn forget(&self, until: UnixMillis) -> Option<Forgotten> {
        let mut live = self.live.write().unwrap_or_else(PoisonError::into_inner);
        let kept = live.by_end.split_off(&(until.get() + 1));
        let generations = std::mem::replace(&mut live.by_end, kept);
        if generations.is_empty() {
            return None;
        }
        for generation in generations.values() {
            let refused = generation.issued_before.load(Ordering::Relaxed);
            self.issued_before.fetch_max(refused, Ordering::Relaxed);
        }
        self.generations.store(live.by_end.len(), Ordering::Release);
        drop(live);
        let entries = generations.values().map(|one| one.barriers.len());
        Some(Forgotten {
            entries: entries.sum(),
            generations,
        })
    }
}

impl Generation {
    fn raise(&self, raising: &Raising, take_place: impl FnOnce() -> bool) -> BarrierAnswer {
        match self.barriers.entry(raising.binding) {
            Entry::Occupied(mut standing) => {
                if !standing.get().covers(&raising.standing) {
                    standing.insert(raising.standing);
                }
            }
            Entry::Vacant(free) => {
                if !take_place() {
                    return BarrierAnswer::NoRoom;
                }
                free.insert(raising.standing);
            }
        }
        let refused = raising.standing.refuses_before();
        self.issued_before.fetch_max(refused, Ordering::Relaxed);
        BarrierAnswer::Raised
    }
}

impl Live {
    /// Whether there is such a barrier of this browser, in a generation that ends no earlier.
    fn has(&self, first: u64, binding: &BindingDigest, such: impl Fn(&Standing) -> bool) -> bool {
        self.by_end
            .range(first..)
            .filter_map(|(_, generation)| generation.barriers.get(binding))
            .any(|standing| such(&standing))
    }
}
