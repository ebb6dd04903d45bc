//! The contract of [`ReplayStore`](crate::ReplayStore) as a suite of rules that any store must
//! pass, those of this crate and yours.
//!
//! ```
//! use apply_cookies_replay::{MemoryReplayStore, conformance};
//!
//! # fn quick() {
//! conformance::check(&MemoryReplayStore::new);
//! # }
//! ```
//!
//! A closure from a [`Clock`](crate::Clock) to a store is enough of a [`StoreMaker`]. Implement the trait itself
//! for a store that can be opened again, that can be made small, or that needs a runtime.
//!
//! The suite moves the clock that it hands to the maker, and never sleeps but to wait for an
//! answer. Rules are also there one by one, for tests of their own:
//!
//! ```
//! use apply_cookies_replay::{MemoryReplayStore, conformance::Rule};
//!
//! Rule::Retry.test(&MemoryReplayStore::new).unwrap();
//! ```

// In the order of reading: a module uses those before it.
mod block_on;
mod maker;
pub use maker::{StoreMaker, Verdict};
mod world;

mod model;
mod rules;
mod schedule;
pub use schedule::Schedule;

use std::fmt;

/// A rule of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Rule {
    /// Of many claims at the same time, one redemption id gets the nonce, and once as the first.
    OneClaimant,
    /// The same redemption id is a retry; another, or none, finds the nonce used.
    Retry,
    /// Without a redemption id there is no retry.
    NoIdNoRetry,
    /// A claim is remembered until the token's expiry, the skew and the margin have passed.
    Remembered,
    /// Whatever the clock does, nothing is given away twice and no barrier is passed: random
    /// schedules with steps of -600 to +600 seconds.
    ClockSteps,
    /// What was issued before the store began is refused, and what was issued after it is not.
    Horizon,
    /// The own scope passes at once, and any other never.
    Scope,
    /// A barrier refuses what is older of the same binding, and nothing else.
    Barrier,
    /// A barrier is remembered as long as an older token can live.
    BarrierLasts,
    /// A refusal spends nothing and raises no barrier.
    NoTrace,
    /// Listeners are told of what was claimed, and never of what was not.
    Listeners,
    /// A claim that is given up half way can be made again by the same redemption id alone.
    Cancelled,
    /// A full store errs, forgets nothing and answers retries.
    Full,
    /// What has expired makes room again.
    RoomAgain,
    /// What was claimed before a store was closed is claimed when it is opened again.
    Reopened,
    /// Random schedules of claims, retries, barriers, expiries and openings are answered as a
    /// perfect memory would.
    Schedules,
}

impl Rule {
    /// All rules, in the order in which [`check`] goes through them.
    pub const ALL: &[Self] = &[
        Self::Retry,
        Self::NoIdNoRetry,
        Self::Horizon,
        Self::Scope,
        Self::Barrier,
        Self::NoTrace,
        Self::Listeners,
        Self::Cancelled,
        Self::OneClaimant,
        Self::Remembered,
        Self::BarrierLasts,
        Self::Full,
        Self::RoomAgain,
        Self::Reopened,
        Self::ClockSteps,
        Self::Schedules,
    ];

    /// Holds a store to this rule.
    ///
    /// # Errors
    ///
    /// When the store breaks the rule: how.
    pub fn test<M: StoreMaker>(self, maker: &M) -> Result<Verdict, Violation> {
        let held = match self {
            Self::OneClaimant => rules::one_claimant(maker),
            Self::Retry => rules::retry(maker),
            Self::NoIdNoRetry => rules::no_id_no_retry(maker),
            Self::Remembered => rules::remembered(maker),
            Self::ClockSteps => schedule::clock_steps(maker),
            Self::Horizon => rules::horizon(maker),
            Self::Scope => rules::scope(maker),
            Self::Barrier => rules::barrier(maker),
            Self::BarrierLasts => rules::barrier_lasts(maker),
            Self::NoTrace => rules::no_trace(maker),
            Self::Listeners => rules::listeners(maker),
            Self::Cancelled => rules::cancelled(maker),
            Self::Full => rules::full(maker),
            Self::RoomAgain => rules::room_again(maker),
            Self::Reopened => rules::reopened(maker),
            Self::Schedules => schedule::equal_the_model(maker),
        };
        held.map_err(|what| Violation { rule: self, what })
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OneClaimant => "one claimant",
            Self::Retry => "retry",
            Self::NoIdNoRetry => "no id, no retry",
            Self::Remembered => "remembered until expiry, skew and margin have passed",
            Self::ClockSteps => "clock steps",
            Self::Horizon => "horizon",
            Self::Scope => "scope",
            Self::Barrier => "barrier",
            Self::BarrierLasts => "a barrier lasts",
            Self::NoTrace => "a refusal leaves no trace",
            Self::Listeners => "listeners",
            Self::Cancelled => "cancelled claims",
            Self::Full => "a full store errs and forgets nothing",
            Self::RoomAgain => "what has expired makes room",
            Self::Reopened => "reopened",
            Self::Schedules => "schedules equal the model",
        })
    }
}

/// A rule that a store breaks.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the rule `{rule}` is broken: {what}")]
pub struct Violation {
    rule: Rule,
    what: String,
}

impl Violation {
    /// Which rule.
    #[must_use]
    pub const fn rule(&self) -> Rule {
        self.rule
    }
}

/// Holds a store to every rule. Gives back those that do not apply to it, for the caller to
/// compare with what it expects: a store in memory that cannot be made small has
/// [`Rule::Full`], [`Rule::RoomAgain`] and [`Rule::Reopened`].
///
/// # Panics
///
/// With the name of the first rule that is broken, and how.
#[must_use = "rules that did not apply were not tested"]
pub fn check<M: StoreMaker>(maker: &M) -> Vec<Rule> {
    let mut not_applicable = Vec::new();
    for rule in Rule::ALL {
        match rule.test(maker) {
            Ok(Verdict::Held) => {}
            Ok(Verdict::NotApplicable) => not_applicable.push(*rule),
            Err(violation) => panic!("{violation}"),
        }
    }
    not_applicable
}
