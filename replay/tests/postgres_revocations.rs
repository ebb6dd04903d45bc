//! Revocations in Postgres, on real servers: the contract, two processes on one server, and what a server
//! can do to them.
//!
//! `APPLY_COOKIES_FAULTS=full` runs more; `scripts/faults` does.

#[path = "support/servers/mod.rs"]
mod servers;

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use apply_cookies_protocol::{StoreScope, UnixMillis};
use apply_cookies_replay::conformance::revocations::{self, Rule, StoreMaker};
use apply_cookies_replay::{
    Clock, HorizonFuture, MomentFuture, PostgresRevocations, Revocation, RevocationDigest,
    RevocationListener, Revocations, SessionCheck, SessionLength, Standing, StandingFuture,
    StandingsFuture, StoreError, StoreFuture, Subject, Subjects,
};
use servers::{Postgres, PostgresOptions, wait_until};

fn is_full_run() -> bool {
    std::env::var_os("APPLY_COOKIES_FAULTS").is_some_and(|value| value == "full")
}

/// A server whose clock stands where the clock of the store that was asked last stands.
struct Maker {
    postgres: Postgres,
    clock: servers::Clock,
    schemas: AtomicU64,
}

/// A store in a schema of its own.
struct Kept {
    store: PostgresRevocations,
    url: String,
}

impl Maker {
    fn new() -> Self {
        let clock = servers::Clock::new();
        let postgres = Postgres::start_with(PostgresOptions {
            clock: Some(clock.clone()),
            ..PostgresOptions::new(&["max_connections=200"])
        });
        Self {
            postgres,
            clock,
            schemas: AtomicU64::new(0),
        }
    }

    fn open(&self, url: String, clock: Clock) -> Kept {
        let server = self.clock.clone();
        let clock = Clock::from_fn(move || {
            let now = clock.now();
            server.freeze_at(now.get());
            now
        });
        let store = PostgresRevocations::new(&url, clock).unwrap();
        // The horizon is that of the moment at which it is made.
        wait_until("connected", || wait(store.horizon()).ok());
        Kept { store, url }
    }

    fn url(&self, settings: &str) -> String {
        let schema = self.schemas.fetch_add(1, Ordering::Relaxed);
        let server = self.postgres.url();
        format!("{server}?schema=s{schema}&timeout=20s{settings}")
    }
}

impl StoreMaker for Maker {
    type Store = Kept;

    fn make(&self, clock: Clock) -> Kept {
        self.open(self.url(""), clock)
    }

    fn make_small(&self, clock: Clock) -> Option<Kept> {
        Some(self.open(self.url("&revocations=61"), clock))
    }

    fn reopen(&self, kept: Kept, clock: Clock) -> Option<Kept> {
        let Kept { store, url } = kept;
        drop(store);
        Some(self.open(url, clock))
    }

    fn schedules(&self) -> u64 {
        if is_full_run() { 100 } else { 4 }
    }

    fn races(&self) -> u64 {
        if is_full_run() { 10_000 } else { 500 }
    }
}

impl Revocations for Kept {
    fn now(&self) -> MomentFuture<'_> {
        self.store.now()
    }

    fn revoke(&self, revocation: Revocation) -> MomentFuture<'_> {
        self.store.revoke(revocation)
    }

    fn check(&self, session: SessionCheck) -> StandingFuture<'_> {
        self.store.check(session)
    }

    fn check_all(&self, sessions: &[SessionCheck]) -> StandingsFuture<'_> {
        self.store.check_all(sessions)
    }

    fn scope(&self) -> Option<StoreScope> {
        self.store.scope()
    }

    fn listen(&self, listener: Weak<dyn RevocationListener>) {
        self.store.listen(listener);
    }

    fn horizon(&self) -> HorizonFuture<'_> {
        self.store.horizon()
    }
}

#[test]
fn it_keeps_every_rule_of_the_contract() {
    assert_eq!(revocations::check(&Maker::new()).unwrap(), [] as [Rule; 0]);
}

/// Waits on this thread.
fn wait<T: Unpin + Send>(answer: StoreFuture<'_, T>) -> Result<T, StoreError> {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.unwrap().block_on(answer)
}

fn open(url: &str) -> PostgresRevocations {
    let store = PostgresRevocations::new(&format!("{url}?timeout=20s"), Clock::system()).unwrap();
    wait_until("connected", || wait(store.horizon()).ok());
    store
}

/// A server, and two processes on it whose horizon has passed.
fn two() -> (Postgres, [PostgresRevocations; 2]) {
    let postgres = Postgres::start(&[]);
    let stores = [open(&postgres.url()), open(&postgres.url())];
    std::thread::sleep(Duration::from_secs(6));
    (postgres, stores)
}

fn digest(n: u64) -> RevocationDigest {
    RevocationDigest::from_bytes(u128::from(n).to_be_bytes())
}

fn browser(n: u64) -> Subject {
    Subject::Timed(digest(n))
}

fn revocation(subject: Subject) -> Revocation {
    Revocation::new(subject, SessionLength::from_millis(43_200_000).unwrap())
}

fn session(n: u64, since: UnixMillis) -> SessionCheck {
    let subjects = [Subject::Absolute(digest(n + (1 << 40))), browser(n)];
    SessionCheck::new(since, Subjects::new(&subjects).unwrap())
}

