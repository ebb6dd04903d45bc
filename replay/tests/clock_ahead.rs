//! A clock that was ahead for a while, and is right again: sign-outs after that concern their own
//! browser and nobody else, in memory and in a file.

#[path = "support/folder.rs"]
mod folder;
#[path = "support/tokens.rs"]
mod tokens;

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use BarrierAnswer::Raised;
use apply_cookies_protocol::limits::{LIFETIME_MAX_MS, SKEW_MS};
use apply_cookies_protocol::{BindingCookie, BindingDigest, Grant, Lifetime, RedemptionDigest};
use apply_cookies_replay::{
    Barrier, BarrierAnswer, Claim, ClaimAnswer, Clock, FileReplayStore, MARGIN_MS,
    MemoryReplayStore, ReplayStore, StoreFuture,
};
use folder::Folder;
use tokens::{FIRST, START, at, clock};

const HOUR: u64 = 3_600_000;

/// The longest lifetime, and how far ahead the clock was.
const AHEAD: [(u64, u64); 5] = [
    (1_000, HOUR),
    (60_000, 10 * 60_000),
    (HOUR, 3 * HOUR),
    (HOUR, 365 * LIFETIME_MAX_MS),
    (LIFETIME_MAX_MS, 3 * LIFETIME_MAX_MS),
];

const fn raised(grant: Grant) -> ClaimAnswer {
    ClaimAnswer::Granted {
        grant,
        barrier: Raised,
    }
}

fn browser(n: u64) -> BindingDigest {
    let mut cookie = [0; 32];
    cookie[..8].copy_from_slice(&n.to_le_bytes());
    BindingCookie::from_random(cookie).digest()
}

struct World {
    store: Option<Box<dyn ReplayStore>>,
    /// A store in a file is closed and opened again before each claim.
    folder: Option<Folder>,
    clock: Clock,
    hands: Arc<AtomicU64>,
    /// The longest lifetime.
    longest: u64,
}

impl World {
    /// A store whose horizon has passed, with room for 50 barriers.
    fn new(in_file: bool, longest: u64) -> Self {
        let (clock, hands) = clock();
        hands.store(START - 60_000, Ordering::SeqCst);
        let memory = MemoryReplayStore::new(clock.clone()).capacity(100);
        let mut world = Self {
            store: Some(Box::new(memory)),
            folder: in_file.then(Folder::new),
            clock,
            hands,
            longest,
        };
        world.reopen();
        world.set(START);
        world
    }

    fn reopen(&mut self) {
        if let Some(folder) = &self.folder {
            self.store = None;
            let store = FileReplayStore::open_with_capacity(folder.file(), self.clock.clone(), 100);
            self.store = Some(Box::new(store.unwrap()));
        }
    }

    fn store(&self) -> &dyn ReplayStore {
        self.store.as_deref().unwrap()
    }

    fn set(&self, now: u64) {
        self.hands.store(now, Ordering::SeqCst);
    }

    /// Claims a token of this browser that lives as long as it may.
    fn claim(&mut self, n: u64, of: u64, issued_at: u64, barrier: bool) -> ClaimAnswer {
        let nonce = tokens::claim(n, issued_at).nonce;
        let expires_at = at(issued_at + self.longest);
        let now = at(self.hands.load(Ordering::SeqCst));
        let longest = lifetime(self.longest);
        let mut claim = Claim::new(nonce, at(issued_at), expires_at, longest, now);
        claim.binding = Some(browser(of));
        claim.barrier = barrier;
        claim.redemption = RedemptionDigest::from_id(&n.to_le_bytes());
        self.reopen();
        wait(self.store().claim(claim))
    }

    /// Signs a browser out without a token, now.
    fn sign_out(&self, of: u64) -> BarrierAnswer {
        let now = at(self.hands.load(Ordering::SeqCst));
        let barrier = Barrier::new(browser(of), now, lifetime(self.longest));
        wait(self.store().raise_barrier(barrier))
    }
}

fn lifetime(millis: u64) -> Lifetime {
    Lifetime::from_millis(millis).unwrap()
}

fn wait<T: Unpin>(answer: StoreFuture<'_, T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.unwrap().block_on(answer).unwrap()
}

#[test]
fn after_a_clock_was_ahead_a_sign_out_refuses_its_own_browser_alone() {
    for (longest, ahead) in AHEAD {
        for in_file in [false, true] {
            let what = format!("in a file: {in_file}, of {longest} ms, {ahead} ms ahead");
            let mut world = World::new(in_file, longest);
            assert_eq!(world.sign_out(1), Raised);
            // The first browser's barrier is forgotten.
            world.set(START + ahead);
            assert_eq!(world.sign_out(2), Raised);

            world.set(START + 10);
            let out = world.claim(0, 3, START + 10, true);
            assert_eq!(out, raised(Grant::First), "{what}");
            assert_eq!(world.sign_out(4), Raised);
            let retry = world.claim(0, 3, START + 10, true);
            assert_eq!(retry, raised(Grant::Retry), "{what}");
            let other = world.claim(1, 5, START + 10, false);
            assert_eq!(other, FIRST, "another browser's, {what}");
            for browser in [3, 4] {
                let older = world.claim(10 + browser, browser, START + 5, false);
                assert_eq!(older, ClaimAnswer::BehindBarrier, "{what}");
            }

            // The last moment at which an older token can be on its way.
            world.set(START + 9 + longest + SKEW_MS + MARGIN_MS);
            assert_eq!(world.sign_out(6), Raised);
            for browser in [3, 4] {
                let older = world.claim(20 + browser, browser, START + 10, false);
                assert_eq!(older, ClaimAnswer::BehindBarrier, "at the end, {what}");
            }
        }
    }
}

#[test]
fn after_a_clock_was_ahead_a_flood_of_sign_outs_is_bounded_and_passes() {
    for (longest, ahead) in AHEAD {
        for in_file in [false, true] {
            let what = format!("in a file: {in_file}, of {longest} ms, {ahead} ms ahead");
            let world = World::new(in_file, longest);
            world.sign_out(1);
            world.set(START + ahead);
            world.sign_out(2);
            world.set(START + 10);
            let flood = |world: &World, strangers: Range<u64>| {
                let answers = strangers.map(|stranger| world.sign_out(stranger));
                answers.filter(|answer| *answer == Raised).count()
            };
            assert_eq!(flood(&world, 100..160), 49, "{what}");
            world.set(START + 3 * longest.max(10_000) + SKEW_MS + MARGIN_MS + 1_000);
            assert!(flood(&world, 200..260) >= 49, "{what}");
        }
    }
}

/// Whatever was issued until then is refused, so that no place is needed for a barrier.
#[test]
fn after_a_clock_forgot_far_ahead_no_sign_out_takes_a_place_until_then() {
    let ahead = 365 * LIFETIME_MAX_MS;
    let mut world = World::new(true, HOUR);
    world.set(START + ahead);
    assert_eq!(world.sign_out(1), Raised);
    world.set(START + 2 * ahead);
    assert_eq!(world.sign_out(2), Raised);
    world.set(START + 10);
    for stranger in 100..160 {
        assert_eq!(world.sign_out(stranger), Raised);
    }
    let older = world.claim(0, 100, START + 5, false);
    assert_eq!(older, ClaimAnswer::BeforeHorizon);
    world.set(START + ahead + 10);
    assert_eq!(world.sign_out(3), Raised);
    let older = world.claim(1, 3, START + ahead + 5, false);
    assert_eq!(older, ClaimAnswer::BehindBarrier);
}
