//! The contract of [`ReplayStore`](crate::ReplayStore) as a suite of rules that every store must
//! pass, this crate's and yours.
//!
//! ```
//! use apply_cookies_replay::{MemoryReplayStore, conformance};
//!
//! # fn quick() {
//! conformance::check(&MemoryReplayStore::new).unwrap(); // panics with every rule that is broken
//! # }
//! ```
//!
//! A closure from a [`Clock`](crate::Clock) to a store is a [`StoreMaker`]. Implement the trait
//! itself for a store that can be reopened, that can be made small, or that needs a runtime.
//!
//! The suite moves the clock that it hands to the maker, and sleeps only to wait for an answer.
//! It works with one handle in one process. So it does not see whether a store answers, or tells its
//! listeners, before a claim is safe from a crash, a failed flush or a failover; what it does when its
//! server fails in the middle of a claim; or what a second process sees.
//!
//! Each rule can also be tested by itself:
//!
//! ```
//! use apply_cookies_replay::{MemoryReplayStore, conformance::Rule};
//!
//! Rule::Retry.test(&MemoryReplayStore::new).unwrap();
//! ```

// In reading order: a module uses those before it.
mod block_on;
mod maker;
use maker::Outcome;
pub use maker::{StoreMaker, Verdict};
mod violation;
pub use violation::{Violation, Violations};
mod dice;
mod ear;
mod world;

mod model;
mod rules;
mod schedule;
pub use schedule::Schedule;

pub mod revocations;

use std::fmt;

/// A rule of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Rule {
    /// Of many simultaneous claims, one redemption id gets the nonce, and is the first only once.
    OneClaimant,
    /// The same redemption id is a retry; another, or none, finds the nonce used.
    Retry,
    /// Without a redemption id there is no retry.
    NoIdNoRetry,
    /// Redemption ids are different if any of the first eight bytes of their digests are: those that
    /// agree in the others, or as text, or as a number.
    SimilarIds,
    /// A claim is remembered until the token's expiry, the skew and the margin have passed.
    Remembered,
    /// Whatever the clock does, no token is granted twice and no barrier is passed: random
    /// schedules with steps of -600 to +600 seconds.
    ClockSteps,
    /// A token issued before the store began is refused, and one issued after is not.
    Horizon,
    /// The store's own scope passes at once, and any other never.
    Scope,
    /// A barrier refuses older tokens of the same binding, and nothing else.
    Barrier,
    /// A barrier without a token does the same, and spends nothing.
    BarrierAlone,
    /// `Raised` is true whenever it is said: of many browsers, with a token and without, of one that
    /// signs out again or many times at once, while the store fills, when it is full, and after it was
    /// reopened.
    Raised,
    /// A retry raises the barrier that the first try did not: one that found no room for it, or was
    /// given up.
    BarrierOnRetry,
    /// A barrier is remembered as long as an older token can live, of either kind.
    BarrierLasts,
    /// A barrier that is forgotten still counts when tokens may live longer than they did when it was
    /// raised: every token with a binding that is no younger is refused.
    LongerLifetimes,
    /// Without room for a barrier a sign-out is granted all the same and says so; claims go on, and
    /// the barriers that stand are kept.
    NoRoomForBarriers,
    /// A refusal spends nothing and raises no barrier.
    NoTrace,
    /// Listeners hear of every nonce that was claimed, and never of one that was not.
    Listeners,
    /// From the moment that a listener hears of a claim nobody else gets it, and no older token where
    /// it hears that a barrier is raised: also while the claim is under way, and after it was given up.
    ///
    /// The suite can stop a store in its listener and drop its futures, but cannot make its disk or its
    /// server fail. So a store that tells and then finds that it cannot claim is only found where it
    /// is full; and one that tells before the claim is safe from a crash is not found.
    ToldWhenCertain,
    /// A claim abandoned half way can be made again, but only by the same redemption id.
    Cancelled,
    /// A full store returns an error, forgets nothing and answers retries.
    Full,
    /// Expired entries make room again.
    RoomAgain,
    /// A token claimed before a store was closed is still claimed when it is reopened.
    Reopened,
    /// Random schedules of claims, retries, barriers of both kinds, expiries and reopenings are
    /// answered as a perfect memory would answer them.
    Schedules,
}

