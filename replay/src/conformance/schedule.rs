//! Random schedules: few tokens, browsers and redemption ids, so that they collide, and a clock
//! that goes forward or jumps.

use std::fmt;

use apply_cookies_protocol::limits::{LIFETIME_MAX_MS, SKEW_MS};
use apply_cookies_protocol::{StoreScope, UnixMillis};

use super::dice::Dice;
use super::maker::{Outcome, StoreMaker, Verdict};
use super::model::Model;
use super::world::{Vary, World, browser, ensure, foreign_scope, id, lifetime, token};
use crate::answer::ClaimAnswer;
use crate::barrier::Barrier;
use crate::claim::Claim;
use crate::store::ReplayStore;

/// A list of claims against one store. [`Rule::Schedules`](super::Rule::Schedules) and
/// [`Rule::ClockSteps`](super::Rule::ClockSteps) run many; use this to run more of them, or to
/// rerun one that a message names.
#[derive(Clone)]
pub struct Schedule {
    seed: u64,
    jumps: bool,
    /// The longest lifetime of the deployment's tokens.
    max_lifetime: u64,
    tokens: Vec<Token>,
    steps: Vec<Step>,
}

#[derive(Clone, Copy)]
struct Token {
    nonce: u64,
    /// 0: without a binding.
    browser: u64,
    /// Milliseconds since the store began.
    issued_at: u64,
    lifetime: u64,
    barrier: bool,
    scope: Scope,
}

#[derive(Clone, Copy, Debug)]
enum Scope {
    None,
    Own,
    Foreign,
}

#[derive(Clone, Copy)]
enum Step {
    /// The clock moves by this many milliseconds, and the token is claimed.
    Claim {
        advance: i64,
        token: usize,
        redemption: Option<usize>,
    },
    /// The clock moves, and the browser signs out without a token.
    SignOut {
        advance: i64,
        browser: u64,
    },
    Reopen,
}

impl Schedule {
    /// The schedule with this number, whose clock goes forward: every answer must be that of a
    /// perfect memory.
    #[must_use]
    pub fn forward(seed: u64) -> Self {
        Self::drawn(seed, false)
    }

    /// The schedule with this number, whose clock steps by up to ten minutes in both directions:
    /// the store may refuse, but must not grant a token twice or pass a barrier.
    #[must_use]
    pub fn jumping(seed: u64) -> Self {
        Self::drawn(seed, true)
    }

    fn drawn(seed: u64, jumps: bool) -> Self {
        let mut dice = Dice(seed);
        let tokens: Vec<Token> = (0..=dice.below(11))
            .map(|nonce| Token {
                nonce,
                browser: dice.below(3),
                // Half of them at few moments, so that some share a millisecond.
                issued_at: match dice.below(2) {
                    0 => 10_000 * dice.below(8),
                    _ => dice.below(100_000),
                },
                lifetime: match dice.below(8) {
                    0 => 1 + dice.below(1_000),
                    1 => 1 + dice.below(3_600_000),
                    _ => 1 + dice.below(90_000),
                },
                barrier: dice.below(5) == 0,
                scope: match dice.below(8) {
                    0 => Scope::Foreign,
                    1 | 2 => Scope::Own,
                    _ => Scope::None,
                },
            })
            .collect();
        let steps = (0..=dice.below(60))
            .map(|_| {
                let advance = if jumps {
                    dice.below(1_200_001).cast_signed() - 600_000
                } else {
                    dice.below(8_000).cast_signed()
                };
                match dice.below(12) {
                    0 => Step::Reopen,
                    1 => Step::SignOut {
                        advance,
                        browser: 1 + dice.below(2),
                    },
                    _ => Step::Claim {
                        advance,
                        token: dice.index(tokens.len()),
                        redemption: dice.index(4).checked_sub(1),
                    },
                }
            })
            .collect();
        // No more than a token needs, or as much as there can be.
        let longest = tokens.iter().map(|token| token.lifetime).max();
        let max_lifetime = match dice.below(2) {
            0 => longest.unwrap_or(LIFETIME_MAX_MS),
            _ => LIFETIME_MAX_MS,
        };
        Self {
            seed,
            jumps,
            max_lifetime,
            tokens,
            steps,
        }
    }

    /// Runs it against a store from this maker.
    ///
    /// # Errors
    ///
    /// When an answer is wrong: the answer, and a shorter schedule that still gives it.
    pub fn run<M: StoreMaker>(&self, maker: &M) -> Result<(), String> {
        let Err(mut wrong) = self.attempt(maker) else {
            return Ok(());
        };
        let mut shorter = self.clone();
        let mut at = 0;
        while at < shorter.steps.len() {
            let mut shorter_still = shorter.clone();
            shorter_still.steps.remove(at);
            match shorter_still.attempt(maker) {
                Err(still) => (shorter, wrong) = (shorter_still, still),
                Ok(()) => at += 1,
            }
        }
        Err(format!("{wrong}, in {shorter:?}"))
    }

