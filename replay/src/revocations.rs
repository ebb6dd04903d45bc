//! The contract of stores of revocations.

use std::sync::Weak;

use apply_cookies_protocol::StoreScope;

use crate::future::{HorizonFuture, MomentFuture, StandingFuture, StandingsFuture};
use crate::listeners::RevocationListener;
use crate::revocation::{Revocation, SessionCheck};

/// Remembers which sessions are over before their time.
///
/// A session is in its cookie: the store knows nothing of those that are in order. It remembers only
/// what was revoked, as sixteen bytes and a moment, until the longest session has passed.
///
/// # Contract
///
/// The words in bold are promises that callers rely on. The suite `conformance::revocations` checks
/// them for one handle in one process; the author must test what a crash leaves, and what several
/// processes see.
///
/// ## What a look-up answers
///
/// The first of these that holds is the answer:
///
/// 1. The session carries a scope that is not this store's own: [`BeforeHorizon`].
/// 2. It carries none, and `since < horizon + skew`: [`BeforeHorizon`].
/// 3. A revocation may already have been forgotten that was recorded at `since` or later:
///    [`BeforeHorizon`].
/// 4. One of its subjects was revoked: an absolute one at any time, a timed one at `since` or later:
///    [`Revoked`].
/// 5. [`Valid`].
///
/// **A revocation that was answered is seen** by every look-up that begins afterwards, in any process.
/// A look-up that is under way may see it or not.
///
/// **One atomic step.** A revocation of several subjects is seen of all of them or of none: whoever has
/// seen it of one sees it of each from then on. One that is answered with [`Full`] has left no trace.
///
/// **For each subject the latest moment counts**, in whatever order revocations come. A revocation
/// changes nothing for a subject that is revoked already as of then or later, and may be repeated.
///
/// **An error is never a pass.** The caller refuses the request (503), and asks no other store.
///
/// ## Moments
///
/// `since` and the moment of a revocation are compared, so both come from **the store's own clock**, of
/// which there is one however many processes share the store: [`now`](Self::now) is asked before the
/// evidence of a session is.
///
/// **It never goes back**, whatever the machine's clock does: no later answer of `now` is earlier. **A
/// revocation is of a moment no earlier than any that was answered before it**, so it ends every session
/// there is. **A moment that is answered after a revocation is later than it**, so who signs out and
/// signs in again within one millisecond is signed in. A store may be a few milliseconds ahead of the
/// machine's clock for that, and for as long as that clock is behind one that once ran ahead.
///
/// A revocation may name an [earlier moment](Revocation::at), as a provider does that reports a
/// sign-out: repeated later, it ends no session that has begun meanwhile. It is recorded for timed
/// subjects; absolute ones are revoked as of now.
///
/// ## What it remembers, and how long
///
/// **A revocation** until the longest session that it ends has ended by itself
/// ([`Revocation::longest`], from the moment at which it was recorded), plus the skew allowed between
/// clocks, plus [`MARGIN_MS`](crate::MARGIN_MS). Afterwards the entry may be dropped, together with others, in
/// bounded steps. A store whose clock was set back must not let the session pass again: it remembers the
/// latest moment of what it has forgotten, and refuses sessions that began by then (3).
///
/// An absolute subject is thus remembered for the sessions that had begun when it was revoked, and
/// later ones are refused no longer than that. Deployments that share a store should have one longest
/// session: where they differ, revocations of the one with the shorter are forgotten first, and from
/// then on older sessions of the other are refused.
///
/// **The horizon** for ever: the moment since which the store is certain to remember every revocation.
/// For a store in memory it is the time at which it was made, so a restart signs everybody out. A
/// durable or shared one keeps it as a record next to the data that it vouches for, reads it in the same
/// step as a look-up, and replaces it with the time now if it is missing or vouches for other data.
///
/// **The scope.** A store of one process has a random [scope](Self::scope), which its sessions carry:
/// in another process they are refused, because nobody would hear there of a sign-out. The horizon does
/// not apply to them. A store without a scope refuses every session that has one.
///
/// **A store that is full returns an error.** It never evicts an entry to make room. What is revoked
/// already needs none.
///
/// ## Cancellation, crashes
///
/// **A future that is dropped** before it is ready leaves the revocation made or not made, as a whole.
/// **A crash** at any point leaves the same. Whatever was *answered* stays revoked, or the horizon moves
/// past it: a durable store answers after its write is safe, and one that cannot tell whether it is, is
/// [`Broken`] until it is reopened.
///
/// ## Listeners
///
/// **A store notifies its [listeners](Self::listen)** of each subject that is revoked in this process
/// before it answers, and where it can, of those of other processes soon. It may report one several
/// times, and never one that was not revoked. A report of another process can be lost, so whoever holds
/// a session open asks for its standing every few seconds besides.
///
/// [`Valid`]: crate::Standing::Valid
/// [`Revoked`]: crate::Standing::Revoked
/// [`BeforeHorizon`]: crate::Standing::BeforeHorizon
/// [`Full`]: crate::StoreError::Full
/// [`Broken`]: crate::StoreError::Broken
pub trait Revocations: Send + Sync + 'static {
    /// The moment at which a session begins: asked before its evidence is.
    fn now(&self) -> MomentFuture<'_>;

    /// Ends all sessions of these subjects, and answers as of which moment.
    fn revoke(&self, revocation: Revocation) -> MomentFuture<'_>;

    /// How a session stands.
    fn check(&self, session: SessionCheck) -> StandingFuture<'_>;

    /// How each of these sessions stands, in the same order. For those that hold many open: ten thousand
    /// at a time at most, because a shared store answers within its time or not at all.
    fn check_all(&self, sessions: &[SessionCheck]) -> StandingsFuture<'_>;

    /// The name of this store's memory, which sessions of this process carry. `None` for one that
    /// several processes share.
    fn scope(&self) -> Option<StoreScope> {
        None
    }

    /// Adds a listener: whoever holds sessions open in this process.
    fn listen(&self, listener: Weak<dyn RevocationListener>);

    /// The moment since which this store remembers every revocation; an error when it cannot be
    /// reached. In the future if the store has forgotten up to then, because the clock once ran ahead.
    fn horizon(&self) -> HorizonFuture<'_>;
}
