//! The store in memory against a model that never forgets, and against clocks that jump.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use apply_cookies::Clock;
use apply_cookies::protocol::{
    BindingCookie, Claimed, Nonce, RedemptionDigest, StoreScope, UnixMillis, limits,
};
use apply_cookies::replay::{Claim, ClaimAnswer, MemoryReplayStore, ReplayStore};
use futures_util::FutureExt;
use proptest::prelude::*;

const START: u64 = 1_795_000_000_000;

fn at(millis: u64) -> UnixMillis {
    UnixMillis::new(millis).unwrap()
}

struct Store {
    store: MemoryReplayStore,
    clock: Arc<AtomicU64>,
}

impl Store {
    fn new() -> Self {
        let clock = Arc::new(AtomicU64::new(START));
        let hands = clock.clone();
        let store =
            MemoryReplayStore::new(Clock::from_fn(move || at(hands.load(Ordering::SeqCst))));
        Self { store, clock }
    }

    fn set_clock(&self, millis: u64) {
        self.clock.store(millis, Ordering::SeqCst);
    }

    fn claim(&self, claim: Claim) -> ClaimAnswer {
        self.store.claim(claim).now_or_never().unwrap().unwrap()
    }
}

/// A token of a small world: few nonces, browsers and redemption ids, so that they collide.
#[derive(Clone, Copy, Debug)]
struct Token {
    nonce: u8,
    browser: u8,
    issued_at: u64,
    lifetime: u64,
    barrier: bool,
}

impl Token {
    fn claim(self, redemption: Option<u8>) -> Claim {
        let mut claim = Claim::new(
            Nonce::from_random([self.nonce; 16]),
            at(self.issued_at),
            at(self.issued_at + self.lifetime),
        );
        claim.redemption = redemption.map(|r| RedemptionDigest::of(&[r]).unwrap());
        claim.binding =
            (self.browser > 0).then(|| BindingCookie::from_random([self.browser; 32]).digest());
        claim.barrier = self.barrier;
        claim
    }

    /// Whether the redeemer lets the token come as far as the store.
    fn is_live(self, now: u64) -> bool {
        now < self.issued_at + self.lifetime && self.issued_at <= now + limits::SKEW_MS
    }
}

/// What a perfect store answers: it remembers everything.
#[derive(Default)]
struct Model {
    used: HashMap<u8, Option<u8>>,
    barriers: HashMap<u8, Vec<(u64, u8)>>,
}

impl Model {
    fn claim(&mut self, token: Token, redemption: Option<u8>) -> ClaimAnswer {
        let older =
            |(issued_at, nonce): &(u64, u8)| token.issued_at <= *issued_at && token.nonce != *nonce;
        let barriers = self.barriers.entry(token.browser).or_default();
        if token.issued_at < START + limits::SKEW_MS
            || (token.browser > 0 && barriers.iter().any(older))
        {
            return ClaimAnswer::BeforeHorizon;
        }
        match self.used.get(&token.nonce) {
            Some(used) if used.is_some() && *used == redemption => {
                ClaimAnswer::Claimed(Claimed::Retry)
            }
            Some(_) => ClaimAnswer::AlreadyUsed,
            None => {
                self.used.insert(token.nonce, redemption);
                if token.barrier {
                    barriers.push((token.issued_at, token.nonce));
                }
                ClaimAnswer::Claimed(Claimed::First)
            }
        }
    }
}

/// One claim: index of the token, redemption id, and how far the clock moves before it.
type Step = (usize, Option<u8>, i64);

