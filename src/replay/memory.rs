//! The store in this process's memory: the default, right for one process.
//!
//! Entries are kept in generations by the token's own expiry, so forgetting never scans and a
//! nonce is remembered exactly as long as its token could be redeemed. Two processes with a
//! memory store each and one secret do not protect one another: use a shared store for that.

use std::fmt;
use std::sync::Weak;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use apply_cookies_protocol::limits::{LIFETIME_MAX_MS, SKEW_MS};
use apply_cookies_protocol::{
    BindingDigest, Claimed, Nonce, RedemptionDigest, StoreScope, UnixMillis,
};
use dashmap::Entry;
use subtle::ConstantTimeEq;

use super::generations::{Forgotten, Generations};
use super::{
    Claim, ClaimAnswer, ClaimFuture, ClaimListener, HorizonFuture, Listeners, MARGIN_MS,
    ReplayStore, StoreError,
};
use crate::clock::Clock;
use crate::random;

/// Tokens that expire within the same ten seconds are forgotten together.
const CLAIM_GENERATION_MS: u64 = 10_000;

/// A barrier matters as long as a token that is older than it can live.
const BARRIER_GENERATION_MS: u64 = LIFETIME_MAX_MS;

/// Entries that a store holds unless told otherwise: a minute of 16,000 redemptions a second.
const CAPACITY: usize = 1_000_000;

/// A bounded replay store in memory.
pub struct MemoryReplayStore {
    clock: Clock,
    scope: StoreScope,
    horizon: UnixMillis,
    capacity: usize,
    entries: AtomicUsize,
    /// When to look for generations to forget again, in milliseconds since 1970.
    next_forget: AtomicU64,
    claims: Generations<Nonce, Option<RedemptionDigest>>,
    barriers: Generations<BindingDigest, Barrier>,
    listeners: Listeners,
}

#[derive(Clone, Copy)]
struct Barrier {
    nonce: Nonce,
    issued_at: UnixMillis,
}

