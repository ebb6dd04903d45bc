//! A barrier of which a store says that it is raised.

use std::thread;

use apply_cookies_protocol::limits::SKEW_MS;
use apply_cookies_protocol::{Grant, UnixMillis};

use crate::answer::BarrierAnswer::{self, NoRoom, Raised};
use crate::answer::ClaimAnswer::{BeforeHorizon, BehindBarrier, Granted};
use crate::answer::StoreError;
use crate::barrier::Barrier;
use crate::claim::Claim;
use crate::conformance::maker::{Outcome, StoreMaker, Verdict};
use crate::conformance::world::{HOUR, Vary, World, browser, ensure, lifetime, sign_out, token};

/// How a browser signs out: with a token, or without.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Token,
    Alone,
}

use Kind::{Alone, Token};

const PAIRS: [(Kind, Kind); 4] = [
    (Token, Token),
    (Token, Alone),
    (Alone, Token),
    (Alone, Alone),
];

/// Signs browsers out, and believes no answer.
struct Doubter<'m, M: StoreMaker> {
    world: World<'m, M>,
    tokens: u64,
    /// What was answered `Raised`: the browser, and the time of the sign-out.
    raised: Vec<(u64, UnixMillis)>,
    /// The store may have lost its content, if it says so.
    is_reopened: bool,
}

impl<'m, M: StoreMaker> Doubter<'m, M> {
    const fn of(world: World<'m, M>) -> Self {
        Self {
            world,
            tokens: 0,
            raised: Vec::new(),
            is_reopened: false,
        }
    }

    fn token(&mut self, browser: u64, issued_at: UnixMillis) -> Claim {
        self.tokens += 1;
        let token = token(self.tokens, issued_at, HOUR).among(HOUR);
        token.of(browser).by(1)
    }

    /// Signs out, and looks whether it is true. `None` where nothing was answered.
    fn sign_out(
        &mut self,
        kind: Kind,
        browser: u64,
        issued_at: UnixMillis,
    ) -> Result<Option<BarrierAnswer>, String> {
        let barrier = match kind {
            Alone => {
                let browser = self::browser(browser);
                self.world
                    .raise(Barrier::new(browser, issued_at, lifetime(HOUR)))?
            }
            Token => {
                let token = self.token(browser, issued_at).barrier();
                match self.world.try_claim(token) {
                    Ok(Granted {
                        grant: Grant::First,
                        barrier,
                    }) => barrier,
                    Ok(BeforeHorizon) if self.is_reopened => return Ok(None),
                    Err(StoreError::Full) => return Ok(None),
                    answer => return Err(format!("a sign-out: {answer:?}")),
                }
            }
        };
        ensure([Raised, NoRoom].contains(&barrier), || {
            format!("a sign-out ({kind:?}): {barrier:?}")
        })?;
        if barrier == Raised {
            self.raised.push((browser, issued_at));
            self.check(browser, issued_at)?;
        }
        Ok(Some(barrier))
    }

    /// Signs out where there is room.
    fn must_raise(&mut self, kind: Kind, browser: u64, at: UnixMillis) -> Result<(), String> {
        let answer = self.sign_out(kind, browser, at)?;
        let is_lost = self.is_reopened && answer.is_none();
        ensure(is_lost || answer == Some(Raised), || {
            format!("a sign-out ({kind:?}) where there is room: {answer:?}")
        })
    }

    /// The youngest of the tokens that the barrier must refuse.
    fn check(&mut self, browser: u64, issued_at: UnixMillis) -> Result<(), String> {
        let older = self.token(browser, issued_at);
        let answer = self.world.claim(older)?;
        let is_refused = answer == BehindBarrier || self.is_reopened && answer == BeforeHorizon;
        ensure(is_refused, || {
            format!("`Raised` was said for browser {browser}, and yet an older token: {answer:?}")
        })
    }

    fn check_all(&mut self) -> Result<(), String> {
        for (browser, issued_at) in self.raised.clone() {
            self.check(browser, issued_at)?;
        }
        Ok(())
    }

    fn reopened(self) -> Option<Self> {
        Some(Self {
            world: self.world.reopened()?,
            is_reopened: true,
            ..self
        })
    }
}

pub(in crate::conformance) fn raised<M: StoreMaker>(maker: &M) -> Outcome {
    many_browsers(maker)?;
    for (first, second) in PAIRS {
        one_after_another(maker, first, second)?;
    }
    all_at_once(maker)?;
    if let Some(world) = World::small(maker) {
        full_of_barriers(world)?;
    }
    if let Some(world) = World::small(maker) {
        full_of_claims(world)?;
    }
    Ok(Verdict::Held)
}

