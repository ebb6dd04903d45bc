//! The replay store: what makes a token single-use.

mod generations;
mod memory;

pub use memory::MemoryReplayStore;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{PoisonError, RwLock, Weak};
use std::task::{Context, Poll};

use apply_cookies_protocol::{
    BindingDigest, Claimed, Nonce, RedemptionDigest, StoreScope, UnixMillis,
};

/// Remembers which tokens were redeemed.
///
/// # Contract
///
/// **One atomic step.** [`claim`](Self::claim) decides and remembers in one step that no other
/// claim can come between. Of any number of claims of one nonce, in any processes, at most one
/// redemption id is ever answered [`ClaimAnswer::Claimed`].
///
/// **Which way it may err.** A store may refuse a nonce that was never claimed. It must never
/// give a claimed nonce to another redemption id, nor a second time to none, before the token
/// expires. "Expires" means the token's own `expires_at`, plus the skew allowed between clocks
/// and a margin, however the clock of the store was set meanwhile.
///
/// **Horizon.** A store knows the moment since which it is certain to remember every claim. A
/// token issued earlier than that (plus the skew) may have been claimed and forgotten, so it is
/// [`ClaimAnswer::BeforeHorizon`].
///
/// **Scope.** A store that can name its own memory has a random [scope](Self::scope), which the
/// issuers of its process put into tokens. A token of another scope was issued for a memory that
/// is gone: [`ClaimAnswer::BeforeHorizon`]. A token of this very scope was issued after the memory
/// began, so the horizon has nothing to say of it, and a fresh process works at once. A token
/// without a scope comes from another process, and the horizon alone decides.
///
/// **Barrier.** From the claim of a batch that is a barrier on, every token of the same binding
/// that was issued no later is [`ClaimAnswer::BeforeHorizon`], also as a retry; the barrier's own
/// retry is not.
///
/// **Receipts.** A store tells its [listeners](Self::listen) of each nonce that was claimed, in
/// whichever process: once the claim is certain, and before the token expires if it can. It may
/// tell of one nonce several times, and of nonces that a listener does not know. It never tells of
/// one that was not claimed.
///
/// **Errors.** An error means that the answer is not known. The caller releases nothing; the
/// nonce may be spent, and the same redemption id may ask again. A store that is full errs; it
/// never evicts an entry to make room.
///
/// **Crash.** Whatever was answered `Claimed` before a crash stays claimed after it, or the
/// horizon moves past it.
pub trait ReplayStore: Send + Sync + 'static {
    /// Claims a nonce, for good.
    fn claim(&self, claim: Claim) -> ClaimFuture<'_>;

    /// The name of this store's memory, which tokens of this process carry. `None` when it has
    /// none that the process knows.
    fn scope(&self) -> Option<StoreScope> {
        None
    }

    /// Adds one who wants to hear of claims: the receipts of a deployment in this process. A
    /// store that forgets it makes every receipt end as expired.
    fn listen(&self, listener: Weak<dyn ClaimListener>);

    /// The moment since which this store remembers every claim; an error when it cannot be
    /// reached. The service's `readyz` asks it.
    fn horizon(&self) -> HorizonFuture<'_>;
}

/// What a store is told of a token that is about to be redeemed. The token's MAC, lifetime and
/// binding are verified, and its answer is ready.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Claim {
    /// The identity of the token.
    pub nonce: Nonce,
    /// The digest of the client's redemption id; `None` when it sent none, and then there is no
    /// retry.
    pub redemption: Option<RedemptionDigest>,
    /// The browser; `None` for a token without a binding.
    pub binding: Option<BindingDigest>,
    /// The scope that the token carries.
    pub scope: Option<StoreScope>,
    /// When the token was issued.
    pub issued_at: UnixMillis,
    /// When it expires.
    pub expires_at: UnixMillis,
    /// Whether it is a barrier.
    pub barrier: bool,
}

impl Claim {
    /// A claim of a token without redemption id, binding, scope and barrier.
    #[must_use]
    pub const fn new(nonce: Nonce, issued_at: UnixMillis, expires_at: UnixMillis) -> Self {
        Self {
            nonce,
            redemption: None,
            binding: None,
            scope: None,
            issued_at,
            expires_at,
            barrier: false,
        }
    }
}

/// A store's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClaimAnswer {
    /// The cookies may be released.
    Claimed(Claimed),
    /// Another redemption id has the nonce, or none was given and it is used.
    AlreadyUsed,
    /// The token is older than what the store is certain to remember, or than a barrier of its
    /// browser, or was issued under another scope.
    BeforeHorizon,
}

/// Who hears of claims. Called within a claim, so it must be quick and must not ask the store
/// anything.
pub trait ClaimListener: Send + Sync {
    /// This nonce was claimed.
    fn claimed(&self, nonce: Nonce);
}

/// The listeners of a store in this process. Ones that are gone fall out by themselves.
#[derive(Default)]
pub struct Listeners(RwLock<Vec<Weak<dyn ClaimListener>>>);

impl Listeners {
    /// Adds a listener.
    pub fn add(&self, listener: Weak<dyn ClaimListener>) {
        let mut listeners = self.0.write().unwrap_or_else(PoisonError::into_inner);
        listeners.retain(|listener| listener.strong_count() > 0);
        listeners.push(listener);
    }

    /// Tells all of a claim.
    pub fn tell(&self, nonce: Nonce) {
        let listeners = self.0.read().unwrap_or_else(PoisonError::into_inner);
        for listener in listeners.iter().filter_map(Weak::upgrade) {
            listener.claimed(nonce);
        }
    }
}

impl fmt::Debug for Listeners {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Listeners(..)")
    }
}

/// Why a store cannot answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// No room for another entry before others expire.
    #[error("the replay store is full")]
    Full,
    /// The backend failed.
    #[error("the replay store cannot be reached")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The store can no longer be certain of what it remembers, and refuses everything until the
    /// process is started again. The service's `healthz` then says so.
    #[error("the replay store has failed, and refuses everything until it is started again")]
    Broken(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Answer of [`ReplayStore::claim`].
pub type ClaimFuture<'a> = StoreFuture<'a, ClaimAnswer>;

/// Answer of [`ReplayStore::horizon`].
pub type HorizonFuture<'a> = StoreFuture<'a, UnixMillis>;

/// A store's answer, at hand or on its way. A store in memory answers without an allocation.
pub struct StoreFuture<'a, T>(State<'a, T>);

enum State<'a, T> {
    Ready(Option<Result<T, StoreError>>),
    Pending(Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>),
}

impl<'a, T> StoreFuture<'a, T> {
    /// An answer that is at hand.
    #[must_use]
    pub const fn ready(answer: Result<T, StoreError>) -> Self {
        Self(State::Ready(Some(answer)))
    }

    /// An answer that must be waited for.
    #[must_use]
    pub fn new(answer: impl Future<Output = Result<T, StoreError>> + Send + 'a) -> Self {
        Self(State::Pending(Box::pin(answer)))
    }
}

impl<T: Unpin> Future for StoreFuture<'_, T> {
    type Output = Result<T, StoreError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            State::Ready(answer) => answer.take().map_or(Poll::Pending, Poll::Ready),
            State::Pending(answer) => answer.as_mut().poll(context),
        }
    }
}

impl<T> fmt::Debug for StoreFuture<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoreFuture(..)")
    }
}
