//! The thread that decides and writes: claims that wait together make one commit, and each is
//! answered when that is on the disk.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::journal::Journal;
use super::ledger::{Additions, Ledger};
use super::open::Location;
use crate::answer::{BarrierAnswer, ClaimAnswer, StoreError};
use crate::barrier::Raising;
use crate::claim::Claim;
use crate::clock::Clock;
use crate::listeners::Listeners;

/// How often expired rows are looked for while nobody claims.
const IDLE: Duration = Duration::from_secs(1);

/// The same while there are no entries.
const NOTHING_HELD: Duration = Duration::from_secs(3600);

/// How long a commit may take before new claims are refused because the disk does not answer. The
/// client gives up on a POST after the same time.
pub(super) const UNRESPONSIVE_AFTER: Duration = Duration::from_secs(10);

/// The most claims that may wait for the disk at a time. No server has more requests than that
/// either.
const WAITING_MAX: usize = 65_536;

/// The most times that the thread waits for more claims, each time until the other threads that are
/// ready have run.
const GATHER_TURNS: usize = 64;

type Answer<T> = Result<T, StoreError>;

/// The state that the store's handle and its thread share.
pub(super) struct Shared {
    inbox: Mutex<Inbox>,
    arrived: Condvar,
    pub(super) listeners: Listeners,
    pub(super) entries: AtomicUsize,
    /// The time up to which something is forgotten, in milliseconds since 1970.
    pub(super) forgotten_until: AtomicU64,
}

#[derive(Default)]
struct Inbox {
    queued: Vec<Queued>,
    /// The thread sleeps and must be woken: waking one that is awake would cost a system call too.
    asleep: bool,
    /// The handle is gone.
    closed: bool,
    /// The disk failed, and nothing is certain any more.
    broken: Option<Cause>,
    /// When the current commit began.
    committing_since: Option<Instant>,
}

impl Inbox {
    fn check(&self) -> Result<(), StoreError> {
        if let Some(cause) = &self.broken {
            return Err(cause.clone().into());
        }
        // The disk may come back, so nothing is broken yet; until then nobody should wait for
        // nothing.
        if self
            .committing_since
            .is_some_and(|since| since.elapsed() > UNRESPONSIVE_AFTER)
        {
            let why = "the disk does not answer";
            return Err(StoreError::Unavailable(why.into()));
        }
        Ok(())
    }
}

/// What waits for the thread. Nobody receives the answer when the client has gone away; what was
/// asked for still happens.
pub(super) enum Queued {
    Claim(Claim, oneshot::Sender<Answer<ClaimAnswer>>),
    Barrier(Raising, oneshot::Sender<Answer<BarrierAnswer>>),
}

/// A question and its answer, which may be given once it is on the disk.
enum Decided {
    Claim(
        Claim,
        Answer<ClaimAnswer>,
        oneshot::Sender<Answer<ClaimAnswer>>,
    ),
    Barrier(BarrierAnswer, oneshot::Sender<Answer<BarrierAnswer>>),
}

impl Queued {
    fn decide(self, ledger: &mut Ledger, additions: &mut Additions) -> Decided {
        match self {
            Self::Claim(claim, sender) => {
                Decided::Claim(claim, ledger.decide(&claim, additions), sender)
            }
            Self::Barrier(raising, sender) => {
                Decided::Barrier(ledger.raise(&raising, additions), sender)
            }
        }
    }

    fn fail(self, error: StoreError) {
        match self {
            Self::Claim(_, sender) => drop(sender.send(Err(error))),
            Self::Barrier(_, sender) => drop(sender.send(Err(error))),
        }
    }
}

impl Decided {
    fn tell(self, listeners: &Listeners) {
        match self {
            Self::Claim(claim, answer, sender) => {
                if let Ok(ClaimAnswer::Granted { barrier, .. }) = answer {
                    listeners.tell(claim.nonce, barrier);
                }
                let _ = sender.send(answer);
            }
            Self::Barrier(answer, sender) => drop(sender.send(Ok(answer))),
        }
    }
}

/// The cause of the failure, the same for every caller.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
struct Cause(Arc<str>);

impl From<Cause> for StoreError {
    fn from(cause: Cause) -> Self {
        Self::Broken(Box::new(cause))
    }
}

impl Shared {
    pub(super) fn new(ledger: &Ledger) -> Self {
        let shared = Self {
            inbox: Mutex::default(),
            arrived: Condvar::new(),
            listeners: Listeners::default(),
            entries: AtomicUsize::new(0),
            forgotten_until: AtomicU64::new(0),
        };
        shared.show(ledger);
        shared
    }

    fn show(&self, ledger: &Ledger) {
        self.entries.store(ledger.len(), Ordering::Relaxed);
        let until = ledger.floor().until();
        self.forgotten_until.store(until, Ordering::Relaxed);
    }

