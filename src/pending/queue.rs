//! The state that handles, middleware and carrier of one response share.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use apply_cookies_protocol::for_root::CookieClass;
use apply_cookies_protocol::{
    BindingCookie, Field, Operation, UnixMillis, Unreadable, UnreadableReason,
};

use super::PendingState;
use super::error::PushError;
use super::head::{Head, HeadersSent, Reach};
use super::waiting::{self, Addition, Waiting};
use super::written::Written;
use crate::classes::Classes;
use crate::config::Core;
use crate::counts::Loss;
use crate::frame::Frame;
use crate::receipt::Receipt;

pub(crate) struct Queue {
    core: Arc<Core>,
    binding: BindingCookie,
    /// When the last barrier of this response was issued, in milliseconds since 1970; 0 for none.
    barrier: AtomicU64,
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
    waiting: Waiting,
    /// The carrier that lives; an older one has another number.
    carrier: Option<u64>,
    carriers_made: u64,
    waker: Option<Waker>,
    handles: usize,
}

impl State {
    /// What waits cannot travel any more.
    fn lose(&mut self) -> Waiting {
        let lost = std::mem::take(&mut self.waiting);
        self.written.forget(&lost.operations);
        lost
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

impl Queue {
    pub(crate) fn new(core: Arc<Core>, binding: BindingCookie, sent: Box<[u8]>) -> Self {
        Self {
            core,
            binding,
            barrier: AtomicU64::new(0),
            state: Mutex::new(State {
                written: Written::over(sent),
                read: false,
                stage: Stage::Headers,
                closing: false,
                waiting: Waiting::default(),
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

    /// Queues all of it or nothing.
    pub(super) fn push(&self, addition: impl Into<Addition>) -> Result<(), PushError> {
        self.push_and(addition, |_| ())
    }

    /// The same, for who wants to know what becomes of it.
    pub(super) fn push_for_receipt(&self, addition: Addition) -> Result<Receipt, PushError> {
        let core = &self.core;
        let issuer = &core.issuer;
        let end = || issuer.clock.now().plus(issuer.lifetime.as_millis());
        self.push_and(addition, |waiting| {
            waiting.whole(|whole| core.outstanding.add_unsealed(end(), whole))
        })
        .map(Receipt::new)
    }

    fn push_and<R>(
        &self,
        addition: impl Into<Addition>,
        result: impl FnOnce(&mut Waiting) -> R,
    ) -> Result<R, PushError> {
        let addition = addition.into();
        for operation in &addition.operations {
            self.check_origin(operation)?;
        }
        self.change(|state| {
            match (state.stage, state.carrier) {
                (Stage::Headers, _) if state.closing => return Err(PushError::Closed),
                (Stage::Headers, _) if addition.then.is_some() => return Err(PushError::NoToken),
                (Stage::Headers, _) | (Stage::Sent(Reach::Bound), Some(_)) => {}
                (Stage::Sent(Reach::Foreign), Some(_)) => return Err(PushError::Unbound),
                (Stage::Sent(Reach::Late), Some(_)) => return Err(PushError::LateCarrier),
                (Stage::Sent(_), None) => return Err(PushError::NoCarrier),
                (Stage::Closed, _) => return Err(PushError::Closed),
            }
            let written = addition.operations.clone();
            state.waiting.add(addition, state.stage == Stage::Headers)?;
            for operation in &written {
                state.written.remember(operation);
            }
            Ok(result(&mut state.waiting))
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

    /// Whether what waits is a sign-out that will leave with this head, and so needs its barrier
    /// now. From then on, later tokens of this response are younger than that.
    pub(crate) fn barrier_in_head(&self, head: Head) -> Option<UnixMillis> {
        let state = self.lock();
        if state.stage != Stage::Headers
            || !state.waiting.barrier
            || head.keeps(state.carrier.is_some())
        {
            return None;
        }
        let now = self.core.issuer.clock.now();
        self.barrier_raised(now);
        Some(now)
    }

    /// The handler has answered: hands over what goes into the headers.
    pub(crate) fn headers_sent(&self, head: Head) -> HeadersSent {
        self.change(|state| {
            if state.stage != Stage::Headers {
                return HeadersSent::default();
            }
            let carrier = state.carrier.is_some();
            state.stage = if state.closing || head.no_body {
                Stage::Closed
            } else {
                Stage::Sent(head.reach(carrier))
            };
            HeadersSent {
                waiting: if head.keeps(carrier) {
                    Waiting::default()
                } else {
                    std::mem::take(&mut state.waiting)
                },
                bind: head.binds(carrier),
                carried: head.carries(carrier),
            }
        })
    }

    /// There is no answer whose headers could take what was pushed: the handler failed, or was
    /// dropped before it answered. Nothing more is taken. Does nothing once the headers have left.
    pub(crate) fn abandon(&self) {
        let lost = self.change(|state| {
            if state.stage != Stage::Headers {
                return Waiting::default();
            }
            state.stage = Stage::Closed;
            state.lose()
        });
        lost.lose(Loss::HandlerFailed);
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
                return Waiting::default();
            }
            state.carrier = None;
            if state.stage == Stage::Headers {
                // The headers will take it.
                return Waiting::default();
            }
            state.stage = Stage::Closed;
            state.lose()
        });
        lost.lose(Loss::StreamEnded);
    }

    /// Frames of a carrier that is gone.
    pub(super) fn undeliverable(&self, frames: impl Iterator<Item = Frame>) {
        let mut operations = 0;
        for frame in frames {
            operations += frame.operations();
            self.core.outstanding.undeliverable(frame.nonce());
        }
        if operations > 0 {
            waiting::report(operations, Loss::StreamEnded);
        }
    }

    /// Seals what waits, without waiting for more.
    pub(super) fn flush(&self, carrier: u64) -> Vec<Frame> {
        let waiting = {
            let mut state = self.lock();
            if state.carrier != Some(carrier) || state.stage == Stage::Headers {
                return Vec::new();
            }
            std::mem::take(&mut state.waiting)
        };
        self.seal(waiting)
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
        let waiting = {
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
        Poll::Ready(Some(self.seal(waiting)))
    }

    /// Done outside the lock: sealing is the only slow thing here.
    fn seal(&self, mut waiting: Waiting) -> Vec<Frame> {
        if waiting.is_empty() {
            return Vec::new();
        }
        let tokens = self.core.issuer.mint_all(
            std::mem::take(&mut waiting.operations),
            &self.binding,
            waiting.barrier,
            waiting.then.as_ref(),
            self.last_barrier(),
        );
        let slips = waiting.slips(tokens.len());
        let frames = tokens.into_iter().zip(slips).map(|(sealed, slip)| {
            if sealed.barrier {
                self.barrier_raised(sealed.issued_at);
            }
            // Before anyone can redeem it.
            self.core
                .outstanding
                .add(sealed.nonce, sealed.expires_at, slip.clone());
            Frame::new(sealed, slip)
        });
        frames.collect()
    }

    /// The barrier that later tokens of this response must be younger than.
    fn last_barrier(&self) -> Option<UnixMillis> {
        UnixMillis::new(self.barrier.load(Ordering::Relaxed)).filter(|at| *at > UnixMillis::EPOCH)
    }

    fn barrier_raised(&self, issued_at: UnixMillis) {
        self.barrier.fetch_max(issued_at.get(), Ordering::Relaxed);
    }

    pub(super) fn state(&self) -> PendingState {
        let state = self.lock();
        match (state.stage, state.carrier) {
            (Stage::Headers, _) if !state.closing => PendingState::Headers,
            (Stage::Sent(Reach::Bound), Some(_)) => PendingState::Carried,
            _ => PendingState::Closed,
        }
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
