//! The suite for replay stores: our own stores pass it, and a store that breaks any of the rules
//! does not.

mod fault;
mod faulty;

use apply_cookies_replay::conformance::{self, Rule, StoreMaker, Verdict, Violation};
use apply_cookies_replay::{Clock, MemoryReplayStore};

use fault::Fault;
use faulty::Maker;

struct InMemory;

impl StoreMaker for InMemory {
    type Store = MemoryReplayStore;

    fn make(&self, clock: Clock) -> MemoryReplayStore {
        MemoryReplayStore::new(clock)
    }

    fn make_small(&self, clock: Clock) -> Option<MemoryReplayStore> {
        Some(MemoryReplayStore::new(clock).capacity(100))
    }

    fn schedules(&self) -> u64 {
        10_000
    }
}

#[test]
fn the_store_in_memory_keeps_every_rule() {
    assert_eq!(conformance::check(&InMemory).unwrap(), [Rule::Reopened]);
}

#[test]
fn a_closure_is_enough_of_a_maker() {
    let verdict = Rule::Retry.test(&MemoryReplayStore::new);
    assert_eq!(verdict.unwrap(), Verdict::Held);
    let verdict = Rule::Full.test(&MemoryReplayStore::new);
    assert_eq!(verdict.unwrap(), Verdict::NotApplicable);
}

#[test]
fn a_store_without_a_fault_keeps_every_rule() {
    assert_eq!(conformance::check(&Maker(None)).unwrap(), []);
}

