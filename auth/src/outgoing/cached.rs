//! A document of a provider, kept for as long as it says, and fetched again when something is missing
//! from it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use apply_cookies::UnixMillis;
use tokio::sync::watch;
use tokio::time::timeout;
use url::Url;

use super::{Outgoing, Reply, Unreachable};

/// How long a document is used, and how often it is fetched. In milliseconds.
#[derive(Clone, Copy)]
pub(crate) struct Bounds {
    /// How long a fetch may take. None takes more than 5 s.
    pub(crate) within: u64,
    /// A document is fresh for what `Cache-Control` says, but for so long at least, and at most.
    pub(crate) fresh: (u64, u64),
    /// For this long after that it is used while a new one is fetched. Later everybody waits for the new one:
    /// a key may have been removed from it.
    pub(crate) grace: u64,
    /// For this long after that it is used while the provider cannot be reached.
    pub(crate) away: u64,
    /// One fetch in this time, for each budget.
    pub(crate) between: u64,
}

/// Those of a provider's own documents.
pub(crate) const DOCUMENT: Bounds = Bounds {
    within: 5 * 1000,
    fresh: (5 * 60 * 1000, 24 * 60 * 60 * 1000),
    grace: 5 * 60 * 1000,
    away: 24 * 60 * 60 * 1000,
    between: 30 * 1000,
};

/// Where a token came from for which something is missing from a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Budget {
    /// Anybody can present such a token.
    Open,
    /// We got it from the provider itself. It has a budget of its own, which tokens that anybody makes up
    /// cannot spend.
    Fetched,
}

/// A document at an address. Clones share it.
pub(crate) struct Cached<T>(Arc<Inner<T>>);

impl<T> Clone for Cached<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// Reads the document, or says for the log what is wrong with it.
type Read<T> = Box<dyn Fn(&[u8]) -> Result<T, String> + Send + Sync>;

struct Inner<T> {
    url: Url,
    outgoing: Outgoing,
    read: Read<T>,
    state: Mutex<State<T>>,
}

struct State<T> {
    bounds: Bounds,
    latest: Option<Latest<T>>,
    /// When the latest fetch began, if it failed, and why.
    failed: Option<(UnixMillis, Unreachable)>,
    /// When the latest fetch began that was paid by the budget for all tokens, and by that for fetched tokens.
    paid: [Option<UnixMillis>; 2],
    /// Closed when the fetch is over, or its task is gone.
    flight: Option<watch::Receiver<()>>,
}

struct Latest<T> {
    document: Arc<T>,
    from: UnixMillis,
    until: UnixMillis,
}

impl<T: Send + Sync + 'static> Cached<T> {
    pub(crate) fn new(
        url: Url,
        outgoing: Outgoing,
        bounds: Bounds,
        read: impl Fn(&[u8]) -> Result<T, String> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(Inner {
            url,
            outgoing,
            read: Box::new(read),
            state: Mutex::new(State {
                bounds,
                latest: None,
                failed: None,
                paid: [None; 2],
                flight: None,
            }),
        }))
    }

    /// The document. Waits for a fetch only if there is none that may be used.
    pub(crate) async fn get(&self, budget: Budget, now: UnixMillis) -> Result<Arc<T>, Unreachable> {
        let flight = {
            let mut state = self.0.state();
            let usable = state.usable(now);
            if let Some(document) = usable.as_ref().filter(|_| state.is_fresh(now)) {
                return Ok(Arc::clone(document));
            }
            let budgets: &[usize] = match budget {
                Budget::Open => &[ALL],
                Budget::Fetched => &[ALL, FETCHED],
            };
            let flight = self.flight(&mut state, budgets, now);
            match (usable, flight) {
                (Some(document), _) if state.need_not_wait(now) => return Ok(document),
                (Some(document), None) => return Ok(document),
                (None, None) => return Err(state.failure()),
                (_, Some(flight)) => flight,
            }
        };
        over(flight).await;
        let state = self.0.state();
        state.usable(now).ok_or_else(|| state.failure())
    }

    /// A newer one than this, from which something is missing. `None` if there has been a fetch so recently
    /// that there will not be another now.
    pub(crate) async fn newer(
        &self,
        than: &Arc<T>,
        budget: Budget,
        now: UnixMillis,
    ) -> Result<Option<Arc<T>>, Unreachable> {
        let newer = |state: &State<T>| {
            let usable = state.usable(now);
            usable.filter(|document| !Arc::ptr_eq(document, than))
        };
        let flight = {
            let mut state = self.0.state();
            if let Some(document) = newer(&state) {
                return Ok(Some(document));
            }
            // Its own budget first: what refreshes the document must not leave it empty.
            let budgets: &[usize] = match budget {
                Budget::Open => &[ALL],
                Budget::Fetched => &[FETCHED, ALL],
            };
            match (self.flight(&mut state, budgets, now), &state.failed) {
                (Some(flight), _) => flight,
                (None, Some((_, why))) => return Err(why.clone()),
                (None, None) => return Ok(None),
            }
        };
        over(flight).await;
        let state = self.0.state();
        newer(&state).map(Some).ok_or_else(|| state.failure())
    }

    /// The fetch that is under way, or a new one if one of these budgets pays for it. It is a task of its
    /// own, so that it goes on when whoever began it has gone.
    fn flight(
        &self,
        state: &mut State<T>,
        budgets: &[usize],
        now: UnixMillis,
    ) -> Option<watch::Receiver<()>> {
        let is_under_way = |flight: &&watch::Receiver<()>| flight.has_changed().is_ok();
        if let Some(flight) = state.flight.as_ref().filter(is_under_way) {
            return Some(flight.clone());
        }
        let between = state.bounds.between;
        let mut budgets = state.paid.iter_mut().enumerate().filter(|(place, paid)| {
            let is_free = |last: UnixMillis| last.get().abs_diff(now.get()) >= between;
            budgets.contains(place) && paid.is_none_or(is_free)
        });
        let (_, paid) = budgets.next()?;
        *paid = Some(now);
        let (landed, flight) = watch::channel(());
        let inner = Arc::clone(&self.0);
        tokio::spawn(async move {
            inner.fetch(now).await;
            drop(landed);
        });
        Some(state.flight.insert(flight).clone())
    }
}

