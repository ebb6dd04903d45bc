//! The receipt, which says whether a handler's cookies were given out.

use std::collections::BTreeMap;
use std::fmt;
use std::future::{Future, IntoFuture};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// The outcome of pushed cookies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// The server has given the cookies out, in the answer to the page's POST or in the headers
    /// of the response itself. This does not prove that the browser has stored them: the answer can
    /// be lost on its way, and the browser can refuse a cookie.
    Released,
    /// The same for the cookies of a sign-out, but its barrier could not be raised: for the lifetime
    /// of a token, a sign-in that is on its way can undo it.
    ReleasedWithoutBarrier,
    /// The cookies travel, and nobody will know whether they arrive: more tokens are in flight than
    /// this process can follow.
    Unknown,
    /// The token expired, and this process has not heard that it was redeemed: the page was closed,
    /// was offline, or was refused. Also if a handler waits that long for cookies that nothing has
    /// taken yet. Settles within a second of the expiry.
    Expired,
    /// The cookies could not reach the page: the handler failed, or the stream ended first.
    Undeliverable,
}

/// Says what became of pushed cookies: `receipt.await`. Dropping it changes nothing.
///
/// It settles in the process that minted their token. If another process redeems the token, both
/// must share a replay store that reports claims; otherwise the receipt ends as
/// [`Outcome::Expired`]. A POST that is refused settles nothing. No receipt waits longer than the
/// token lives.
///
/// Do not await it in a handler that has yet to answer: it would wait for itself until it expires.
///
/// If the cookies travel in several tokens, it waits for all of them, and the worst outcome counts.
///
/// ```
/// use apply_cookies::{Event, Outcome, PendingCookies, SetCookie};
/// use apply_cookies::{Sse, Streamed};
/// # use futures_util::Stream;
///
/// fn events(cookies: PendingCookies) -> Streamed<impl Stream<Item = Event>, Sse> {
///     cookies.sse(|cookies| async_stream::stream! {
///         match cookies.set(SetCookie::new("session", "8f14e45f")) {
///             Ok(receipt) => match receipt.await {
///                 Outcome::Released => yield Event::data("welcome"),
///                 _ => yield Event::data("please sign in again"),
///             },
///             Err(error) => yield Event::data(error.to_string()),
///         }
///     })
/// }
/// ```
#[derive(Clone)]
pub struct Receipt {
    state: Arc<ReceiptState>,
}

impl Receipt {
    pub(crate) const fn new(state: Arc<ReceiptState>) -> Self {
        Self { state }
    }

    /// The outcome, if it is already known.
    #[must_use]
    pub fn outcome(&self) -> Option<Outcome> {
        self.state.lock().outcome()
    }

    /// The outcome as a future, for places where `.await` alone is not enough, such as `select!`.
    pub fn settled(self) -> Settled {
        Settled {
            state: self.state,
            place: None,
        }
    }
}

impl IntoFuture for Receipt {
    type Output = Outcome;
    type IntoFuture = Settled;

    fn into_future(self) -> Settled {
        self.settled()
    }
}

impl fmt::Debug for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Receipt").field(&self.outcome()).finish()
    }
}

/// Made by [`Receipt::settled`].
#[must_use = "futures do nothing unless they are awaited"]
pub struct Settled {
    state: Arc<ReceiptState>,
    /// The key of its waker.
    place: Option<u64>,
}

impl Future for Settled {
    type Output = Outcome;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Outcome> {
        let this = &mut *self;
        this.state.begin_to_wait();
        let mut state = this.state.lock();
        if let Some(outcome) = state.outcome() {
            return Poll::Ready(outcome);
        }
        let place = *this.place.get_or_insert_with(|| {
            state.places += 1;
            state.places
        });
        // Dropped after the lock: its drop may lock again.
        let replaced = state.wakers.insert(place, context.waker().clone());
        drop(state);
        drop(replaced);
        Poll::Pending
    }
}

impl Drop for Settled {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            let waker = self.state.lock().wakers.remove(&place);
            drop(waker);
        }
    }
}

impl fmt::Debug for Settled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Settled(..)")
    }
}

/// Ends the wait for cookies that may never become a token.
pub(crate) trait Deadline: Send + Sync {
    /// From now on somebody waits for this.
    fn watch(self: Arc<Self>, state: &Arc<ReceiptState>);
}

/// The state behind receipts: of one token, or of operations that were pushed together and travel
/// in one or more tokens.
pub(crate) struct ReceiptState {
    state: Mutex<State>,
    of: Of,
}

enum Of {
    /// Everything that was pushed together.
    Whole(Arc<dyn Deadline>),
    /// One token of it.
    Token(Option<Arc<ReceiptState>>),
}

struct State {
    /// Parts that have no outcome yet.
    open: usize,
    worst: Outcome,
    /// It travels in tokens, which have their own expiry.
    sealed: bool,
    /// Somebody waits, and the deadline has been told.
    watched: bool,
    wakers: BTreeMap<u64, Waker>,
    places: u64,
}

