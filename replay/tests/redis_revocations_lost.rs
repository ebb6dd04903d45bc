//! What a Redis forgets, no store of revocations lets pass: servers that are killed, emptied, restored,
//! evicted, promoted and deceived about the time, each with sessions that were revoked before. Beside it
//! a key for each revocation, as most would have it, which must let sessions pass where data are lost.
//!
//! `APPLY_COOKIES_FAULTS=full` runs each fifty times; `scripts/faults` does.

#[path = "support/losses.rs"]
mod losses;
#[path = "support/relay.rs"]
mod relay;
#[path = "support/revoking.rs"]
mod revoking;
#[path = "support/servers/mod.rs"]
mod servers;

use std::time::Duration;

use apply_cookies_replay::{RedisRevocations, Revocations, SessionCheck, Standing, inspect};
use losses::{Ahead, count};
use relay::Relay;
use revoking::{browser, revocation, session, wait};
use servers::{Clock, Redis, RedisOptions, wait_until};

/// People of one round, of whom every other is signed out.
const PEOPLE: u64 = 128;

/// A server, two processes on it, and the time of all.
struct World {
    time: Ahead,
    server_time: Clock,
    redis: Redis,
    /// Leads the stores to the server.
    relay: Relay,
    stores: [RedisRevocations; 2],
    people: u64,
    rounds: usize,
    /// Sessions in order that are refused after a loss.
    refused: usize,
    /// Of the keys.
    passed: u64,
}

/// What a fault does to sessions that are in order.
#[derive(Clone, Copy, PartialEq)]
enum Fault {
    SignsEverybodyOut,
    DoesNothing,
}

use Fault::{DoesNothing, SignsEverybodyOut};

impl World {
    fn new(args: &[&str]) -> Self {
        let (time, server_time) = (Ahead::default(), Clock::new());
        let redis = start(args, &server_time);
        let relay = Relay::to(redis.port());
        let mut world = Self {
            stores: [(); 2].map(|()| open(&relay, &time)),
            time,
            server_time,
            redis,
            relay,
            people: 0,
            rounds: 0,
            refused: 0,
            passed: 0,
        };
        world.pass(6_000);
        world
    }

    fn pass(&mut self, millis: i64) {
        self.time.pass(millis);
        self.server_time.shift(self.time.millis());
    }

    /// People sign in, half of them sign out, and something is lost. Six seconds later all is well.
    fn round(&mut self, fault: Fault, lose: impl FnOnce(&mut Self)) {
        let first = self.people;
        self.people += PEOPLE;
        let since = wait(self.stores[0].now()).unwrap();
        let everybody: Vec<_> = (first..self.people).map(|n| session(n, since)).collect();
        assert_eq!(self.standings(&everybody), vec![Standing::Valid; 128]);
        let mut latest = since;
        for n in (first..self.people).step_by(2) {
            let store = &self.stores[usize::try_from(n / 2 % 2).unwrap()];
            latest = wait(store.revoke(revocation(browser(n)))).unwrap();
        }
        self.keys(first, &["SET", "1"]);
        let half = [Standing::Revoked, Standing::Valid];
        let half: Vec<_> = half.iter().copied().cycle().take(128).collect();
        assert_eq!(self.standings(&everybody), half);
        lose(self);
        self.passed += PEOPLE / 2 - self.keys(first, &["EXISTS"]);
        let fresh = open(&self.relay, &self.time);
        // The one that knows nothing of what was before is the first to ask.
        for store in [&fresh].into_iter().chain(&self.stores) {
            for (n, standing) in answers(store, &everybody).into_iter().enumerate() {
                let is_revoked = n % 2 == 0;
                assert!(
                    !is_revoked || standing != Standing::Valid,
                    "{n}: {standing:?}"
                );
                let is_in_order = standing == Standing::Valid;
                assert_eq!(is_in_order, !is_revoked && fault == DoesNothing, "{n}");
                self.refused += usize::from(!is_revoked && standing == Standing::BeforeHorizon);
            }
        }
        self.pass(6_000);
        let begun = wait(self.stores[1].now()).unwrap();
        assert!(begun > latest, "the time goes back");
        let again: Vec<_> = (first..self.people).map(|n| session(n, begun)).collect();
        assert_eq!(self.standings(&again), vec![Standing::Valid; 128]);
        self.rounds += 1;
    }

    fn standings(&self, sessions: &[SessionCheck]) -> Vec<Standing> {
        let [one, other] = self.stores.each_ref().map(|one| answers(one, sessions));
        assert_eq!(one, other);
        one
    }

