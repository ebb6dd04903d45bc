//! The store in Redis: the contract, against a real server whose clock follows the suite's.
//!
//! `APPLY_COOKIES_FAULTS=full` runs more schedules; `scripts/faults` does.

#[path = "support/servers/mod.rs"]
mod servers;
#[path = "support/tokens.rs"]
mod tokens;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use apply_cookies_protocol::UnixMillis;
use apply_cookies_replay::conformance::{Rule, StoreMaker, Verdict};
use apply_cookies_replay::{
    Barrier, BarrierFuture, Claim, ClaimFuture, ClaimListener, Clock, HorizonFuture,
    RedisReplayStore, ReplayStore, StoreError, StoreFuture,
};
use servers::{Redis, RedisOptions};

/// A server whose wall clock is the suite's.
struct Server {
    redis: Redis,
    clock: servers::Clock,
}

impl Server {
    fn start(args: &[&str]) -> Arc<Self> {
        let clock = servers::Clock::new();
        let redis = Redis::start_with(RedisOptions {
            clock: Some(clock.clone()),
            ..RedisOptions::new(args)
        });
        Arc::new(Self { redis, clock })
    }
}

/// A store with its own prefix on a server.
struct Kept {
    store: RedisReplayStore,
    server: Arc<Server>,
    url: String,
    clock: Clock,
    room: Option<Arc<Room>>,
}

/// The room of a server with little memory. Redis compares its memory with the limit at each
/// command, and its memory goes up and down; the suite wants a store that is full to stay so until
/// entries expire. So the limit falls when the first claim is refused, and rises again with time.
struct Room {
    limit: u64,
    /// When it was full, in milliseconds since 1970; 0 if it is not.
    full_since: AtomicU64,
}

impl Kept {
    fn open(server: Arc<Server>, url: String, clock: Clock, room: Option<Arc<Room>>) -> Self {
        server.clock.freeze_at(clock.now().get());
        let store = RedisReplayStore::new(&url, clock.clone()).unwrap();
        let kept = Self {
            store,
            server,
            url,
            clock,
            room,
        };
        // It begins now, not when it is first asked.
        wait(kept.store.horizon()).unwrap();
        kept
    }

    /// Both clocks show the same.
    fn set_clock(&self) {
        let now = self.clock.now().get();
        self.server.clock.freeze_at(now);
        if let Some(room) = &self.room {
            let since = room.full_since.load(Ordering::SeqCst);
            if since > 0 && now > since + 60_000 {
                room.full_since.store(0, Ordering::SeqCst);
                self.limit(room.limit);
            }
        }
    }

    fn limit(&self, bytes: u64) {
        let bytes = bytes.to_string();
        (self.server.redis).cli(&["CONFIG", "SET", "maxmemory", &bytes]);
    }
}

impl ReplayStore for Kept {
    fn claim(&self, claim: Claim) -> ClaimFuture<'_> {
        self.set_clock();
        let answer = self.store.claim(claim);
        let Some(room) = &self.room else {
            return answer;
        };
        StoreFuture::new(async move {
            let answer = answer.await;
            if matches!(answer, Err(StoreError::Full))
                && room
                    .full_since
                    .swap(self.clock.now().get(), Ordering::SeqCst)
                    == 0
            {
                self.limit(1);
            }
            answer
        })
    }

    fn raise_barrier(&self, barrier: Barrier) -> BarrierFuture<'_> {
        self.set_clock();
        self.store.raise_barrier(barrier)
    }

    fn listen(&self, listener: Weak<dyn ClaimListener>) {
        self.store.listen(listener);
    }

    fn horizon(&self) -> HorizonFuture<'_> {
        self.set_clock();
        self.store.horizon()
    }
}

fn wait<T: Unpin + Send>(answer: StoreFuture<'_, T>) -> Result<T, StoreError> {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.unwrap().block_on(answer)
}

struct Maker {
    server: Arc<Server>,
    made: AtomicU64,
}

impl Maker {
    fn new() -> Self {
        Self {
            server: Server::start(&[]),
            made: AtomicU64::new(0),
        }
    }
}

impl StoreMaker for Maker {
    type Store = Kept;

    fn make(&self, clock: Clock) -> Kept {
        let number = self.made.fetch_add(1, Ordering::SeqCst);
        let url = format!(
            "{}?prefix=store-{number}&sweep=20ms&timeout=30s&connect=10s",
            self.server.redis.url()
        );
        Kept::open(self.server.clone(), url, clock, None)
    }

    fn make_small(&self, clock: Clock) -> Option<Kept> {
        let server = Server::start(&["--maxmemory-policy", "noeviction"]);
        let url = format!(
            "{}?barriers=60&sweep=60s&timeout=30s&connect=10s",
            server.redis.url()
        );
        let mut kept = Kept::open(server, url, clock, None);
        // What a server needs besides: buffers of connections, and what Lua has not yet collected. No
        // token of now is granted, because the horizon is now.
        for number in 0..20 {
            kept.server.redis.info("used_memory");
            let now = kept.clock.now().get();
            let claims = (0..64).map(|n| kept.store.claim(tokens::claim(64 * number + n, now)));
            for claim in claims.collect::<Vec<_>>() {
                wait(claim).unwrap();
            }
        }
        let used: u64 = kept.server.redis.info("used_memory").parse().unwrap();
        let room = Room {
            limit: used + 400_000,
            full_since: AtomicU64::new(0),
        };
        kept.limit(room.limit);
        kept.room = Some(Arc::new(room));
        Some(kept)
    }

    fn reopen(&self, kept: Kept, clock: Clock) -> Option<Kept> {
        let Kept {
            store,
            server,
            url,
            room,
            ..
        } = kept;
        drop(store);
        Some(Kept::open(server, url, clock, room))
    }

    fn start(&self) -> UnixMillis {
        tokens::at(tokens::START)
    }

    fn schedules(&self) -> u64 {
        match std::env::var("APPLY_COOKIES_FAULTS").as_deref() {
            Ok("full") => 1_000,
            _ => 10,
        }
    }
}

/// Rules that fill a server take long: each has a test, so that they run side by side.
const LONG: [Rule; 3] = [Rule::Raised, Rule::Full, Rule::RoomAgain];

fn keeps(rule: Rule) {
    assert_eq!(rule.test(&Maker::new()).unwrap(), Verdict::Held, "{rule}");
}

#[test]
fn it_keeps_every_rule_of_the_contract_but_the_long_ones() {
    for rule in Rule::ALL.iter().filter(|rule| !LONG.contains(rule)) {
        keeps(*rule);
    }
}

#[test]
fn what_is_said_to_be_raised_is_raised() {
    keeps(Rule::Raised);
}

#[test]
fn a_full_server_is_an_error_and_forgets_nothing() {
    keeps(Rule::Full);
}

#[test]
fn expired_entries_make_room() {
    keeps(Rule::RoomAgain);
}
