//! A store, its clock, and tokens for it.

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::task::Poll;

use apply_cookies_protocol::limits::LIFETIME_MAX_MS;
use apply_cookies_protocol::{
    BindingCookie, BindingDigest, Grant, Lifetime, Nonce, RedemptionDigest, StoreScope, UnixMillis,
};
use sha2::{Digest, Sha256};

use super::ear::Ear;
use super::maker::StoreMaker;
use crate::answer::{BarrierAnswer, ClaimAnswer, StoreError};
use crate::barrier::Barrier;
use crate::claim::Claim;
use crate::clock::Clock;
use crate::future::StoreFuture;
use crate::store::ReplayStore;

pub(super) const FIRST: ClaimAnswer = granted(Grant::First, BarrierAnswer::NotAsked);
pub(super) const RETRY: ClaimAnswer = granted(Grant::Retry, BarrierAnswer::NotAsked);

/// A barrier's.
pub(super) const RAISED: ClaimAnswer = granted(Grant::First, BarrierAnswer::Raised);
pub(super) const RAISED_AGAIN: ClaimAnswer = granted(Grant::Retry, BarrierAnswer::Raised);

pub(super) const fn granted(grant: Grant, barrier: BarrierAnswer) -> ClaimAnswer {
    ClaimAnswer::Granted { grant, barrier }
}

/// How long after a store's beginning tokens must be issued to pass its horizon.
pub(super) const SETTLED: u64 = 10_000;

/// How long the tokens of most rules live, in milliseconds.
pub(super) const LIFE: u64 = 60_000;

pub(super) const HOUR: u64 = 3_600_000;

/// After fewer polls than these a question is given up; most stores are never asked so often.
pub(super) const POLLS: u32 = 5;

/// The hands of a clock that moves by hand.
#[derive(Clone)]
pub(super) struct Hands(Arc<AtomicU64>);

impl Hands {
    pub(super) fn at(now: UnixMillis) -> Self {
        Self(Arc::new(AtomicU64::new(now.get())))
    }

    pub(super) fn clock(&self) -> Clock {
        let hands = self.0.clone();
        Clock::from_fn(move || UnixMillis::EPOCH.plus(hands.load(Ordering::SeqCst)))
    }

    pub(super) fn now(&self) -> UnixMillis {
        UnixMillis::EPOCH.plus(self.0.load(Ordering::SeqCst))
    }

    pub(super) fn set(&self, now: UnixMillis) {
        self.0.store(now.get(), Ordering::SeqCst);
    }
}

pub(super) struct World<'m, M: StoreMaker> {
    pub(super) maker: &'m M,
    pub(super) store: M::Store,
    pub(super) hands: Hands,
}

impl<'m, M: StoreMaker> World<'m, M> {
    /// A store in its first millisecond.
    pub(super) fn new(maker: &'m M) -> Self {
        let hands = Hands::at(maker.start());
        let store = maker.make(hands.clock());
        Self {
            maker,
            store,
            hands,
        }
    }

    /// A store whose horizon has passed.
    pub(super) fn settled(maker: &'m M) -> Self {
        let world = Self::new(maker);
        world.advance(SETTLED);
        world
    }

    /// A store with little room whose horizon has passed.
    pub(super) fn small(maker: &'m M) -> Option<Self> {
        let hands = Hands::at(maker.start());
        let store = maker.make_small(hands.clock())?;
        let world = Self {
            maker,
            store,
            hands,
        };
        world.advance(SETTLED);
        Some(world)
    }

    /// The store, closed and reopened.
    pub(super) fn reopened(self) -> Option<Self> {
        let Self {
            maker,
            store,
            hands,
        } = self;
        let store = maker.reopen(store, hands.clock())?;
        Some(Self {
            maker,
            store,
            hands,
        })
    }

    pub(super) fn now(&self) -> UnixMillis {
        self.hands.now()
    }

    pub(super) fn advance(&self, millis: u64) {
        self.hands.set(self.now().plus(millis));
    }

    /// A token that is issued now.
    pub(super) fn token(&self, n: u64) -> Claim {
        token(n, self.now(), LIFE)
    }

    /// Claims now.
    pub(super) fn try_claim(&self, mut claim: Claim) -> Result<ClaimAnswer, StoreError> {
        claim.now = self.now();
        self.maker.wait(self.store.claim(claim))
    }

    pub(super) fn claim(&self, claim: Claim) -> Result<ClaimAnswer, String> {
        self.try_claim(claim)
            .map_err(|error| format!("an error instead of an answer: {error:?}"))
    }

    /// Claims, and compares the answer.
    pub(super) fn expect(
        &self,
        what: &str,
        claim: Claim,
        expected: ClaimAnswer,
    ) -> Result<(), String> {
        let answer = self.claim(claim)?;
        ensure(answer == expected, || {
            format!("{what}: {answer:?} instead of {expected:?}")
        })
    }

