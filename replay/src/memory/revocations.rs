//! The revocations of this process, in its memory.

use std::fmt;
use std::sync::Weak;

use apply_cookies_protocol::StoreScope;

use super::revoked::{Epoch, Floor, Revoked};
use crate::capacity::Capacity;
use crate::claim;
use crate::clock::Clock;
use crate::future::{HorizonFuture, MomentFuture, StandingFuture, StandingsFuture};
use crate::listeners::{Listeners, RevocationListener};
use crate::moments::Moments;
use crate::random;
use crate::revocation::{Revocation, SessionCheck};
use crate::revocations::Revocations;

/// Revocations in memory, for one process: a restart signs everybody out.
///
/// ```
/// use apply_cookies_replay::{Clock, MemoryRevocations, Revocation, RevocationDigest, Revocations};
/// use apply_cookies_replay::{SessionCheck, SessionLength, Standing, Subject};
/// use futures_util::FutureExt;
///
/// let store = MemoryRevocations::new(Clock::system());
/// let browser = Subject::Timed(RevocationDigest::from_bytes([1; 16]));
/// let session = |since| {
///     let mut session = SessionCheck::new(since, browser);
///     session.scope = store.scope();
///     session
/// };
/// let standing = |since| store.check(session(since)).now_or_never().unwrap().unwrap(); // ready at once
///
/// let since = store.now().now_or_never().unwrap()?;
/// assert_eq!(standing(since), Standing::Valid);
/// let half_a_day = SessionLength::from_millis(43_200_000).unwrap();
/// store.revoke(Revocation::new(browser, half_a_day)).now_or_never().unwrap()?;
/// assert_eq!(standing(since), Standing::Revoked);
///
/// // The same browser signs in again.
/// let since = store.now().now_or_never().unwrap()?;
/// assert_eq!(standing(since), Standing::Valid);
/// # Ok::<(), apply_cookies_replay::StoreError>(())
/// ```
///
/// An entry takes up to 30 bytes, and with room for a million a filter of up to 4 MB.
/// A look-up takes no lock unless something may be revoked.
pub struct MemoryRevocations {
    clock: Clock,
    revoked: Revoked,
    capacity: usize,
    listeners: Listeners<dyn RevocationListener>,
}

impl MemoryRevocations {
    /// A store that remembers from now on, up to a million entries: one for each subject.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self::with_capacity(clock, Capacity::DEFAULT.entries())
    }

    /// Like [`new`](Self::new), with another bound. A full store answers a revocation with an error
    /// until entries expire.
    #[must_use]
    pub fn with_capacity(clock: Clock, entries: usize) -> Self {
        let epoch = Epoch {
            scope: StoreScope::from_random(random::bytes()),
            horizon: clock.now(),
        };
        Self {
            clock,
            revoked: Revoked::new(epoch, Moments::default(), Floor::default(), entries),
            capacity: entries,
            listeners: Listeners::default(),
        }
    }

    /// The number of entries now. Those that are over count until their generation is dropped.
    #[must_use]
    pub fn len(&self) -> usize {
        self.revoked.len()
    }

    /// Whether there are no entries.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Revocations for MemoryRevocations {
    fn now(&self) -> MomentFuture<'_> {
        MomentFuture::ready(Ok(self.revoked.begin(self.clock.now())))
    }

    fn revoke(&self, revocation: Revocation) -> MomentFuture<'_> {
        let now = self.clock.now();
        self.revoked.forget(now);
        let answer = self.revoked.revoke(&revocation, now, |_| ());
        if let Ok(at) = answer {
            for subject in revocation.subjects.iter() {
                self.listeners.tell(subject.digest(), at);
            }
        }
        MomentFuture::ready(answer)
    }

    fn check(&self, session: SessionCheck) -> StandingFuture<'_> {
        StandingFuture::ready(Ok(self.revoked.check(&session)))
    }

    fn check_all(&self, sessions: &[SessionCheck]) -> StandingsFuture<'_> {
        let standings = sessions.iter().map(|session| self.revoked.check(session));
        StandingsFuture::ready(Ok(standings.collect()))
    }

    fn scope(&self) -> Option<StoreScope> {
        Some(self.revoked.epoch().scope)
    }

    fn listen(&self, listener: Weak<dyn RevocationListener>) {
        self.listeners.add(listener);
    }

    fn horizon(&self) -> HorizonFuture<'_> {
        HorizonFuture::ready(Ok(claim::remembers_since(
            self.revoked.epoch().horizon,
            self.revoked.forgotten_before(),
            self.clock.now(),
        )))
    }
}

impl fmt::Debug for MemoryRevocations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryRevocations")
            .field("entries", &self.len())
            .field("capacity", &self.capacity)
            .finish_non_exhaustive()
    }
}
