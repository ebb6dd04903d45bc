//! The thread that decides and writes: claims that wait together make one commit, and each is
//! answered when that is on the disk.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::journal::Journal;
use super::ledger::{Additions, Ledger};
use super::mailbox::{Answer, Mailbox, Question};
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

/// The state that the store's handle and its thread share.
pub(super) struct Shared {
    pub(super) mailbox: Mailbox<Queued>,
    pub(super) listeners: Listeners,
    pub(super) entries: AtomicUsize,
    /// The time up to which something is forgotten, in milliseconds since 1970.
    pub(super) forgotten_until: AtomicU64,
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
}

impl Question for Queued {
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

impl Shared {
    pub(super) fn new(ledger: &Ledger) -> Self {
        let shared = Self {
            mailbox: Mailbox::new("the replay store"),
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
            Ok(Err(error)) => shared.mailbox.poison(&error.to_string()),
            Err(_) => shared.mailbox.poison("the thread that writes it panicked"),
        }
    }

    fn work(&mut self) -> Result<(), redb::Error> {
        while let Some(batch) = self.shared.mailbox.next_batch(self.patience()) {
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
            self.shared.mailbox.committing(Some(Instant::now()));
            self.journal.commit(&additions, floor)?;
            self.shared.mailbox.committing(None);
        }
        Ok(batch)
    }
}
