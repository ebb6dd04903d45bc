//! The thread that records and writes: revocations that wait together make one commit, and each is
//! answered when that is on the disk.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use apply_cookies_protocol::UnixMillis;
use tokio::sync::oneshot;

use super::journal::{Changes, Journal};
use crate::answer::StoreError;
use crate::clock::Clock;
use crate::file::mailbox::{Answer, Mailbox, Question};
use crate::file::open::Location;
use crate::listeners::{Listeners, RevocationListener};
use crate::memory::revoked::Revoked;
use crate::revocation::Revocation;

/// How often entries that are over are looked for while nobody revokes.
const IDLE: Duration = Duration::from_secs(60);

/// How far ahead of the latest moment the file's is, in milliseconds: so long sessions begin without a
/// write each. After a crash the store's time goes on behind it.
const AHEAD_MS: u64 = 1_000;

/// The state that the store's handle and its thread share.
pub(super) struct Shared {
    pub(super) mailbox: Mailbox<Queued>,
    /// What is in the file, and what is being written: seen a moment before it is answered.
    pub(super) revoked: Revoked,
    pub(super) listeners: Listeners<dyn RevocationListener>,
}

/// What waits for the thread. Nobody receives the answer when the client has gone away; what was asked
/// for still happens.
pub(super) enum Queued {
    Begin(oneshot::Sender<Answer<UnixMillis>>),
    Revoke(Box<Revocation>, oneshot::Sender<Answer<UnixMillis>>),
}

impl Question for Queued {
    fn fail(self, error: StoreError) {
        let (Self::Begin(sender) | Self::Revoke(_, sender)) = self;
        let _ = sender.send(Err(error));
    }
}

/// A question and its answer, which may be given once it is on the disk.
struct Decided {
    revocation: Option<Box<Revocation>>,
    answer: Answer<UnixMillis>,
    sender: oneshot::Sender<Answer<UnixMillis>>,
}

pub(super) struct Writer {
    pub(super) shared: Arc<Shared>,
    pub(super) clock: Clock,
    pub(super) journal: Journal,
    pub(super) location: Location,
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
            // Those of a batch that fails are dropped, which their futures see.
            for decided in self.write(batch)? {
                self.tell(&decided);
                let _ = decided.sender.send(decided.answer);
            }
        }
        Ok(())
    }

    fn patience(&self) -> Duration {
        if self.journal.has_forgettable() {
            Duration::ZERO
        } else {
            IDLE
        }
    }

    fn write(&mut self, batch: Vec<Queued>) -> Result<Vec<Decided>, redb::Error> {
        let revoked = &self.shared.revoked;
        let now = self.clock.now();
        let mut changes = Changes {
            floor: revoked.forget(now),
            ..Changes::default()
        };
        let decide = |queued| match queued {
            Queued::Begin(sender) => Decided {
                revocation: None,
                answer: Ok(revoked.begin(now)),
                sender,
            },
            Queued::Revoke(revocation, sender) => Decided {
                answer: revoked.revoke(&revocation, now, |added| changes.add(added)),
                revocation: Some(revocation),
                sender,
            },
        };
        let decided = batch.into_iter().map(decide).collect();
        let latest = revoked.latest_moment();
        if latest > self.journal.moment() {
            // Ahead of the clock, and not of what is ahead itself: each restart would add to it.
            changes.moment = Some(latest.max(now.plus(AHEAD_MS)));
        }
        if !changes.is_empty() || self.journal.has_forgettable() {
            self.location.check()?;
            self.shared.mailbox.committing(Some(Instant::now()));
            self.journal.commit(&changes)?;
            self.shared.mailbox.committing(None);
        }
        Ok(decided)
    }

    fn tell(&self, decided: &Decided) {
        if let (Some(revocation), Ok(at)) = (&decided.revocation, &decided.answer) {
            for subject in revocation.subjects.iter() {
                self.shared.listeners.tell(subject.digest(), *at);
            }
        }
    }
}
