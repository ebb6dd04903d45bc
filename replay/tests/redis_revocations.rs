//! Revocations in Redis, on real servers: the contract, two processes on one server, rights, replicas, a
//! Cluster, and what breaks under load. What a server can lose is in `redis_revocations_lost.rs`.
//!
//! `APPLY_COOKIES_FAULTS=full` runs more; `scripts/faults` does.

#[path = "support/losses.rs"]
mod losses;
#[path = "support/relay.rs"]
mod relay;
#[path = "support/revoking.rs"]
mod revoking;
#[path = "support/servers/mod.rs"]
mod servers;

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use apply_cookies_protocol::UnixMillis;
use apply_cookies_replay::conformance::revocations::{self, Rule};
use apply_cookies_replay::{
    Clock, RedisRevocations, Revocations, SessionCheck, SessionLength, Standing, StoreError,
};
use losses::Ahead;
use relay::Relay;
use revoking::{Maker, Shared, browser, open, revocation, session, wait};
use servers::{Cluster, Redis, RedisOptions, wait_until};

/// The rights of a store's user, as `docs/replay-stores.md` prints them.
const RIGHTS: &str = "~{apply-cookies* &{apply-cookies* +evalsha +eval +hmget +hset +hget +hdel +hexists +hkeys +hscan +hlen +unlink +time +info +publish +subscribe +wait +ping +select";

impl Shared for RedisRevocations {
    const NAME: &str = "Redis";

    fn at(url: &str, clock: Clock) -> Self {
        Self::new(url, clock).unwrap()
    }
}

#[test]
fn it_keeps_every_rule_of_the_contract() {
    let clock = servers::Clock::new();
    let redis = Redis::start_with(RedisOptions {
        clock: Some(clock.clone()),
        ..RedisOptions::new(&[])
    });
    let url = redis.url();
    let maker = Maker::<RedisRevocations>::new(&clock, move |n| {
        format!("{url}?prefix=store-{n}&sweep=20ms&timeout=20s")
    });
    assert_eq!(revocations::check(&maker).unwrap(), [] as [Rule; 0]);
}

#[test]
fn what_one_process_revokes_no_other_lets_pass() {
    let redis = Redis::start(&[]);
    revoking::what_one_revokes_no_other_lets_pass::<RedisRevocations>(&redis.url());
}

#[test]
fn a_session_that_begins_in_another_process_is_later_than_a_revocation() {
    let redis = Redis::start(&[]);
    revoking::a_session_that_begins_elsewhere_is_later_than_a_revocation::<RedisRevocations>(
        &redis.url(),
    );
}

#[test]
fn another_process_hears_of_it() {
    let redis = Redis::start(&[]);
    let [one, other] = [(); 2].map(|()| open::<RedisRevocations>(&redis.url()));
    revoking::another_hears_of_it(&one, &other);
}

#[test]
fn a_server_that_stops_answering_is_an_error_in_time() {
    let redis = Redis::start(&[]);
    revoking::silence_is_an_error_in_time::<RedisRevocations>(
        &redis.url(),
        || redis.pause(),
        || redis.resume(),
    );
}

#[test]
fn those_that_wait_together_are_answered_together() {
    let redis = Redis::start(&[]);
    revoking::those_that_wait_together_are_answered_together::<RedisRevocations>(&redis.url());
}

/// A server whose time a test sets, as that of the stores on it.
struct Timed {
    redis: Redis,
    clock: servers::Clock,
    time: Ahead,
}

impl Timed {
    fn start(args: &[&str]) -> Self {
        let clock = servers::Clock::new();
        let redis = Redis::start_with(RedisOptions {
            clock: Some(clock.clone()),
            ..RedisOptions::new(args)
        });
        let time = Ahead::default();
        Self { redis, clock, time }
    }

    fn pass(&self, millis: i64) {
        self.time.pass(millis);
        self.clock.shift(self.time.millis());
    }

    /// A store at this URL, whose horizon has passed.
    fn settled(&self, url: &str) -> RedisRevocations {
        let store = revoking::open_with(url, self.time.clock());
        self.pass(6_000);
        store
    }
}

