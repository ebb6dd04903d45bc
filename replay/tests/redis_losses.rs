//! What a Redis forgets, no store grants again: servers that are killed, emptied, restored, evicted,
//! promoted and deceived about the time, each with tokens that were claimed before. Beside it a plain
//! `SET NX`, which most other libraries would use, and which must double where data are lost.
//!
//! `APPLY_COOKIES_FAULTS=full` runs each fifty times; `scripts/faults` does.

#[path = "support/losses.rs"]
mod losses;
#[path = "support/relay.rs"]
mod relay;
#[path = "support/servers/mod.rs"]
mod servers;

use std::collections::BTreeSet;

use apply_cookies_protocol::Nonce;
use apply_cookies_replay::{Claim, RedisReplayStore, ReplayStore};
use losses::{Ahead, Owners, count, token, wait};
use relay::Relay;
use servers::{Clock, Redis, RedisOptions, wait_until};

/// Tokens of one round.
const TOKENS: u64 = 128;

/// A server, a store on it, and the time of both.
struct World {
    time: Ahead,
    server_time: Clock,
    redis: Redis,
    /// Leads the store to the server.
    relay: Relay,
    store: RedisReplayStore,
    owners: Owners,
    control: Control,
    rounds: usize,
}

/// Those who only `SET NX`.
#[derive(Default)]
struct Control {
    firsts: usize,
    doubles: usize,
}

/// What must come of the control.
#[derive(PartialEq)]
enum ControlMust {
    Double,
    Hold,
}

impl World {
    fn new(args: &[&str]) -> Self {
        let (time, server_time) = (Ahead::default(), Clock::new());
        let redis = start(args, &server_time);
        let relay = Relay::to(redis.port());
        let url = format!("redis://127.0.0.1:{}?timeout=10s&connect=5s", relay.port());
        let store = RedisReplayStore::new(&url, time.clock()).unwrap();
        wait(store.horizon()).unwrap();
        let mut world = Self {
            time,
            server_time,
            redis,
            relay,
            store,
            owners: Owners::default(),
            control: Control::default(),
            rounds: 0,
        };
        world.pass(6_000);
        world
    }

    fn pass(&mut self, millis: i64) {
        self.time.pass(millis);
        self.server_time.shift(self.time.millis());
    }

    fn tokens(&self) -> Vec<Claim> {
        let now = self.time.clock().now();
        (0..TOKENS).map(|number| token(number, now)).collect()
    }

    /// Tokens that are claimed before and after a loss. Six seconds later new ones all arrive.
    fn round(&mut self, lose: impl FnOnce(&mut Self)) {
        let tokens = self.tokens();
        let (first, _) = tokens.split_at(tokens.len() / 2);
        let granted = self.owners.claim(&self.store, first, 1);
        assert_eq!(granted, first.len(), "{:?}", self.store);
        self.set_nx(first);
        lose(self);
        let before = self.control.firsts;
        self.set_nx(first);
        self.control.doubles += self.control.firsts - before;
        for who in [2, 1, 3] {
            self.owners.claim(&self.store, &tokens, who);
        }
        assert_eq!(self.owners.doubles, 0);
        self.pass(6_000);
        let tokens = self.tokens();
        let released = self.owners.claim(&self.store, &tokens, 1);
        assert!(
            released * 100 >= tokens.len() * 99,
            "six seconds later {released} of {} are released",
            tokens.len()
        );
        self.rounds += 1;
    }

    /// How most would claim a nonce.
    fn set_nx(&mut self, tokens: &[Claim]) {
        let client = redis::Client::open(self.redis.url()).unwrap();
        let mut connection = client.get_connection().unwrap();
        for token in tokens {
            let key = [&b"control:"[..], &Nonce::to_bytes(token.nonce)].concat();
            let mut set = redis::cmd("SET");
            set.arg(key).arg(1).arg("NX").arg("PX").arg(60_000);
            let done: Option<String> = set.query(&mut connection).unwrap();
            self.control.firsts += usize::from(done.is_some());
        }
    }

    fn keys(&self, pattern: &str) -> BTreeSet<String> {
        let keys = self.redis.cli(&["KEYS", pattern]);
        keys.lines().map(str::to_owned).collect()
    }

    fn for_each_control(&self, command: &str) {
        let script = "for _, key in ipairs(redis.call('KEYS', 'control:*')) do
            redis.call(ARGV[1], key)
        end";
        self.redis.cli(&["EVAL", script, "0", command]);
    }

    /// A replica, in step. The first one gives a server a new incarnation.
    fn replica(&mut self) -> Redis {
        let replica = start(&[], &self.server_time);
        replica.replica_of(&self.redis);
        wait(self.store.horizon()).unwrap();
        self.pass(6_000);
        replica
    }

