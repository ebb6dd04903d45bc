//! A replay store that records what it gives out, separately from what it remembers, so that a
//! store that forgets, or gives a nonce out twice, is noticed.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError, Weak};

use apply_cookies::Clock;
use apply_cookies::protocol::{Nonce, RedemptionDigest, StoreScope};
use apply_cookies::replay::{
    Barrier, BarrierFuture, Claim, ClaimAnswer, ClaimFuture, ClaimListener, HorizonFuture,
    MemoryReplayStore, ReplayStore,
};

/// What was given out for one nonce.
#[derive(Clone, Debug, Default)]
pub(crate) struct Entry {
    /// The redemption ids under which it was, as digests; `None` is a claim without one.
    pub(crate) redemptions: Vec<Option<[u8; 16]>>,
    /// How often.
    pub(crate) released: usize,
    /// Its place in the order in which nonces were given out for the first time.
    pub(crate) place: Option<usize>,
}

pub(crate) struct Ledger {
    store: MemoryReplayStore,
    entries: Mutex<HashMap<Nonce, Entry>>,
}

impl Ledger {
    pub(crate) fn new(clock: Clock) -> Self {
        Self {
            store: MemoryReplayStore::new(clock),
            entries: Mutex::default(),
        }
    }

    pub(crate) fn entry(&self, nonce: Nonce) -> Entry {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.get(&nonce).cloned().unwrap_or_default()
    }

    fn write(&self, claim: &Claim) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let next = entries.len();
        let entry = entries.entry(claim.nonce).or_default();
        entry.place.get_or_insert(next);
        let redemption = claim.redemption.map(RedemptionDigest::to_bytes);
        // Two claims without an id are two redemptions.
        if redemption.is_none() || !entry.redemptions.contains(&redemption) {
            entry.redemptions.push(redemption);
        }
        entry.released += 1;
    }
}

impl ReplayStore for Ledger {
    fn claim(&self, claim: Claim) -> ClaimFuture<'_> {
        ClaimFuture::new(async move {
            let answer = self.store.claim(claim).await;
            if matches!(answer, Ok(ClaimAnswer::Granted { .. })) {
                self.write(&claim);
            }
            answer
        })
    }

    fn scope(&self) -> Option<StoreScope> {
        self.store.scope()
    }

    fn raise_barrier(&self, barrier: Barrier) -> BarrierFuture<'_> {
        self.store.raise_barrier(barrier)
    }

    fn listen(&self, listener: Weak<dyn ClaimListener>) {
        self.store.listen(listener);
    }

    fn horizon(&self) -> HorizonFuture<'_> {
        self.store.horizon()
    }
}
