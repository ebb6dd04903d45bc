//! The ways to break the contract that the suite must find.

/// The fault of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Fault {
    LooksAtTheFirstSubject,
    RevokesEverybody,
    ComparesHalf,
    ComparesCaselessly,
    AbsoluteIsTimed,
    TimedIsAbsolute,
    SparesItsMillisecond,
    /// The latest revocation counts, not the latest moment.
    EarlierReplacesLater,
    KeepsTheFirstMoment,
    /// A moment that is still to come is kept as it is.
    BelievesTheFuture,
    IgnoresTheGivenMoment,
    TimeGoesBack,
    /// Who signs in again in the millisecond of a sign-out is signed out.
    SessionBeginsInItsMillisecond,
    /// A session can begin before a revocation, and later by the clock.
    RevokesByTheClock,
    AnswersBeforeRevoking,
    /// One lock for each subject.
    OneAfterTheOther,
    AnswersInAnotherOrder,
    AnswersForOneOfMany,
    NoHorizon,
    HorizonWithoutSkew,
    HorizonForItsOwn,
    AnyScope,
    ForeignScopeWithinHorizon,
    TellsNobody,
    TellsOneListener,
    TellsOfOneSubject,
    /// After the answer.
    TellsLate,
    HalfWhenGivenUp,
    ForgetsHalfWay,
    ForgetsAtTheEnd,
    /// Counts from the moment that another clock has named.
    ForgetsThatItForgot,
    Evicts,
    RecordsHalfWhenFull,
    FullRefusesWhatIsKnown,
    NeverMakesRoom,
    ForgetsWhenClosed,
    TimeBeginsAnewWhenReopened,
}
