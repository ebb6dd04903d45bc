//! The state that handles, middleware and carrier of one response share.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use apply_cookies_protocol::{BindingCookie, Field, Operation};

use super::error::PushError;
use crate::config::Core;
use crate::frame::Frame;

/// Operations that may wait for one carrier. A stream that is not read must not make the server
/// grow without bound (threat T35).
const WAITING_MAX: usize = 256;

pub(crate) struct Queue {
    core: Arc<Core>,
    binding: BindingCookie,
    state: Mutex<State>,
}

struct State {
    stage: Stage,
    /// `close` was called while the headers were still to be sent.
    closing: bool,
    waiting: Vec<Operation<'static>>,
    /// The carrier that lives; an older one has another number.
    carrier: Option<u64>,
    carriers_made: u64,
    waker: Option<Waker>,
    handles: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The headers are still to be sent.
    Headers,
    /// They have left. `bound`: the browser has the binding, or gets it with those headers.
    Sent { bound: bool },
    /// Nothing can be pushed any more; what waits may still be carried.
    Closed,
}

/// What the middleware does with the response's headers.
#[derive(Debug, Default)]
pub(crate) struct HeadersSent {
    /// Operations that become `Set-Cookie` lines.
    pub(crate) operations: Vec<Operation<'static>>,
    /// Whether a carrier lives, whose tokens need the binding.
    pub(crate) carried: bool,
}

impl Queue {
    pub(crate) fn new(core: Arc<Core>, binding: BindingCookie) -> Self {
        Self {
            core,
            binding,
            state: Mutex::new(State {
                stage: Stage::Headers,
                closing: false,
                waiting: Vec::new(),
                carrier: None,
                carriers_made: 0,
                waker: None,
                handles: 0,
            }),
        }
    }

    /// The binding that tokens of this response carry.
    pub(crate) fn binding(&self) -> &BindingCookie {
        &self.binding
    }