    /// A key for each person of a round who has signed out: sets them, or counts them.
    fn keys(&self, first: u64, command: &[&str]) -> u64 {
        let script = "local count = 0
            for n = ARGV[1], ARGV[1] + 127, 2 do
                local done = redis.call(ARGV[2], 'control:' .. n, unpack(ARGV, 3))
                if done == 1 then count = count + 1 end
            end
            return count";
        let first = first.to_string();
        let eval = [&["EVAL", script, "0", &first], command].concat();
        self.redis.cli(&eval).parse().unwrap()
    }

    /// The keys of the store that match.
    fn own(&self, pattern: &str) -> Vec<String> {
        let keys = self
            .redis
            .cli(&["KEYS", &format!("{{apply-cookies:rev}}{pattern}")]);
        keys.lines().map(str::to_owned).collect()
    }

    /// A replica, in step. The first one gives a server a new incarnation.
    fn replica(&mut self) -> Redis {
        let replica = start(&[], &self.server_time);
        replica.replica_of(&self.redis);
        wait(self.stores[0].horizon()).unwrap();
        self.pass(6_000);
        replica
    }

    fn report(&self, what: &str, keys_must_pass: bool) {
        println!(
            "table: Redis: revocations, {what}, {} times | {} revoked, 0 pass (a key each: {}), {} in order refused",
            self.rounds,
            self.people / 2,
            self.passed,
            self.refused / 3,
        );
        assert_eq!(self.passed > 0, keys_must_pass, "what the fault loses");
    }
}

fn open(relay: &Relay, time: &Ahead) -> RedisRevocations {
    let url = format!("redis://127.0.0.1:{}?timeout=10s&connect=5s", relay.port());
    let store = RedisRevocations::new(&url, time.clock()).unwrap();
    wait(store.horizon()).unwrap();
    store
}

/// Asks again after an error.
fn answers(store: &RedisRevocations, sessions: &[SessionCheck]) -> Vec<Standing> {
    wait_until("answered", || wait(store.check_all(sessions)).ok())
}

fn start(args: &[&str], clock: &Clock) -> Redis {
    Redis::start_with(RedisOptions {
        clock: Some(clock.clone()),
        ..RedisOptions::new(args)
    })
}

fn times(short: usize) -> usize {
    count(short, 50)
}

#[test]
fn nobody_passes_after_it_was_emptied() {
    let mut world = World::new(&[]);
    for _ in 0..times(2) {
        world.round(SignsEverybodyOut, |world| {
            drop(world.redis.cli(&["FLUSHALL"]));
        });
    }
    world.report("FLUSHALL", true);
}

#[test]
fn nobody_passes_after_it_was_restarted_empty() {
    let mut world = World::new(&[]);
    for _ in 0..times(2) {
        world.round(SignsEverybodyOut, |world| world.redis.restart());
    }
    world.report("killed, restarted empty", true);
}

#[test]
fn nobody_passes_after_it_was_restarted_from_an_old_snapshot() {
    let mut world = World::new(&["--dbfilename", "dump.rdb"]);
    for _ in 0..times(2) {
        world.redis.cli(&["SAVE"]);
        world.round(SignsEverybodyOut, |world| world.redis.restart());
    }
    world.report("killed, restarted from an old snapshot", true);
}

/// It loses nothing, and cannot know that.
#[test]
fn a_restart_signs_everybody_out_also_with_a_log_of_every_write() {
    let mut world = World::new(&["--appendonly", "yes", "--appendfsync", "everysec"]);
    for _ in 0..times(2) {
        world.round(SignsEverybodyOut, |world| world.redis.restart());
    }
    world.report("killed and restarted, AOF everysec", false);
}

/// The link is cut, people sign out at the primary, which its replica never hears, and it dies.
#[test]
fn nobody_passes_after_a_promotion() {
    let mut world = World::new(&[]);
    for _ in 0..times(2) {
        let replica = world.replica();
        replica.cut_link();
        world.round(SignsEverybodyOut, |world| {
            world.redis.kill();
            replica.promote();
            world.relay.lead_to(replica.port());
            world.redis = replica;
        });
    }
    world.report(
        "primary killed with its replica's link cut, replica promoted",
        true,
    );
}

/// The roles go there and back between two look-ups: same process, same connection.
#[test]
fn nobody_passes_after_roles_went_there_and_back() {
    let mut world = World::new(&[]);
    for _ in 0..times(2) {
        let other = world.replica();
        other.cut_link();
        world.round(SignsEverybodyOut, |world| {
            other.promote();
            world.redis.replica_of(&other);
            world.redis.promote();
        });
    }
    world.report("replica promoted and demoted again", true);
}