const ALL: usize = 0;
const FETCHED: usize = 1;

async fn over(mut flight: watch::Receiver<()>) {
    // Nothing is ever sent: this waits until the sender is gone.
    let _closed = flight.changed().await;
}

impl<T> Inner<T> {
    /// A panic elsewhere leaves nothing half done here.
    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn fetch(&self, now: UnixMillis) {
        let bounds = self.state().bounds;
        let within = Duration::from_millis(bounds.within);
        let fetched = timeout(within, self.outgoing.get(&self.url, None)).await;
        let fetched = fetched.unwrap_or_else(|_| {
            let why = format!("no answer within {} s", within.as_secs());
            Err(Unreachable::because(why))
        });
        let read = fetched.and_then(|reply| match reply.status() {
            200 => (self.read)(reply.body())
                .map(|document| (document, freshness(&reply, bounds.fresh)))
                .map_err(Unreachable::because),
            status => Err(Unreachable::because(format!("status {status}"))),
        });
        let mut state = self.state();
        match read {
            Ok((document, fresh)) => {
                state.failed = None;
                state.latest = Some(Latest {
                    document: Arc::new(document),
                    from: now,
                    until: now.plus(fresh),
                });
            }
            Err(why) => state.failed = Some((now, why)),
        }
    }
}

fn freshness(reply: &Reply, (least, most): (u64, u64)) -> u64 {
    let said = reply.max_age().unwrap_or(Duration::ZERO).as_millis();
    u64::try_from(said).unwrap_or(u64::MAX).clamp(least, most)
}

impl<T> State<T> {
    fn usable(&self, now: UnixMillis) -> Option<Arc<T>> {
        let latest = self.latest.as_ref()?;
        // As long before it was fetched as after: a clock that was set back makes no document last.
        let age = now.get().abs_diff(latest.from.get());
        let last = latest.until.plus(self.bounds.away).get() - latest.from.get();
        (age < last).then(|| Arc::clone(&latest.document))
    }

    fn is_fresh(&self, now: UnixMillis) -> bool {
        // Readings of requests that run at once differ a little; more is a clock that was set back.
        let between = self.bounds.between;
        let fresh = |latest: &Latest<T>| now.plus(between) >= latest.from && now < latest.until;
        self.latest.as_ref().is_some_and(fresh)
    }

    /// Whether a stale document will do while a new one is fetched: it has just become stale, or the
    /// provider is known to be away.
    fn need_not_wait(&self, now: UnixMillis) -> bool {
        let Bounds { grace, between, .. } = self.bounds;
        let just = |latest: &Latest<T>| now < latest.until.plus(grace);
        let away = |(at, _): &(UnixMillis, _)| at.get().abs_diff(now.get()) < 2 * between;
        self.latest.as_ref().is_some_and(just) || self.failed.as_ref().is_some_and(away)
    }

    fn failure(&self) -> Unreachable {
        match &self.failed {
            Some((_, why)) => why.clone(),
            None => Unreachable::because("the fetch was cut off"),
        }
    }
}
