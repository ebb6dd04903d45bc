//! The ways to break the contract that the suite must find.

/// The fault of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Fault {
    /// Looks first and writes later.
    ChecksThenSets,
    AnyIdIsARetry,
    NeverARetry,
    EveryRetryIsFirst,
    NoIdEqualsNoId,
    AnIdFollowsNone,
    /// Only so many bytes of the digests, the first or the last.
    ComparesFirst(usize),
    ComparesLast(usize),
    /// As a string that ends at a zero.
    ComparesToAZero,
    /// As a column of text that does not know small letters from capital ones.
    ComparesCaselessly,
    ComparesSevenBits,
    /// As text, with everything else replaced.
    ComparesAsText,
    /// As text that is trimmed.
    ComparesTrimmed,
    /// As the numbers of JavaScript and Lua are.
    ComparesAsNumber,
    ComparesASum,
    /// Mesop's way.
    ForgetsAMinuteAfterUse,
    ForgetsAnHourAfterUse,
    ForgetsAtExpiry,
    /// Does not know what it has forgotten when the clock is set back.
    ForgetsThatItForgot,
    ForgetsThatItForgotBarriers,
    /// And not when they were issued, so a token that lives longer passes.
    RemembersWhenForgottenBarriersEnded,
    NoHorizon,
    HorizonWithoutSkew,
    HorizonForItsOwn,
    AnyScope,
    ForeignScopeWithinHorizon,
    NoBarrier,
    BarrierSparesItsMillisecond,
    BarrierRefusesItself,
    BarrierForAll,
    BarrierOfNobody,
    BarrierSparesRetries,
    BarrierForgottenWithItsToken,
    RefusalSpends,
    RefusalRaises,
    TellsNobody,
    TellsOneListener,
    TellsOfRefusals,
    /// That no barrier was asked for.
    TellsOfUsed,
    /// As soon as it has looked, a step before it claims,
    TellsBeforeClaiming,
    /// or in the same step.
    TellsBeforeClaimingAtOnce,
    /// Takes the claim back when it is given up.
    TellsBeforeCommitting,
    /// That the barrier is raised.
    TellsBeforeRaising,
    SpendsWhenGivenUp,
    EvictsWhenFull,
    FullForgetsRetries,
    FullTellsListeners,
    NeverMakesRoom,
    ForgetsWhenClosed,
    ForgetsBarriersWhenClosed,
    /// Only a longer sequence shows this one: the second barrier of a browser is not kept.
    KeepsTheFirstBarrier,
    /// Raises it and says that there was no room.
    SaysNoRoomWhileThereIs,
    SaysNotAskedForABarrier,
    SaysRaisedForEveryClaim,
    /// Without a token, it says that it raised a barrier and has not.
    AloneIsNotRaised,
    AloneIsForAll,
    /// The latest that is asked for counts, not the latest that was issued.
    AloneLowers,
    /// The other ways to say `Raised` and not raise it: while another browser's stands,
    RaisesOneBrowser,
    /// by putting it in another's place,
    KeepsTheLatestBrowser,
    /// when one with a token takes the last place,
    LastPlaceIsNotTaken,
    /// when the table is full and the browser's own stands,
    FullTableKeepsTheFirst,
    /// when the store is full of claims,
    SaysRaisedWhenFullOfClaims,
    /// when one stands that was issued up to a second earlier,
    CoversASecond,
    /// when one of the other kind stands,
    AloneIsCoveredByAToken,
    /// by looking first and writing later,
    BarriersRace,
    /// when it was issued by a clock that is ahead,
    BarrierIsNotAhead,
    /// by keeping the end of the one that it replaces,
    KeepsTheFirstEnd,
    /// by reading them back in the wrong order,
    ReopensWithTheFirstBarrier,
    /// or when the store was reopened.
    RaisesNothingWhenReopened,
    BarrierEndsEarly,
    RetryRaisesNothing,
    /// Though there is room by now.
    RetryRepeatsNoRoom,
    /// In two steps, and the first alone when the claim is given up: its retry finds it made.
    ClaimsThenRaises,
    /// The full table still says `Raised`.
    SaysRaisedWithoutRoom,
    /// The old way: a full table of barriers refuses the sign-out, 503.
    NoRoomIsAnError,
    /// The old way, in the retry alone.
    NoRoomRefusesRetries,
    EvictsBarriersWhenFull,
    /// A browser that signs out again needs another place.
    SameBrowserNeedsRoom,
    /// Barriers take the room of claims.
    BarriersFillEverything,
    TellsRaisedWithoutRoom,
    BarriersStayForDaysLonger,
}
