//! The questions that wait for a store's thread.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::answer::StoreError;

/// How long a commit may take before new claims are refused because the disk does not answer. The
/// client gives up on a POST after the same time.
pub(super) const UNRESPONSIVE_AFTER: Duration = Duration::from_secs(10);

/// The most claims that may wait for the disk at a time. No server has more requests than that
/// either.
const WAITING_MAX: usize = 65_536;

/// The most times that the thread waits for more claims, each time until the other threads that are
/// ready have run.
const GATHER_TURNS: usize = 64;

pub(super) type Answer<T> = Result<T, StoreError>;

/// A question, and somebody who waits for its answer.
pub(super) trait Question {
    fn fail(self, error: StoreError);
}

/// The questions that wait, and whether the thread can answer any.
pub(super) struct Mailbox<Q> {
    inbox: Mutex<Inbox<Q>>,
    arrived: Condvar,
    /// The same as in the inbox, for those who ask often.
    is_broken: AtomicBool,
    /// What the file is.
    name: &'static str,
}

struct Inbox<Q> {
    queued: Vec<Q>,
    /// The thread sleeps and must be woken: waking one that is awake would cost a system call too.
    asleep: bool,
    /// The handle is gone.
    closed: bool,
    /// The disk failed, and nothing is certain any more.
    broken: Option<Cause>,
    /// When the current commit began.
    committing_since: Option<Instant>,
}

impl<Q> Inbox<Q> {
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

/// The cause of the failure, the same for every caller.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
struct Cause(Arc<str>);

impl From<Cause> for StoreError {
    fn from(cause: Cause) -> Self {
        Self::Broken(Box::new(cause))
    }
}

impl<Q: Question> Mailbox<Q> {
    pub(super) const fn new(name: &'static str) -> Self {
        Self {
            inbox: Mutex::new(Inbox {
                queued: Vec::new(),
                asleep: false,
                closed: false,
                broken: None,
                committing_since: None,
            }),
            arrived: Condvar::new(),
            is_broken: AtomicBool::new(false),
            name,
        }
    }

    /// Whether nothing is certain any more; `check` says why.
    pub(super) fn is_broken(&self) -> bool {
        self.is_broken.load(Ordering::Acquire)
    }

    /// Hands a question to the thread.
    pub(super) fn submit<T>(
        &self,
        queue: impl FnOnce(oneshot::Sender<Answer<T>>) -> Q,
    ) -> Result<oneshot::Receiver<Answer<T>>, StoreError> {
        let (answer, answered) = oneshot::channel();
        let mut inbox = self.inbox();
        inbox.check()?;
        if inbox.queued.len() >= WAITING_MAX {
            let why = "too many questions are waiting for the disk";
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
    pub(super) fn committing(&self, since: Option<Instant>) {
        self.inbox().committing_since = since;
    }

    /// Lets the thread end once nothing is waiting.
    pub(super) fn close(&self) {
        self.inbox().closed = true;
        self.arrived.notify_one();
    }

    fn inbox(&self) -> MutexGuard<'_, Inbox<Q>> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All that wait. Waits for the first, but only until there may be rows to forget. `None`
    /// when the handle is gone.
    pub(super) fn next_batch(&self, patience: Duration) -> Option<Vec<Q>> {
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
    pub(super) fn poison(&self, why: &str) {
        tracing::error!(
            error = why,
            "the file of {} has failed; everything is refused until this process is restarted",
            self.name
        );
        let cause = Cause(why.into());
        let mut inbox = self.inbox();
        inbox.broken = Some(cause.clone());
        self.is_broken.store(true, Ordering::Release);
        for queued in std::mem::take(&mut inbox.queued) {
            queued.fail(cause.clone().into());
        }
    }
}

/// Waits for a thread to end that was told to, but not for a disk that does not answer.
pub(super) fn wait_for(thread: Option<JoinHandle<()>>) {
    let Some(thread) = thread else {
        return;
    };
    // A listener may have held the last handle.
    if thread.thread().id() == std::thread::current().id() {
        return;
    }
    let begun = Instant::now();
    while !thread.is_finished() {
        if begun.elapsed() > UNRESPONSIVE_AFTER {
            tracing::error!("the disk of a store does not answer; its file stays open");
            return;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    let _ = thread.join();
}
