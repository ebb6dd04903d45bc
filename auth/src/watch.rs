//! Open sessions: whoever holds one, as a stream or a socket does, hears when it ends.

use std::sync::{Arc, Weak};
use std::time::Duration;

use apply_cookies::UnixMillis;
use apply_cookies::replay::{
    Clock, RevocationDigest, RevocationListener, Revocations, SessionCheck, Standing,
};
use dashmap::DashMap;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

/// How often a session of a store that other processes share is looked up: a message of another
/// process can be lost.
const EVERY: Duration = Duration::from_secs(2);

/// How long the store may be silent. After that nobody knows whether the session is over.
const SILENCE: Duration = Duration::from_secs(10);

/// Why a session has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ended {
    /// Its time is over.
    Expired,
    /// A sign-out, here or elsewhere, or a revocation.
    Revoked,
    /// The store of revocations has not answered for ten seconds, or no longer knows.
    Unknown,
}

/// The rest of a session's life, for who holds it open.
#[derive(Clone)]
pub(crate) struct Life(Arc<(Arc<Watch>, SessionCheck, UnixMillis)>);

impl Life {
    pub(crate) fn new(watch: Arc<Watch>, session: SessionCheck, end: UnixMillis) -> Self {
        Self(Arc::new((watch, session, end)))
    }

    /// When it ends by itself.
    pub(crate) fn ends_at(&self) -> UnixMillis {
        self.0.2
    }

    /// Ready once it has ended.
    pub(crate) async fn ended(&self) -> Ended {
        let (watch, session, end) = &*self.0;
        watch.ended(session, *end).await
    }
}

/// Those who wait for the end of a session, by what it belongs to.
pub(crate) struct Watch {
    revocations: Arc<dyn Revocations>,
    clock: Clock,
    waiting: DashMap<RevocationDigest, Vec<Arc<Notify>>>,
}

impl Watch {
    pub(crate) fn new(revocations: Arc<dyn Revocations>, clock: Clock) -> Arc<Self> {
        let watch = Arc::new(Self {
            revocations,
            clock,
            waiting: DashMap::new(),
        });
        let listener: Weak<Self> = Arc::downgrade(&watch);
        watch.revocations.listen(listener);
        watch
    }

    /// Ready once this session, which ends at `end` by itself, has ended.
    pub(crate) async fn ended(&self, session: &SessionCheck, end: UnixMillis) -> Ended {
        let waiting = Waiting::new(self, session);
        let shared = session.scope.is_none();
        let mut heard = Instant::now();
        loop {
            // Looked up once it would be heard of, so that nothing falls between.
            match self.revocations.check(*session).await {
                Ok(Standing::Valid) => heard = Instant::now(),
                Ok(Standing::Revoked) => return Ended::Revoked,
                Ok(Standing::BeforeHorizon) => return Ended::Unknown,
                Err(_) if heard.elapsed() >= SILENCE => return Ended::Unknown,
                Err(_) => {}
            }
            let left = end.get().saturating_sub(self.clock.now().get());
            if left == 0 {
                return Ended::Expired;
            }
            let mut pause = Duration::from_millis(left);
            if shared || heard.elapsed() > Duration::ZERO {
                pause = pause.min(EVERY);
            }
            // An end of the pause is no error: it is looked up again.
            let _ = timeout(pause, waiting.notify.notified()).await;
        }
    }
}

impl RevocationListener for Watch {
    fn revoked(&self, digest: RevocationDigest, _: UnixMillis) {
        if let Some(waiting) = self.waiting.get(&digest) {
            for one in waiting.iter() {
                one.notify_one();
            }
        }
    }
}

/// One who waits, for as long as it does.
struct Waiting<'w> {
    watch: &'w Watch,
    session: SessionCheck,
    notify: Arc<Notify>,
}

impl<'w> Waiting<'w> {
    fn new(watch: &'w Watch, session: &SessionCheck) -> Self {
        let notify = Arc::new(Notify::new());
        for subject in session.subjects.iter() {
            let mut waiting = watch.waiting.entry(subject.digest()).or_default();
            waiting.push(notify.clone());
        }
        Self {
            watch,
            session: *session,
            notify,
        }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        for subject in self.session.subjects.iter() {
            let digest = subject.digest();
            self.watch.waiting.remove_if_mut(&digest, |_, waiting| {
                waiting.retain(|one| !Arc::ptr_eq(one, &self.notify));
                waiting.is_empty()
            });
        }
    }
}
