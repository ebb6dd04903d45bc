//! What tells a handler that its cookies were given out.

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
    /// closed, was offline, or was refused. Said within a second of the token's end.
    Expired,
    /// There was no way to the page: the handler failed, or the stream ended first.
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
        Settled { slip: self.slip }
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
}

impl Future for Settled {
    type Output = Outcome;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Outcome> {
        let mut state = self.slip.lock();
        if let Some(outcome) = state.outcome() {
            return Poll::Ready(outcome);
        }
        if !(state.wakers.iter()).any(|known| known.will_wake(context.waker())) {
            state.wakers.push(context.waker().clone());
        }
        Poll::Pending
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
    wakers: Vec<Waker>,
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
                wakers: Vec::new(),
            }),
            whole,
        }
    }

    /// What was one part travels as several. Called before any of them can settle.
    pub(crate) fn split(&self, parts: usize) {
        self.lock().open = parts;
    }

    /// One part has its outcome. Later words on a part that has settled do not count.
    pub(crate) fn settle(&self, outcome: Outcome) {
        let wakers = {
            let mut state = self.lock();
            if state.open == 0 {
                return;
            }
            state.open -= 1;
            state.worst = state.worst.max(outcome);
            if state.open > 0 {
                return;
            }
            std::mem::take(&mut state.wakers)
        };
        // Outside the lock: a waker may poll, or drop what it wakes.
        wakers.into_iter().for_each(Waker::wake);
        if let Some(whole) = &self.whole {
            whole.settle(outcome);
        }
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
