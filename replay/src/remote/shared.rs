//! The state that the handle of a store on a server shares with its thread.

use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::inbox::Inbox;
use super::server::{ListenersOf, Server};
use super::standing::{Errand, Standing};
use super::trouble::{Trouble, Why};
use crate::clock::Clock;
use crate::listeners::Listeners;

/// The state that a handle and its thread share.
pub(super) struct Shared<S: Server> {
    pub(super) server: S,
    pub(super) clock: Clock,
    pub(super) inbox: Inbox<S::Kind>,
    pub(super) listeners: ListenersOf<S>,
    /// Somebody listens.
    pub(super) listening: Notify,
    /// How often something was forgotten.
    pub(super) sweeps: AtomicU64,
    standing: Mutex<Standing>,
}

impl<S: Server> Shared<S> {
    pub(super) fn new(server: S, clock: Clock) -> Self {
        Self {
            server,
            clock,
            inbox: Inbox::default(),
            listeners: Listeners::default(),
            listening: Notify::new(),
            sweeps: AtomicU64::new(0),
            standing: Mutex::default(),
        }
    }

    fn standing(&self) -> MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that the server did not do this.
    pub(super) fn down(&self, errand: Errand, trouble: &Trouble) {
        let why = trouble.why();
        if matches!(trouble, Trouble::Refused(_) | Trouble::Here(_)) {
            self.inbox.fail_all(&why);
        } else {
            self.inbox.fail_memory(&why);
        }
        if self.standing().failed(errand, trouble) {
            let server = &self.server;
            match trouble {
                Trouble::Lost(_) => {
                    tracing::warn!(?server, error = %why, "the store does not answer");
                }
                Trouble::Here(_) => {
                    tracing::warn!(?server, error = %why, "cannot connect to the store");
                }
                _ => tracing::warn!(?server, error = %why, "the store refuses"),
            }
        }
    }

    /// Notes that it did. Whether nothing is in its way any more.
    pub(super) fn up(&self, errand: Errand) -> bool {
        let mut standing = self.standing();
        if standing.done(errand) {
            tracing::info!(server = ?self.server, "the store answers");
        }
        !standing.is_down()
    }

    /// A claim was refused.
    pub(super) fn refused(&self, why: Why) {
        self.standing().refused(why);
    }

    /// Why claims are refused, if the last one was, and not long ago.
    pub(super) fn why_refusing(&self) -> Option<Why> {
        self.standing().why_refusing()
    }

    /// The reason for those who have waited too long.
    pub(super) fn why_late(&self) -> Why {
        self.standing().late()
    }
}
