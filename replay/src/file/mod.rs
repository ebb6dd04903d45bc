//! The store in a file: claims survive a restart, a crash and a power loss. For one process.
//!
//! [`FileReplayStore`] hands claims to a thread. The thread takes all that wait (`writer`), decides
//! them in order from memory, which has everything that the file has (`ledger`), writes them as one
//! redb transaction (`journal`), and answers when that is on the disk.
//!
//! # What redb costs, and what a log of our own would gain
//!
//! Measured per commit of 64 claims, with a million in the file (redb 4.5, processor time without
//! the disk's):
//!
//! | | writes | bytes | syncs | processor |
//! |---|---|---|---|---|
//! | a row for each nonce, the nonce its key | 124 | 505,000 | 1 | 950 µs |
//! | **a row for each batch, as here** | 9 | 33,000 | 1 | 61 µs |
//! | the same with two-phase commit | 10 | 33,500 | 2 | 67 µs |
//! | the same with quick repair | 13 | 54,000 | 2 | 146 µs |
//! | the records themselves, appended | 1 | 2,112 | 1 | |
//!
//! So the nonces are not keys, and are looked up in memory: that is fifteen times cheaper. Two
//! phases protect against an attacker who chooses both the file's content and the moment of a
//! crash; our content is digests, and nonces that a MAC has authenticated. Quick repair makes
//! opening after a crash short; here the whole file is read and checked whenever it is opened. Both
//! cost a second sync, and neither is used.
//!
//! With 64 claims in flight that is 0.4 of the disk's own rate where a sync takes 0.2 ms, and more
//! where it takes longer (`docs/replay-stores.md`). A log of our own would save the eight other
//! pages, their 60 µs, and the third of a sync or more that they add: by estimate it would reach
//! 0.5 to 0.6. It would need checksums, truncation, freeing of space and a format that can grow,
//! all of which redb has, and tested.

// In reading order: a module uses those before it.
mod record;

mod ledger;

mod journal;

mod open;

mod error;
pub use error::FileStoreError;

mod mailbox;

mod writer;

mod revocations;
pub use revocations::FileRevocations;

// Its code is in the tests' folder, but it is part of this module: the failing disk goes in under
// redb, through an entrance that users of the crate do not have.
#[cfg(test)]
#[path = "../../tests/faults/mod.rs"]
mod faults;

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::thread::JoinHandle;

use apply_cookies_protocol::{StoreScope, UnixMillis};
use tokio::sync::oneshot;

use self::journal::{Journal, OpenError};
use self::ledger::{Epoch, Ledger};
use self::open::Location;
use self::writer::{Queued, Shared, Writer};
use crate::answer::StoreError;
use crate::barrier::{Barrier, Raising};
use crate::capacity::Capacity;
use crate::claim::{self, Claim};
use crate::clock::Clock;
use crate::future::{BarrierFuture, ClaimFuture, HorizonFuture, StoreFuture};
use crate::listeners::ClaimListener;
use crate::random;
use crate::store::ReplayStore;

/// A replay store in a file, for one process on one machine.
///
/// ```no_run
/// use std::sync::Arc;
///
/// use apply_cookies_replay::{Clock, FileReplayStore, ReplayStore};
///
/// let store = FileReplayStore::open("/var/lib/app/replay", Clock::system())?;
/// let store: Arc<dyn ReplayStore> = Arc::new(store);
/// # Ok::<(), apply_cookies_replay::FileStoreError>(())
/// ```
///
/// A claim is answered when it is on the disk; claims that wait together are written as one, by the
/// store's own thread. When the disk fails or is full, everything is [`StoreError::Broken`] until
/// the file is reopened. Dropping the store waits for what is being written, and frees the file for
/// another.
pub struct FileReplayStore {
    shared: Arc<Shared>,
    epoch: Epoch,
    clock: Clock,
    thread: Option<JoinHandle<()>>,
}

impl FileReplayStore {
    /// Opens the file at this path, or creates one there that only its owner may read.
    ///
    /// The folder must exist, and must allow files to be created and linked. Reads and checks the
    /// whole file: a million entries take about a second. Call it before the server starts.
    ///
    /// # Errors
    ///
    /// When another process has the file, the file is something else or of another version, or it
    /// cannot be read or written. It is never replaced.
    pub fn open(path: impl AsRef<Path>, clock: Clock) -> Result<Self, FileStoreError> {
        Self::open_bounded(path.as_ref(), clock, Capacity::DEFAULT)
    }

