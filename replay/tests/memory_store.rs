//! The promises of the store in memory beyond the contract, which `tests/conformance` checks: it
//! counts its entries exactly, and drops expired ones.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use apply_cookies_protocol::limits::{LIFETIME_MAX_MS, SKEW_MS};
use apply_cookies_protocol::{
    BindingCookie, BindingDigest, Grant, Lifetime, Nonce, RedemptionDigest, UnixMillis,
};
use apply_cookies_replay::{
    Barrier, BarrierAnswer, Claim, ClaimAnswer, Clock, MARGIN_MS, MemoryReplayStore, ReplayStore,
    StoreError,
};
use futures_util::FutureExt;

const START: u64 = 1_795_000_000_000;
const FIRST: ClaimAnswer = granted(Grant::First, BarrierAnswer::NotAsked);

const fn granted(grant: Grant, barrier: BarrierAnswer) -> ClaimAnswer {
    ClaimAnswer::Granted { grant, barrier }
}

fn at(millis: u64) -> UnixMillis {
    UnixMillis::new(millis).unwrap()
}

struct Store {
    store: MemoryReplayStore,
    clock: Arc<AtomicU64>,
}

impl Store {
    /// A store whose horizon has passed.
    fn with_capacity(entries: usize) -> Self {
        let clock = Arc::new(AtomicU64::new(START - 60_000));
        let hands = clock.clone();
        let clock_of_store = Clock::from_fn(move || at(hands.load(Ordering::SeqCst)));
        let store = MemoryReplayStore::new(clock_of_store).capacity(entries);
        clock.store(START, Ordering::SeqCst);
        Self { store, clock }
    }

    fn set_clock(&self, millis: u64) {
        self.clock.store(millis, Ordering::SeqCst);
    }

    fn claim(&self, mut claim: Claim) -> Result<ClaimAnswer, StoreError> {
        claim.now = at(self.clock.load(Ordering::SeqCst));
        self.store.claim(claim).now_or_never().unwrap()
    }

    fn raise(&self, barrier: Barrier) -> BarrierAnswer {
        let answer = self.store.raise_barrier(barrier).now_or_never();
        answer.unwrap().unwrap()
    }
}

/// A token of this browser.
fn token(nonce: u64, issued_at: u64, lifetime: u64) -> Claim {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&nonce.to_be_bytes());
    let issued_at = at(issued_at);
    let mut claim = Claim::new(
        Nonce::from_random(bytes),
        issued_at,
        issued_at.plus(lifetime),
        Lifetime::default(),
        issued_at,
    );
    claim.redemption = RedemptionDigest::from_id(b"r");
    claim.binding = Some(BindingCookie::from_random([1; 32]).digest());
    claim
}

#[test]
fn a_store_takes_the_tokens_of_its_own_process_from_the_start() {
    let store = Store::with_capacity(1_000);
    let began = START - 60_000;
    store.set_clock(began);
    let mut own = token(0, began, 60_000);
    assert_eq!(store.claim(own).unwrap(), ClaimAnswer::BeforeHorizon);
    own.scope = store.store.scope();
    assert_eq!(store.claim(own).unwrap(), FIRST);
}

#[test]
fn expired_entries_make_room() {
    let store = Store::with_capacity(1_000);
    for n in 0..200 {
        let now = START + n * 1_000;
        store.set_clock(now);
        assert_eq!(store.claim(token(n, now, 10_000)).unwrap(), FIRST);
    }
    // Ten seconds of life, seven of grace, ten until the generation is over, one until the store
    // looks.
    assert!(store.store.len() <= 28, "{} are kept", store.store.len());
}

/// A browser that somebody has made up.
fn stranger(number: u64) -> BindingDigest {
    let mut cookie = [0; 32];
    cookie[..8].copy_from_slice(&number.to_be_bytes());
    BindingCookie::from_random(cookie).digest()
}

/// A sign-out of the browser with this number.
fn sign_out(number: u64, issued_at: u64) -> Claim {
    let mut claim = token(1_000_000 + number, issued_at, 60_000);
    claim.binding = Some(stranger(number));
    claim.barrier = true;
    claim
}