fn standing(store: &RedisRevocations, session: SessionCheck) -> Standing {
    wait(store.check(session)).unwrap()
}

#[test]
fn a_user_with_the_printed_rights_can_do_everything() {
    let app: Vec<&str> = ["--user", "app", "on", ">secret"]
        .into_iter()
        .chain(RIGHTS.split(' '))
        .collect();
    let server = Timed::start(&[&app[..], &["--requirepass", "other"]].concat());
    let address = server.redis.address();
    let store = server.settled(&format!("redis://app:secret@{address}/0?sweep=1ms"));
    let since = wait(store.now()).unwrap();
    let brief = SessionLength::from_millis(60_000).unwrap();
    let mut revoked = revocation(browser(1));
    revoked.longest = brief;
    wait(store.revoke(revoked)).unwrap();
    assert_eq!(standing(&store, session(1, since)), Standing::Revoked);
    revoking::another_hears_of_it(&store, &store);
    server.pass(120_000);
    wait_until("forgotten", || {
        let standing = standing(&store, session(1, since));
        (standing == Standing::BeforeHorizon).then_some(())
    });
    assert_eq!(server.redis.cli(&["ACL", "LOG"]), "", "a right was missing");
}

#[test]
fn a_server_without_room_takes_no_sign_outs_and_forgets_none() {
    let server = Timed::start(&["--maxmemory-policy", "noeviction"]);
    let store = server.settled(&server.redis.url());
    let since = wait(store.now()).unwrap();
    wait(store.revoke(revocation(browser(1)))).unwrap();
    server.redis.cli(&["CONFIG", "SET", "maxmemory", "1"]);
    for n in [1, 2] {
        let refused = wait(store.revoke(revocation(browser(n))));
        assert!(matches!(refused, Err(StoreError::Full)), "{refused:?}");
    }
    assert!(matches!(wait(store.now()), Err(StoreError::Full)));
    assert_eq!(standing(&store, session(1, since)), Standing::Revoked);
    assert_eq!(standing(&store, session(2, since)), Standing::Valid);
    server.redis.cli(&["CONFIG", "SET", "maxmemory", "0"]);
    wait(store.revoke(revocation(browser(2)))).unwrap();
    assert_eq!(standing(&store, session(2, since)), Standing::Revoked);
}

/// Sessions of one deployment last longer than those of another, and clocks differ.
#[test]
fn a_process_whose_clock_is_behind_keeps_a_revocation_as_long_as_others() {
    let server = Timed::start(&[]);
    let store = server.settled(&server.redis.url());
    let behind = Ahead::default();
    behind.pass(server.time.millis() - 3_600_000);
    let late: RedisRevocations = revoking::open_with(&server.redis.url(), behind.clock());
    let since = wait(store.now()).unwrap();
    for (n, longest) in [(1, 60_000), (2, 43_200_000)] {
        let mut revoked = revocation(browser(n));
        revoked.longest = SessionLength::from_millis(longest).unwrap();
        let at = wait(late.revoke(revoked)).unwrap();
        assert!(at >= since);
        let ends = server.redis.cli(&["HGET", "{apply-cookies:rev}h", "b"]);
        let latest = ends.split(',').filter_map(|ends| ends.parse::<u64>().ok());
        assert!(latest.max() >= Some(at.get() + longest), "{ends}");
        assert_eq!(standing(&store, session(n, since)), Standing::Revoked);
    }
}