impl Rule {
    /// All rules, in the order in which [`check`] goes through them.
    pub const ALL: &[Self] = &[
        Self::Retry,
        Self::NoIdNoRetry,
        Self::SimilarIds,
        Self::Horizon,
        Self::Scope,
        Self::Barrier,
        Self::BarrierAlone,
        Self::Raised,
        Self::BarrierOnRetry,
        Self::NoTrace,
        Self::Listeners,
        Self::ToldWhenCertain,
        Self::Cancelled,
        Self::OneClaimant,
        Self::Remembered,
        Self::BarrierLasts,
        Self::LongerLifetimes,
        Self::NoRoomForBarriers,
        Self::Full,
        Self::RoomAgain,
        Self::Reopened,
        Self::ClockSteps,
        Self::Schedules,
    ];

    /// Tests a store against this rule.
    ///
    /// # Errors
    ///
    /// Says how the store breaks the rule. One that panics, or does not answer, breaks it too.
    pub fn test<M: StoreMaker>(self, maker: &M) -> Result<Verdict, Violation<Self>> {
        violation::test(self, || self.run(maker))
    }

    fn run<M: StoreMaker>(self, maker: &M) -> Outcome {
        match self {
            Self::OneClaimant => rules::one_claimant(maker),
            Self::Retry => rules::retry(maker),
            Self::NoIdNoRetry => rules::no_id_no_retry(maker),
            Self::SimilarIds => rules::similar_ids(maker),
            Self::Remembered => rules::remembered(maker),
            Self::ClockSteps => schedule::clock_steps(maker),
            Self::Horizon => rules::horizon(maker),
            Self::Scope => rules::scope(maker),
            Self::Barrier => rules::barrier(maker),
            Self::BarrierAlone => rules::barrier_alone(maker),
            Self::Raised => rules::raised(maker),
            Self::BarrierOnRetry => rules::barrier_on_retry(maker),
            Self::BarrierLasts => rules::barrier_lasts(maker),
            Self::LongerLifetimes => rules::longer_lifetimes(maker),
            Self::NoRoomForBarriers => rules::no_room_for_barriers(maker),
            Self::NoTrace => rules::no_trace(maker),
            Self::Listeners => rules::listeners(maker),
            Self::ToldWhenCertain => rules::told_when_certain(maker),
            Self::Cancelled => rules::cancelled(maker),
            Self::Full => rules::full(maker),
            Self::RoomAgain => rules::room_again(maker),
            Self::Reopened => rules::reopened(maker),
            Self::Schedules => schedule::equal_the_model(maker),
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OneClaimant => "one claimant",
            Self::Retry => "retry",
            Self::NoIdNoRetry => "no id, no retry",
            Self::SimilarIds => "similar redemption ids",
            Self::Remembered => "remembered until expiry, skew and margin have passed",
            Self::ClockSteps => "clock steps",
            Self::Horizon => "horizon",
            Self::Scope => "scope",
            Self::Barrier => "barrier",
            Self::BarrierAlone => "a barrier without a token",
            Self::Raised => "what is said to be raised is raised",
            Self::BarrierOnRetry => "a retry raises its barrier",
            Self::BarrierLasts => "a barrier lasts",
            Self::LongerLifetimes => "longer lifetimes",
            Self::NoRoomForBarriers => "no room for barriers",
            Self::NoTrace => "a refusal leaves no trace",
            Self::Listeners => "listeners",
            Self::ToldWhenCertain => "listeners are told when a claim is certain",
            Self::Cancelled => "cancelled claims",
            Self::Full => "a full store returns an error and forgets nothing",
            Self::RoomAgain => "expired entries make room",
            Self::Reopened => "reopened",
            Self::Schedules => "schedules equal the model",
        })
    }
}

/// Tests a store against every rule. Returns those that do not apply to it, for the caller to
/// compare with what it expects: for a store in memory that cannot be made small,
/// [`Rule::NoRoomForBarriers`], [`Rule::Full`], [`Rule::RoomAgain`] and [`Rule::Reopened`].
///
/// A store that never answers takes a minute for each rule.
///
/// # Errors
///
/// Every rule that is broken, and how.
pub fn check<M: StoreMaker>(maker: &M) -> Result<Vec<Rule>, Violations<Rule>> {
    violation::check(Rule::ALL, |rule| rule.test(maker))
}