/// A schedule: which of the tokens is claimed, under which redemption id, and how far the clock
/// moves before that.
fn schedule(clock: impl Strategy<Value = i64>) -> impl Strategy<Value = (Vec<Token>, Vec<Step>)> {
    let token = (
        0..3_u8,
        0..100_000_u64,
        1..90_000_u64,
        proptest::bool::weighted(0.2),
    );
    let tokens = proptest::collection::vec(token, 1..12).prop_map(|tokens| {
        let numbered = (0..).zip(tokens);
        numbered
            .map(|(nonce, (browser, offset, lifetime, barrier))| Token {
                nonce,
                browser,
                issued_at: START + offset,
                lifetime,
                barrier,
            })
            .collect()
    });
    let claims = (0..12_usize, proptest::option::of(0..3_u8), clock);
    (tokens, proptest::collection::vec(claims, 1..60))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn every_schedule_is_answered_as_a_perfect_memory_would((tokens, claims) in schedule(0..8_000_i64)) {
        let (store, mut model, mut now) = (Store::new(), Model::default(), START);
        for (index, redemption, step) in claims {
            now = now.saturating_add_signed(step);
            store.set_clock(now);
            let token = tokens[index % tokens.len()];
            if token.is_live(now) {
                prop_assert_eq!(
                    store.claim(token.claim(redemption)),
                    model.claim(token, redemption),
                    "{:?} under {:?} at {}", token, redemption, now - START
                );
            }
        }
    }

    #[test]
    fn no_jump_of_the_clock_gives_a_token_away_twice((tokens, claims) in schedule(-600_000..600_000_i64)) {
        let (store, mut now) = (Store::new(), START);
        let mut owners: HashMap<u8, Option<u8>> = HashMap::new();
        for (index, redemption, step) in claims {
            now = now.saturating_add_signed(step);
            store.set_clock(now);
            let token = tokens[index % tokens.len()];
            if token.is_live(now) && matches!(store.claim(token.claim(redemption)), ClaimAnswer::Claimed(_)) {
                let owner = owners.entry(token.nonce).or_insert(redemption);
                prop_assert_eq!(*owner, redemption, "released under two redemption ids");
            }
        }
    }
}

/// A token at a fixed place in time.
fn token(nonce: u8, issued_at: u64, lifetime: u64) -> Token {
    Token {
        nonce,
        browser: 1,
        issued_at,
        lifetime,
        barrier: false,
    }
}

#[test]
fn a_nonce_is_remembered_until_its_token_has_surely_expired() {
    // Mesop forgets a nonce sixty seconds after its use, a moment before the token expires.
    for used_after in (0..60_000).step_by(1_000) {
        let store = Store::new();
        let issued_at = START + 10_000;
        let replayed = token(0, issued_at, 60_000);
        store.set_clock(issued_at + used_after);
        assert_eq!(
            store.claim(replayed.claim(None)),
            ClaimAnswer::Claimed(Claimed::First)
        );
        for now in (used_after..180_000).step_by(1_700) {
            store.set_clock(issued_at + now);
            // Other traffic makes the store forget what it may.
            store.claim(
                token(
                    1 + u8::try_from(now / 1_700).unwrap(),
                    issued_at + now,
                    60_000,
                )
                .claim(None),
            );
            let answer = store.claim(replayed.claim(None));
            assert!(
                !matches!(answer, ClaimAnswer::Claimed(_)),
                "at +{now}: {answer:?}"
            );
        }
    }
}

#[test]
fn expired_entries_make_room() {
    let store = Store::new();
    for n in 0..200_u8 {
        let now = START + 10_000 + u64::from(n) * 1_000;
        store.set_clock(now);
        assert_eq!(
            store.claim(token(n, now, 10_000).claim(None)),
            ClaimAnswer::Claimed(Claimed::First)
        );
    }
    assert!(
        store.store.len() < 40,
        "{} entries are kept",
        store.store.len()
    );
}

#[test]
fn another_scope_is_before_the_horizon_and_the_own_one_is_not() {
    let store = Store::new();
    // In the store's first moment, where a token without a scope may be one of an earlier store.
    let mut claim = token(0, START, 60_000).claim(None);
    assert_eq!(store.claim(claim), ClaimAnswer::BeforeHorizon);
    claim.scope = Some(StoreScope::from_random([1; 16]));
    assert_eq!(store.claim(claim), ClaimAnswer::BeforeHorizon);
    claim.scope = store.store.scope();
    assert_eq!(store.claim(claim), ClaimAnswer::Claimed(Claimed::First));
}