/// Each fault, and the rule that must find it. Other rules may find it too.
const FAULTS: &[(Fault, Rule)] = &[
    (Fault::ChecksThenSets, Rule::OneClaimant),
    (Fault::AnyIdIsARetry, Rule::Retry),
    (Fault::NeverARetry, Rule::Retry),
    (Fault::EveryRetryIsFirst, Rule::Retry),
    (Fault::EveryRetryIsFirst, Rule::OneClaimant),
    (Fault::NoIdEqualsNoId, Rule::NoIdNoRetry),
    (Fault::AnIdFollowsNone, Rule::NoIdNoRetry),
    (Fault::ComparesToAZero, Rule::SimilarIds),
    (Fault::ComparesCaselessly, Rule::SimilarIds),
    (Fault::ComparesSevenBits, Rule::SimilarIds),
    (Fault::ComparesAsText, Rule::SimilarIds),
    (Fault::ComparesTrimmed, Rule::SimilarIds),
    (Fault::ComparesAsNumber, Rule::SimilarIds),
    (Fault::ComparesASum, Rule::SimilarIds),
    (Fault::ForgetsAMinuteAfterUse, Rule::Remembered),
    (Fault::ForgetsAnHourAfterUse, Rule::Remembered),
    (Fault::ForgetsAtExpiry, Rule::Remembered),
    (Fault::ForgetsThatItForgot, Rule::ClockSteps),
    (Fault::NoHorizon, Rule::Horizon),
    (Fault::HorizonWithoutSkew, Rule::Horizon),
    (Fault::HorizonForItsOwn, Rule::Scope),
    (Fault::AnyScope, Rule::Scope),
    (Fault::ForeignScopeWithinHorizon, Rule::Scope),
    (Fault::NoBarrier, Rule::Barrier),
    (Fault::BarrierSparesItsMillisecond, Rule::Barrier),
    (Fault::BarrierRefusesItself, Rule::Barrier),
    (Fault::BarrierForAll, Rule::Barrier),
    (Fault::BarrierOfNobody, Rule::Barrier),
    (Fault::BarrierSparesRetries, Rule::Barrier),
    (Fault::KeepsTheFirstBarrier, Rule::Barrier),
    (Fault::BarrierForgottenWithItsToken, Rule::BarrierLasts),
    (Fault::BarrierEndsEarly, Rule::BarrierLasts),
    (
        Fault::RemembersWhenForgottenBarriersEnded,
        Rule::LongerLifetimes,
    ),
    (Fault::SaysNoRoomWhileThereIs, Rule::Barrier),
    (Fault::SaysNotAskedForABarrier, Rule::Barrier),
    (Fault::SaysRaisedForEveryClaim, Rule::Barrier),
    (Fault::NoBarrier, Rule::BarrierAlone),
    (Fault::AloneIsNotRaised, Rule::BarrierAlone),
    (Fault::AloneIsNotRaised, Rule::BarrierLasts),
    (Fault::AloneIsForAll, Rule::BarrierAlone),
    (Fault::AloneLowers, Rule::BarrierAlone),
    (Fault::AloneIsNotRaised, Rule::Raised),
    (Fault::RaisesOneBrowser, Rule::Raised),
    (Fault::KeepsTheLatestBrowser, Rule::Raised),
    (Fault::LastPlaceIsNotTaken, Rule::Raised),
    (Fault::FullTableKeepsTheFirst, Rule::Raised),
    (Fault::SaysRaisedWithoutRoom, Rule::Raised),
    (Fault::SaysRaisedWhenFullOfClaims, Rule::Raised),
    (Fault::CoversASecond, Rule::Raised),
    (Fault::AloneIsCoveredByAToken, Rule::Raised),
    (Fault::BarriersRace, Rule::Raised),
    (Fault::BarrierIsNotAhead, Rule::Raised),
    (Fault::KeepsTheFirstEnd, Rule::Raised),
    (Fault::ReopensWithTheFirstBarrier, Rule::Raised),
    (Fault::RaisesNothingWhenReopened, Rule::Raised),
    (Fault::RetryRaisesNothing, Rule::BarrierOnRetry),
    (Fault::RetryRepeatsNoRoom, Rule::BarrierOnRetry),
    (Fault::ClaimsThenRaises, Rule::BarrierOnRetry),
    (Fault::SaysRaisedWithoutRoom, Rule::NoRoomForBarriers),
    (Fault::NoRoomIsAnError, Rule::NoRoomForBarriers),
    (Fault::NoRoomRefusesRetries, Rule::NoRoomForBarriers),
    (Fault::EvictsBarriersWhenFull, Rule::NoRoomForBarriers),
    (Fault::SameBrowserNeedsRoom, Rule::NoRoomForBarriers),
    (Fault::BarriersFillEverything, Rule::NoRoomForBarriers),
    (Fault::TellsRaisedWithoutRoom, Rule::NoRoomForBarriers),
    (Fault::BarriersStayForDaysLonger, Rule::NoRoomForBarriers),
    (Fault::NeverMakesRoom, Rule::NoRoomForBarriers),
    (Fault::ForgetsThatItForgotBarriers, Rule::ClockSteps),
    (Fault::AloneIsNotRaised, Rule::Schedules),
    (Fault::RefusalSpends, Rule::NoTrace),
    (Fault::RefusalRaises, Rule::NoTrace),
    (Fault::TellsNobody, Rule::Listeners),
    (Fault::TellsOneListener, Rule::Listeners),
    (Fault::TellsOfRefusals, Rule::Listeners),
    (Fault::TellsOfUsed, Rule::Listeners),
    (Fault::TellsBeforeClaiming, Rule::ToldWhenCertain),
    (Fault::TellsBeforeClaimingAtOnce, Rule::ToldWhenCertain),
    (Fault::TellsBeforeCommitting, Rule::ToldWhenCertain),
    (Fault::TellsBeforeRaising, Rule::ToldWhenCertain),
    (Fault::SpendsWhenGivenUp, Rule::Cancelled),
    (Fault::EvictsWhenFull, Rule::Full),
    (Fault::FullForgetsRetries, Rule::Full),
    (Fault::FullTellsListeners, Rule::Full),
    (Fault::NeverMakesRoom, Rule::RoomAgain),
    (Fault::ForgetsWhenClosed, Rule::Reopened),
    (Fault::ForgetsBarriersWhenClosed, Rule::Reopened),
    // The schedules find the subtle ones without having been told of them.
    (Fault::AnIdFollowsNone, Rule::Schedules),
    (Fault::BarrierSparesItsMillisecond, Rule::Schedules),
    (Fault::KeepsTheFirstBarrier, Rule::Schedules),
    (Fault::ForgetsBarriersWhenClosed, Rule::Schedules),
    (Fault::ForgetsWhenClosed, Rule::ClockSteps),
    (Fault::TellsOfRefusals, Rule::Schedules),
    (Fault::TellsOfUsed, Rule::Schedules),
    (Fault::TellsOfRefusals, Rule::ClockSteps),
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
fn a_store_compares_the_first_eight_bytes_of_a_digest_or_more() {
    let verdict = |fault| Rule::SimilarIds.test(&Maker(Some(fault)));
    for n in 0..8 {
        verdict(Fault::ComparesFirst(n)).expect_err(&format!("the first {n} bytes pass"));
    }
    for n in 8..=16 {
        assert_eq!(verdict(Fault::ComparesFirst(n)).unwrap(), Verdict::Held);
    }
    for n in 0..16 {
        verdict(Fault::ComparesLast(n)).expect_err(&format!("the last {n} bytes pass"));
    }
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
    let broken = conformance::check(&Maker(Some(Fault::AnIdFollowsNone))).unwrap_err();
    let rules: Vec<Rule> = broken.as_slice().iter().map(Violation::rule).collect();
    assert!(
        rules.len() > 1
            && rules.is_sorted_by_key(|rule| { Rule::ALL.iter().position(|one| one == rule) })
    );
    for text in [broken.to_string(), format!("{broken:?}")] {
        for rule in &rules {
            let line = format!("\nthe rule `{rule}` is broken: ");
            assert!(format!("\n{text}").contains(&line), "{text}");
        }
    }
}

#[test]
fn a_panic_breaks_the_rule_and_ends_no_other() {
    let no_store = |_: Clock| -> MemoryReplayStore { panic!("no server at {}", "::1") };
    let broken = conformance::check(&no_store).unwrap_err();
    assert!(broken.as_slice().len() > 1);
    let first = broken.as_slice()[0].to_string();
    assert_eq!(
        first,
        "the rule `retry` is broken: a panic: no server at ::1"
    );
}
