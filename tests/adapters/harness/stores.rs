//! Replay stores that the test controls.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use apply_cookies::Clock;
use apply_cookies::protocol::StoreScope;
use apply_cookies::replay::{
    Barrier, BarrierFuture, Claim, ClaimFuture, ClaimListener, HorizonFuture, MemoryReplayStore,
    ReplayStore, StoreError, StoreFuture,
};

use super::notes::wait;
use crate::support::{NOW, at};

/// A memory store that started a minute before [`NOW`].
pub(crate) fn memory() -> MemoryReplayStore {
    MemoryReplayStore::new(Clock::from_fn(|| at(NOW - 60_000)))
}

/// A store that loses or delays its answers when told to, after the claim has reached the memory
/// store inside: as a network does.
pub(crate) struct Staged {
    memory: MemoryReplayStore,
    fails: AtomicBool,
    holds: AtomicBool,
    asked: AtomicBool,
}

impl Staged {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            memory: memory(),
            fails: AtomicBool::new(false),
            holds: AtomicBool::new(false),
            asked: AtomicBool::new(false),
        })
    }

    pub(crate) fn failing() -> Arc<Self> {
        let store = Self::new();
        store.fails.store(true, Ordering::SeqCst);
        store
    }

    pub(crate) fn holding() -> Arc<Self> {
        let store = Self::new();
        store.holds.store(true, Ordering::SeqCst);
        store
    }

    /// From now on it answers, delayed claims included.
    pub(crate) fn answer(&self) {
        self.fails.store(false, Ordering::SeqCst);
        self.holds.store(false, Ordering::SeqCst);
    }

    fn stage<'a, T: Send + Unpin + 'a>(&'a self, answer: StoreFuture<'a, T>) -> StoreFuture<'a, T> {
        StoreFuture::new(async move {
            let answer = answer.await;
            self.asked.store(true, Ordering::SeqCst);
            while self.holds.load(Ordering::SeqCst) {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            if self.fails.load(Ordering::SeqCst) {
                return Err(StoreError::Unavailable("secret detail".into()));
            }
            answer
        })
    }

    /// Waits until a claim or a barrier has reached the memory.
    pub(crate) fn wait_for_claim(&self) {
        wait(|| self.asked.load(Ordering::SeqCst).then_some(()));
    }
}

impl ReplayStore for Staged {
    fn claim(&self, claim: Claim) -> ClaimFuture<'_> {
        self.stage(self.memory.claim(claim))
    }

    fn raise_barrier(&self, barrier: Barrier) -> BarrierFuture<'_> {
        self.stage(self.memory.raise_barrier(barrier))
    }

    fn scope(&self) -> Option<StoreScope> {
        self.memory.scope()
    }

    fn listen(&self, listener: Weak<dyn ClaimListener>) {
        self.memory.listen(listener);
    }

    fn horizon(&self) -> HorizonFuture<'_> {
        self.memory.horizon()
    }
}