#[test]
fn what_one_process_revokes_no_other_lets_pass() {
    let (_postgres, [one, other]) = two();
    let races = if is_full_run() { 10_000 } else { 2_000 };
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
        "table: Postgres, two processes: {races} revocations | 0 pass after they were answered"
    );
}

#[test]
fn a_session_that_begins_in_another_process_is_later_than_a_revocation() {
    let (_postgres, stores) = two();
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
struct Ear(Mutex<HashSet<RevocationDigest>>);

impl RevocationListener for Ear {
    fn revoked(&self, digest: RevocationDigest, _: UnixMillis) {
        self.0.lock().unwrap().insert(digest);
    }
}

#[test]
fn another_process_hears_of_it() {
    let (_postgres, [one, other]) = two();
    let ear = Arc::new(Ear::default());
    let weak: Weak<Ear> = Arc::downgrade(&ear);
    other.listen(weak);
    let mut n = 0;
    // It hears nothing until it is connected.
    wait_until("heard", || {
        n += 1;
        wait(one.revoke(revocation(browser(n)))).unwrap();
        let heard = ear.0.lock().unwrap();
        (!heard.is_empty()).then_some(())
    });
    let eight: Vec<_> = (100..108).map(browser).collect();
    let mut all = revocation(browser(0));
    all.subjects = Subjects::new(&eight).unwrap();
    wait(one.revoke(all)).unwrap();
    wait_until("heard of all", || {
        let heard = ear.0.lock().unwrap();
        let all = eight
            .iter()
            .all(|subject| heard.contains(&subject.digest()));
        all.then_some(())
    });
    assert!(
        ear.0
            .lock()
            .unwrap()
            .iter()
            .all(|heard| { (1..=n).chain(100..108).any(|n| digest(n) == *heard) })
    );
}

#[test]
fn a_killed_server_forgets_nothing_and_signs_nobody_out() {
    let (mut postgres, [one, other]) = two();
    let since = wait(one.now()).unwrap();
    for round in 0..2 {
        for n in 0..100 {
            wait(one.revoke(revocation(browser(100 * round + n)))).unwrap();
        }
        postgres.kill();
        let down = wait(other.check(session(1_000, since)));
        assert!(
            !matches!(down, Ok(Standing::Valid)),
            "an error is never a pass"
        );
        postgres.restart();
        for store in [&one, &other] {
            wait_until("connected again", || wait(store.horizon()).ok());
            for n in 0..100 * (round + 1) {
                let standing = wait(store.check(session(n, since))).unwrap();
                assert_eq!(standing, Standing::Revoked);
            }
            let in_order = wait(store.check(session(1_000, since))).unwrap();
            assert_eq!(in_order, Standing::Valid);
        }
    }
}

#[test]
fn another_server_signs_everybody_out_and_a_lossless_failover_nobody() {
    let (postgres, [one, _]) = two();
    let since = wait(one.now()).unwrap();
    assert_eq!(wait(one.check(session(1, since))).unwrap(), Standing::Valid);
    let promoted = "UPDATE apply_cookies.head SET incarnation = split_part(incarnation, '/', 1) || '/00000099'";
    postgres.sql(promoted);
    let known = |lossless: bool| {
        postgres.sql(&format!(
            "SELECT known_from <= {} FROM apply_cookies.check_v1(0, {lossless}, 5000, '{{}}', '{{}}', '{{}}', '{{}}')",
            since.get()
        ))
    };
    assert_eq!(known(true), "t");
    assert_eq!(known(false), "f");
    let standing = wait(one.check(session(1, since))).unwrap();
    assert_eq!(standing, Standing::BeforeHorizon);
}

#[test]
fn a_server_that_stops_answering_is_an_error_in_time() {
    let (postgres, _stores) = two();
    let url = format!("{}?timeout=1s&connect=500ms", postgres.url());
    let store = PostgresRevocations::new(&url, Clock::system()).unwrap();
    wait_until("connected", || wait(store.horizon()).ok());
    let since = wait(store.now()).unwrap();
    postgres.pause();
    let checked = wait(store.check(session(1, since)));
    let revoked = wait(store.revoke(revocation(browser(1))));
    postgres.resume();
    assert!(
        matches!(checked, Err(StoreError::Unavailable(_))),
        "{checked:?}"
    );
    assert!(
        matches!(revoked, Err(StoreError::Unavailable(_))),
        "{revoked:?}"
    );
}

#[test]
fn a_role_needs_no_more_rights_than_for_claims() {
    let postgres = Postgres::start(&[]);
    drop(open(&postgres.url()));
    postgres.add_user("app", "hunter2");
    postgres.sql(
        "GRANT USAGE ON SCHEMA apply_cookies TO app;
         GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA apply_cookies TO app",
    );
    let url = format!(
        "postgres://app:hunter2@127.0.0.1:{}/postgres",
        postgres.port()
    );
    let store = open(&url);
    let since = wait(store.now()).unwrap();
    wait(store.revoke(revocation(browser(1)))).unwrap();
    let checked = wait(store.check(session(1, since))).unwrap();
    assert_eq!(checked, Standing::BeforeHorizon, "the store has just begun");
}

#[test]
fn those_that_wait_together_are_answered_together() {
    let (_postgres, [one, other]) = two();
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
