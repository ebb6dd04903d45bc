//! A plain store that keeps the contract, unless a fault breaks it.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, Weak};
use std::time::Duration;

use apply_cookies_protocol::limits::SKEW_MS;
use apply_cookies_protocol::{StoreScope, UnixMillis};
use apply_cookies_replay::conformance::revocations::StoreMaker;
use apply_cookies_replay::{
    Clock, HorizonFuture, Listeners, MARGIN_MS, MomentFuture, Revocation, RevocationDigest,
    RevocationListener, Revocations, SessionCheck, Standing, StandingFuture, StandingsFuture,
    StoreError, Subject,
};

use crate::fault::Fault;

pub(crate) struct Maker(pub(crate) Option<Fault>);

impl StoreMaker for Maker {
    type Store = Store;

    fn make(&self, clock: Clock) -> Store {
        Store {
            fault: self.0,
            horizon: clock.now(),
            clock,
            scope: StoreScope::from_random([7; 16]),
            capacity: usize::MAX,
            memory: Mutex::default(),
            listeners: Listeners::default(),
        }
    }

    fn make_small(&self, clock: Clock) -> Option<Store> {
        let capacity = 21;
        Some(Store {
            capacity,
            ..self.make(clock)
        })
    }

    fn reopen(&self, mut store: Store, clock: Clock) -> Option<Store> {
        store.clock = clock;
        store.listeners = Listeners::default();
        let memory = store.memory.get_mut().unwrap();
        match self.0 {
            Some(Fault::ForgetsWhenClosed) => memory.revoked.clear(),
            Some(Fault::TimeBeginsAnewWhenReopened) => memory.latest = UnixMillis::EPOCH,
            _ => {}
        }
        Some(store)
    }

    fn races(&self) -> u64 {
        300
    }
}

pub(crate) struct Store {
    fault: Option<Fault>,
    clock: Clock,
    horizon: UnixMillis,
    scope: StoreScope,
    capacity: usize,
    memory: Mutex<Memory>,
    listeners: Listeners<dyn RevocationListener>,
}

struct Memory {
    revoked: HashMap<Vec<u8>, Entry>,
    /// The latest moment that was given out.
    latest: UnixMillis,
    /// Something was revoked at it.
    is_revoked: bool,
    /// The latest moment of an entry that is forgotten.
    forgotten: Option<UnixMillis>,
    /// What was answered and not done.
    late: Vec<(RevocationDigest, UnixMillis)>,
    waiting: Option<(Revocation, UnixMillis)>,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            revoked: HashMap::new(),
            latest: UnixMillis::EPOCH,
            is_revoked: false,
            forgotten: None,
            late: Vec::new(),
            waiting: None,
        }
    }
}

#[derive(Clone, Copy)]
struct Entry {
    at: UnixMillis,
    ends_at: UnixMillis,
}