impl MemoryReplayStore {
    /// A store that remembers from now on, up to a million claims at a time.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self {
            scope: StoreScope::from_random(random::bytes()),
            horizon: clock.now(),
            clock,
            capacity: CAPACITY,
            entries: AtomicUsize::new(0),
            next_forget: AtomicU64::new(0),
            claims: Generations::new(CLAIM_GENERATION_MS),
            barriers: Generations::new(BARRIER_GENERATION_MS),
            listeners: Listeners::default(),
        }
    }

    /// Sets how many entries are held at most. A full store answers with an error (503) until
    /// entries expire.
    #[must_use]
    pub const fn capacity(mut self, entries: usize) -> Self {
        self.capacity = entries;
        self
    }

    /// Entries held now. Expired ones count until their generation is dropped.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.load(Ordering::Relaxed)
    }

    /// Whether nothing is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn decide(&self, claim: &Claim) -> Result<ClaimAnswer, StoreError> {
        self.forget();
        let is_known = match claim.scope {
            Some(scope) => scope == self.scope,
            None => claim.issued_at >= self.horizon.plus(SKEW_MS),
        };
        if !is_known {
            return Ok(ClaimAnswer::BeforeHorizon);
        }
        let Ok(generation) = self.claims.of(claim.expires_at) else {
            return Ok(ClaimAnswer::BeforeHorizon);
        };
        if !matches!(self.is_behind_barrier(claim), Ok(false)) {
            return Ok(ClaimAnswer::BeforeHorizon);
        }
        // The entry locks its shard of the map, so of two claims of one nonce one sees the other.
        let answer = match generation.entry(claim.nonce) {
            Entry::Occupied(entry) => {
                if is_same_redemption(*entry.get(), claim.redemption) {
                    ClaimAnswer::Claimed(Claimed::Retry)
                } else {
                    ClaimAnswer::AlreadyUsed
                }
            }
            Entry::Vacant(entry) => {
                self.take_place()?;
                entry.insert(claim.redemption);
                ClaimAnswer::Claimed(Claimed::First)
            }
        };
        // On a retry too: the first try may have found no room for the barrier.
        if claim.barrier && matches!(answer, ClaimAnswer::Claimed(_)) {
            self.raise_barrier(claim)?;
        }
        Ok(answer)
    }

    /// Whether a barrier of the same browser refuses this token. A token of the very millisecond
    /// of the barrier counts as older: which came first is not known, and refusing is safe.
    fn is_behind_barrier(&self, claim: &Claim) -> Result<bool, Forgotten> {
        let Some(binding) = claim.binding else {
            return Ok(false);
        };
        Ok(self.barriers.from(claim.issued_at)?.iter().any(|barriers| {
            barriers.get(&binding).is_some_and(|barrier| {
                claim.issued_at <= barrier.issued_at && claim.nonce != barrier.nonce
            })
        }))
    }

    fn raise_barrier(&self, claim: &Claim) -> Result<(), StoreError> {
        let Some(binding) = claim.binding else {
            return Ok(());
        };
        let Ok(barriers) = self.barriers.of(claim.issued_at) else {
            return Ok(()); // so old that every older token has expired
        };
        let barrier = Barrier {
            nonce: claim.nonce,
            issued_at: claim.issued_at,
        };
        match barriers.entry(binding) {
            Entry::Occupied(mut entry) => {
                if entry.get().issued_at < barrier.issued_at {
                    entry.insert(barrier);
                }
            }
            Entry::Vacant(entry) => {
                self.take_place()?;
                entry.insert(barrier);
            }
        }
        Ok(())
    }

    fn take_place(&self) -> Result<(), StoreError> {
        if self.entries.fetch_add(1, Ordering::Relaxed) < self.capacity {
            return Ok(());
        }
        self.entries.fetch_sub(1, Ordering::Relaxed);
        Err(StoreError::Full)
    }

    /// Drops what can never matter again. Looks once a second at most, and drops whole
    /// generations, so no request pays for a scan.
    fn forget(&self) {
        let now = self.clock.now();
        let due = self.next_forget.load(Ordering::Relaxed);
        if now.get() < due
            || self
                .next_forget
                .compare_exchange(
                    due,
                    now.plus(1000).get(),
                    Ordering::Relaxed,
                    Ordering::Relaxed,
                )
                .is_err()
        {
            return;
        }
        let past = now.minus(SKEW_MS + MARGIN_MS);
        let forgotten =
            self.claims.forget(past) + self.barriers.forget(past.minus(LIFETIME_MAX_MS));
        self.entries.fetch_sub(forgotten, Ordering::Relaxed);
    }
}

impl ReplayStore for MemoryReplayStore {
    fn claim(&self, claim: Claim) -> ClaimFuture<'_> {
        let answer = self.decide(&claim);
        if matches!(answer, Ok(ClaimAnswer::Claimed(_))) {
            self.listeners.tell(claim.nonce);
        }
        ClaimFuture::ready(answer)
    }

    fn scope(&self) -> Option<StoreScope> {
        Some(self.scope)
    }

    fn listen(&self, listener: Weak<dyn ClaimListener>) {
        self.listeners.add(listener);
    }

    fn horizon(&self) -> HorizonFuture<'_> {
        HorizonFuture::ready(Ok(self.horizon))
    }
}

impl fmt::Debug for MemoryReplayStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryReplayStore")
            .field("entries", &self.len())
            .field("capacity", &self.capacity)
            .finish_non_exhaustive()
    }
}

/// Two claims without a redemption id are never the same one.
fn is_same_redemption(kept: Option<RedemptionDigest>, given: Option<RedemptionDigest>) -> bool {
    match (kept, given) {
        (Some(kept), Some(given)) => kept.to_bytes().ct_eq(&given.to_bytes()).into(),
        _ => false,
    }
}
