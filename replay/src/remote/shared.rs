//! The state that the handle of a store on a server shares with its thread.

use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

use super::inbox::Inbox;
use super::server::{ListenersOf, Server};
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
    /// Why the server cannot be reached, if it cannot.
    down: Mutex<Option<Why>>,
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
            down: Mutex::default(),
        }
    }

    /// Notes that the server gave no answer.
    pub(super) fn down(&self, trouble: &Trouble) {
        let why = trouble.why();
        if matches!(trouble, Trouble::Refused(_)) {
            self.inbox.fail_all(&why);
        } else {
            self.inbox.fail_memory(&why);
        }
        let mut down = self.down.lock().unwrap_or_else(PoisonError::into_inner);
        if down.as_ref() != Some(&why) {
            tracing::warn!(server = ?self.server, error = %why, "the store does not answer");
            *down = Some(why);
        }
    }

    /// Notes that it can be reached.
    pub(super) fn up(&self) {
        let mut down = self.down.lock().unwrap_or_else(PoisonError::into_inner);
        if down.take().is_some() {
            tracing::info!(server = ?self.server, "connected to the store again");
        }
    }

    pub(super) fn why_down(&self) -> Why {
        let down = self.down.lock().unwrap_or_else(PoisonError::into_inner);
        down.clone()
            .unwrap_or_else(|| Why::new("the server did not answer in time"))
    }
}
