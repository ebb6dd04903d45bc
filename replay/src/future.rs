//! An answer that is ready or on its way.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use apply_cookies_protocol::UnixMillis;

use crate::answer::{BarrierAnswer, ClaimAnswer, StoreError};
use crate::revocation::Standing;

/// The answer of [`ReplayStore::claim`](crate::ReplayStore::claim).
pub type ClaimFuture<'a> = StoreFuture<'a, ClaimAnswer>;

/// The answer of [`ReplayStore::raise_barrier`](crate::ReplayStore::raise_barrier).
pub type BarrierFuture<'a> = StoreFuture<'a, BarrierAnswer>;

/// The answer of [`Revocations::now`](crate::Revocations::now) and
/// [`Revocations::revoke`](crate::Revocations::revoke).
pub type MomentFuture<'a> = StoreFuture<'a, UnixMillis>;

/// The answer of [`Revocations::check`](crate::Revocations::check).
pub type StandingFuture<'a> = StoreFuture<'a, Standing>;

/// The answer of [`Revocations::check_all`](crate::Revocations::check_all).
pub type StandingsFuture<'a> = StoreFuture<'a, Vec<Standing>>;

/// The answer of [`ReplayStore::horizon`](crate::ReplayStore::horizon) and
/// [`Revocations::horizon`](crate::Revocations::horizon).
pub type HorizonFuture<'a> = StoreFuture<'a, UnixMillis>;

/// A store's answer, ready or on its way.
///
/// Not a boxed future, because a store in memory would then pay for one allocation per claim: 27 ns
/// of some 300.
pub struct StoreFuture<'a, T>(State<'a, T>);

enum State<'a, T> {
    Ready(Option<Result<T, StoreError>>),
    Pending(Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>),
}

impl<'a, T> StoreFuture<'a, T> {
    /// An answer that is ready. It is given once.
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
