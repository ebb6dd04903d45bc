//! Open sessions: whoever holds one, as a stream or a socket does, hears when it ends.

use std::sync::Arc;
use std::time::Duration;

use apply_cookies::UnixMillis;
use apply_cookies::replay::{
    RevocationDigest, RevocationListener, SessionCheck, Standing, Subject,
};
use dashmap::DashMap;
use tokio::sync::{Mutex, watch};
use tokio::time::{Instant, timeout};

use crate::identity::Ended;
use crate::session::Session;

/// How often whoever waits looks around: a message of another process can be lost, and the clock set.
pub(crate) const EVERY: Duration = Duration::from_secs(2);

/// How long the store of revocations may be silent. After that nobody knows whether a session is over.
pub(crate) const SILENCE: Duration = Duration::from_secs(10);

/// A session that somebody holds open.
pub(crate) struct Open {
    pub(crate) session: Arc<Session>,
    pub(crate) check: SessionCheck,
    state: watch::Sender<State>,
}

struct State {
    /// When the store last said that it is valid.
    heard: Instant,
    /// When the latest copy of its cookie ends, as far as this process knows.
    end: UnixMillis,
    ended: Option<Ended>,
}

impl Open {
    pub(crate) fn new(session: Arc<Session>, check: &SessionCheck, end: UnixMillis) -> Self {
        Self {
            session,
            check: *check,
            state: watch::Sender::new(State {
                heard: Instant::now(),
                end,
                ended: None,
            }),
        }
    }

    /// Ready once it has ended. Looks around every now and then.
    pub(crate) async fn ended(&self, now: impl Fn() -> UnixMillis, look: impl Fn()) -> Ended {
        let mut changes = self.state.subscribe();
        loop {
            let left = {
                let state = changes.borrow_and_update();
                let left = state.end.get().saturating_sub(now().get());
                let unknown = (state.heard.elapsed() >= SILENCE).then_some(Ended::Unknown);
                let expired = (left == 0).then_some(Ended::Expired);
                if let Some(why) = state.ended.or(expired).or(unknown) {
                    return why;
                }
                Duration::from_millis(left)
            };
            look();
            // The end of the pause is no error.
            let _ = timeout(left.min(EVERY), changes.changed()).await;
        }
    }

    pub(crate) fn end(&self, why: Ended) {
        self.state.send_modify(|state| {
            state.ended.get_or_insert(why);
        });
    }

    /// The store of revocations has answered.
    pub(crate) fn heard(&self, standing: Standing) {
        match standing {
            Standing::Valid => drop(self.state.send_if_modified(|state| {
                state.heard = Instant::now();
                false
            })),
            Standing::Revoked => self.end(Ended::Revoked),
            Standing::BeforeHorizon => self.end(Ended::Unknown),
        }
    }
}

/// Those that are open, by each thing that they belong to.
pub(crate) struct Watch {
    open: DashMap<RevocationDigest, Vec<Arc<Open>>>,
    pub(crate) of_store: Turn,
    #[cfg(feature = "password")]
    pub(crate) of_accounts: Turn,
    #[cfg(feature = "providers")]
    pub(crate) of_gate: Turn,
}

impl Watch {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            open: DashMap::new(),
            of_store: Turn::new(),
            #[cfg(feature = "password")]
            of_accounts: Turn::new(),
            #[cfg(feature = "providers")]
            of_gate: Turn::new(),
        })
    }

    pub(crate) fn add(&self, open: &Arc<Open>) {
        for subject in open.check.subjects.iter() {
            let mut open_ones = self.open.entry(subject.digest()).or_default();
            open_ones.push(open.clone());
        }
    }

    pub(crate) fn remove(&self, open: &Arc<Open>) {
        for subject in open.check.subjects.iter() {
            self.open.remove_if_mut(&subject.digest(), |_, open_ones| {
                open_ones.retain(|one| !Arc::ptr_eq(one, open));
                open_ones.is_empty()
            });
        }
    }

    fn of(&self, digest: RevocationDigest) -> Vec<Arc<Open>> {
        (self.open.get(&digest)).map_or_else(Vec::new, |open| open.clone())
    }

    /// An open session of this browser.
    pub(crate) fn in_browser(&self, binding: [u8; 16]) -> Option<Session> {
        let open = self.of(RevocationDigest::from_bytes(binding)).pop()?;
        Some((*open.session).clone())
    }

    /// Each of them, once.
    pub(crate) fn all(&self) -> Vec<Arc<Open>> {
        let entries = self.open.iter();
        let alone = |open: &&Arc<Open>, digest| open.session.alone().digest() == digest;
        entries
            .flat_map(|entry| {
                let open = entry
                    .value()
                    .iter()
                    .filter(|open| alone(open, *entry.key()));
                open.cloned().collect::<Vec<_>>()
            })
            .collect()
    }

    /// A copy of a session's cookie was written that ends then.
    pub(crate) fn renewed(&self, session: &Session, end: UnixMillis) {
        for open in self.of(session.alone().digest()) {
            open.state
                .send_modify(|state| state.end = state.end.max(end));
        }
    }
}

impl RevocationListener for Watch {
    fn revoked(&self, digest: RevocationDigest, at: UnixMillis) {
        for open in self.of(digest) {
            let is_over = |subject: Subject| {
                subject.digest() == digest && subject.is_over(open.check.since, at)
            };
            if open.check.subjects.iter().any(is_over) {
                open.end(Ended::Revoked);
            }
        }
    }
}

/// A round that one waiter starts for all of them. It runs in a task of its own, because that waiter may
/// be gone before the round ends.
pub(crate) struct Turn(Arc<Mutex<Instant>>);

impl Turn {
    fn new() -> Self {
        Self(Arc::new(Mutex::new(Instant::now())))
    }

    /// Begins a round if the last one has ended, and began this long ago.
    pub(crate) fn take<F>(&self, every: Duration, round: impl FnOnce() -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        if let Ok(mut last) = self.0.clone().try_lock_owned()
            && last.elapsed() >= every
        {
            *last = Instant::now();
            let round = round();
            tokio::spawn(async move {
                round.await;
                drop(last);
            });
        }
    }
}
