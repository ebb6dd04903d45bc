//! Those who asked, and wait for an answer.

use std::time::Instant;

use tokio::sync::oneshot;

use super::question::Decision;
use super::trouble::Why;
use crate::answer::{BarrierAnswer, ClaimAnswer, StoreError};

pub(super) type Answer<T> = Result<T, StoreError>;

/// The one who asked.
pub(super) struct Reply {
    /// `None` once it is answered.
    sender: Option<Sender>,
    pub(super) deadline: Instant,
}

enum Sender {
    Claim(oneshot::Sender<Answer<ClaimAnswer>>),
    Barrier(oneshot::Sender<Answer<BarrierAnswer>>),
}

impl Reply {
    pub(super) const fn claim(
        sender: oneshot::Sender<Answer<ClaimAnswer>>,
        deadline: Instant,
    ) -> Self {
        let sender = Some(Sender::Claim(sender));
        Self { sender, deadline }
    }

    pub(super) const fn barrier(
        sender: oneshot::Sender<Answer<BarrierAnswer>>,
        deadline: Instant,
    ) -> Self {
        let sender = Some(Sender::Barrier(sender));
        Self { sender, deadline }
    }

    /// Whether somebody waits for it.
    pub(super) const fn is_open(&self) -> bool {
        self.sender.is_some()
    }

    pub(super) fn answer(self, decision: Decision) {
        let Some(sender) = self.sender else {
            return;
        };
        match (sender, decision) {
            (Sender::Claim(sender), Decision::Claim(answer)) => drop(sender.send(Ok(answer))),
            (Sender::Claim(sender), Decision::Full) => drop(sender.send(Err(StoreError::Full))),
            (Sender::Barrier(sender), Decision::Barrier(answer)) => drop(sender.send(Ok(answer))),
            (Sender::Barrier(sender), Decision::Full) => {
                let _ = sender.send(Ok(BarrierAnswer::NoRoom));
            }
            // An answer to something else is none.
            (sender, _) => sender.fail(Why::new("the server's answer does not fit").into()),
        }
    }

    pub(super) fn fail(&mut self, error: StoreError) {
        if let Some(sender) = self.sender.take() {
            sender.fail(error);
        }
    }
}

impl Sender {
    fn fail(self, error: StoreError) {
        match self {
            Self::Claim(sender) => drop(sender.send(Err(error))),
            Self::Barrier(sender) => drop(sender.send(Err(error))),
        }
    }
}