    /// Raises a barrier without a token.
    pub(super) fn raise(&self, barrier: Barrier) -> Result<BarrierAnswer, String> {
        let answer = self.maker.wait(self.store.raise_barrier(barrier));
        answer.map_err(|error| format!("an error instead of a barrier: {error:?}"))
    }

    /// Raises a barrier without a token, for which there is room.
    pub(super) fn expect_raised(&self, what: &str, barrier: Barrier) -> Result<(), String> {
        let answer = self.raise(barrier)?;
        ensure(answer == BarrierAnswer::Raised, || {
            format!("{what}: {answer:?} instead of Raised")
        })
    }

    /// A listener of this store.
    pub(super) fn ear(&self) -> Arc<Ear> {
        let ear = Arc::new(Ear::default());
        let weak: Weak<Ear> = Arc::downgrade(&ear);
        self.store.listen(weak);
        ear
    }

    /// Asks, and drops the question after so many polls.
    pub(super) fn give_up<T: Unpin + Send>(&self, asked: StoreFuture<'_, T>, polls: u32) {
        let _ = self.maker.wait(given_up(asked, polls));
    }

    /// Claims, and accepts any refusal.
    pub(super) fn expect_refusal(&self, what: &str, claim: Claim) -> Result<(), String> {
        let answer = self.claim(claim)?;
        ensure(!matches!(answer, ClaimAnswer::Granted { .. }), || {
            format!("{what}: {answer:?}")
        })
    }
}

/// Asks, and drops the question after so many polls, as happens when a request's connection is lost.
pub(super) fn given_up<'a, T: Unpin + Send + 'a>(
    mut asked: StoreFuture<'a, T>,
    polls: u32,
) -> StoreFuture<'a, ()> {
    let mut left = polls;
    StoreFuture::new(std::future::poll_fn(move |context| {
        if left == 0 || Pin::new(&mut asked).poll(context).is_ready() {
            return Poll::Ready(Ok(()));
        }
        left -= 1;
        if left == 0 {
            return Poll::Ready(Ok(()));
        }
        Poll::Pending
    }))
}

pub(super) fn ensure(holds: bool, what: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what()) }
}

/// Nonces look as random as real ones: a store may use their bits as a hash.
fn digest(purpose: &str, n: u64) -> [u8; 32] {
    let digest = Sha256::new()
        .chain_update(purpose)
        .chain_update(n.to_be_bytes());
    digest.finalize().into()
}

pub(super) fn digest16(purpose: &str, n: u64) -> [u8; 16] {
    let mut half = [0; 16];
    half.copy_from_slice(&digest(purpose, n)[..16]);
    half
}

pub(super) fn token(n: u64, issued_at: UnixMillis, life: u64) -> Claim {
    let nonce = Nonce::from_random(digest16("nonce", n));
    Claim::new(
        nonce,
        issued_at,
        issued_at.plus(life),
        lifetime(LIFETIME_MAX_MS),
        issued_at,
    )
}

/// A lifetime of so many milliseconds, at most a day.
pub(super) fn lifetime(millis: u64) -> Lifetime {
    Lifetime::from_millis(millis).unwrap_or_default()
}

/// A sign-out of this browser, of a deployment whose tokens live for a day at most.
pub(super) fn sign_out(n: u64, issued_at: UnixMillis) -> Barrier {
    Barrier::new(browser(n), issued_at, lifetime(LIFETIME_MAX_MS))
}

/// A browser's digest.
pub(super) fn browser(n: u64) -> BindingDigest {
    BindingCookie::from_random(digest("browser", n)).digest()
}

/// A redemption id's digest.
pub(super) fn id(n: u64) -> Option<RedemptionDigest> {
    RedemptionDigest::from_id(&n.to_be_bytes())
}

/// A scope that no store has.
pub(super) fn foreign_scope() -> StoreScope {
    StoreScope::from_random(digest16("scope", 0))
}

/// Ways in which rules change a token.
pub(super) trait Vary {
    /// Under this redemption id.
    fn by(self, n: u64) -> Self;
    /// Of this browser.
    fn of(self, n: u64) -> Self;
    fn scoped(self, scope: Option<StoreScope>) -> Self;
    fn barrier(self) -> Self;
    /// Of a deployment whose tokens live no longer than this.
    fn among(self, max_lifetime: u64) -> Self;
}

impl Vary for Claim {
    fn by(mut self, n: u64) -> Self {
        self.redemption = id(n);
        self
    }

    fn of(mut self, n: u64) -> Self {
        self.binding = Some(browser(n));
        self
    }

    fn scoped(mut self, scope: Option<StoreScope>) -> Self {
        self.scope = scope;
        self
    }

    fn barrier(mut self) -> Self {
        self.barrier = true;
        self
    }

    fn among(mut self, max_lifetime: u64) -> Self {
        self.barrier_ends_at = self.issued_at.plus(max_lifetime);
        self
    }
}
