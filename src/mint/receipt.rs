//! What tells a handler that its cookies were given out.

use std::collections::BTreeMap;
use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// What became of cookies that were pushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// The server has given the cookies out, in the answer to the page's POST or in the headers
    /// of the response itself. Not a proof that the browser has stored them: the answer can be
    /// lost on its way, and the browser can refuse a cookie.
    Released,
    /// The cookies of a sign-out have left with an ordinary response, and its barrier could not be
    /// raised: for the lifetime of a token, a sign-in that is under way can undo it.
    ReleasedWithoutBarrier,
    /// The token's time passed, and this process has not heard that it was redeemed: the page was
    /// closed, was offline, or was refused. Also when a handler waits that long for cookies that
    /// nothing has taken yet. Settled within a second of that end.
    Expired,
    /// There was no way to the page: the handler failed, or the stream ended first.
    Undeliverable,
}

/// Says what became of cookies that were pushed: `receipt.await`. Dropping it changes nothing.
///
/// It settles in the process that minted their token, also when another process redeems it, if
/// both share a replay store that reports claims; with a store that does not, it ends as
/// [`Outcome::Expired`]. A POST that is refused settles nothing, and nothing waits longer than the
/// token lives.
///
/// Where the cookies travel in several tokens it waits for all of them, and the worst outcome
/// counts.
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

    /// The outcome, if it is known already.
    #[must_use]
    pub fn outcome(&self) -> Option<Outcome> {
        self.state.lock().outcome()
    }

    /// The outcome as a future, where `.await` alone does not do, as in `select!`.
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
    /// Where its waker is kept.
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
        // Dropped behind the lock: it may own what locks again.
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

/// Who ends the wait for cookies that may never become a token.
pub(crate) trait Deadline: Send + Sync {
    /// Somebody waits for this from now on.
    fn watch(self: Arc<Self>, state: &Arc<ReceiptState>);
}

/// The state behind receipts: of one token, or of what was pushed together and travels in one
/// token or several.
pub(crate) struct ReceiptState {
    state: Mutex<State>,
    of: Of,
}

enum Of {
    /// What was pushed together.
    Whole(Arc<dyn Deadline>),
    /// One token of it.
    Token(Option<Arc<ReceiptState>>),
}

struct State {
    /// Parts that have no outcome yet.
    open: usize,
    worst: Outcome,
    /// It travels, in tokens that have an end of their own.
    sealed: bool,
    /// Somebody waits, and the deadline knows.
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
    /// That of what is pushed together.
    pub(crate) fn of_whole(deadline: Arc<dyn Deadline>) -> Self {
        Self::new(Of::Whole(deadline))
    }

    /// That of one token, and of the whole that it is a part of.
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

    /// Nobody may wait for longer than a token lives, for a token that is never made. Most
    /// receipts are dropped at once, and cost the deadline nothing.
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

    /// What was one part travels as several. Called before any of them can settle.
    pub(crate) fn split(&self, parts: usize) {
        let mut state = self.lock();
        state.sealed = true;
        if state.open > 0 {
            state.open = parts;
        }
    }

    /// One part has its outcome. Later words on a part that has settled do not count.
    pub(crate) fn settle(&self, outcome: Outcome) {
        self.close(outcome, |state| state.open.saturating_sub(1));
    }

    /// Its time is over. What is sealed has an end of its own. Returns whether that settled it.
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
        // Outside the lock: a waker may poll, or drop what it wakes.
        wakers.into_values().for_each(Waker::wake);
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
    use super::*;

    struct Never;

    impl Deadline for Never {
        fn watch(self: Arc<Self>, _: &Arc<ReceiptState>) {}
    }

    #[test]
    fn the_first_word_on_a_part_counts_and_the_worst_part_on_the_whole() {
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
