//! The suite for stores of revocations: our own stores pass it, and a store that breaks any of the
//! rules does not.

mod fault;
mod faulty;

use apply_cookies_replay::conformance::Verdict;
use apply_cookies_replay::conformance::revocations::{self, Rule, StoreMaker};
use apply_cookies_replay::{Clock, MemoryRevocations};

use fault::Fault;
use faulty::Maker;

struct InMemory;

impl StoreMaker for InMemory {
    type Store = MemoryRevocations;

    fn make(&self, clock: Clock) -> MemoryRevocations {
        MemoryRevocations::with_capacity(clock, 20_000)
    }

    fn make_small(&self, clock: Clock) -> Option<MemoryRevocations> {
        Some(MemoryRevocations::with_capacity(clock, 100))
    }

    fn schedules(&self) -> u64 {
        300
    }

    fn races(&self) -> u64 {
        10_000
    }
}

#[test]
fn the_store_in_memory_keeps_every_rule() {
    assert_eq!(revocations::check(&InMemory).unwrap(), [Rule::Reopened]);
}

#[test]
fn a_closure_is_enough_of_a_maker() {
    let verdict = Rule::Revoked.test(&MemoryRevocations::new);
    assert_eq!(verdict.unwrap(), Verdict::Held);
    let verdict = Rule::Full.test(&MemoryRevocations::new);
    assert_eq!(verdict.unwrap(), Verdict::NotApplicable);
}

#[test]
fn a_store_without_a_fault_keeps_every_rule() {
    assert_eq!(revocations::check(&Maker(None)).unwrap(), []);
}

/// Each fault, and the rule that must find it. Other rules may find it too.
const FAULTS: &[(Fault, Rule)] = &[
    (Fault::LooksAtTheFirstSubject, Rule::Revoked),
    (Fault::RevokesEverybody, Rule::Revoked),
    (Fault::ComparesHalf, Rule::SimilarDigests),
    (Fault::ComparesCaselessly, Rule::SimilarDigests),
    (Fault::AbsoluteIsTimed, Rule::Absolute),
    (Fault::TimedIsAbsolute, Rule::Timed),
    (Fault::SparesItsMillisecond, Rule::Timed),
    (Fault::TimeGoesBack, Rule::Moments),
    (Fault::SessionBeginsInItsMillisecond, Rule::Moments),
    (Fault::RevokesByTheClock, Rule::Moments),
    (Fault::EarlierReplacesLater, Rule::GivenMoment),
    (Fault::KeepsTheFirstMoment, Rule::GivenMoment),
    (Fault::BelievesTheFuture, Rule::GivenMoment),
    (Fault::IgnoresTheGivenMoment, Rule::GivenMoment),
    (Fault::AnswersBeforeRevoking, Rule::SeenAtOnce),
    (Fault::OneAfterTheOther, Rule::Together),
    (Fault::AnswersInAnotherOrder, Rule::Many),
    (Fault::AnswersForOneOfMany, Rule::Many),
    (Fault::NoHorizon, Rule::Horizon),
    (Fault::HorizonWithoutSkew, Rule::Horizon),
    (Fault::HorizonForItsOwn, Rule::Scope),
    (Fault::AnyScope, Rule::Scope),
    (Fault::ForeignScopeWithinHorizon, Rule::Scope),
    (Fault::TellsNobody, Rule::Listeners),
    (Fault::TellsOneListener, Rule::Listeners),
    (Fault::TellsOfOneSubject, Rule::Listeners),
    (Fault::TellsLate, Rule::Listeners),
    (Fault::HalfWhenGivenUp, Rule::Cancelled),
    (Fault::ForgetsHalfWay, Rule::Kept),
    (Fault::ForgetsAtTheEnd, Rule::Kept),
    (Fault::ForgetsThatItForgot, Rule::Kept),
    (Fault::Evicts, Rule::Full),
    (Fault::RecordsHalfWhenFull, Rule::Full),
    (Fault::FullRefusesWhatIsKnown, Rule::Full),
    (Fault::NeverMakesRoom, Rule::RoomAgain),
    (Fault::ForgetsWhenClosed, Rule::Reopened),
    (Fault::TimeBeginsAnewWhenReopened, Rule::Reopened),
    // The schedules find the subtle ones without having been told of them.
    (Fault::ForgetsThatItForgot, Rule::ClockSteps),
    (Fault::TimeGoesBack, Rule::ClockSteps),
    (Fault::ForgetsWhenClosed, Rule::ClockSteps),
    (Fault::SparesItsMillisecond, Rule::Schedules),
    (Fault::SessionBeginsInItsMillisecond, Rule::Schedules),
    (Fault::EarlierReplacesLater, Rule::Schedules),
    (Fault::ForgetsHalfWay, Rule::Schedules),
];

#[test]
fn a_store_with_a_fault_breaks_the_rule_about_it() {
    std::thread::scope(|scope| {
        for (fault, rule) in FAULTS {
            scope.spawn(move || {
                let verdict = rule.test(&Maker(Some(*fault)));

                let violation = verdict.expect_err(&format!("{fault:?} passes `{rule}`"));
                assert_eq!(violation.rule(), *rule);
                let text = violation.to_string();
                assert!(text.starts_with(&format!("the rule `{rule}` is broken: ")));
            });
        }
    });
}

#[test]
fn every_rule_finds_a_fault() {
    for rule in Rule::ALL {
        let is_tested = FAULTS.iter().any(|(_, found_by)| found_by == rule);
        assert!(is_tested, "no fault is found by `{rule}`");
    }
}

#[test]
fn every_broken_rule_is_reported_in_a_line_of_its_own() {
    let broken = revocations::check(&Maker(Some(Fault::TimeGoesBack))).unwrap_err();
    assert!(broken.as_slice().len() > 1);
    let lines = broken.to_string();
    for violation in broken.as_slice() {
        assert!(lines.contains(&violation.to_string()), "{lines}");
    }
}
