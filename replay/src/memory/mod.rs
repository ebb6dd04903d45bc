//! The store in this process's memory: the default, right for one process.
//!
//! A nonce is remembered exactly as long as its token could be redeemed, and forgetting never
//! scans. Two processes that share a secret, each with its own memory store, do not protect each
//! other: use a shared store for that.

mod barriers;
mod claims;
mod hash;
mod reaper;
mod revocations;
pub(crate) mod revoked;
mod table;

use std::fmt;
use std::sync::Weak;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use apply_cookies_protocol::{StoreScope, UnixMillis};

pub use self::revocations::MemoryRevocations;

use self::barriers::{Barriers, Verdict};
use self::claims::Claims;
use self::hash::KeyedHash;
use self::reaper::Reaper;
use crate::answer::{BarrierAnswer, ClaimAnswer, StoreError};
use crate::barrier::{Barrier, Raising};
use crate::capacity::Capacity;
use crate::claim::{self, Claim};
use crate::clock::Clock;
use crate::future::{BarrierFuture, ClaimFuture, HorizonFuture};
use crate::listeners::{ClaimListener, Listeners};
use crate::random;
use crate::store::ReplayStore;

/// How often a claim looks for entries to forget, in milliseconds.
const FORGET_EVERY_MS: u64 = 1_000;

/// A bounded replay store in memory.
///
/// An entry takes up to 29 bytes, so the default capacity of a million fills 29 MB.
pub struct MemoryReplayStore {
    clock: Clock,
    scope: StoreScope,
    horizon: UnixMillis,
    capacity: Capacity,
    entries: AtomicUsize,
    /// How many of the entries are barriers.
    barrier_entries: AtomicUsize,
    /// When to look for generations to forget again, in milliseconds since 1970.
    next_forget: AtomicU64,
    /// The latest time up to which claims are forgotten, in milliseconds since 1970.
    forgotten_until: AtomicU64,
    claims: Claims,
    barriers: Barriers,
    reaper: Reaper,
    listeners: Listeners,
}

impl MemoryReplayStore {
    /// A store that remembers from now on, up to a million claims at a time.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        let hash = KeyedHash::random();
        Self {
            scope: StoreScope::from_random(random::bytes()),
            horizon: clock.now(),
            clock,
            capacity: Capacity::DEFAULT,
            entries: AtomicUsize::new(0),
            barrier_entries: AtomicUsize::new(0),
            next_forget: AtomicU64::new(0),
            forgotten_until: AtomicU64::new(0),
            claims: Claims::new(hash.clone()),
            barriers: Barriers::new(hash),
            reaper: Reaper::default(),
            listeners: Listeners::default(),
        }
    }

    /// Sets the most entries, of which barriers take at most half. A full store answers a claim with
    /// an error (503) until entries expire, and a barrier with
    /// [`NoRoom`](BarrierAnswer::NoRoom).
    #[must_use]
    pub const fn capacity(mut self, entries: usize) -> Self {
        self.capacity = Capacity::new(entries);
        self
    }

    /// The number of entries now. Expired ones count until their generation is dropped.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.load(Ordering::Relaxed)
    }

    /// Whether there are no entries.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn decide(&self, claim: &Claim) -> Result<ClaimAnswer, StoreError> {
        self.forget(claim.now);
        if !claim.is_known(Some(self.scope), self.horizon) {
            return Ok(ClaimAnswer::BeforeHorizon);
        }
        match self.barriers.judge(claim) {
            Verdict::Passes => {}
            Verdict::Refused => return Ok(ClaimAnswer::BehindBarrier),
            Verdict::Forgotten => return Ok(ClaimAnswer::BeforeHorizon),
        }
        let mut answer = self
            .claims
            .claim(claim, &self.reaper, || self.take_place())?;
        // On a retry too: the first try may have found no room for the barrier.
        if let ClaimAnswer::Granted { barrier, .. } = &mut answer
            && let Some(raising) = Raising::of_claim(claim)
        {
            *barrier = self.raise(&raising);
        }
        Ok(answer)
    }

    fn raise(&self, raising: &Raising) -> BarrierAnswer {
        let take_place = || self.take_barrier_place().is_ok();
        self.barriers.raise(raising, take_place)
    }

    fn take_place(&self) -> Result<(), StoreError> {
        take(&self.entries, self.capacity.entries())
    }

    fn take_barrier_place(&self) -> Result<(), StoreError> {
        take(&self.barrier_entries, self.capacity.barriers())?;
        self.take_place().inspect_err(|_| {
            self.barrier_entries.fetch_sub(1, Ordering::Relaxed);
        })
    }

    /// Forgets what can never matter again. This is decided here and now; freeing the memory is
    /// left to another thread.
    fn forget(&self, now: UnixMillis) {
        let due = self.next_forget.load(Ordering::Relaxed);
        let next = now.plus(FORGET_EVERY_MS).get();
        // One that is due later than the next was put off by a clock that was ahead.
        let is_too_early = now.get() < due && due <= next;
        if is_too_early
            || self
                .next_forget
                .compare_exchange(due, next, Ordering::Relaxed, Ordering::Relaxed)
                .is_err()
        {
            return;
        }
        let past = Claim::forgettable_by(now);
        let claims = self.claims.forget(past);
        self.forgotten_until
            .fetch_max(claims.until, Ordering::Relaxed);
        self.entries.fetch_sub(claims.entries, Ordering::Relaxed);
        self.reaper.take(claims.entries, claims.tables);
        if let Some(barriers) = self.barriers.forget(past) {
            self.entries.fetch_sub(barriers.entries, Ordering::Relaxed);
            self.barrier_entries
                .fetch_sub(barriers.entries, Ordering::Relaxed);
            self.reaper.take(barriers.entries, barriers.generations);
        }
    }
}

/// Takes one of this many places.
fn take(taken: &AtomicUsize, of: usize) -> Result<(), StoreError> {
    if taken.fetch_add(1, Ordering::Relaxed) < of {
        return Ok(());
    }
    taken.fetch_sub(1, Ordering::Relaxed);
    Err(StoreError::Full)
}

impl ReplayStore for MemoryReplayStore {
    fn claim(&self, claim: Claim) -> ClaimFuture<'_> {
        let answer = self.decide(&claim);
        if let Ok(ClaimAnswer::Granted { barrier, .. }) = answer {
            self.listeners.tell(claim.nonce, barrier);
        }
        ClaimFuture::ready(answer)
    }

    fn raise_barrier(&self, barrier: Barrier) -> BarrierFuture<'_> {
        self.forget(self.clock.now());
        BarrierFuture::ready(Ok(self.raise(&Raising::of_nobody(&barrier))))
    }

    fn scope(&self) -> Option<StoreScope> {
        Some(self.scope)
    }

    fn listen(&self, listener: Weak<dyn ClaimListener>) {
        self.listeners.add(listener);
    }

    fn horizon(&self) -> HorizonFuture<'_> {
        let forgotten_until = self.forgotten_until.load(Ordering::Relaxed);
        HorizonFuture::ready(Ok(claim::remembers_since(
            self.horizon,
            forgotten_until.max(self.barriers.issued_before()),
            self.clock.now(),
        )))
    }
}

impl fmt::Debug for MemoryReplayStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryReplayStore")
            .field("entries", &self.len())
            .field("capacity", &self.capacity.entries())
            .finish_non_exhaustive()
    }
}
