//! The state that handles, middleware and carrier of one response share.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use apply_cookies_protocol::for_root::CookieClass;
use apply_cookies_protocol::limits::SET_COOKIE_LINES_MAX;
use apply_cookies_protocol::{BindingCookie, Field, Operation, Unreadable, UnreadableReason};

use super::error::PushError;
use super::written::Written;
use crate::classes::Classes;
use crate::config::Core;
use crate::frame::Frame;

/// Whether a token of this response can be redeemed by its browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    /// The browser has the binding, or gets it with the headers.
    Bound,
    /// It has none, and another site's page made the request, so it got none.
    Foreign,
    /// It has none, and the headers left before anything asked for one.
    Late,
}

/// Operations that may wait for one carrier. A stream that is not read must not make the server
/// grow without bound (threat T35).
const WAITING_MAX: usize = 256;

pub(crate) struct Queue {
    core: Arc<Core>,
    binding: BindingCookie,
    state: Mutex<State>,
}

struct State {
    /// What reading sees.
    written: Written,
    /// Whether the handler has looked at a cookie, so that its answer depends on them.
    read: bool,
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

impl State {
    /// What waits cannot travel any more. Tells how many operations that were.
    fn lose(&mut self) -> usize {
        let lost = std::mem::take(&mut self.waiting);
        self.written.forget(&lost);
        lost.len()
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The headers are still to be sent.
    Headers,
    /// They have left.
    Sent(Reach),
    /// Nothing can be pushed any more; what waits may still be carried.
    Closed,
}

/// What the middleware knows of request and response when the headers leave.
#[derive(Clone, Copy, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, and named where it is given"
)]
pub(crate) struct Head {
    /// The browser sent a binding.
    pub(crate) has_binding: bool,
    /// The response may give it one.
    pub(crate) may_bind: bool,
    /// The response is a WebSocket handshake. Its headers are not a safe way for cookies in
    /// every browser, so a carrier takes them.
    pub(crate) handshake: bool,
    /// The request's method is HEAD: no body, and so no carrier, reaches the browser.
    pub(crate) no_body: bool,
}

/// What the middleware does with the response's headers.
#[derive(Debug, Default)]
pub(crate) struct HeadersSent {
    /// Operations that become `Set-Cookie` lines.
    pub(crate) operations: Vec<Operation<'static>>,
    /// Whether the binding is set.
    pub(crate) bind: bool,
    /// Whether the body carries tokens.
    pub(crate) carried: bool,
}