#[test]
fn nobody_passes_after_an_eviction() {
    for policy in ["allkeys-lru", "allkeys-random"] {
        let mut world = World::new(&["--maxmemory-policy", policy]);
        for _ in 0..times(1) {
            world.round(SignsEverybodyOut, |world| {
                world.redis.cli(&["CONFIG", "SET", "maxmemory", "1"]);
                wait_until("evicted", || {
                    let _ = world.redis.try_cli(&["SET", "x", "1"]);
                    world.own("*").is_empty().then_some(())
                });
                world.redis.cli(&["CONFIG", "SET", "maxmemory", "0"]);
            });
        }
        world.report(&format!("evicted, {policy}"), true);
    }
}

#[test]
fn nothing_of_it_can_be_evicted_where_only_keys_that_expire_are() {
    let mut world = World::new(&["--maxmemory-policy", "volatile-lru"]);
    world.round(DoesNothing, |world| {
        let keys = world.own("*");
        assert!(keys.len() >= 2);
        for key in &keys {
            assert_eq!(world.redis.cli(&["TTL", key]), "-1", "{key}");
        }
        world.redis.cli(&["CONFIG", "SET", "maxmemory", "1"]);
        let _ = world.redis.try_cli(&["SET", "x", "1"]);
        world.redis.cli(&["CONFIG", "SET", "maxmemory", "0"]);
        assert_eq!(world.own("*").len(), keys.len());
    });
    world.report("evicted, volatile-lru", false);
}

#[test]
fn nobody_passes_after_a_key_was_deleted() {
    let mut world = World::new(&[]);
    for pattern in ["h", "b*"] {
        world.round(SignsEverybodyOut, |world| {
            let keys = world.own(pattern);
            assert!(!keys.is_empty());
            for key in &keys {
                world.redis.cli(&["DEL", key]);
            }
        });
    }
    world.report("a key deleted", false);
}

/// The server of before is there again, as it was before people signed out. A process that had no answer
/// from it since cannot know.
#[test]
fn nobody_passes_after_older_keys_came_back() {
    let mut world = World::new(&[]);
    for _ in 0..times(3) {
        let since = wait(world.stores[0].now()).unwrap();
        for key in world.own("*") {
            world.redis.cli(&["COPY", &key, &key, "DB", "1", "REPLACE"]);
        }
        wait(world.stores[1].revoke(revocation(browser(world.people)))).unwrap();
        world.redis.cli(&["SWAPDB", "0", "1"]);
        // The one that revoked notices, and whoever asks after it finds what it noted.
        for store in world.stores.iter().rev() {
            let standing = answers(store, &[session(world.people, since)]);
            assert_eq!(standing, [Standing::BeforeHorizon]);
        }
        world.people += 1;
        world.pass(6_000);
    }
    world.round(DoesNothing, |_| ());
}

#[test]
fn nobody_passes_after_its_clock_was_ahead() {
    let mut world = World::new(&[]);
    for _ in 0..times(2) {
        world.round(DoesNothing, |world| {
            // Longer than the longest session, and time for what sweeps.
            world.server_time.shift(world.time.millis() + 200_000_000);
            wait(world.stores[0].horizon()).unwrap();
            std::thread::sleep(Duration::from_millis(50));
            world.server_time.shift(world.time.millis());
        });
    }
    world.report("its clock two days ahead and back", false);
}

/// Behind, emptied, and set right: a horizon of the server's clock alone would be too early.
#[test]
fn nobody_passes_after_its_clock_was_behind_while_it_was_emptied() {
    let mut world = World::new(&[]);
    for _ in 0..times(2) {
        world.round(SignsEverybodyOut, |world| {
            world.server_time.shift(world.time.millis() - 600_000);
            world.redis.cli(&["FLUSHALL"]);
            wait(world.stores[0].horizon()).unwrap();
            world.server_time.shift(world.time.millis());
        });
    }
    world.report("its clock 600 s behind, emptied, set right", true);
}

#[test]
fn everybody_is_signed_out_on_an_operators_word() {
    let mut world = World::new(&[]);
    world.round(SignsEverybodyOut, |world| {
        let forgot = inspect::forget(&world.redis.url(), &world.time.clock()).unwrap();
        assert_eq!(forgot.revocations, PEOPLE / 2);
    });
}
