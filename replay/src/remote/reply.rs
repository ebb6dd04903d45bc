//! Those who asked, and wait for an answer.

use std::time::Instant;

use super::question::Kind;
use crate::answer::StoreError;
use crate::listeners::Listeners;

pub(super) type Answer<T> = Result<T, StoreError>;

/// The one who asked.
pub(super) struct Reply<K: Kind> {
    /// `None` once it is answered.
    sender: Option<K::Sender>,
    pub(super) deadline: Instant,
}

impl<K: Kind> Reply<K> {
    pub(super) const fn new(sender: K::Sender, deadline: Instant) -> Self {
        let sender = Some(sender);
        Self { sender, deadline }
    }

    /// Whether somebody waits for it.
    pub(super) const fn is_open(&self) -> bool {
        self.sender.is_some()
    }

    pub(super) fn answer(
        self,
        question: K::Question,
        decision: K::Decision,
        listeners: &Listeners<K::Listener>,
    ) {
        K::answer(question, decision, self.sender, listeners);
    }

    pub(super) fn fail(&mut self, error: StoreError) {
        if let Some(sender) = self.sender.take() {
            K::fail(sender, error);
        }
    }
}