impl Queue {
    pub(crate) fn new(core: Arc<Core>, binding: BindingCookie, sent: Box<[u8]>) -> Self {
        Self {
            core,
            binding,
            state: Mutex::new(State {
                written: Written::over(sent),
                read: false,
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

    /// The deployment that this queue belongs to.
    pub(crate) fn core(&self) -> &Arc<Core> {
        &self.core
    }

    /// The binding that tokens of this response carry.
    pub(crate) fn binding(&self) -> &BindingCookie {
        &self.binding
    }

    pub(super) fn classes(&self) -> &Classes {
        &self.core.classes
    }

    /// The value of the cookie of a class: what was pushed last, or else what the request brought.
    pub(crate) fn value_of<C: CookieClass>(&self) -> Result<Vec<u8>, Unreadable> {
        let mut state = self.lock();
        state.read = true;
        match Operation::try_from(C::CLASS.deletion()) {
            Ok(cookie) => state.written.of_cookie(&cookie),
            // A class that was written by hand, whose cookie no browser takes.
            Err(_) => Err(UnreadableReason::Absent.into()),
        }
    }

    /// The value of a cookie by its name alone.
    pub(super) fn value(&self, name: &str) -> Result<Vec<u8>, Unreadable> {
        let mut state = self.lock();
        state.read = true;
        state.written.of_name(name)
    }

    /// Whether the response depends on the request's cookies: the handler has looked at one, or
    /// still can, in a body that is yet to be written.
    pub(crate) fn depends_on_cookies(&self) -> bool {
        let state = self.lock();
        state.read || state.handles > 0
    }

    pub(super) fn push(&self, operation: Operation<'static>) -> Result<(), PushError> {
        self.check_origin(&operation)?;
        self.change(|state| {
            match (state.stage, state.carrier) {
                (Stage::Headers, _) if state.closing => return Err(PushError::Closed),
                (Stage::Headers, _) | (Stage::Sent(Reach::Bound), Some(_)) => {}
                (Stage::Sent(Reach::Foreign), Some(_)) => return Err(PushError::Unbound),
                (Stage::Sent(Reach::Late), Some(_)) => return Err(PushError::LateCarrier),
                (Stage::Sent(_), None) => return Err(PushError::NoCarrier),
                (Stage::Closed, _) => return Err(PushError::Closed),
            }
            // One line for each cookie: the later operation is the one that counts.
            let replaced = |earlier: &Operation<'_>| earlier.is_same_cookie(&operation);
            let kept = || state.waiting.iter().filter(|earlier| !replaced(earlier));
            if kept().count() >= WAITING_MAX {
                return Err(PushError::Full {
                    waiting: WAITING_MAX,
                });
            }
            // The limit of a token's lines holds for a head as well, and for the same reason.
            let line_bytes = kept().map(Operation::line_len).sum::<usize>() + operation.line_len();
            if state.stage == Stage::Headers && line_bytes > SET_COOKIE_LINES_MAX {
                return Err(PushError::HeadersFull);
            }
            state.waiting.retain(|earlier| !replaced(earlier));
            state.written.remember(&operation);
            state.waiting.push(operation);
            Ok(())
        })
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

    /// The handler has answered: hands over what goes into the headers.
    pub(crate) fn headers_sent(&self, head: Head) -> HeadersSent {
        self.change(|state| {
            if state.stage != Stage::Headers {
                return HeadersSent::default();
            }
            let carried = state.carrier.is_some() && !head.no_body;
            // Only where tokens follow. A plain page's response may be slow, and would replace the
            // binding that another tab has got and uses meanwhile. Decided here, under the lock:
            // a carrier that is attached later comes too late for the binding to be set.
            let bind = !head.has_binding && head.may_bind && carried;
            let reach = match (head.has_binding || bind, head.may_bind) {
                (true, _) => Reach::Bound,
                (false, true) => Reach::Late,
                (false, false) => Reach::Foreign,
            };
            state.stage = if state.closing || head.no_body {
                Stage::Closed
            } else {
                Stage::Sent(reach)
            };
            let keep = head.handshake && carried && reach == Reach::Bound;
            HeadersSent {
                operations: if keep {
                    Vec::new()
                } else {
                    std::mem::take(&mut state.waiting)
                },
                bind,
                carried,
            }
        })
    }

    /// There is no answer whose headers could take what was pushed: the handler failed, or was
    /// dropped before it answered. Nothing more is taken. Tells how many operations were lost;
    /// does nothing once the headers have left.
    pub(crate) fn abandon(&self) -> usize {
        self.change(|state| {
            if state.stage != Stage::Headers {
                return 0;
            }
            state.stage = Stage::Closed;
            state.lose()
        })
    }

    pub(super) fn close(&self) {
        self.change(|state| {
            if state.stage == Stage::Headers {
                // What was pushed so far still travels with the headers.
                state.closing = true;
            } else {
                state.stage = Stage::Closed;
            }
        });
    }

    pub(super) fn add_handle(&self) {
        self.lock().handles += 1;
    }

    /// When nobody is left to push, the carrier may end.
    pub(super) fn remove_handle(&self) {
        self.change(|state| state.handles -= 1);
    }

    /// Makes a carrier the living one, and gives it its number.
    pub(super) fn attach(&self) -> u64 {
        self.change(|state| {
            state.carriers_made += 1;
            state.carrier = Some(state.carriers_made);
            state.carriers_made
        })
    }

    /// A carrier is gone. What still waits is lost, and is said so.
    pub(super) fn detach(&self, carrier: u64) {
        let lost = self.change(|state| {
            if state.carrier != Some(carrier) {
                return 0;
            }
            state.carrier = None;
            if state.stage == Stage::Headers {
                // The headers will take it.
                return 0;
            }
            state.stage = Stage::Closed;
            state.lose()
        });
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
        // Declared before the lock, so that a waker that is replaced is dropped after it: it may
        // own the last handle, whose drop locks again.
        let _replaced: Option<Waker>;
        let operations = {
            let mut state = self.lock();
            if state.carrier != Some(carrier) {
                return Poll::Ready(None);
            }
            let ended = state.stage == Stage::Closed
                || (state.stage != Stage::Headers && state.handles == 0);
            if state.stage != Stage::Headers && !state.waiting.is_empty() {
                std::mem::take(&mut state.waiting)
            } else if ended {
                state.stage = Stage::Closed;
                return Poll::Ready(None);
            } else {
                _replaced = state.waker.replace(context.waker().clone());
                return Poll::Pending;
            }
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

    /// Changes the state, and wakes the carrier to look at it, once the lock is free again.
    fn change<R>(&self, change: impl FnOnce(&mut State) -> R) -> R {
        let (result, waker) = {
            let mut state = self.lock();
            (change(&mut state), state.waker.take())
        };
        if let Some(waker) = waker {
            waker.wake();
        }
        result
    }

    // No code between lock and unlock can panic halfway through a change, so a poisoned lock
    // holds a sound state.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
