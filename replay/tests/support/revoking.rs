//! Stores of revocations on a server, and what holds of each: under the suite, and for two processes on
//! one server.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::missing_panics_doc,
    reason = "each test file uses its own part"
)]

use std::collections::HashSet;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use apply_cookies_protocol::{StoreScope, UnixMillis};
use apply_cookies_replay::conformance::revocations::StoreMaker;
use apply_cookies_replay::{
    Clock, HorizonFuture, MomentFuture, Revocation, RevocationDigest, RevocationListener,
    Revocations, SessionCheck, SessionLength, Standing, StandingFuture, StandingsFuture,
    StoreError, StoreFuture, Subject, Subjects,
};

use crate::servers::{self, wait_until};

/// A store by its URL.
pub trait Shared: Revocations {
    /// What its server is called.
    const NAME: &str;

    fn at(url: &str, clock: Clock) -> Self;
}

/// The count of a short run, and that of a full one.
pub fn count(short: u64, full: u64) -> u64 {
    match std::env::var("APPLY_COOKIES_FAULTS").as_deref() {
        Ok("full") => full,
        _ => short,
    }
}

/// Waits on this thread.
pub fn wait<T: Unpin + Send>(answer: StoreFuture<'_, T>) -> Result<T, StoreError> {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.unwrap().block_on(answer)
}

/// A store that has a horizon.
pub fn open_with<S: Shared>(url: &str, clock: Clock) -> S {
    let store = S::at(url, clock);
    wait_until("connected", || wait(store.horizon()).ok());
    store
}

pub fn open<S: Shared>(url: &str) -> S {
    open_with(&format!("{url}?timeout=20s"), Clock::system())
}

/// Two processes on a server, whose horizon has passed.
pub fn two<S: Shared>(url: &str) -> [S; 2] {
    let stores = [open(url), open(url)];
    std::thread::sleep(Duration::from_secs(6));
    stores
}

pub fn digest(n: u64) -> RevocationDigest {
    RevocationDigest::from_bytes(u128::from(n).to_be_bytes())
}

pub fn browser(n: u64) -> Subject {
    Subject::Timed(digest(n))
}

pub fn revocation(subject: Subject) -> Revocation {
    Revocation::new(subject, SessionLength::from_millis(43_200_000).unwrap())
}

pub fn session(n: u64, since: UnixMillis) -> SessionCheck {
    let subjects = [Subject::Absolute(digest(n + (1 << 40))), browser(n)];
    SessionCheck::new(since, Subjects::new(&subjects).unwrap())
}

/// Makes stores on a server whose clock stands where the clock of the store stands that was asked last.
pub struct Maker<S> {
    clock: servers::Clock,
    /// The URL of a place that nobody has used, by a number.
    place: Box<dyn Fn(u64) -> String + Sync>,
    made: AtomicU64,
    store: PhantomData<fn() -> S>,
}

/// A store, and where it is.
pub struct Kept<S> {
    store: S,
    url: String,
    clock: Clock,
    server: servers::Clock,
}

impl<S> Kept<S> {
    /// The store. Both clocks show the same when it is asked: a thread of another store, which is
    /// ending, must not set the server's.
    fn set(&self) -> &S {
        self.server.freeze_at(self.clock.now().get());
        &self.store
    }
}

impl<S: Shared> Maker<S> {
    /// With settings in the URL.
    pub fn new(clock: &servers::Clock, place: impl Fn(u64) -> String + Sync + 'static) -> Self {
        Self {
            clock: clock.clone(),
            place: Box::new(place),
            made: AtomicU64::new(0),
            store: PhantomData,
        }
    }

    fn open(&self, url: String, clock: Clock) -> Kept<S> {
        self.clock.freeze_at(clock.now().get());
        // The horizon is that of the moment at which it is made.
        let store = open_with(&url, clock.clone());
        Kept {
            store,
            url,
            clock,
            server: self.clock.clone(),
        }
    }

    fn url(&self) -> String {
        (self.place)(self.made.fetch_add(1, Ordering::Relaxed))
    }
}

impl<S: Shared> StoreMaker for Maker<S> {
    type Store = Kept<S>;

    fn make(&self, clock: Clock) -> Kept<S> {
        self.open(self.url(), clock)
    }

    fn make_small(&self, clock: Clock) -> Option<Kept<S>> {
        Some(self.open(self.url() + "&revocations=61", clock))
    }

    fn reopen(&self, kept: Kept<S>, clock: Clock) -> Option<Kept<S>> {
        let Kept { store, url, .. } = kept;
        drop(store);
        Some(self.open(url, clock))
    }

    fn schedules(&self) -> u64 {
        count(4, 100)
    }

    fn races(&self) -> u64 {
        count(500, 10_000)
    }
}

impl<S: Shared> Revocations for Kept<S> {
    fn now(&self) -> MomentFuture<'_> {
        self.set().now()
    }

    fn revoke(&self, revocation: Revocation) -> MomentFuture<'_> {
        self.set().revoke(revocation)
    }

    fn check(&self, session: SessionCheck) -> StandingFuture<'_> {
        self.set().check(session)
    }

    fn check_all(&self, sessions: &[SessionCheck]) -> StandingsFuture<'_> {
        self.set().check_all(sessions)
    }

    fn scope(&self) -> Option<StoreScope> {
        self.store.scope()
    }

    fn listen(&self, listener: Weak<dyn RevocationListener>) {
        self.set().listen(listener);
    }

    fn horizon(&self) -> HorizonFuture<'_> {
        self.set().horizon()
    }
}

