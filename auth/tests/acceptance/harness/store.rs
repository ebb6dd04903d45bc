//! A store of revocations that counts, and one of claims; both can be cut off.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Weak};

use apply_cookies::Clock;
use apply_cookies::protocol::StoreScope;
use apply_cookies::replay::{
    Barrier, BarrierFuture, Claim, ClaimFuture, ClaimListener, HorizonFuture, MemoryReplayStore,
    MemoryRevocations, MomentFuture, ReplayStore, Revocation, RevocationListener, Revocations,
    SessionCheck, StandingFuture, StandingsFuture, StoreError, StoreFuture,
};

pub(crate) struct Store {
    memory: MemoryRevocations,
    is_down: AtomicBool,
    revoked: AtomicUsize,
    asked: AtomicUsize,
    first: Mutex<Option<Box<dyn FnOnce() + Send>>>,
}

impl Store {
    pub(crate) fn new(clock: Clock) -> Arc<Self> {
        Arc::new(Self {
            memory: MemoryRevocations::new(clock),
            is_down: AtomicBool::new(false),
            revoked: AtomicUsize::new(0),
            asked: AtomicUsize::new(0),
            first: Mutex::new(None),
        })
    }

    /// Whether it answers nothing.
    pub(crate) fn be_down(&self, down: bool) {
        self.is_down.store(down, Ordering::SeqCst);
    }

    /// Something happens just before the next revocation.
    pub(crate) fn before_the_next(&self, first: impl FnOnce() + Send + 'static) {
        *self.first.lock().unwrap() = Some(Box::new(first));
    }

    /// How often it was asked to revoke something.
    pub(crate) fn revoked(&self) -> usize {
        self.revoked.load(Ordering::SeqCst)
    }

    /// How often it was asked for the moment, which some stores write down.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    fn unless_down<'a, T: Unpin>(&self, answer: StoreFuture<'a, T>) -> StoreFuture<'a, T> {
        if self.is_down.load(Ordering::SeqCst) {
            return StoreFuture::ready(Err(StoreError::Unavailable("down".into())));
        }
        answer
    }
}

impl Revocations for Store {
    fn now(&self) -> MomentFuture<'_> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.unless_down(self.memory.now())
    }

    fn revoke(&self, revocation: Revocation) -> MomentFuture<'_> {
        let first = self.first.lock().unwrap().take();
        if let Some(first) = first {
            first();
        }
        self.revoked.fetch_add(1, Ordering::SeqCst);
        if self.is_down.load(Ordering::SeqCst) {
            return StoreFuture::ready(Err(StoreError::Unavailable("down".into())));
        }
        self.memory.revoke(revocation)
    }

    fn check(&self, session: SessionCheck) -> StandingFuture<'_> {
        self.unless_down(self.memory.check(session))
    }

    fn check_all(&self, sessions: &[SessionCheck]) -> StandingsFuture<'_> {
        self.unless_down(self.memory.check_all(sessions))
    }

    fn scope(&self) -> Option<StoreScope> {
        self.memory.scope()
    }

    fn listen(&self, listener: Weak<dyn RevocationListener>) {
        self.memory.listen(listener);
    }

    fn horizon(&self) -> HorizonFuture<'_> {
        self.unless_down(self.memory.horizon())
    }
}

/// A replay store that takes no claims while it is told so.
pub(crate) struct Claims {
    memory: MemoryReplayStore,
    is_down: AtomicBool,
}

impl Claims {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            memory: MemoryReplayStore::new(Clock::system()),
            is_down: AtomicBool::new(false),
        })
    }

    /// Whether it takes none.
    pub(crate) fn be_down(&self, down: bool) {
        self.is_down.store(down, Ordering::SeqCst);
    }
}

impl ReplayStore for Claims {
    fn claim(&self, claim: Claim) -> ClaimFuture<'_> {
        if self.is_down.load(Ordering::SeqCst) {
            return StoreFuture::ready(Err(StoreError::Unavailable("down".into())));
        }
        self.memory.claim(claim)
    }

    fn raise_barrier(&self, barrier: Barrier) -> BarrierFuture<'_> {
        self.memory.raise_barrier(barrier)
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