#[test]
fn a_flood_of_sign_outs_stops_nobody_and_passes_as_the_tokens_do_that_it_could_refuse() {
    for life in [1, 10_000, 60_000, 90_000, 3_600_000, LIFETIME_MAX_MS] {
        let max_lifetime = Lifetime::from_millis(life).unwrap();
        let store = Store::with_capacity(1_000);
        let flood = |now: u64, strangers: std::ops::Range<u64>| {
            let answers = strangers
                .map(|number| store.raise(Barrier::new(stranger(number), at(now), max_lifetime)));
            answers
                .filter(|answer| *answer == BarrierAnswer::Raised)
                .count()
        };
        assert_eq!(flood(START, 0..600), 500, "half of the room");
        assert_eq!(flood(START, 0..600), 500, "the same browsers need no more");
        assert_eq!(flood(START, 1_000..1_100), 0, "others do");
        let mut out = sign_out(1_000, START);
        out.barrier_ends_at = at(START + life.max(60_000));
        let released = granted(Grant::First, BarrierAnswer::NoRoom);
        assert_eq!(store.claim(out).unwrap(), released, "of {life} ms");
        for n in 0..400 {
            let sign_in = store.claim(token(n, START, 60_000));
            assert_eq!(sign_in.unwrap(), FIRST, "of {life} ms");
        }
        // Twice the lifetime at most, then skew, margin, and a second until the store looks.
        let over = START + 2 * life.max(10_000) + SKEW_MS + MARGIN_MS + 1_000;
        store.set_clock(over);
        assert_eq!(flood(over, 2_000..2_600), 500, "of {life} ms");
    }
}

#[test]
fn the_sign_outs_of_one_browser_share_a_place() {
    let store = Store::with_capacity(1_000);
    for n in 0..1_000 {
        let now = at(START + n);
        let barrier = Barrier::new(stranger(1), now, Lifetime::default());
        assert_eq!(store.raise(barrier), BarrierAnswer::Raised);
    }
    assert_eq!(store.store.len(), 1);
    let mut older = sign_out(1, START + 999);
    older.barrier = false;
    let answer = store.claim(older).unwrap();
    assert_eq!(answer, ClaimAnswer::BehindBarrier);
}

#[test]
fn a_clock_that_ran_ahead_for_a_while_closes_nothing_that_was_empty() {
    let store = Store::with_capacity(1_000);
    assert_eq!(store.claim(token(0, START, 60_000)).unwrap(), FIRST);
    let raised = granted(Grant::First, BarrierAnswer::Raised);
    assert_eq!(store.claim(sign_out(0, START)).unwrap(), raised);
    let ahead = START + 30 * LIFETIME_MAX_MS;
    store.set_clock(ahead);
    assert_eq!(store.claim(token(1, ahead, 60_000)).unwrap(), FIRST);
    store.set_clock(START + 120_000);
    // What was forgotten is refused, and what is issued now is not.
    let again = store.claim(token(0, START, 60_000)).unwrap();
    assert_eq!(again, ClaimAnswer::BeforeHorizon);
    let mut fresh = token(2, START + 120_000, 60_000);
    fresh.binding = None;
    assert_eq!(store.claim(fresh).unwrap(), FIRST);
}

#[test]
fn a_store_that_forgot_ahead_of_the_clock_says_until_when_it_refuses() {
    for ahead in [60_000, 3_600_000, LIFETIME_MAX_MS, 30 * LIFETIME_MAX_MS] {
        for what in [token(0, START, 60_000), sign_out(0, START)] {
            let store = Store::with_capacity(1_000);
            let horizon = || store.store.horizon().now_or_never().unwrap().unwrap();
            assert_eq!(horizon(), at(START - 60_000));
            // Issued by a clock that was ahead, and forgotten by it.
            store.set_clock(START + ahead);
            let mut what = what;
            what.issued_at = at(START + ahead);
            what.expires_at = at(START + ahead + 60_000);
            what.barrier_ends_at = what.expires_at;
            store.claim(what).unwrap();
            store.set_clock(START + ahead + 200_000);
            let stranger = token(1, START - 60_000, 1);
            store.claim(stranger).unwrap();
            store.set_clock(START);
            let until = horizon().get();
            let forgotten = START + ahead + 60_000..=START + ahead + 200_000;
            assert!(forgotten.contains(&until), "{ahead} ms: {until}");
            store.set_clock(until);
            assert_eq!(horizon(), at(START - 60_000), "time has caught up");
        }
    }
}

