//! How the suite gets stores of revocations.

use apply_cookies_protocol::UnixMillis;

use crate::answer::StoreError;
use crate::clock::Clock;
use crate::conformance::block_on::block_on;
use crate::future::StoreFuture;
use crate::revocations::Revocations;

/// How the suite gets stores.
pub trait StoreMaker: Sync {
    /// The type of store. A wrapper that includes its directory or its server is fine.
    type Store: Revocations;

    /// Makes a store that remembers nothing yet and begins now. It takes the time from this clock.
    fn make(&self, clock: Clock) -> Self::Store;

    /// Like `make`, with room for only a few entries: ten thousand at most. `None` when the store
    /// has no bound of its own.
    fn make_small(&self, clock: Clock) -> Option<Self::Store> {
        drop(clock);
        None
    }

    /// Closes the store and reopens it with the same data. `None` when it does not survive that,
    /// like one in memory.
    fn reopen(&self, store: Self::Store, clock: Clock) -> Option<Self::Store> {
        drop((store, clock));
        None
    }

    /// Waits for an answer. The default polls on the calling thread, and panics after a minute, which
    /// breaks the rule. For a store that needs a runtime, wait in it; the suite calls this from several
    /// threads at once.
    ///
    /// # Errors
    ///
    /// The store's own.
    fn wait<T: Unpin + Send>(&self, answer: StoreFuture<'_, T>) -> Result<T, StoreError> {
        block_on(answer)
    }

    /// The clock's time when a store is made. A fixed day, so that every run is the same; for a
    /// store that uses its own clock, return the time now.
    fn start(&self) -> UnixMillis {
        UnixMillis::new(1_795_000_000_000).unwrap_or(UnixMillis::EPOCH)
    }

    /// How many random schedules [`Rule::Schedules`](super::Rule::Schedules) and
    /// [`Rule::ClockSteps`](super::Rule::ClockSteps) run, each.
    fn schedules(&self) -> u64 {
        300
    }

    /// How many revocations [`Rule::SeenAtOnce`](super::Rule::SeenAtOnce) races with look-ups.
    fn races(&self) -> u64 {
        2_000
    }
}

impl<F, S> StoreMaker for F
where
    F: Fn(Clock) -> S + Sync,
    S: Revocations,
{
    type Store = S;

    fn make(&self, clock: Clock) -> S {
        self(clock)
    }
}