impl Store {
    fn has(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    fn lock(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap()
    }

    fn key(&self, digest: RevocationDigest) -> Vec<u8> {
        let mut bytes = digest.to_bytes().to_vec();
        match self.fault {
            Some(Fault::ComparesHalf) => bytes.truncate(8),
            Some(Fault::ComparesCaselessly) => bytes.make_ascii_lowercase(),
            Some(Fault::RevokesEverybody) => bytes.clear(),
            _ => {}
        }
        bytes
    }

    fn begin(&self) -> UnixMillis {
        let now = self.clock.now();
        if self.has(Fault::TimeGoesBack) {
            return now;
        }
        let mut memory = self.lock();
        if memory.is_revoked && !self.has(Fault::SessionBeginsInItsMillisecond) {
            memory.latest = memory.latest.plus(1);
        }
        memory.is_revoked = false;
        memory.latest = now.max(memory.latest);
        memory.latest
    }

    fn moment_of_revocation(&self, memory: &mut Memory) -> UnixMillis {
        let now = self.clock.now();
        if self.has(Fault::RevokesByTheClock) {
            return now;
        }
        memory.latest = now.max(memory.latest);
        memory.is_revoked = true;
        memory.latest
    }

    fn forget(&self, memory: &mut Memory) {
        if self.has(Fault::NeverMakesRoom) {
            return;
        }
        let now = self.clock.now();
        memory.latest = now.max(memory.latest);
        let kept = match self.fault {
            Some(Fault::ForgetsAtTheEnd) => 0,
            _ => SKEW_MS + MARGIN_MS,
        };
        let past = match self.fault {
            Some(Fault::ForgetsHalfWay) => now.plus(1_800_000),
            _ => now.minus(kept),
        };
        let forgotten = memory
            .revoked
            .values()
            .filter(|entry| entry.ends_at <= past);
        if !self.has(Fault::ForgetsThatItForgot) {
            memory.forgotten = forgotten.map(|entry| entry.at).max().max(memory.forgotten);
        }
        memory.revoked.retain(|_, entry| entry.ends_at > past);
    }

    fn record(&self, memory: &mut Memory, subject: Subject, at: UnixMillis, ends_at: UnixMillis) {
        let new = Entry { at, ends_at };
        let kept = memory
            .revoked
            .entry(self.key(subject.digest()))
            .or_insert(new);
        match self.fault {
            Some(Fault::EarlierReplacesLater) => kept.at = at,
            Some(Fault::KeepsTheFirstMoment) => {}
            _ => kept.at = at.max(kept.at),
        }
        kept.ends_at = ends_at.max(kept.ends_at);
    }

    fn revoke_now(&self, revocation: &Revocation) -> Result<UnixMillis, StoreError> {
        let mut memory = self.lock();
        self.forget(&mut memory);
        let moment = self.moment_of_revocation(&mut memory);
        let at = match (revocation.at, self.fault) {
            (None, _) | (_, Some(Fault::IgnoresTheGivenMoment)) => moment,
            (Some(at), Some(Fault::BelievesTheFuture)) => at,
            (Some(at), _) => at.min(moment),
        };
        let ends_at = moment.plus(revocation.longest.as_millis());
        let is_known = |memory: &Memory, subject: Subject| {
            let known = memory.revoked.get(&self.key(subject.digest()));
            known.is_some_and(|entry| entry.at >= at) && !self.has(Fault::FullRefusesWhatIsKnown)
        };
        let subjects: Vec<_> = revocation.subjects.iter().collect();
        let fresh = subjects
            .iter()
            .filter(|subject| !is_known(&memory, **subject))
            .count();
        if memory.revoked.len() + fresh > self.capacity {
            match self.fault {
                Some(Fault::Evicts) => {
                    for _ in 0..fresh {
                        let oldest = memory.revoked.iter().min_by_key(|(_, entry)| entry.at);
                        let oldest = oldest.unwrap().0.clone();
                        memory.revoked.remove(&oldest);
                    }
                }
                Some(Fault::RecordsHalfWhenFull) => {
                    self.record(&mut memory, subjects[0], at, ends_at);
                    return Err(StoreError::Full);
                }
                _ => return Err(StoreError::Full),
            }
        }
        if self.has(Fault::AnswersBeforeRevoking)
            && let Some((earlier, at)) = memory.waiting.replace((*revocation, at))
        {
            for subject in earlier.subjects.iter() {
                self.record(&mut memory, subject, at, ends_at);
            }
            return Ok(at);
        }
        for (n, subject) in subjects.iter().enumerate() {
            if n > 0 && self.has(Fault::OneAfterTheOther) {
                drop(memory);
                std::thread::sleep(Duration::from_millis(2));
                memory = self.lock();
            }
            let at = match subject {
                Subject::Absolute(_) if !self.has(Fault::AbsoluteIsTimed) => moment,
                _ => at,
            };
            self.record(&mut memory, *subject, at, ends_at);
        }
        Ok(at)
    }

    fn tell(&self, revocation: &Revocation, at: UnixMillis) {
        let mut told: Vec<_> = revocation
            .subjects
            .iter()
            .map(|s| (s.digest(), at))
            .collect();
        match self.fault {
            Some(Fault::TellsNobody) => return,
            Some(Fault::TellsOfOneSubject) => told.truncate(1),
            Some(Fault::TellsLate) => told = std::mem::replace(&mut self.lock().late, told),
            _ => {}
        }
        for (digest, at) in told {
            self.listeners.tell(digest, at);
        }
    }

    fn judge(&self, session: &SessionCheck) -> Standing {
        let mut memory = self.lock();
        if !self.has(Fault::ForgetsAtTheEnd) {
            self.forget(&mut memory);
        }
        let own = Some(self.scope);
        let is_known = match self.fault {
            Some(Fault::NoHorizon) => session.scope.is_none() || session.scope == own,
            Some(Fault::HorizonWithoutSkew) if session.scope.is_none() => {
                session.since >= self.horizon
            }
            Some(Fault::HorizonForItsOwn) => {
                session.is_known(own, self.horizon) && session.since >= self.horizon.plus(SKEW_MS)
            }
            Some(Fault::AnyScope) => session.scope.is_some() || session.is_known(own, self.horizon),
            Some(Fault::ForeignScopeWithinHorizon) => {
                session.is_known(own, self.horizon) || session.since >= self.horizon.plus(SKEW_MS)
            }
            _ => session.is_known(own, self.horizon),
        };
        if !is_known || memory.forgotten.is_some_and(|at| session.since <= at) {
            return Standing::BeforeHorizon;
        }
        let count = match self.fault {
            Some(Fault::LooksAtTheFirstSubject) => 1,
            _ => 8,
        };
        let is_over = session.subjects.iter().take(count).any(|subject| {
            let Some(entry) = memory.revoked.get(&self.key(subject.digest())) else {
                return false;
            };
            match self.fault {
                Some(Fault::AbsoluteIsTimed) => entry.at >= session.since,
                Some(Fault::TimedIsAbsolute) => true,
                Some(Fault::SparesItsMillisecond) => {
                    subject.is_over(session.since.plus(1), entry.at)
                }
                _ => subject.is_over(session.since, entry.at),
            }
        });
        if is_over {
            Standing::Revoked
        } else {
            Standing::Valid
        }
    }
}

impl Revocations for Store {
    fn now(&self) -> MomentFuture<'_> {
        MomentFuture::ready(Ok(self.begin()))
    }