/// Also after the store was closed, twice.
fn many_browsers<M: StoreMaker>(maker: &M) -> Result<(), String> {
    const BROWSERS: u64 = 40;
    let mut store = Doubter::of(World::settled(maker));
    for times in 0..3 {
        // Some sign out for the first time, and some again.
        for n in 0..BROWSERS {
            store.world.advance(1);
            let kind = if n % 2 == 0 { Token } else { Alone };
            store.must_raise(kind, n + times * BROWSERS / 2, store.world.now())?;
        }
        store.check_all()?;
        match store.reopened() {
            Some(reopened) => store = reopened,
            None => return Ok(()),
        }
        store.check_all()?;
        store.world.advance(SKEW_MS);
    }
    Ok(())
}

/// A browser signs out again, a little later or much.
fn one_after_another<M: StoreMaker>(maker: &M, first: Kind, second: Kind) -> Result<(), String> {
    let mut store = Doubter::of(World::settled(maker));
    for (browser, later) in (0..).zip([1, 9, 999, 59_999]) {
        store.must_raise(first, browser, store.world.now())?;
        store.world.advance(later);
        store.must_raise(second, browser, store.world.now())?;
        store.must_raise(Alone, browser, store.world.now().minus(1))?; // It is covered.
        // By another machine's clock.
        let ahead = store.world.now().plus(SKEW_MS - 1);
        store.must_raise(second, browser, ahead)?;
        store.must_raise(first, browser + 100, ahead)?;
    }
    store.check_all()?;
    // The later one lasts longer.
    store.must_raise(first, 50, store.world.now())?;
    store.world.advance(HOUR - 1);
    let later = store.world.now();
    store.must_raise(second, 50, later)?;
    store.world.advance(HOUR / 2);
    store.check(50, later)
}

/// Of a browser that signs out many times at once, the latest sign-out counts.
fn all_at_once<M: StoreMaker>(maker: &M) -> Result<(), String> {
    const ROUNDS: u64 = 40;
    const SIGN_OUTS: usize = 8;
    let world = World::settled(maker);
    let now = world.now();
    world.advance(SIGN_OUTS as u64);
    for round in 0..ROUNDS {
        let start = std::sync::Barrier::new(SIGN_OUTS);
        let older = |n| token(round * 100 + n, now.plus(n), HOUR).of(round).by(1);
        let signs_out = |n| {
            start.wait();
            world.expect_raised("many sign-outs at once", sign_out(round, now.plus(n)))?;
            world.expect("an older token", older(n), BehindBarrier)
        };
        let outcomes = thread::scope(|scope| {
            let threads: Vec<_> = (0..)
                .take(SIGN_OUTS)
                .map(|n| scope.spawn(move || signs_out(n)))
                .collect();
            let outcomes = threads.into_iter().map(thread::ScopedJoinHandle::join);
            outcomes.collect::<Result<Vec<_>, _>>()
        });
        for outcome in outcomes.map_err(|_| "a sign-out panicked".to_owned())? {
            outcome?;
        }
        let latest = older(SIGN_OUTS as u64 - 1);
        world.expect(
            "older than the latest of many sign-outs",
            latest,
            BehindBarrier,
        )?;
    }
    Ok(())
}

/// While the table of barriers fills, and when it is full.
fn full_of_barriers<M: StoreMaker>(world: World<'_, M>) -> Result<(), String> {
    let mut store = Doubter::of(world);
    let mut kinds = [Token, Alone].into_iter().cycle();
    for browser in 0..100_000 {
        store.world.advance(1);
        let kind = kinds.next().unwrap_or(Alone);
        if store.sign_out(kind, browser, store.world.now())? != Some(Raised) {
            break;
        }
    }
    store.check_all()?;
    let Some((first, _)) = store.raised.first().copied() else {
        return Ok(());
    };
    for later in [1, 1_000] {
        for kind in [Alone, Token] {
            store.world.advance(later);
            store.sign_out(kind, first, store.world.now())?;
        }
    }
    store.check_all()
}

fn full_of_claims<M: StoreMaker>(world: World<'_, M>) -> Result<(), String> {
    world.fill()?;
    let mut store = Doubter::of(world);
    store.tokens = 1_000_000;
    for browser in 0..3 {
        store.world.advance(1);
        store.sign_out(Alone, browser, store.world.now())?;
    }
    store.check_all()
}