#[test]
fn a_barrier_outlives_every_token_that_is_older() {
    let store = Store::new();
    let day = limits::LIFETIME_MAX_MS;
    let issued_at = START + 10_000;
    store.set_clock(issued_at + 1);
    let sign_out = Token {
        barrier: true,
        ..token(0, issued_at + 1, 60_000)
    };
    assert_eq!(
        store.claim(sign_out.claim(None)),
        ClaimAnswer::Claimed(Claimed::First)
    );
    for hours in 0..24_u8 {
        store.set_clock(issued_at + u64::from(hours) * 3_600_000);
        let old = token(1 + hours, issued_at, day);
        assert_eq!(
            store.claim(old.claim(None)),
            ClaimAnswer::BeforeHorizon,
            "after {hours} h"
        );
        let young = token(100 + hours, issued_at + 2, day);
        assert_eq!(
            store.claim(young.claim(None)),
            ClaimAnswer::Claimed(Claimed::First)
        );
        let other = Token {
            browser: 2,
            ..token(200 + hours, issued_at, day)
        };
        assert_eq!(
            store.claim(other.claim(None)),
            ClaimAnswer::Claimed(Claimed::First)
        );
    }
}

#[test]
fn a_token_of_the_barriers_own_millisecond_is_refused_and_the_barrier_is_not() {
    let store = Store::new();
    let now = START + 10_000;
    store.set_clock(now);
    let sign_out = Token {
        barrier: true,
        ..token(0, now, 60_000)
    };
    let first = store.claim(sign_out.claim(Some(1)));
    assert_eq!(first, ClaimAnswer::Claimed(Claimed::First));
    let same_moment = store.claim(token(1, now, 60_000).claim(Some(1)));
    assert_eq!(same_moment, ClaimAnswer::BeforeHorizon);
    let retry = store.claim(sign_out.claim(Some(1)));
    assert_eq!(retry, ClaimAnswer::Claimed(Claimed::Retry));
}

#[test]
fn a_barrier_that_found_no_room_is_raised_by_its_retry() {
    let clock = Arc::new(AtomicU64::new(START));
    let hands = clock.clone();
    let store = MemoryReplayStore::new(Clock::from_fn(move || at(hands.load(Ordering::SeqCst))))
        .capacity(2);
    let claim = |token: Token, r| store.claim(token.claim(Some(r))).now_or_never().unwrap();
    let now = START + 10_000;
    clock.store(now, Ordering::SeqCst);
    assert!(claim(token(0, now, 1_000), 1).is_ok());
    let sign_out = Token {
        barrier: true,
        ..token(1, now + 1, 60_000)
    };
    assert!(
        claim(sign_out, 1).is_err(),
        "room for the nonce, none for the barrier"
    );
    clock.store(now + 30_000, Ordering::SeqCst);
    assert_eq!(
        claim(sign_out, 1).unwrap(),
        ClaimAnswer::Claimed(Claimed::Retry)
    );
    assert_eq!(
        claim(token(2, now, 60_000), 1).unwrap(),
        ClaimAnswer::BeforeHorizon
    );
}

#[test]
fn of_many_threads_one_claims() {
    let store = Arc::new(Store::new());
    store.set_clock(START + 10_000);
    for nonce in 0..200_u8 {
        let start = std::sync::Barrier::new(16);
        let first = std::thread::scope(|scope| {
            let claims: Vec<_> = (0..16)
                .map(|r| {
                    let (store, start) = (&store, &start);
                    scope.spawn(move || {
                        start.wait();
                        store.claim(token(nonce, START + 10_000, 60_000).claim(Some(r)))
                    })
                })
                .collect();
            let answers = claims.into_iter().map(|claim| claim.join().unwrap());
            answers
                .filter(|answer| matches!(answer, ClaimAnswer::Claimed(_)))
                .count()
        });
        assert_eq!(first, 1);
    }
}
