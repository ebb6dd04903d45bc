//! Operations that were pushed but have not left yet.

use std::sync::Arc;

use apply_cookies_protocol::limits::SET_COOKIE_LINES_MAX;
use apply_cookies_protocol::{AfterApply, Operation};

use super::error::PushError;
use crate::deployment::Deployment;
use crate::metrics::{self, Loss};
use crate::mint::{Deadline, Outcome, ReceiptState};
use crate::seldom::seldom;

/// How many operations may wait for one carrier. A stream that nobody reads must not make the
/// server's memory grow without bound.
const WAITING_MAX: usize = 256;

/// The operations of one push, added as a whole or not at all.
#[derive(Default)]
pub(super) struct Addition {
    pub(super) operations: Vec<Operation<'static>>,
    pub(super) barrier: bool,
    /// The browser gets a binding, if it has none and the head leaves with this.
    pub(super) bind: bool,
    pub(super) then: Option<AfterApply<'static>>,
}

impl From<Operation<'static>> for Addition {
    fn from(operation: Operation<'static>) -> Self {
        Self {
            operations: vec![operation],
            ..Self::default()
        }
    }
}

/// Everything that leaves together, in one token if it fits.
#[derive(Default)]
pub(crate) struct Outbox {
    pub(crate) operations: Vec<Operation<'static>>,
    /// Older tokens of the browser are refused once this has arrived.
    pub(crate) barrier: bool,
    /// The browser gets a binding with the head, if it has none.
    pub(super) bind: bool,
    /// The last action that was asked for.
    pub(crate) then: Option<AfterApply<'static>>,
    /// The state behind its receipts.
    whole: Option<Arc<ReceiptState>>,
}

impl Outbox {
    pub(super) fn is_empty(&self) -> bool {
        self.operations.is_empty()
    }

    /// Adds what was pushed. `in_head`: it will leave with the response's headers.
    pub(super) fn add(&mut self, addition: Addition, in_head: bool) -> Result<(), PushError> {
        // One line for each cookie: only the latest operation counts.
        let replaced = |earlier: &Operation<'_>| {
            let mut later = addition.operations.iter();
            later.any(|operation| earlier.key() == operation.key())
        };
        let kept = || self.operations.iter().filter(|earlier| !replaced(earlier));
        let whole = || kept().chain(&addition.operations);
        if whole().count() > WAITING_MAX {
            return Err(PushError::Full {
                waiting: WAITING_MAX,
            });
        }
        // The limit on a token's lines also applies to a head, for the same reason.
        let line_bytes: usize = whole().map(Operation::line_len).sum();
        if in_head && line_bytes > SET_COOKIE_LINES_MAX {
            return Err(PushError::HeadersFull);
        }
        self.operations.retain(|earlier| !replaced(earlier));
        self.operations.extend(addition.operations);
        self.barrier |= addition.barrier;
        self.bind |= addition.bind;
        if let Some(then) = addition.then {
            self.then = Some(then);
        }
        Ok(())
    }

    /// The receipt state shared by everything that leaves together.
    pub(super) fn whole(
        &mut self,
        deadline: impl FnOnce() -> Arc<dyn Deadline>,
    ) -> Arc<ReceiptState> {
        // Somebody may have waited for too long for what was pushed earlier. That outcome is final,
        // and says nothing of what is pushed now.
        let open = self.whole.take().filter(|whole| !whole.is_settled());
        let whole = open.unwrap_or_else(|| Arc::new(ReceiptState::of_whole(deadline())));
        self.whole.insert(whole).clone()
    }

    /// A receipt state for each of the tokens that this becomes.
    pub(super) fn tokens(&self, number: usize) -> impl Iterator<Item = Arc<ReceiptState>> {
        if let Some(whole) = &self.whole {
            whole.split(number);
        }
        (0..number).map(|_| Arc::new(ReceiptState::of_token(self.whole.clone())))
    }

    /// It has left with the headers, or never will.
    pub(crate) fn settle(&self, outcome: Outcome) {
        if let Some(whole) = &self.whole {
            whole.settle(outcome);
        }
    }

    /// It cannot travel any more. The loss is always reported.
    pub(super) fn lose(self, loss: Loss, deployment: &Deployment) {
        let operations = self.operations.len();
        if operations > 0 {
            report(operations, loss, deployment);
        }
        self.settle(Outcome::Undeliverable);
    }
}

/// Logs and counts operations that are lost.
pub(super) fn report(operations: usize, loss: Loss, deployment: &Deployment) {
    metrics::operations_lost(operations, loss);
    let (losses, now) = (&deployment.losses, deployment.now());
    match loss {
        Loss::HandlerFailed => seldom!(
            losses.handler_failed,
            now,
            WARN,
            operations,
            "the handler failed or was dropped; the cookies it had pushed are lost"
        ),
        Loss::StreamEnded => seldom!(
            losses.stream_ended,
            now,
            WARN,
            operations,
            "the stream ended before its cookies were sent; they are lost"
        ),
    }
}
