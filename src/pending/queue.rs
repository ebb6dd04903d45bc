//! The queue that the handles, exchange and carrier of one response share: its state behind a lock,
//! and the step from there to frames.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use apply_cookies_protocol::for_root::CookieClass;
use apply_cookies_protocol::{
    AfterApply, Batch, BindingCookie, Operation, ReadCookie, UnixMillis, Unreadable,
};

use super::error::PushError;
use super::facts::ResponseFacts;
use super::outbox::{self, Addition, Outbox};
use super::state::{Left, PendingState, State, Taken};
use super::view::CookieView;
use crate::classes::Classes;
use crate::deployment::Deployment;
use crate::metrics::{self, Loss};
use crate::mint::{Frame, MintOptions, Outcome, Receipt};

/// A frame, and the operations in it.
pub(super) type Sealed = (Frame, Batch<'static>);

pub(crate) struct Queue {
    deployment: Arc<Deployment>,
    binding: BindingCookie,
    foreign: bool,
    /// When the last barrier of this response was issued, in milliseconds since 1970; 0 for none.
    barrier: AtomicU64,
    shared: Mutex<Shared>,
}

struct Shared {
    state: State,
    /// The carrier's.
    waker: Option<Waker>,
}

impl Queue {
    pub(crate) fn new(
        deployment: Arc<Deployment>,
        binding: BindingCookie,
        foreign: bool,
        sent: Box<[u8]>,
    ) -> Self {
        Self {
            deployment,
            binding,
            foreign,
            barrier: AtomicU64::new(0),
            shared: Mutex::new(Shared {
                state: State::new(CookieView::over(sent)),
                waker: None,
            }),
        }
    }

    pub(crate) fn deployment(&self) -> &Arc<Deployment> {
        &self.deployment
    }

    pub(super) fn classes(&self) -> &Classes {
        &self.deployment.classes
    }

    /// The cookie of a class: the one pushed last, otherwise the request's.
    pub(crate) fn read<C: CookieClass + 'static>(&self) -> Result<ReadCookie<C>, Unreadable> {
        let text = {
            let state = &mut self.lock().state;
            state.read = true;
            state.view.of_cookie(self.classes().key::<C>())
        }?;
        self.classes().decode(&text)
    }

    /// The request's cookies decide about the response.
    pub(crate) fn note_read(&self) {
        self.lock().state.read = true;
    }

    pub(super) fn binding(&self) -> &BindingCookie {
        &self.binding
    }

    pub(super) const fn is_foreign(&self) -> bool {
        self.foreign
    }

    /// The value of a cookie by its name alone.
    pub(super) fn value(&self, name: &str) -> Result<Vec<u8>, Unreadable> {
        let state = &mut self.lock().state;
        state.read = true;
        state.view.of_name(self.classes().name(name))
    }

    /// All cookies as one `Cookie` field.
    pub(super) fn cookie_fields(&self) -> Vec<u8> {
        let state = &mut self.lock().state;
        state.read = true;
        state.view.to_field()
    }

    /// Whether the response depends on the request's cookies: the handler has read one, or still
    /// can while it writes the body.
    pub(crate) fn depends_on_cookies(&self) -> bool {
        let state = &self.lock().state;
        state.read || state.handles > 0
    }

    /// Whether the handler has left no trace in it.
    pub(crate) fn is_untouched(&self) -> bool {
        let state = &self.lock().state;
        !state.read && state.handles == 0 && !state.had_carrier() && state.outbox.is_empty()
    }

    /// Whether a carrier lives.
    pub(crate) fn has_carrier(&self) -> bool {
        self.lock().state.has_carrier()
    }

    /// Whether there ever was one.
    pub(crate) fn had_carrier(&self) -> bool {
        self.lock().state.had_carrier()
    }

    /// Queues all of it or nothing.
    pub(super) fn push(&self, addition: Addition) -> Result<Receipt, PushError> {
        self.try_push(addition)
            .inspect_err(|error| metrics::push_refused(error.reason()))
    }

    fn try_push(&self, addition: Addition) -> Result<Receipt, PushError> {
        for operation in &addition.operations {
            self.check_origin(operation)?;
        }
        self.change(|state| {
            state.push(addition)?;
            let deadline = || self.deployment.in_flight.deadline();
            Ok(Receipt::new(state.outbox.whole(deadline)))
        })
    }

    /// Refuses cookies that browsers on the configured origins would silently drop.
    fn check_origin(&self, operation: &Operation<'_>) -> Result<(), PushError> {
        let origins = &self.deployment.origins;
        if operation.is_secure() && !origins.is_trustworthy() {
            return Err(PushError::SecureOverHttp);
        }
        match operation.domain() {
            Some(domain) if !origins.takes_domain(domain) => Err(PushError::ForeignDomain),
            _ => Ok(()),
        }
    }

    /// The handler has answered, and the headers are about to leave.
    pub(crate) fn leave(self: &Arc<Self>, facts: ResponseFacts) -> Leaving {
        self.change(|state| {
            let left = state.leave(facts);
            let barrier = left.outbox.barrier.then(|| {
                // Later tokens of this response must be younger than that.
                let now = self.deployment.now();
                self.barrier_raised(now);
                now
            });
            Leaving {
                queue: self.clone(),
                left,
                barrier,
            }
        })
    }

    /// No headers will leave with the pushed operations: the handler failed, or was dropped before
    /// it answered. No more pushes are accepted. Does nothing once the headers have left.
    pub(crate) fn abandon(&self) {
        self.change(State::abandon)
            .lose(Loss::HandlerFailed, &self.deployment);
    }

    pub(super) fn close(&self) {
        self.change(State::close);
    }

    pub(super) fn add_handle(&self) {
        self.lock().state.handles += 1;
    }

    /// When no handle is left, the carrier may end.
    pub(super) fn remove_handle(&self) {
        self.change(|state| state.handles -= 1);
    }

    pub(super) fn attach(&self) -> u64 {
        self.change(State::attach)
    }

    /// A carrier is gone. Operations that still wait are lost, and that is reported.
    pub(super) fn detach(&self, carrier: u64) {
        self.change(|state| state.detach(carrier))
            .lose(Loss::StreamEnded, &self.deployment);
    }

    /// Frames of a carrier that is gone.
    pub(super) fn undeliverable(&self, sealed: impl Iterator<Item = Sealed>) {
        let mut operations = 0;
        for (frame, batch) in sealed {
            operations += batch.operations().len();
            self.lock().state.view.forget(batch.operations());
            self.deployment.in_flight.undeliverable(frame.nonce());
        }
        if operations > 0 {
            outbox::report(operations, Loss::StreamEnded, &self.deployment);
        }
    }

    /// Seals the waiting operations, without waiting for more.
    pub(super) fn flush(&self, carrier: u64) -> Vec<Sealed> {
        let taken = self.lock().state.take(carrier);
        match taken {
            Taken::Some(outbox) => self.seal(outbox),
            Taken::Nothing | Taken::End => Vec::new(),
        }
    }

    /// Seals the waiting operations, or says that there will be no more.
    pub(super) fn poll_flush(
        &self,
        carrier: u64,
        context: &mut Context<'_>,
    ) -> Poll<Option<Vec<Sealed>>> {
        // Declared before the lock, so that a replaced waker is dropped after it: the waker may own
        // the last handle, whose drop locks again.
        let _replaced: Option<Waker>;
        let outbox = {
            let mut shared = self.lock();
            match shared.state.take(carrier) {
                Taken::Some(outbox) => outbox,
                Taken::End => return Poll::Ready(None),
                Taken::Nothing => {
                    _replaced = shared.waker.replace(context.waker().clone());
                    return Poll::Pending;
                }
            }
        };
        Poll::Ready(Some(self.seal(outbox)))
    }

    /// Runs outside the lock: sealing is the only slow step here.
    fn seal(&self, mut outbox: Outbox) -> Vec<Sealed> {
        let options = MintOptions {
            barrier: outbox.barrier,
            then: outbox.then.take(),
            after: self.last_barrier(),
        };
        let operations = std::mem::take(&mut outbox.operations);
        let issuer = &self.deployment.issuer;
        let tokens = issuer.mint_all(operations, Some(&self.binding), &options);
        let receipts = outbox.tokens(tokens.len());
        let frames = tokens
            .into_iter()
            .zip(receipts)
            .map(|((minted, batch), receipt)| {
                if minted.barrier {
                    self.barrier_raised(minted.issued_at);
                }
                // Must come before anyone can redeem it.
                self.deployment
                    .in_flight
                    .add(minted.nonce, minted.expires_at, receipt.clone());
                (Frame::new(minted, receipt), batch)
            });
        frames.collect()
    }

    /// Later tokens of this response must be younger than this barrier.
    fn last_barrier(&self) -> Option<UnixMillis> {
        UnixMillis::new(self.barrier.load(Ordering::Relaxed)).filter(|at| *at > UnixMillis::EPOCH)
    }

    fn barrier_raised(&self, issued_at: UnixMillis) {
        self.barrier.fetch_max(issued_at.get(), Ordering::Relaxed);
    }

    pub(super) fn state(&self) -> PendingState {
        self.lock().state.pending_state()
    }

    /// Changes the state, then wakes the carrier once the lock is free again.
    fn change<R>(&self, change: impl FnOnce(&mut State) -> R) -> R {
        let (result, waker) = {
            let mut shared = self.lock();
            (change(&mut shared.state), shared.waker.take())
        };
        if let Some(waker) = waker {
            waker.wake();
        }
        result
    }

    // No code between lock and unlock can panic halfway through a change, so a poisoned lock
    // guards a sound state.
    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Everything that leaves with one response's headers. If it is dropped before
/// [`left`](Self::left), the operations are lost, and that is logged and counted.
pub(crate) struct Leaving {
    queue: Arc<Queue>,
    left: Left,
    barrier: Option<UnixMillis>,
}

impl Leaving {
    /// The operations that become `Set-Cookie` lines.
    pub(crate) fn operations(&self) -> &[Operation<'static>] {
        &self.left.outbox.operations
    }

    /// The action for the page.
    pub(crate) fn then(&self) -> Option<&AfterApply<'static>> {
        self.left.outbox.then.as_ref()
    }

    /// The time of the barrier that a sign-out among the operations needs before they leave.
    pub(crate) const fn barrier(&self) -> Option<UnixMillis> {
        self.barrier
    }

    /// The binding that the browser gets, if tokens follow.
    pub(crate) fn binding(&self) -> Option<&BindingCookie> {
        self.left.binds.then_some(&self.queue.binding)
    }

    /// Whether the body carries tokens.
    pub(crate) const fn is_carried(&self) -> bool {
        self.left.carried
    }

    /// The headers have been written.
    pub(crate) fn left(mut self, outcome: Outcome) {
        std::mem::take(&mut self.left.outbox).settle(outcome);
    }
}

impl Drop for Leaving {
    fn drop(&mut self) {
        let lost = std::mem::take(&mut self.left.outbox);
        if lost.is_empty() {
            return;
        }
        let waiting = self
            .queue
            .change(|state| state.give_up_head(&lost.operations));
        lost.lose(Loss::HandlerFailed, &self.queue.deployment);
        waiting.lose(Loss::HandlerFailed, &self.queue.deployment);
    }
}