    fn report(&self, what: &str, must: &ControlMust) {
        println!(
            "table: Redis: {what}, {} times | {} first answers, {} doubles (SET NX {} of {}), {} refused, {} errors",
            self.rounds,
            self.owners.firsts,
            self.owners.doubles,
            self.control.doubles,
            self.control.firsts,
            self.owners.refused,
            self.owners.errors,
        );
        assert_eq!(self.owners.doubles, 0);
        match must {
            ControlMust::Double => assert!(self.control.doubles > 0, "the fault lost nothing"),
            ControlMust::Hold => assert_eq!(self.control.doubles, 0),
        }
    }
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
fn nothing_doubles_after_it_was_emptied() {
    let mut world = World::new(&[]);
    for _ in 0..times(2) {
        world.round(|world| drop(world.redis.cli(&["FLUSHALL"])));
    }
    world.report("FLUSHALL", &ControlMust::Double);
}

#[test]
fn nothing_doubles_after_it_was_restarted_empty() {
    let mut world = World::new(&[]);
    for _ in 0..times(2) {
        world.round(|world| world.redis.restart());
    }
    world.report("killed, restarted empty", &ControlMust::Double);
}

#[test]
fn nothing_doubles_after_it_was_restarted_from_an_old_snapshot() {
    let mut world = World::new(&["--dbfilename", "dump.rdb"]);
    for _ in 0..times(2) {
        world.redis.cli(&["SAVE"]);
        world.round(|world| world.redis.restart());
    }
    world.report(
        "killed, restarted from an old snapshot",
        &ControlMust::Double,
    );
}

#[test]
fn a_log_of_every_write_forgets_nothing() {
    let mut world = World::new(&["--appendonly", "yes", "--appendfsync", "everysec"]);
    for _ in 0..times(2) {
        world.round(|world| world.redis.restart());
    }
    world.report("killed and restarted, AOF everysec", &ControlMust::Hold);
}

/// The link is cut, the primary takes claims that its replica never sees, and dies.
#[test]
fn nothing_doubles_after_a_promotion() {
    let mut world = World::new(&[]);
    for _ in 0..times(2) {
        let replica = world.replica();
        replica.cut_link();
        world.round(|world| {
            world.redis.kill();
            replica.promote();
            world.relay.lead_to(replica.port());
            world.redis = replica;
        });
    }
    world.report(
        "primary killed with its replica's link cut, replica promoted",
        &ControlMust::Double,
    );
}

/// The roles go there and back between two claims: same process, same connection.
#[test]
fn nothing_doubles_after_roles_went_there_and_back() {
    let mut world = World::new(&[]);
    for _ in 0..times(2) {
        let other = world.replica();
        other.cut_link();
        world.round(|world| {
            other.promote();
            world.redis.replica_of(&other);
            world.redis.promote();
        });
    }
    world.report("replica promoted and demoted again", &ControlMust::Double);
}

#[test]
fn nothing_doubles_after_an_eviction() {
    for policy in ["allkeys-lru", "allkeys-random"] {
        let mut world = World::new(&["--maxmemory-policy", policy]);
        for _ in 0..times(1) {
            world.round(|world| {
                let used: u64 = world.redis.info("used_memory").parse().unwrap();
                let less = (used * 3 / 4).to_string();
                world.redis.cli(&["CONFIG", "SET", "maxmemory", &less]);
                // Writes make it evict until it fits.
                for n in 0..20 {
                    let _ = world.redis.try_cli(&["SET", &format!("x{n}"), "1"]);
                }
                world.redis.cli(&["CONFIG", "SET", "maxmemory", "0"]);
            });
        }
        world.report(&format!("evicted, {policy}"), &ControlMust::Double);
    }
}

#[test]
fn nothing_of_it_can_be_evicted_where_only_keys_that_expire_are() {
    let mut world = World::new(&["--maxmemory-policy", "volatile-lru"]);
    world.round(|world| {
        let keys = world.keys("{apply-cookies}*");
        assert!(keys.len() >= 2);
        for key in &keys {
            assert_eq!(world.redis.cli(&["TTL", key]), "-1", "{key}");
        }
        world.redis.cli(&["CONFIG", "SET", "maxmemory", "1"]);
        let _ = world.redis.try_cli(&["SET", "x", "1"]);
        world.redis.cli(&["CONFIG", "SET", "maxmemory", "0"]);
        assert_eq!(world.keys("{apply-cookies}*"), keys);
    });
    world.report("evicted, volatile-lru", &ControlMust::Double);
}

#[test]
fn nothing_doubles_after_a_key_was_deleted() {
    let mut world = World::new(&[]);
    for pattern in ["{apply-cookies}h", "{apply-cookies}g*"] {
        world.round(|world| {
            let keys = world.keys(pattern);
            assert!(!keys.is_empty());
            for key in &keys {
                world.redis.cli(&["DEL", key]);
            }
            world.for_each_control("DEL");
        });
    }
    world.report("a key deleted", &ControlMust::Double);
}

/// A server whose clock jumps ahead and back expires what has a time to live. Nothing here has one.
/// As with a slot of a Cluster that comes back from a node that was promoted and lacks the last.
#[test]
fn nothing_doubles_after_older_keys_came_back() {
    let mut world = World::new(&[]);
    for _ in 0..times(4) {
        world.round(|world| drop(world.redis.cli(&["SWAPDB", "0", "1"])));
    }
    world.report("SWAPDB there and back", &ControlMust::Double);
}

#[test]
fn nothing_doubles_after_its_clock_was_ahead() {
    let mut world = World::new(&[]);
    for _ in 0..times(2) {
        world.round(|world| {
            let expired = |world: &World| world.redis.info("expired_keys");
            let before = expired(world);
            world.server_time.shift(world.time.millis() + 600_000);
            // A claim of that time, and time for what sweeps.
            let tokens = world.tokens();
            world.owners.claim(&world.store, &tokens, 1);
            wait_until("expired", || {
                world.for_each_control("GET"); // which expires it
                (expired(world) != before).then_some(())
            });
            world.server_time.shift(world.time.millis());
        });
    }
    world.report("its clock 600 s ahead and back", &ControlMust::Double);
}

/// Behind, emptied, and set right: a horizon of the server's clock alone would be too early.
#[test]
fn nothing_doubles_after_its_clock_was_behind_while_it_was_emptied() {
    let mut world = World::new(&[]);
    for _ in 0..times(2) {
        world.round(|world| {
            world.server_time.shift(world.time.millis() - 600_000);
            world.redis.cli(&["FLUSHALL"]);
            wait(world.store.horizon()).unwrap();
            world.server_time.shift(world.time.millis());
        });
    }
    world.report(
        "its clock 600 s behind, emptied, set right",
        &ControlMust::Double,
    );
}