#[test]
fn a_token_that_lives_long_is_kept_at_most_an_eighth_of_its_life_too_long() {
    for lifetime in [1, 60_000, 170_000, 3_600_000, LIFETIME_MAX_MS] {
        let store = Store::with_capacity(1_000);
        assert_eq!(store.claim(token(0, START, lifetime)).unwrap(), FIRST);
        let kept_until = START + lifetime + SKEW_MS + MARGIN_MS;
        let late = 10_000.max(lifetime / 8);
        for (n, (now, kept)) in (1..).zip([(kept_until - 1, 1), (kept_until + late, 0)]) {
            store.set_clock(now);
            // Refused, so it is not an entry itself; but the store looks for what has expired.
            let stranger = token(n, START - 60_000, 1);
            assert_eq!(store.claim(stranger).unwrap(), ClaimAnswer::BeforeHorizon);
            assert_eq!(store.store.len(), kept, "of {lifetime} ms, at {now}");
            assert_eq!(store.store.is_empty(), kept == 0);
        }
    }
}

#[test]
fn a_store_holds_as_many_entries_as_it_has_room_for_and_not_one_more() {
    let store = Store::with_capacity(10_000);
    for n in 0..10_000 {
        assert_eq!(store.claim(token(n, START, 60_000)).unwrap(), FIRST);
    }
    for n in 10_000..10_100 {
        let full = store.claim(token(n, START, 60_000));
        assert!(matches!(full, Err(StoreError::Full)));
    }
    assert_eq!(store.store.len(), 10_000);
}

#[test]
fn entries_are_counted_exactly_while_threads_claim_and_the_store_forgets() {
    const THREADS: u64 = 4;
    const CLAIMS: u64 = 20_000;
    let store = Store::with_capacity(1_000_000);
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let store = &store;
            scope.spawn(move || {
                for n in 0..CLAIMS {
                    // Generations end all the time, and some claims are of ones that are gone.
                    let now = store.clock.fetch_add(7, Ordering::SeqCst);
                    let token = token(thread * CLAIMS + n, now, 1 + n % 20_000);
                    let mut token = token;
                    token.barrier = n % 1_000 == 0;
                    store.claim(token).unwrap();
                }
            });
        }
    });
    let days = 3 * LIFETIME_MAX_MS;
    store.set_clock(START + THREADS * CLAIMS * 7 + days);
    let stranger = token(u64::MAX, START - 60_000, 1);
    assert_eq!(store.claim(stranger).unwrap(), ClaimAnswer::BeforeHorizon);
    assert_eq!(store.store.len(), 0);
}

#[test]
fn a_barrier_that_found_no_room_is_raised_by_its_retry() {
    let store = Store::with_capacity(2);
    assert_eq!(store.claim(token(0, START, 1_000)).unwrap(), FIRST);
    let mut sign_out = token(1, START + 1, 60_000);
    sign_out.barrier = true;
    let answer = store.claim(sign_out).unwrap();
    let without = granted(Grant::First, BarrierAnswer::NoRoom);
    assert_eq!(answer, without, "room for the nonce, none for the barrier");
    store.set_clock(START + 30_000);
    let answer = store.claim(sign_out).unwrap();
    assert_eq!(answer, granted(Grant::Retry, BarrierAnswer::Raised));
    assert_eq!(
        store.claim(token(2, START, 60_000)).unwrap(),
        ClaimAnswer::BehindBarrier
    );
}

#[test]
fn a_barrier_that_is_forgotten_refuses_whatever_it_may_have_refused() {
    let store = Store::with_capacity(100);
    let mut sign_out = token(0, START + 1, 60_000);
    sign_out.barrier = true;
    let raised = granted(Grant::First, BarrierAnswer::Raised);
    assert_eq!(store.claim(sign_out).unwrap(), raised);
    store.set_clock(START + 3 * LIFETIME_MAX_MS);
    let other = token(1, START - 60_000, 1);
    assert_eq!(store.claim(other).unwrap(), ClaimAnswer::BeforeHorizon);
    assert_eq!(store.store.len(), 0);
    // The clock was ahead, and is set right.
    store.set_clock(START + 1);
    let older = token(2, START, 60_000);
    assert_eq!(store.claim(older).unwrap(), ClaimAnswer::BeforeHorizon);
}