#[test]
fn a_sign_out_is_answered_when_the_replica_has_it_and_a_look_up_too() {
    let server = Timed::start(&[]);
    let replica = server.redis.replica(&[]);
    let url = |more: &str| format!("{}?{more}", server.redis.url());
    let careful = server.settled(&url("replicas=1&wait=2s&timeout=10s"));
    let other = revoking::open_with(
        &url("replicas=1&wait=50ms&timeout=500ms"),
        server.time.clock(),
    );
    revoking::another_hears_of_it(&careful, &other);
    let since = wait(careful.now()).unwrap();
    assert_eq!(standing(&careful, session(1_000, since)), Standing::Valid);
    // By then it has said, as once a second, that it has everything; and nothing is written any more.
    std::thread::sleep(Duration::from_secs(2));
    replica.pause();
    for _ in 0..3 {
        let looked = wait(other.check(session(1_000, since)));
        assert!(
            matches!(looked, Err(StoreError::Unavailable(_))),
            "{looked:?}"
        );
    }
    let revoked = wait(other.revoke(revocation(browser(1_000))));
    assert!(
        matches!(revoked, Err(StoreError::Unavailable(_))),
        "{revoked:?}"
    );
    replica.resume();
    wait_until("answered", || wait(other.check(session(1, since))).ok());
}

/// A partition: the old primary still answers its clients, and the replica was promoted.
#[test]
fn a_deposed_primary_answers_nobody_who_waits_for_replicas() {
    let old = Redis::start(&[]);
    let new = old.replica(&[]);
    let url = |redis: &Redis, more: &str| format!("{}?timeout=300ms{more}", redis.url());
    let careless: RedisRevocations = open_at(&url(&old, ""));
    let careful: RedisRevocations = open_at(&url(&old, "&replicas=1"));
    std::thread::sleep(Duration::from_secs(6));
    let since = wait(careless.now()).unwrap();
    assert_eq!(standing(&careful, session(1, since)), Standing::Valid);
    new.cut_link();
    new.promote();
    let elsewhere: RedisRevocations = open_at(&url(&new, ""));
    for n in 0..50 {
        wait(elsewhere.revoke(revocation(browser(n)))).unwrap();
        assert_ne!(standing(&elsewhere, session(n, since)), Standing::Valid);
    }
    // What is outside the promise: without waiting, the old one does not hear of it.
    let passes = |store: &RedisRevocations, n| {
        matches!(wait(store.check(session(n, since))), Ok(Standing::Valid))
    };
    let careless = (0..50).filter(|n| passes(&careless, *n)).count();
    let careful = (0..3).filter(|n| passes(&careful, *n)).count();
    println!(
        "table: Redis: revocations, two primaries at once, 50 revoked at the new one | without replicas=1 {careless} pass at the old one, with it {careful} of 3"
    );
    assert!(careless == 50, "the control must pass");
    assert_eq!(careful, 0);
}

fn open_at(url: &str) -> RedisRevocations {
    revoking::open_with(url, Clock::system())
}

/// All revocations are in one slot, which moves while they are made and looked up.
#[test]
fn nobody_passes_while_the_slot_of_a_cluster_moves() {
    let cluster = Cluster::start(3);
    let url = format!("redis+cluster://{}?timeout=10s", cluster.addresses());
    let stores = [(); 2].map(|()| open_at(&url));
    let slot = cluster.slot_of("{apply-cookies:rev}h");
    let moves = losses::count(3, 12);
    let (mut revoked, mut known) = (0, 0);
    std::thread::scope(|scope| {
        let moving = scope.spawn(|| {
            for _ in 0..moves {
                // Long enough for a horizon to pass.
                std::thread::sleep(Duration::from_secs(6));
                let to = (cluster.owner_of(slot) + 1) % 3;
                cluster.move_slot(slot, to);
            }
        });
        while !moving.is_finished() {
            let Ok(since) = wait(stores[0].now()) else {
                continue;
            };
            let Ok(before) = wait(stores[1].check(session(revoked, since))) else {
                continue;
            };
            known += u64::from(before == Standing::Valid);
            if wait(stores[0].revoke(revocation(browser(revoked)))).is_ok() {
                for store in &stores {
                    let standing = wait(store.check(session(revoked, since)));
                    assert!(!matches!(standing, Ok(Standing::Valid)), "{standing:?}");
                }
                revoked += 1;
            }
        }
    });
    println!(
        "table: Redis Cluster: revocations, their slot moved {moves} times under load | {revoked} revoked, {known} of them known before, 0 pass"
    );
    assert!(known > 0, "some sessions are known between two moves");
}

