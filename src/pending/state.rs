//! The stage of a response, and the operations waiting for it: the transitions, without locks or
//! wakers.
//!
//! ```text
//!              leave                       close, detach, or nobody left to push
//! Headers ─────────────▶ Sent(None) ──────────────▶ Closed
//!    │  │                Sent(Some(obstacle)): no token may travel
//!    │  └─ close: closing until the headers leave ─▶ Closed
//!    └──── abandon: the handler failed ────────────▶ Closed
//! ```
//!
//! Headers that are given up while they leave, as a sign-out raises its barrier, lead to Closed.
//!
//! Operations that wait when the stage becomes Closed are still carried, as long as there is a
//! carrier.

use apply_cookies_protocol::Operation;

use super::error::PushError;
use super::facts::{Obstacle, ResponseFacts};
use super::outbox::{Addition, Outbox};
use super::view::CookieView;

/// How a push to [`PendingCookies`](crate::PendingCookies) travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PendingState {
    /// With the response's headers, which have not left yet.
    Headers,
    /// In a token, through the attached carrier.
    Carried,
    /// Not at all: a push is an error, which says why and what to do.
    Closed,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The headers have not left yet.
    Headers,
    /// They have left, and this keeps tokens out of what follows.
    Sent(Option<Obstacle>),
    /// Nothing can be pushed any more; waiting operations may still be carried.
    Closed,
}

pub(super) struct State {
    pub(super) view: CookieView,
    /// The handler has read a cookie, so its answer depends on them.
    pub(super) read: bool,
    pub(super) outbox: Outbox,
    pub(super) handles: usize,
    stage: Stage,
    /// `close` was called before the headers left.
    closing: bool,
    /// The current carrier; an older one has another number.
    carrier: Option<u64>,
    carriers_made: u64,
}

/// The answer to a carrier that asks for operations.
pub(super) enum Taken {
    Some(Outbox),
    /// There may be more later.
    Nothing,
    /// There will be nothing more.
    End,
}

/// Everything that leaves with the headers.
#[derive(Default)]
pub(super) struct Left {
    pub(super) outbox: Outbox,
    /// The binding is set.
    pub(super) binds: bool,
    /// The body carries tokens.
    pub(super) carried: bool,
}

impl State {
    pub(super) fn new(view: CookieView) -> Self {
        Self {
            view,
            read: false,
            outbox: Outbox::default(),
            handles: 0,
            stage: Stage::Headers,
            closing: false,
            carrier: None,
            carriers_made: 0,
        }
    }

    /// Adds all of it or nothing.
    pub(super) fn push(&mut self, addition: Addition) -> Result<(), PushError> {
        match (self.stage, self.carrier) {
            (Stage::Headers, _) if self.closing => return Err(PushError::Closed),
            (Stage::Headers, _) | (Stage::Sent(None), Some(_)) => {}
            (Stage::Sent(Some(obstacle)), Some(_)) => return Err(obstacle.into()),
            (Stage::Sent(_), None) => return Err(PushError::NoCarrier),
            (Stage::Closed, _) => return Err(PushError::Closed),
        }
        let written = addition.operations.clone();
        self.outbox.add(addition, self.stage == Stage::Headers)?;
        for operation in &written {
            self.view.remember(operation);
        }
        Ok(())
    }

    /// Takes out, in one step, everything that leaves with the headers. From then on a push goes to
    /// the carrier or is an error, so nothing can slip in afterwards.
    pub(super) fn leave(&mut self, facts: ResponseFacts) -> Left {
        if self.stage != Stage::Headers {
            return Left::default();
        }
        let carrier = self.carrier.is_some();
        let binds = facts.binds(carrier) || (self.outbox.bind && facts.may_be_bound());
        self.stage = if self.closing || facts.no_body {
            Stage::Closed
        } else {
            Stage::Sent(facts.obstacle(carrier))
        };
        Left {
            outbox: if facts.keeps(carrier) {
                Outbox::default()
            } else {
                std::mem::take(&mut self.outbox)
            },
            binds,
            carried: facts.carries(carrier),
        }
    }

    /// No headers will leave. Returns what is lost.
    pub(super) fn abandon(&mut self) -> Outbox {
        if self.stage != Stage::Headers {
            return Outbox::default();
        }
        self.stage = Stage::Closed;
        self.lose()
    }

    /// The headers that took these operations do not leave after all, and no body follows them.
    /// Returns what is lost besides.
    pub(super) fn give_up_head(&mut self, taken: &[Operation<'_>]) -> Outbox {
        self.view.forget(taken);
        self.stage = Stage::Closed;
        self.lose()
    }

    pub(super) fn close(&mut self) {
        if self.stage == Stage::Headers {
            // Operations pushed so far still leave with the headers.
            self.closing = true;
        } else {
            self.stage = Stage::Closed;
        }
    }

    /// Makes a carrier the current one, and returns its number.
    pub(super) fn attach(&mut self) -> u64 {
        self.carriers_made += 1;
        self.carrier = Some(self.carriers_made);
        self.carriers_made
    }

    /// A carrier is gone. Returns what is lost with it.
    pub(super) fn detach(&mut self, carrier: u64) -> Outbox {
        if self.carrier != Some(carrier) {
            return Outbox::default();
        }
        self.carrier = None;
        if self.stage == Stage::Headers {
            // The headers will take the operations.
            return Outbox::default();
        }
        self.stage = Stage::Closed;
        self.lose()
    }

    /// Gives the carrier of this number what it may take now.
    pub(super) fn take(&mut self, carrier: u64) -> Taken {
        if self.carrier != Some(carrier) {
            return Taken::End;
        }
        if self.stage == Stage::Headers {
            return Taken::Nothing;
        }
        if !self.outbox.is_empty() {
            return Taken::Some(std::mem::take(&mut self.outbox));
        }
        if self.handles == 0 {
            self.stage = Stage::Closed;
        }
        if self.stage == Stage::Closed {
            Taken::End
        } else {
            Taken::Nothing
        }
    }

    pub(super) fn has_carrier(&self) -> bool {
        self.carrier.is_some()
    }

    /// Whether there ever was one.
    pub(super) fn had_carrier(&self) -> bool {
        self.carriers_made > 0
    }

    pub(super) fn pending_state(&self) -> PendingState {
        match (self.stage, self.carrier) {
            (Stage::Headers, _) if !self.closing => PendingState::Headers,
            (Stage::Sent(None), Some(_)) => PendingState::Carried,
            _ => PendingState::Closed,
        }
    }

    /// Waiting operations cannot travel any more.
    fn lose(&mut self) -> Outbox {
        let lost = std::mem::take(&mut self.outbox);
        self.view.forget(&lost.operations);
        lost
    }
}