impl State {
    fn outcome(&self) -> Option<Outcome> {
        (self.open == 0).then_some(self.worst)
    }
}

impl ReceiptState {
    /// The state of operations that are pushed together.
    pub(crate) fn of_whole(deadline: Arc<dyn Deadline>) -> Self {
        Self::new(Of::Whole(deadline))
    }

    /// The state of one token, which is part of a whole.
    pub(crate) fn of_token(whole: Option<Arc<Self>>) -> Self {
        Self::new(Of::Token(whole))
    }

    fn new(of: Of) -> Self {
        Self {
            state: Mutex::new(State {
                open: 1,
                worst: Outcome::Released,
                sealed: false,
                watched: false,
                wakers: BTreeMap::new(),
                places: 0,
            }),
            of,
        }
    }

    pub(crate) fn is_settled(&self) -> bool {
        self.lock().open == 0
    }

    /// Starts the deadline: nobody may wait longer than a token lives, even if no token is ever
    /// made. Most receipts are dropped at once, and then the deadline does no work.
    fn begin_to_wait(self: &Arc<Self>) {
        let Of::Whole(deadline) = &self.of else {
            return;
        };
        let mut state = self.lock();
        if state.sealed || state.open == 0 || std::mem::replace(&mut state.watched, true) {
            return;
        }
        drop(state);
        deadline.clone().watch(self);
    }

    /// Splits it into several parts. Called before any of them can settle.
    pub(crate) fn split(&self, parts: usize) {
        let mut state = self.lock();
        state.sealed = true;
        if state.open > 0 {
            state.open = parts;
        }
    }

    /// One part has its outcome. Once a part has settled, later outcomes are ignored.
    pub(crate) fn settle(&self, outcome: Outcome) {
        self.close(outcome, |state| state.open.saturating_sub(1));
    }

    /// Its time is over, unless it is sealed: then its tokens expire by themselves. Returns whether
    /// this settled it.
    pub(crate) fn expire_unsealed(&self) -> bool {
        self.close(
            Outcome::Expired,
            |state| {
                if state.sealed { state.open } else { 0 }
            },
        )
    }

    /// Returns whether this settled it.
    fn close(&self, outcome: Outcome, still_open: impl FnOnce(&State) -> usize) -> bool {
        let wakers = {
            let mut state = self.lock();
            let still_open = still_open(&state);
            if still_open == state.open {
                return false;
            }
            state.open = still_open;
            state.worst = state.worst.max(outcome);
            if state.open > 0 {
                return false;
            }
            std::mem::take(&mut state.wakers)
        };
        // Outside the lock: a waker may poll, or drop what it wakes. It is somebody else's code, and
        // who settles may be the one thread that writes a store's file: a panic ends here.
        for waker in wakers.into_values() {
            let _ = catch_unwind(AssertUnwindSafe(|| waker.wake()));
        }
        if let Of::Token(Some(whole)) = &self.of {
            whole.settle(outcome);
        }
        true
    }

    // Nothing between lock and unlock can panic halfway through a change.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::task::Wake;

    use super::*;

    struct Panics;

    impl Wake for Panics {
        fn wake(self: Arc<Self>) {
            panic!("on purpose");
        }
    }

    #[test]
    fn a_waker_that_panics_harms_neither_others_nor_who_settles() {
        let whole = Arc::new(ReceiptState::of_whole(Arc::new(Never)));
        whole.split(1);
        let part = Arc::new(ReceiptState::of_token(Some(whole.clone())));
        let mut waiting = [&part, &whole].map(|state| Receipt::new(state.clone()).settled());
        let waker = Waker::from(Arc::new(Panics));
        for settled in &mut waiting {
            let polled = Pin::new(settled).poll(&mut Context::from_waker(&waker));
            assert!(polled.is_pending());
        }
        part.settle(Outcome::Released);
        assert_eq!(Receipt::new(whole).outcome(), Some(Outcome::Released));
    }

    struct Never;

    impl Deadline for Never {
        fn watch(self: Arc<Self>, _: &Arc<ReceiptState>) {}
    }

    #[test]
    fn a_part_keeps_its_first_outcome_and_the_whole_takes_the_worst() {
        let whole = Arc::new(ReceiptState::of_whole(Arc::new(Never)));
        let receipt = Receipt::new(whole.clone());
        whole.split(2);
        let [first, second] = [0, 1].map(|_| ReceiptState::of_token(Some(whole.clone())));
        first.settle(Outcome::Released);
        first.settle(Outcome::Undeliverable);
        assert_eq!(receipt.outcome(), None);
        second.settle(Outcome::Expired);
        second.settle(Outcome::Released);
        assert_eq!(receipt.outcome(), Some(Outcome::Expired));
    }
}