/// A connection that breaks between the question and its answer: it is asked again.
#[test]
fn what_was_answered_over_a_cut_link_is_revoked() {
    let server = Timed::start(&[]);
    let relay = Relay::to(server.redis.port());
    let url = |time: &str| format!("redis://127.0.0.1:{}?timeout={time}", relay.port());
    let store = server.settled(&url("20s"));
    let since = wait(store.now()).unwrap();
    for n in 0..u64::try_from(losses::count(20, 200)).unwrap() {
        let people = 64 * n..64 * n + 64;
        let asked: Vec<_> = (people.clone())
            .map(|n| store.revoke(revocation(browser(n))))
            .collect();
        std::thread::scope(|scope| {
            scope.spawn(|| relay.lead_to(server.redis.port()));
            for revoked in asked {
                wait(revoked).unwrap();
            }
        });
        let sessions: Vec<_> = people.map(|n| session(n, since)).collect();
        let standings = wait(store.check_all(&sessions)).unwrap();
        assert_eq!(standings, [Standing::Revoked; 64]);
    }
    relay.lead_to(1);
    let cut_off = RedisRevocations::new(&url("500ms"), server.time.clock()).unwrap();
    assert!(wait(cut_off.check(session(1, since))).is_err());
    assert!(wait(cut_off.revoke(revocation(browser(1)))).is_err());
}

/// People sign in and out, and somebody looks at those who have, while the server is killed.
fn kills_under_load(args: &[&str], name: &str) {
    let mut server = Timed::start(args);
    let url = server.redis.url();
    let [revoking, looking] = [(); 2].map(|()| server.settled(&url));
    let answered = Mutex::new(Vec::<(u64, UnixMillis)>::new());
    let (looks, refused, is_over) = (AtomicU64::new(0), AtomicU64::new(0), AtomicBool::new(false));
    let kills = losses::count(3, 50);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for n in 0.. {
                if is_over.load(Ordering::SeqCst) {
                    break;
                }
                let Ok(since) = wait(revoking.now()) else {
                    continue;
                };
                if wait(revoking.revoke(revocation(browser(n)))).is_ok() {
                    answered.lock().unwrap().push((n, since));
                }
            }
        });
        scope.spawn(|| {
            while !is_over.load(Ordering::SeqCst) {
                let asked = answered.lock().unwrap().clone();
                let latest = asked.iter().rev().take(200);
                let sessions: Vec<_> = latest.map(|(n, since)| session(*n, *since)).collect();
                let Ok(standings) = wait(looking.check_all(&sessions)) else {
                    continue;
                };
                assert!(!standings.contains(&Standing::Valid), "{standings:?}");
                let before = standings
                    .iter()
                    .filter(|one| **one == Standing::BeforeHorizon);
                refused.fetch_add(before.count() as u64, Ordering::SeqCst);
                looks.fetch_add(standings.len() as u64, Ordering::SeqCst);
            }
        });
        for _ in 0..kills {
            std::thread::sleep(Duration::from_millis(150));
            let known = answered.lock().unwrap().len();
            server.redis.restart();
            server.pass(6_000);
            wait_until("goes on", || {
                (answered.lock().unwrap().len() > known + 20).then_some(())
            });
        }
        is_over.store(true, Ordering::SeqCst);
    });
    let (looks, refused) = (looks.into_inner(), refused.into_inner());
    println!(
        "table: Redis: revocations, {kills} kills under load, {name} | {} revoked, {looks} look-ups of them, 0 pass, {refused} refused unknown",
        answered.into_inner().unwrap().len()
    );
    assert!(looks > refused, "some are known");
}

#[test]
fn nobody_passes_whatever_a_kill_under_load_loses() {
    kills_under_load(&[], "restarted empty");
}

#[test]
fn nobody_passes_a_kill_under_load_of_a_server_with_a_log() {
    kills_under_load(&["--appendonly", "yes"], "AOF everysec");
}