    pub(super) fn push(&self, operation: Operation<'static>) -> Result<(), PushError> {
        self.check_origin(&operation)?;
        let waker = {
            let mut state = self.lock();
            match (state.stage, state.carrier) {
                (Stage::Headers, _) if state.closing => return Err(PushError::Closed),
                (Stage::Headers, _) | (Stage::Sent { bound: true }, Some(_)) => {}
                (Stage::Sent { bound: false }, Some(_)) => return Err(PushError::Unbound),
                (Stage::Sent { .. }, None) => return Err(PushError::NoCarrier),
                (Stage::Closed, _) => return Err(PushError::Closed),
            }
            // One line for each cookie: the later operation is the one that counts.
            state
                .waiting
                .retain(|earlier| !earlier.is_same_cookie(&operation));
            if state.waiting.len() >= WAITING_MAX {
                return Err(PushError::Full {
                    waiting: state.waiting.len(),
                });
            }
            state.waiting.push(operation);
            state.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
        Ok(())
    }

    /// Refuses what the browsers of the configured origins would silently drop.
    fn check_origin(&self, operation: &Operation<'_>) -> Result<(), PushError> {
        if operation.is_secure() && !self.core.origins.is_trustworthy() {
            return Err(PushError::Origin {
                field: Field::Secure,
                reason: "browsers drop a Secure cookie over plain HTTP; serve https, or unset it",
            });
        }
        if operation
            .domain()
            .is_some_and(|domain| !self.core.origins.takes_domain(domain))
        {
            return Err(PushError::Origin {
                field: Field::Domain,
                reason: "browsers drop it, because no configured origin lies in this domain",
            });
        }
        Ok(())
    }

    /// The handler has returned: hands over what goes into the headers.
    ///
    /// `keep` leaves the operations to the carrier, if one lives: the headers of a WebSocket
    /// handshake are not a safe way for cookies in every browser.
    pub(crate) fn headers_sent(&self, bound: bool, keep: bool) -> HeadersSent {
        let mut state = self.lock();
        if state.stage != Stage::Headers {
            return HeadersSent::default();
        }
        let carried = state.carrier.is_some();
        state.stage = if state.closing {
            Stage::Closed
        } else {
            Stage::Sent { bound }
        };
        let operations = if keep && carried && bound {
            Vec::new()
        } else {
            std::mem::take(&mut state.waiting)
        };
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
        HeadersSent {
            operations,
            carried,
        }
    }

    /// The handler failed: what it pushed is dropped, and nothing more is taken. Tells how many
    /// operations were lost.
    pub(crate) fn abandon(&self) -> usize {
        let mut state = self.lock();
        state.stage = Stage::Closed;
        let lost = std::mem::take(&mut state.waiting).len();
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
        lost
    }

    pub(super) fn close(&self) {
        let mut state = self.lock();
        if state.stage == Stage::Headers {
            // What was pushed so far still travels with the headers.
            state.closing = true;
        } else {
            state.stage = Stage::Closed;
        }
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    pub(super) fn add_handle(&self) {
        self.lock().handles += 1;
    }

    pub(super) fn remove_handle(&self) {
        let waker = {
            let mut state = self.lock();
            state.handles -= 1;
            if state.handles > 0 {
                return;
            }
            state.waker.take()
        };
        // Nobody is left to push: the carrier may end.
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Makes a carrier the living one, and gives it its number.
    pub(super) fn attach(&self) -> u64 {
        let mut state = self.lock();
        state.carriers_made += 1;
        let number = state.carriers_made;
        state.carrier = Some(number);
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
        number
    }

    /// A carrier is gone. What still waits is lost, and is said so.
    pub(super) fn detach(&self, carrier: u64) {
        let lost = {
            let mut state = self.lock();
            if state.carrier != Some(carrier) {
                return;
            }
            state.carrier = None;
            if state.stage == Stage::Headers {
                // The headers will take it.
                return;
            }
            state.stage = Stage::Closed;
            std::mem::take(&mut state.waiting).len()
        };
        if lost > 0 {
            tracing::warn!(
                operations = lost,
                "the stream ended before cookies could travel; they are lost"
            );
        }
    }

    /// Seals what waits, without waiting for more.
    pub(super) fn flush(&self, carrier: u64) -> Vec<Frame> {
        let operations = {
            let mut state = self.lock();
            if state.carrier != Some(carrier) || state.stage == Stage::Headers {
                return Vec::new();
            }
            std::mem::take(&mut state.waiting)
        };
        self.seal(operations)
    }

    /// Seals what waits, or says when there will be nothing more.
    pub(super) fn poll_flush(
        &self,
        carrier: u64,
        context: &mut Context<'_>,
    ) -> Poll<Option<Vec<Frame>>> {
        let operations = {
            let mut state = self.lock();
            if state.carrier != Some(carrier) {
                return Poll::Ready(None);
            }
            if state.stage == Stage::Headers {
                state.waker = Some(context.waker().clone());
                return Poll::Pending;
            }
            if state.waiting.is_empty() {
                if state.stage == Stage::Closed || state.handles == 0 {
                    state.stage = Stage::Closed;
                    return Poll::Ready(None);
                }
                state.waker = Some(context.waker().clone());
                return Poll::Pending;
            }
            std::mem::take(&mut state.waiting)
        };
        Poll::Ready(Some(self.seal(operations)))
    }

    /// Done outside the lock: sealing is the only slow thing here.
    fn seal(&self, operations: Vec<Operation<'static>>) -> Vec<Frame> {
        if operations.is_empty() {
            return Vec::new();
        }
        self.core
            .issuer
            .issue_all(operations, &self.binding)
            .into_iter()
            .map(Frame::new)
            .collect()
    }

    // No code between lock and unlock can panic halfway through a change, so a poisoned lock
    // holds a sound state.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
