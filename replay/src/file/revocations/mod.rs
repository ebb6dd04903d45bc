//! Revocations in a file: they survive a restart, a crash and a power loss. For one process.
//!
//! It works as the file of claims does: one thread, one transaction for all that wait. Look-ups are
//! answered from memory, which has everything that the file has.

mod journal;

mod writer;

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Weak};
use std::thread::JoinHandle;

use apply_cookies_protocol::{StoreScope, UnixMillis};
use tokio::sync::oneshot;

use self::journal::Journal;
use self::writer::{Queued, Shared, Writer};
use super::error::FileStoreError;
use super::journal::OpenError;
use super::mailbox::{self, Answer, Mailbox};
use super::open;
use crate::answer::StoreError;
use crate::capacity::Capacity;
use crate::claim;
use crate::clock::Clock;
use crate::future::{HorizonFuture, MomentFuture, StandingFuture, StandingsFuture, StoreFuture};
use crate::listeners::{Listeners, RevocationListener};
use crate::memory::revoked::Epoch;
use crate::random;
use crate::revocation::{Revocation, SessionCheck};
use crate::revocations::Revocations;

/// Revocations in a file of their own, for one process on one machine: a restart signs nobody out.
///
/// ```no_run
/// use std::sync::Arc;
///
/// use apply_cookies_replay::{Clock, FileRevocations, Revocations};
///
/// let store = FileRevocations::open("/var/lib/app/revoked", Clock::system())?;
/// let store: Arc<dyn Revocations> = Arc::new(store);
/// # Ok::<(), apply_cookies_replay::FileStoreError>(())
/// ```
///
/// A revocation is answered when it is on the disk; look-ups read memory alone, and cost what they cost
/// in [`MemoryRevocations`](crate::MemoryRevocations). When the disk fails or is full, everything is
/// [`StoreError::Broken`] until the file is reopened.
pub struct FileRevocations {
    shared: Arc<Shared>,
    clock: Clock,
    thread: Option<JoinHandle<()>>,
}

impl FileRevocations {
    /// Opens the file at this path, or creates one there that only its owner may read. It takes up to
    /// a million entries.
    ///
    /// The folder must exist, and must allow files to be created and linked. Reads and checks the
    /// whole file: call it before the server starts.
    ///
    /// # Errors
    ///
    /// When another process has the file, the file is something else or of another version, or it
    /// cannot be read or written. It is never replaced.
    pub fn open(path: impl AsRef<Path>, clock: Clock) -> Result<Self, FileStoreError> {
        Self::open_with_capacity(path, clock, Capacity::DEFAULT.entries())
    }

    /// Like [`open`](Self::open), with another bound. A full store answers a revocation with an error
    /// until entries expire.
    ///
    /// # Errors
    ///
    /// The same as for [`open`](Self::open).
    pub fn open_with_capacity(
        path: impl AsRef<Path>,
        clock: Clock,
        entries: usize,
    ) -> Result<Self, FileStoreError> {
        let path = path.as_ref();
        let fail = |error| FileStoreError::new(path, error);
        let epoch = Epoch {
            scope: StoreScope::from_random(random::bytes()),
            horizon: clock.now(),
        };
        // redb may panic on a file that was tampered with.
        let opened = catch_unwind(AssertUnwindSafe(|| {
            open::open(
                path,
                |file| Journal::create(file, epoch),
                |file| Journal::open(file, entries),
            )
        }));
        let ((journal, revoked), location) = opened
            .unwrap_or_else(|_| Err(OpenError::damaged()))
            .map_err(fail)?;
        tracing::info!(path = %path.display(), entries = revoked.len(), "store of revocations opened");
        let shared = Arc::new(Shared {
            mailbox: Mailbox::new("the store of revocations"),
            revoked,
            listeners: Listeners::default(),
        });
        let writer = Writer {
            shared: shared.clone(),
            clock: clock.clone(),
            journal,
            location,
        };
        let thread = std::thread::Builder::new()
            .name("revocations".to_owned())
            .spawn(|| writer.run())
            .map_err(|error| fail(error.into()))?;
        Ok(Self {
            shared,
            clock,
            thread: Some(thread),
        })
    }

    /// The number of entries now. Those that are over count until their generation is dropped.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shared.revoked.len()
    }

    /// Whether there are no entries.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Asks the thread, and waits for its answer.
    fn ask(
        &self,
        queue: impl FnOnce(oneshot::Sender<Answer<UnixMillis>>) -> Queued,
    ) -> MomentFuture<'_> {
        match self.shared.mailbox.submit(queue) {
            Err(error) => StoreFuture::ready(Err(error)),
            Ok(answer) => StoreFuture::new(async {
                answer.await.unwrap_or_else(|_| {
                    let why = "the file failed while this was written";
                    Err(StoreError::Broken(why.into()))
                })
            }),
        }
    }

    /// What memory answers, unless the file has failed: then another process may have it by now.
    fn look_up<T>(&self, answer: impl FnOnce() -> T) -> StoreFuture<'_, T> {
        if self.shared.mailbox.is_broken() {
            let why = || Err(StoreError::Broken("the file has failed".into()));
            let checked = self.shared.mailbox.check();
            return StoreFuture::ready(checked.map_or_else(Err, |()| why()));
        }
        StoreFuture::ready(Ok(answer()))
    }
}

impl Revocations for FileRevocations {
    fn now(&self) -> MomentFuture<'_> {
        self.ask(Queued::Begin)
    }

    fn revoke(&self, revocation: Revocation) -> MomentFuture<'_> {
        self.ask(|answer| Queued::Revoke(Box::new(revocation), answer))
    }

    fn check(&self, session: SessionCheck) -> StandingFuture<'_> {
        self.look_up(|| self.shared.revoked.check(&session))
    }

    fn check_all(&self, sessions: &[SessionCheck]) -> StandingsFuture<'_> {
        self.look_up(|| {
            let standings = sessions.iter().map(|one| self.shared.revoked.check(one));
            standings.collect()
        })
    }

    fn scope(&self) -> Option<StoreScope> {
        Some(self.shared.revoked.epoch().scope)
    }

    fn listen(&self, listener: Weak<dyn RevocationListener>) {
        self.shared.listeners.add(listener);
    }

    fn horizon(&self) -> HorizonFuture<'_> {
        self.look_up(|| {
            let revoked = &self.shared.revoked;
            let (horizon, before) = (revoked.epoch().horizon, revoked.forgotten_before());
            claim::remembers_since(horizon, before, self.clock.now())
        })
    }
}

/// Waits for what is under way, and closes the file.
impl Drop for FileRevocations {
    fn drop(&mut self) {
        self.shared.mailbox.close();
        mailbox::wait_for(self.thread.take());
    }
}

impl fmt::Debug for FileRevocations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileRevocations")
            .field("entries", &self.len())
            .finish_non_exhaustive()
    }
}