    fn attempt<M: StoreMaker>(&self, maker: &M) -> Result<(), String> {
        let mut world = World::new(maker);
        let begin = world.now();
        let own = world.store.scope();
        let mut model = Model::new(horizon(&world)?, own);
        let mut ear = world.ear();
        let claims: Vec<Claim> = self
            .tokens
            .iter()
            .map(|token| token.claim(begin, own).among(self.max_lifetime))
            .collect();
        let ids = [0, 1, 2].map(id);
        for (n, step) in self.steps.iter().enumerate() {
            let (token, redemption) = match *step {
                Step::Claim {
                    advance,
                    token,
                    redemption,
                } => {
                    world.step(advance);
                    (token, redemption)
                }
                Step::SignOut { advance, browser } => {
                    world.step(advance);
                    let browser = self::browser(browser);
                    let now = world.now();
                    let barrier = Barrier::new(browser, now, lifetime(self.max_lifetime));
                    world.expect_raised(&format!("step {n}"), barrier)?;
                    model.raise(&barrier);
                    continue;
                }
                Step::Reopen => {
                    match world.reopened() {
                        Some(reopened) => world = reopened,
                        None => return Ok(()), // a store in memory ends here; see `run_all`
                    }
                    model.horizon = horizon(&world)?;
                    model.scope = world.store.scope();
                    ear = world.ear();
                    continue;
                }
            };
            let mut claim = claims[token];
            claim.redemption = redemption.and_then(|redemption| ids[redemption]);
            if !is_live(&claim, world.now()) {
                continue;
            }
            let answer = world.claim(claim)?;
            if self.jumps {
                let is_given = matches!(answer, ClaimAnswer::Granted { .. });
                ensure(!is_given || !model.forbids(&claim), || {
                    format!("step {n}: {answer:?}")
                })?;
                if is_given {
                    model.remember(&claim);
                }
            } else {
                let expected = model.claim(&claim);
                ensure(answer == expected, || {
                    format!("step {n}: {answer:?} instead of {expected:?}")
                })?;
            }
            for (nonce, barrier) in ear.heard().drain(..) {
                ensure(model.may_tell(nonce, barrier), || {
                    format!("step {n}: told of a claim with {barrier:?}, which is not true")
                })?;
            }
        }
        Ok(())
    }
}

impl Token {
    fn claim(self, begin: UnixMillis, own: Option<StoreScope>) -> Claim {
        let mut claim = token(self.nonce, begin.plus(self.issued_at), self.lifetime);
        if self.browser > 0 {
            claim = claim.of(self.browser);
        }
        claim.barrier = self.barrier;
        match self.scope {
            Scope::None => claim,
            Scope::Own => claim.scoped(own),
            Scope::Foreign => claim.scoped(Some(foreign_scope())),
        }
    }
}

impl<M: StoreMaker> World<'_, M> {
    /// Moves the clock, forward or back.
    fn step(&self, by: i64) {
        let now = self.now().get().saturating_add_signed(by);
        self.hands.set(UnixMillis::EPOCH.plus(now));
    }
}

/// Whether the redeemer would let the token get as far as the store.
fn is_live(claim: &Claim, now: UnixMillis) -> bool {
    now < claim.expires_at && claim.issued_at <= now.plus(SKEW_MS)
}

fn horizon<M: StoreMaker>(world: &World<'_, M>) -> Result<UnixMillis, String> {
    let horizon = world.maker.wait(world.store.horizon());
    horizon.map_err(|error| format!("no horizon: {error:?}"))
}

fn run_all<M: StoreMaker>(maker: &M, draw: fn(u64) -> Schedule) -> Outcome {
    let is_durable = World::new(maker).reopened().is_some();
    for seed in 0..maker.schedules() {
        let mut schedule = draw(seed);
        if !is_durable {
            schedule.steps.retain(|step| !matches!(step, Step::Reopen));
        }
        schedule.run(maker)?;
    }
    Ok(Verdict::Held)
}

pub(super) fn equal_the_model<M: StoreMaker>(maker: &M) -> Outcome {
    run_all(maker, Schedule::forward)
}

pub(super) fn clock_steps<M: StoreMaker>(maker: &M) -> Outcome {
    run_all(maker, Schedule::jumping)
}

impl fmt::Debug for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.jumps { "jumping" } else { "forward" };
        writeln!(
            f,
            "Schedule::{kind}({}), shortened, tokens live at most {} ms:",
            self.seed, self.max_lifetime
        )?;
        for step in &self.steps {
            let (advance, token, redemption) = match step {
                Step::Claim {
                    advance,
                    token,
                    redemption,
                } => (advance, token, redemption),
                Step::SignOut { advance, browser } => {
                    writeln!(f, "  {advance:+} ms, browser {browser} signs out")?;
                    continue;
                }
                Step::Reopen => {
                    writeln!(f, "  reopen")?;
                    continue;
                }
            };
            let Token {
                nonce,
                browser,
                issued_at,
                lifetime,
                barrier,
                scope,
            } = self.tokens[*token];
            writeln!(
                f,
                "  {advance:+} ms, token {nonce} under {redemption:?} (browser {browser}, issued at \
                 +{issued_at}, lives {lifetime}, scope {scope:?}{})",
                if barrier { ", barrier" } else { "" },
            )?;
        }
        Ok(())
    }
}