    /// Hands a question to the thread.
    pub(super) fn submit<T>(
        &self,
        queue: impl FnOnce(oneshot::Sender<Answer<T>>) -> Queued,
    ) -> Result<oneshot::Receiver<Answer<T>>, StoreError> {
        let (answer, answered) = oneshot::channel();
        let mut inbox = self.inbox();
        inbox.check()?;
        if inbox.queued.len() >= WAITING_MAX {
            let why = "too many claims are waiting for the disk";
            return Err(StoreError::Unavailable(why.into()));
        }
        inbox.queued.push(queue(answer));
        let asleep = std::mem::take(&mut inbox.asleep);
        drop(inbox);
        if asleep {
            self.arrived.notify_one();
        }
        Ok(answered)
    }

    /// An error when the store is broken.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        self.inbox().check()
    }

    /// Notes that a commit is under way, or that none is.
    fn committing(&self, since: Option<Instant>) {
        self.inbox().committing_since = since;
    }

    /// Lets the thread end once nothing is waiting.
    pub(super) fn close(&self) {
        self.inbox().closed = true;
        self.arrived.notify_one();
    }

    fn inbox(&self) -> MutexGuard<'_, Inbox> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All waiting claims. Waits for the first, but only until there may be rows to forget. `None`
    /// when the handle is gone.
    fn next_batch(&self, patience: Duration) -> Option<Vec<Queued>> {
        let mut inbox = self.inbox();
        if inbox.queued.is_empty() && !inbox.closed && !patience.is_zero() {
            inbox.asleep = true;
            inbox = self
                .arrived
                .wait_timeout_while(inbox, patience, |inbox| inbox.asleep && !inbox.closed)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
            inbox.asleep = false;
        }
        // Callers that were just answered come back at once, one after the other: without this
        // pause half of them would miss the commit, every time.
        let mut count = 0;
        for _ in 0..GATHER_TURNS {
            if inbox.queued.len() == count {
                break;
            }
            count = inbox.queued.len();
            drop(inbox);
            std::thread::yield_now();
            inbox = self.inbox();
        }
        if inbox.queued.is_empty() && inbox.closed {
            return None;
        }
        Some(std::mem::take(&mut inbox.queued))
    }

    /// Answers everybody with an error, now and from now on.
    fn poison(&self, why: &str) {
        tracing::error!(
            error = why,
            "the replay store's file has failed; nothing is redeemed until this process is restarted"
        );
        let cause = Cause(why.into());
        let mut inbox = self.inbox();
        inbox.broken = Some(cause.clone());
        for queued in std::mem::take(&mut inbox.queued) {
            queued.fail(cause.clone().into());
        }
    }
}

pub(super) struct Writer {
    pub(super) shared: Arc<Shared>,
    pub(super) clock: Clock,
    pub(super) ledger: Ledger,
    pub(super) journal: Journal,
    /// The journal's file; `None` for a disk in memory, in tests.
    pub(super) location: Option<Location>,
}

impl Writer {
    /// Works until the handle is gone or the disk fails.
    pub(super) fn run(mut self) {
        let shared = self.shared.clone();
        // A panic, here or in redb, leaves nothing certain either.
        match catch_unwind(AssertUnwindSafe(|| self.work())) {
            Ok(Ok(())) => {}
            Ok(Err(error)) => shared.poison(&error.to_string()),
            Err(_) => shared.poison("the thread that writes it panicked"),
        }
    }

    fn work(&mut self) -> Result<(), redb::Error> {
        while let Some(batch) = self.shared.next_batch(self.patience()) {
            // Claims of a batch that fails are dropped, which their futures see.
            let batch = self.write(batch)?;
            self.shared.show(&self.ledger);
            for decided in batch {
                decided.tell(&self.shared.listeners);
            }
        }
        Ok(())
    }

    /// How long to wait for claims before looking for expired ones.
    fn patience(&self) -> Duration {
        if self.journal.has_forgettable_below(self.ledger.floor()) {
            Duration::ZERO
        } else if self.ledger.len() > 0 {
            IDLE
        } else {
            NOTHING_HELD
        }
    }

    fn write(&mut self, batch: Vec<Queued>) -> Result<Vec<Decided>, redb::Error> {
        self.ledger.forget(self.clock.now());
        let mut additions = Additions::default();
        let batch = batch
            .into_iter()
            .map(|queued| queued.decide(&mut self.ledger, &mut additions))
            .collect();
        // A retry and a refusal need no commit of their own: what they depend on is on the disk.
        let floor = self.ledger.floor();
        if self.journal.has_forgettable_below(floor) || !additions.is_empty() {
            if let Some(location) = &self.location {
                location.check()?;
            }
            self.shared.committing(Some(Instant::now()));
            self.journal.commit(&additions, floor)?;
            self.shared.committing(None);
        }
        Ok(batch)
    }
}