pub fn what_one_revokes_no_other_lets_pass<S: Shared>(url: &str) {
    let [one, other] = two::<S>(url);
    let races = count(2_000, 10_000);
    let answered = AtomicU64::new(0);
    let is_over = AtomicBool::new(false);
    let since = wait(one.now()).unwrap();
    std::thread::scope(|scope| {
        for store in [&other, &one] {
            let (answered, is_over) = (&answered, &is_over);
            scope.spawn(move || {
                let mut seen = 0;
                while !is_over.load(Ordering::SeqCst) || seen < races {
                    let revoked = answered.load(Ordering::SeqCst);
                    let new: Vec<_> = (seen..revoked).map(|n| session(n, since)).collect();
                    let standings = wait(store.check_all(&new)).unwrap();
                    assert_eq!(standings, vec![Standing::Revoked; new.len()]);
                    seen = revoked;
                }
            });
        }
        for n in 0..races {
            wait(one.revoke(revocation(browser(n)))).unwrap();
            answered.store(n + 1, Ordering::SeqCst);
        }
        is_over.store(true, Ordering::SeqCst);
    });
    let strangers: Vec<_> = (races..races + 3_000).map(|n| session(n, since)).collect();
    let standings = wait(other.check_all(&strangers)).unwrap();
    assert_eq!(standings, vec![Standing::Valid; strangers.len()]);
    println!(
        "table: {}, two processes: {races} revocations | 0 pass after they were answered",
        S::NAME
    );
}

pub fn a_session_that_begins_elsewhere_is_later_than_a_revocation<S: Shared>(url: &str) {
    let stores = two::<S>(url);
    for n in 0..100 {
        let [one, other] = [0, 1].map(|k| &stores[(n + k) % 2]);
        let subject = browser(n as u64);
        let before = wait(other.now()).unwrap();
        let at = wait(one.revoke(revocation(subject))).unwrap();
        let after = wait(other.now()).unwrap();
        assert!(before <= at && at < after, "{before:?} {at:?} {after:?}");
        let standing = |since| wait(other.check(SessionCheck::new(since, subject))).unwrap();
        assert_eq!(standing(before), Standing::Revoked);
        assert_eq!(standing(after), Standing::Valid);
    }
}

#[derive(Default)]
struct Ear(Mutex<HashSet<(RevocationDigest, UnixMillis)>>);

impl RevocationListener for Ear {
    fn revoked(&self, digest: RevocationDigest, at: UnixMillis) {
        self.0.lock().unwrap().insert((digest, at));
    }
}

pub fn another_hears_of_it<S: Shared>(one: &S, other: &S) {
    let ear = Arc::new(Ear::default());
    let weak: Weak<Ear> = Arc::downgrade(&ear);
    other.listen(weak);
    let mut told = HashSet::new();
    // It hears nothing until it is connected.
    wait_until("heard", || {
        let n = told.len() as u64;
        let at = wait(one.revoke(revocation(browser(n)))).unwrap();
        told.insert((digest(n), at));
        let heard = ear.0.lock().unwrap();
        (!heard.is_empty()).then_some(())
    });
    let eight: Vec<_> = (100_000..100_008).map(browser).collect();
    let mut all = revocation(browser(0));
    all.subjects = Subjects::new(&eight).unwrap();
    let at = wait(one.revoke(all)).unwrap();
    let eight: HashSet<_> = eight.iter().map(|one| (one.digest(), at)).collect();
    wait_until("heard of all", || {
        let heard = ear.0.lock().unwrap();
        eight.is_subset(&heard).then_some(())
    });
    told.extend(eight);
    let heard = ear.0.lock().unwrap();
    assert!(heard.is_subset(&told), "heard of what was not revoked");
}

/// On a server that is stopped and goes on again.
pub fn silence_is_an_error_in_time<S: Shared>(
    url: &str,
    pause: impl FnOnce(),
    resume: impl FnOnce(),
) {
    let url = format!("{url}?timeout=1s&connect=500ms");
    let store: S = open_with(&url, Clock::system());
    let since = wait(store.now()).unwrap();
    pause();
    let checked = wait(store.check(session(1, since)));
    let revoked = wait(store.revoke(revocation(browser(1))));
    let begun = wait(store.now());
    resume();
    assert!(
        matches!(checked, Err(StoreError::Unavailable(_))),
        "{checked:?}"
    );
    for moment in [revoked, begun] {
        assert!(
            matches!(moment, Err(StoreError::Unavailable(_))),
            "{moment:?}"
        );
    }
}

pub fn those_that_wait_together_are_answered_together<S: Shared>(url: &str) {
    let [one, other] = two::<S>(url);
    let since = wait(one.now()).unwrap();
    let begun: Vec<_> = (0..500).map(|_| one.now()).collect();
    let revoked: Vec<_> = (0..500)
        .map(|n| one.revoke(revocation(browser(n))))
        .collect();
    let checked: Vec<_> = (500..1_000).map(|n| one.check(session(n, since))).collect();
    assert!(
        begun
            .into_iter()
            .all(|moment| wait(moment).unwrap() >= since)
    );
    assert!(revoked.into_iter().all(|at| wait(at).unwrap() >= since));
    assert!(
        checked
            .into_iter()
            .all(|one| wait(one).unwrap() == Standing::Valid)
    );
    for n in 0..500 {
        let standing = wait(other.check(session(n, since))).unwrap();
        assert_eq!(standing, Standing::Revoked);
    }
    // A scope is another store's, and the others are still answered in their places.
    let mut foreign = session(600, since);
    foreign.scope = Some(StoreScope::from_random([1; 16]));
    let mixed = [session(1, since), foreign, session(700, since)];
    let expected = [Standing::Revoked, Standing::BeforeHorizon, Standing::Valid];
    assert_eq!(wait(other.check_all(&mixed)).unwrap(), expected);
}