    fn revoke(&self, revocation: Revocation) -> MomentFuture<'_> {
        MomentFuture::new(async move {
            if self.has(Fault::HalfWhenGivenUp) {
                let first = Revocation::new(
                    revocation.subjects.iter().next().unwrap(),
                    revocation.longest,
                );
                self.revoke_now(&first)?;
            }
            let mut has_waited = false;
            std::future::poll_fn(|context| {
                if std::mem::replace(&mut has_waited, true) {
                    return std::task::Poll::Ready(());
                }
                context.waker().wake_by_ref();
                std::task::Poll::Pending
            })
            .await;
            let at = self.revoke_now(&revocation)?;
            self.tell(&revocation, at);
            Ok(at)
        })
    }

    fn check(&self, session: SessionCheck) -> StandingFuture<'_> {
        StandingFuture::ready(Ok(self.judge(&session)))
    }

    fn check_all(&self, sessions: &[SessionCheck]) -> StandingsFuture<'_> {
        let mut standings: Vec<_> = sessions.iter().map(|session| self.judge(session)).collect();
        match self.fault {
            Some(Fault::AnswersInAnotherOrder) => standings.reverse(),
            Some(Fault::AnswersForOneOfMany) => standings.truncate(1),
            _ => {}
        }
        StandingsFuture::ready(Ok(standings))
    }

    fn scope(&self) -> Option<StoreScope> {
        Some(self.scope)
    }

    fn listen(&self, listener: Weak<dyn RevocationListener>) {
        if self.has(Fault::TellsOneListener) && self.lock().late.is_empty() {
            self.lock()
                .late
                .push((RevocationDigest::from_bytes([0; 16]), self.horizon));
        } else {
            self.listeners.add(listener);
        }
    }

    fn horizon(&self) -> HorizonFuture<'_> {
        HorizonFuture::ready(Ok(self.horizon))
    }
}
