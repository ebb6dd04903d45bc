//! The contract of [`Revocations`](crate::Revocations) as a suite of rules that every store must pass,
//! this crate's and yours.
//!
//! ```
//! use apply_cookies_replay::{MemoryRevocations, conformance::revocations};
//!
//! # fn quick() {
//! revocations::check(&MemoryRevocations::new).unwrap(); // panics with every rule that is broken
//! # }
//! ```
//!
//! It is used as the suite of replay stores is ([`conformance`](crate::conformance)), and sees as little
//! of crashes and of other processes.

// In reading order: a module uses those before it.
mod maker;
pub use maker::StoreMaker;
mod world;

mod rules;
mod schedule;

use std::fmt;

use super::maker::{Outcome, Verdict};
use super::violation::{self, Violation, Violations};

/// A rule of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Rule {
    /// A session is over once one of its subjects is revoked, and another's is not.
    Revoked,
    /// Digests that differ in a single bit are different.
    SimilarDigests,
    /// An absolute subject is revoked for all sessions, whenever they began.
    Absolute,
    /// A timed one for those that began by then, its own millisecond included.
    Timed,
    /// The store's time never goes back, and orders sessions and revocations.
    Moments,
    /// A moment that is given counts, the latest of all, and never as of later than now.
    GivenMoment,
    /// A revocation that was answered is seen by every look-up afterwards.
    SeenAtOnce,
    /// A revocation of several subjects is one step.
    Together,
    /// Many sessions are answered in their order.
    Many,
    /// A session that began before the store is refused, and one that began after is not.
    Horizon,
    /// The store's own scope passes at once, and any other never.
    Scope,
    /// Listeners hear of each subject before the answer, and of nothing else.
    Listeners,
    /// A revocation that is given up half way is made as a whole or not, and can be made again.
    Cancelled,
    /// It is kept until the longest session, the skew and the margin have passed, and never passes
    /// afterwards.
    Kept,
    /// A full store returns an error, forgets nothing and records nothing.
    Full,
    /// Entries that are over make room again.
    RoomAgain,
    /// What was revoked before a store was closed is revoked when it is reopened, and its time goes on.
    Reopened,
    /// Whatever the clock does, nothing that was revoked passes: random schedules with steps.
    ClockSteps,
    /// Random schedules are answered as a perfect memory would answer them.
    Schedules,
}

impl Rule {
    /// All rules, in the order in which [`check`] goes through them.
    pub const ALL: &[Self] = &[
        Self::Revoked,
        Self::SimilarDigests,
        Self::Absolute,
        Self::Timed,
        Self::Moments,
        Self::GivenMoment,
        Self::SeenAtOnce,
        Self::Together,
        Self::Many,
        Self::Horizon,
        Self::Scope,
        Self::Listeners,
        Self::Cancelled,
        Self::Kept,
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
            Self::Revoked => rules::revoked(maker),
            Self::SimilarDigests => rules::similar_digests(maker),
            Self::Absolute => rules::absolute(maker),
            Self::Timed => rules::timed(maker),
            Self::Moments => rules::moments(maker),
            Self::GivenMoment => rules::given_moment(maker),
            Self::SeenAtOnce => rules::seen_at_once(maker),
            Self::Together => rules::together(maker),
            Self::Many => rules::many(maker),
            Self::Horizon => rules::horizon(maker),
            Self::Scope => rules::scope(maker),
            Self::Listeners => rules::listeners(maker),
            Self::Cancelled => rules::cancelled(maker),
            Self::Kept => rules::kept(maker),
            Self::Full => rules::full(maker),
            Self::RoomAgain => rules::room_again(maker),
            Self::Reopened => rules::reopened(maker),
            Self::ClockSteps => schedule::clock_steps(maker),
            Self::Schedules => schedule::equal_the_model(maker),
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Revoked => "what is revoked is over, and nothing else",
            Self::SimilarDigests => "similar digests",
            Self::Absolute => "absolute subjects",
            Self::Timed => "timed subjects",
            Self::Moments => "the store's time",
            Self::GivenMoment => "a moment that is given",
            Self::SeenAtOnce => "an answered revocation is seen",
            Self::Together => "several subjects in one step",
            Self::Many => "many sessions at once",
            Self::Horizon => "horizon",
            Self::Scope => "scope",
            Self::Listeners => "listeners",
            Self::Cancelled => "cancelled revocations",
            Self::Kept => "kept until the longest session has passed",
            Self::Full => "a full store returns an error and forgets nothing",
            Self::RoomAgain => "entries that are over make room",
            Self::Reopened => "reopened",
            Self::ClockSteps => "clock steps",
            Self::Schedules => "schedules equal the model",
        })
    }
}

/// Tests a store against every rule. Returns those that do not apply to it, for the caller to compare
/// with what it expects: for a store in memory that cannot be made small, [`Rule::Full`],
/// [`Rule::RoomAgain`] and [`Rule::Reopened`].
///
/// # Errors
///
/// Every rule that is broken, and how.
pub fn check<M: StoreMaker>(maker: &M) -> Result<Vec<Rule>, Violations<Rule>> {
    violation::check(Rule::ALL, |rule| rule.test(maker))
}