    /// Like [`open`](Self::open), with a bound other than a million entries. A full store answers
    /// a claim with an error (503) until entries expire, and a barrier with
    /// [`NoRoom`](crate::BarrierAnswer::NoRoom).
    ///
    /// # Errors
    ///
    /// The same as for [`open`](Self::open).
    pub fn open_with_capacity(
        path: impl AsRef<Path>,
        clock: Clock,
        entries: usize,
    ) -> Result<Self, FileStoreError> {
        Self::open_bounded(path.as_ref(), clock, Capacity::new(entries))
    }

    fn open_bounded(path: &Path, clock: Clock, capacity: Capacity) -> Result<Self, FileStoreError> {
        let fail = |error| FileStoreError::new(path, error);
        let epoch = Epoch {
            scope: StoreScope::from_random(random::bytes()),
            horizon: clock.now(),
        };
        // redb may panic on a file that was tampered with.
        let opened = catch_unwind(AssertUnwindSafe(|| {
            open::open(path, |file| Journal::create(file, epoch), Journal::open)
        }));
        let ((journal, ledger), location) = opened
            .unwrap_or_else(|_| Err(OpenError::damaged()))
            .map_err(fail)?;
        let store = Self::start(journal, ledger, Some(location), clock, capacity)
            .map_err(|e| fail(e.into()))?;
        tracing::info!(path = %path.display(), entries = store.len(), "replay store opened");
        store.compare_clocks(path);
        Ok(store)
    }

    fn start(
        journal: Journal,
        mut ledger: Ledger,
        location: Option<Location>,
        clock: Clock,
        capacity: Capacity,
    ) -> std::io::Result<Self> {
        ledger.set_capacity(capacity);
        let epoch = ledger.epoch();
        let shared = Arc::new(Shared::new(&ledger));
        let writer = Writer {
            shared: shared.clone(),
            clock: clock.clone(),
            ledger,
            journal,
            location,
        };
        let thread = std::thread::Builder::new()
            .name("replay-store".to_owned())
            .spawn(|| writer.run())?;
        Ok(Self {
            shared,
            epoch,
            clock,
            thread: Some(thread),
        })
    }

    /// The number of entries now. Expired ones count until their generation is dropped.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shared.entries.load(Ordering::Relaxed)
    }

    /// Whether there are no entries.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The moment since which every claim is remembered.
    fn remembers_since(&self) -> UnixMillis {
        let forgotten_until = self.shared.forgotten_until.load(Ordering::Relaxed);
        claim::remembers_since(self.epoch.horizon, forgotten_until, self.clock.now())
    }

    /// Asks the thread, and waits for its answer.
    fn ask<'a, T: Send + 'a>(
        &self,
        queue: impl FnOnce(oneshot::Sender<Result<T, StoreError>>) -> Queued,
    ) -> StoreFuture<'a, T> {
        match self.shared.mailbox.submit(queue) {
            Err(error) => StoreFuture::ready(Err(error)),
            Ok(answer) => StoreFuture::new(async {
                answer.await.unwrap_or_else(|_| {
                    let why = "the file failed while this claim was written";
                    Err(StoreError::Broken(why.into()))
                })
            }),
        }
    }

    fn compare_clocks(&self, path: &Path) {
        let since = self.remembers_since();
        let now = self.clock.now();
        if since > now {
            tracing::warn!(
                path = %path.display(),
                seconds = (since.get() - now.get()) / 1000,
                "the clock was ahead when the replay store's file was last used: tokens are refused until the time has caught up"
            );
        }
    }
}

impl ReplayStore for FileReplayStore {
    fn claim(&self, claim: Claim) -> ClaimFuture<'_> {
        self.ask(|answer| Queued::Claim(claim, answer))
    }

    fn raise_barrier(&self, barrier: Barrier) -> BarrierFuture<'_> {
        let raising = Raising::of_nobody(&barrier);
        self.ask(|answer| Queued::Barrier(raising, answer))
    }

    fn scope(&self) -> Option<StoreScope> {
        Some(self.epoch.scope)
    }

    fn listen(&self, listener: Weak<dyn ClaimListener>) {
        self.shared.listeners.add(listener);
    }

    fn horizon(&self) -> HorizonFuture<'_> {
        HorizonFuture::ready(self.shared.mailbox.check().map(|()| self.remembers_since()))
    }
}

/// Waits for the claims under way, and closes the file.
impl Drop for FileReplayStore {
    fn drop(&mut self) {
        self.shared.mailbox.close();
        mailbox::wait_for(self.thread.take());
    }
}

impl fmt::Debug for FileReplayStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileReplayStore")
            .field("entries", &self.len())
            .finish_non_exhaustive()
    }
}
