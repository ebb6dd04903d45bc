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
    /// The token's time passed, and this process has not heard that it was redeemed: the page was
    /// closed, was offline, or was refused. Also when so much time passed before a token could be
    /// made. Said within a second of that end.
    Expired,
    /// There was no way to the page: the handler failed, or the stream ended first. Of a sign-out
    /// on an ordinary response: its cookies have left, and its barrier could not be raised.
    Undeliverable,
}

/// Tells what became of cookies that were pushed: `receipt.await`.
///
/// It settles in the process that minted their token, also when another process redeems it, if
/// both share a replay store that tells them; with a store that does not, it ends as
/// [`Outcome::Expired`]. A POST that is refused settles nothing, and nothing waits longer than the
/// token lives. Dropping a receipt changes nothing.
///
/// Where the cookies travel in several tokens it waits for all of them, and the worst outcome
/// counts.
///
/// ```
/// # use actix_web::HttpResponse;
/// use apply_cookies::{Event, Outcome, PendingCookies, SetCookie};
///
/// async fn events(pending: PendingCookies) -> HttpResponse {
///     let cookies = pending.clone();
///     pending.sse(async_stream::stream! {
///         match cookies.batch().set(SetCookie::new("session", "8f14e45f")).push() {
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
    slip: Arc<Slip>,
}

impl Receipt {
    pub(crate) const fn new(slip: Arc<Slip>) -> Self {
        Self { slip }
    }

    /// The outcome, if it is known already.
    #[must_use]
    pub fn outcome(&self) -> Option<Outcome> {
        self.slip.lock().outcome()
    }

    /// The outcome as a future, where `.await` alone does not do, as in `select!`.
    pub fn settled(self) -> Settled {
        Settled {
            slip: self.slip,
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
    slip: Arc<Slip>,
    /// Where its waker is kept.
    place: Option<u64>,
}

impl Future for Settled {
    type Output = Outcome;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Outcome> {
        let this = &mut *self;
        let mut state = this.slip.lock();
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
            let waker = self.slip.lock().wakers.remove(&place);
            drop(waker);
        }
    }
}

impl fmt::Debug for Settled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Settled(..)")
    }
}

/// The state behind receipts: of one token, or of what was pushed together and travels in one
/// token or several.
pub(crate) struct Slip {
    state: Mutex<State>,
    /// That of the whole to which a token belongs.
    whole: Option<Arc<Self>>,
}

struct State {
    /// Parts that have no outcome yet.
    open: usize,
    worst: Outcome,
    /// It travels, in tokens that have an end of their own.
    sealed: bool,
    wakers: BTreeMap<u64, Waker>,
    places: u64,
}

impl State {
    fn outcome(&self) -> Option<Outcome> {
        (self.open == 0).then_some(self.worst)
    }
}

impl Slip {
    pub(crate) fn new(whole: Option<Arc<Self>>) -> Self {
        Self {
            state: Mutex::new(State {
                open: 1,
                worst: Outcome::Released,
                sealed: false,
                wakers: BTreeMap::new(),
                places: 0,
            }),
            whole,
        }
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

    /// Its time is over. What is sealed has an end of its own. Tells whether that settled it.
    pub(crate) fn expire_unsealed(&self) -> bool {
        self.close(
            Outcome::Expired,
            |state| {
                if state.sealed { state.open } else { 0 }
            },
        )
    }

    /// Tells whether this settled it.
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
        if let Some(whole) = &self.whole {
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

    #[test]
    fn the_first_word_on_a_part_counts_and_the_worst_part_on_the_whole() {
        let whole = Arc::new(Slip::new(None));
        let receipt = Receipt::new(whole.clone());
        whole.split(2);
        let [first, second] = [0, 1].map(|_| Slip::new(Some(whole.clone())));
        first.settle(Outcome::Released);
        first.settle(Outcome::Undeliverable);
        assert_eq!(receipt.outcome(), None);
        second.settle(Outcome::Expired);
        second.settle(Outcome::Released);
        assert_eq!(receipt.outcome(), Some(Outcome::Expired));
    }
}
