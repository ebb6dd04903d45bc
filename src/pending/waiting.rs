//! What was pushed and has not left yet.

use std::sync::Arc;

use apply_cookies_protocol::Operation;
use apply_cookies_protocol::limits::SET_COOKIE_LINES_MAX;

use super::error::PushError;
use crate::counts::{self, Loss};
use crate::issue::Action;
use crate::receipt::{Outcome, Slip};

/// Operations that may wait for one carrier. A stream that is not read must not make the server
/// grow without bound (threat T35).
const WAITING_MAX: usize = 256;

/// What one push adds: all of it, or nothing.
#[derive(Default)]
pub(super) struct Addition {
    pub(super) operations: Vec<Operation<'static>>,
    pub(super) barrier: bool,
    pub(super) then: Option<Action>,
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
pub(crate) struct Waiting {
    pub(crate) operations: Vec<Operation<'static>>,
    /// Older tokens of the browser are refused once this has arrived.
    pub(crate) barrier: bool,
    /// The last action that was asked for.
    pub(crate) then: Option<Action>,
    /// Of whoever wants to know what becomes of it.
    whole: Option<Arc<Slip>>,
}

impl Waiting {
    pub(super) fn is_empty(&self) -> bool {
        self.operations.is_empty()
    }

    /// Adds what was pushed. `in_head`: it will leave with the response's headers.
    pub(super) fn add(&mut self, addition: Addition, in_head: bool) -> Result<(), PushError> {
        // One line for each cookie: the later operation is the one that counts.
        let replaced = |earlier: &Operation<'_>| {
            let mut later = addition.operations.iter();
            later.any(|operation| earlier.is_same_cookie(operation))
        };
        let kept = || self.operations.iter().filter(|earlier| !replaced(earlier));
        let whole = || kept().chain(&addition.operations);
        if whole().count() > WAITING_MAX {
            return Err(PushError::Full {
                waiting: WAITING_MAX,
            });
        }
        // The limit of a token's lines holds for a head as well, and for the same reason.
        let line_bytes: usize = whole().map(Operation::line_len).sum();
        if in_head && line_bytes > SET_COOKIE_LINES_MAX {
            return Err(PushError::HeadersFull);
        }
        self.operations.retain(|earlier| !replaced(earlier));
        self.operations.extend(addition.operations);
        self.barrier |= addition.barrier;
        if let Some(then) = addition.then {
            self.then = Some(then);
        }
        Ok(())
    }

    /// What the receipt of everything that leaves together stands on. `begin` is told of a new one.
    pub(super) fn whole(&mut self, begin: impl FnOnce(&Arc<Slip>)) -> Arc<Slip> {
        let whole = self.whole.get_or_insert_with(|| {
            let slip = Arc::new(Slip::new(None));
            begin(&slip);
            slip
        });
        whole.clone()
    }

    /// A slip for each of the tokens that this becomes.
    pub(super) fn slips(&self, tokens: usize) -> impl Iterator<Item = Arc<Slip>> {
        if let Some(whole) = &self.whole {
            whole.split(tokens);
        }
        (0..tokens).map(|_| Arc::new(Slip::new(self.whole.clone())))
    }

    /// It has left with the headers, or it will not.
    pub(crate) fn settle(&self, outcome: Outcome) {
        if let Some(whole) = &self.whole {
            whole.settle(outcome);
        }
    }

    /// It cannot travel any more. Never in silence.
    pub(super) fn lose(self, loss: Loss) {
        let operations = self.operations.len();
        if operations > 0 {
            report(operations, loss);
        }
        self.settle(Outcome::Undeliverable);
    }
}

/// Logs and counts operations that are lost.
pub(super) fn report(operations: usize, loss: Loss) {
    counts::operations_lost(operations, loss);
    match loss {
        Loss::HandlerFailed => tracing::warn!(
            operations,
            "the handler failed or was dropped; the cookies that it had pushed are lost"
        ),
        Loss::StreamEnded => tracing::warn!(
            operations,
            "the stream ended before cookies could travel; they are lost"
        ),
    }
}
