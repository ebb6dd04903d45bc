//! Stores and servers for these tests.

use std::sync::Weak;
use std::sync::atomic::{AtomicU64, Ordering};

use apply_cookies_replay::conformance::StoreMaker;
use apply_cookies_replay::{
    Barrier, BarrierFuture, Claim, ClaimFuture, ClaimListener, Clock, HorizonFuture,
    PostgresReplayStore, ReplayStore, StoreError, StoreFuture,
};

use crate::servers::{self, Postgres, PostgresOptions, wait_until};

pub(crate) fn is_full_run() -> bool {
    std::env::var_os("APPLY_COOKIES_FAULTS").is_some_and(|value| value == "full")
}

/// A server whose clock stands where the clock of the store that was asked last stands.
pub(crate) struct Maker {
    postgres: Postgres,
    clock: servers::Clock,
    schemas: AtomicU64,
}

/// A store in a schema of its own.
pub(crate) struct Kept {
    store: PostgresReplayStore,
    url: String,
}

/// The most claims, and barriers, in a small store.
const SMALL: u64 = 60;

impl Maker {
    pub(crate) fn new() -> Self {
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
        let store = PostgresReplayStore::new(&url, clock).unwrap();
        // The horizon is that of the moment at which it is made.
        wait_until("connected", || wait(store.horizon()).ok());
        Kept { store, url }
    }

    fn next(&self) -> String {
        format!("s{}", self.schemas.fetch_add(1, Ordering::Relaxed))
    }

    fn url(&self, schema: &str, settings: &str) -> String {
        format!(
            "{}?schema={schema}&timeout=20s{settings}",
            self.postgres.url()
        )
    }
}

impl StoreMaker for Maker {
    type Store = Kept;

    fn make(&self, clock: Clock) -> Kept {
        self.open(self.url(&self.next(), ""), clock)
    }

    /// Postgres has no bound for claims but its disk: the server says that it is full.
    fn make_small(&self, clock: Clock) -> Option<Kept> {
        let schema = self.next();
        let kept = self.open(self.url(&schema, &format!("&barriers={SMALL}")), clock);
        self.postgres.sql(&format!(
            "CREATE FUNCTION {schema}.full() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
               IF (SELECT count(*) FROM {schema}.claims) > {SMALL} THEN
                 RAISE disk_full;
               END IF;
               RETURN NULL;
             END $$;
             CREATE TRIGGER f AFTER INSERT ON {schema}.claims EXECUTE FUNCTION {schema}.full()"
        ));
        Some(kept)
    }

    fn reopen(&self, kept: Kept, clock: Clock) -> Option<Kept> {
        let Kept { store, url } = kept;
        drop(store);
        Some(self.open(url, clock))
    }

    fn schedules(&self) -> u64 {
        if is_full_run() { 1_000 } else { 10 }
    }
}

impl ReplayStore for Kept {
    fn claim(&self, claim: Claim) -> ClaimFuture<'_> {
        self.store.claim(claim)
    }

    fn raise_barrier(&self, barrier: Barrier) -> BarrierFuture<'_> {
        self.store.raise_barrier(barrier)
    }

    fn listen(&self, listener: Weak<dyn ClaimListener>) {
        self.store.listen(listener);
    }

    fn horizon(&self) -> HorizonFuture<'_> {
        self.store.horizon()
    }
}

/// Waits on this thread.
pub(crate) fn wait<T: Unpin + Send>(answer: StoreFuture<'_, T>) -> Result<T, StoreError> {
    struct Here;
    impl StoreMaker for Here {
        type Store = Kept;

        fn make(&self, _: Clock) -> Kept {
            unreachable!("only waits")
        }
    }
    Here.wait(answer)
}
