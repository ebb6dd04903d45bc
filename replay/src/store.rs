//! The contract of replay stores.

use std::sync::Weak;

use apply_cookies_protocol::StoreScope;

use crate::barrier::Barrier;
use crate::claim::Claim;
use crate::future::{BarrierFuture, ClaimFuture, HorizonFuture};
use crate::listeners::ClaimListener;

/// Remembers which tokens were redeemed.
///
/// # Contract
///
/// The words in bold are promises that callers rely on. The suite of the feature `conformance`
/// checks them for one handle in one process; the author must test what a crash leaves, and what
/// several processes see.
///
/// ## What a claim answers
///
/// **One atomic step.** [`claim`](Self::claim) decides and remembers in one step, which no other
/// claim can interrupt. Of any number of claims of one nonce, in any processes, at most one
/// redemption id is ever answered [`Granted`].
///
/// The first of these that holds is the answer:
///
/// 1. The token carries a scope that is not this store's own: [`BeforeHorizon`].
/// 2. It carries none, and `issued_at < horizon + skew`: [`BeforeHorizon`].
/// 3. Claims of tokens with this expiry may already have been forgotten, or for a token with a
///    binding, barriers that were issued no earlier: [`BeforeHorizon`].
/// 4. A barrier of the same binding that was issued no earlier, and is not this very token, was
///    raised: [`BehindBarrier`], even for a retry.
/// 5. The nonce was claimed under the same redemption id: [`Retry`], for as long as the claim is
///    remembered. Under another, or if either of the two claims has no id: [`AlreadyUsed`]. Two ids
///    are the same if at least the first eight bytes of their digests are.
/// 6. There is no room: [`Full`].
/// 7. [`First`].
///
/// **A grant says what became of the barrier**: [`NotAsked`] for a claim that is no barrier, or one
/// without a binding, which is an ordinary claim; otherwise [`Raised`] or [`NoRoom`]. A retry asks
/// for its barrier again.
///
/// **A refusal leaves no trace.** A claim that is not answered `Granted` neither spends the nonce
/// nor raises a barrier. (After an error this is not known; see below.)
///
/// **A nonce belongs to one token.** All claims of one nonce carry the same times and the same
/// binding, and a store may rely on that: it looks for the nonce where such tokens are kept.
///
/// ## Barriers
///
/// **A barrier comes with a claim, or alone**: [`raise_barrier`](Self::raise_barrier) raises that
/// of a sign-out whose cookies leave with a response's headers. It spends no nonce and takes no
/// claim's place. In all else the two kinds are the same.
///
/// **[`Raised`] is a promise**: no claim of an older token of the browser that begins after the
/// answer is granted, until the barrier ends. A token of the barrier's own millisecond is older: it
/// is not known which came first. For each binding the latest barrier counts; one that is already
/// covered needs no room.
///
/// **Anyone can raise barriers**, with bindings that they make up. So they are bounded apart, and
/// never take the room that claims need. Without room for one the claim is granted all the same,
/// with [`NoRoom`]: that a sign-out deletes its cookies matters more than the race that its barrier
/// closes. `NoRoom` is never said of a browser whose standing barrier already covers it.
///
/// **Errors on the safe side.** A store may refuse a nonce that was never claimed, as one that
/// keeps fingerprints does once in a long while. It must never grant a claimed nonce to another
/// redemption id, or a second time without one.
///
/// ## What it remembers, and how long
///
/// **A claim** until the token's own `expires_at`, plus the skew allowed between clocks, plus
/// [`MARGIN_MS`](crate::MARGIN_MS), by the store's clock. This is not counted from its use: a token
/// used late in its life would be forgotten too late, and one whose issuer's clock runs ahead too
/// early. Afterwards the entry may be dropped, but a store whose clock was set back must not grant
/// the token again: it remembers up to which expiry it has forgotten, and refuses those tokens (3).
///
/// **A barrier** until it ends ([`barrier_ends_at`], [`Barrier::ends_at`]), plus skew and margin. By
/// then every older token of its deployment has expired. A store may forget barriers together, in
/// spans of about as long as they last, but not much later: a flood of them must pass as quickly as
/// the tokens that they could refuse. Afterwards it remembers when the latest of those that it has
/// forgotten was issued, and refuses tokens with a binding that were issued by then (3), however long
/// tokens may live by now.
///
/// Deployments that share a store should have one longest lifetime. Where they differ, a barrier of
/// the one with the shorter is forgotten first, and from then on older tokens of the other are
/// refused.
///
/// **The horizon** for ever: the moment since which the store is certain to remember every claim.
/// For a store in memory it is the time at which it was made. A durable or shared one keeps it as a
/// record next to the data that it vouches for, reads it in the same step as the claim, and
/// replaces it with the time now if it is missing or vouches for other data.
///
/// **The scope.** A store that can name its own memory has a random [scope](Self::scope), which the
/// issuers of its process put into tokens. A token of another scope was issued for a memory that is
/// gone. A token of this very scope was issued after the memory began, so the horizon does not
/// apply to it, and a fresh process works at once. A token without a scope comes from another
/// process, and the horizon alone decides. A store without a scope refuses every token that has
/// one.
///
/// **A store that is full of claims returns an error.** It never evicts an entry to make room, and it still refuses
/// used nonces and answers retries.
///
/// ## Errors, cancellation, crashes
///
/// **An error** means that the answer is not known. The caller releases nothing and asks no other
/// store; the nonce may be spent, and the same redemption id may ask again.
///
/// **A future that is dropped** before it is ready leaves the claim made or not made, and nothing
/// in between: the same redemption id may ask again, and no other id gets what it may have got.
///
/// **A crash** at any point leaves the same as a dropped future. Whatever was *answered* `Granted`
/// stays claimed, or the horizon moves past it. So a durable store answers after its write is safe,
/// and one that cannot tell whether it is, after a failed flush, is [`Broken`] until it is
/// reopened.
///
/// ## Receipts
///
/// **A store notifies its [listeners](Self::listen)** of each nonce that was claimed, in whichever
/// process: once the claim is certain, and before the token expires if it can. It may report a
/// nonce several times, and report nonces that a listener does not know. It never reports one that
/// was not claimed, and reports with each what became of its barrier.
///
/// [`barrier_ends_at`]: Claim::barrier_ends_at
/// [`Raised`]: crate::BarrierAnswer::Raised
/// [`NoRoom`]: crate::BarrierAnswer::NoRoom
/// [`NotAsked`]: crate::BarrierAnswer::NotAsked
/// [`Granted`]: crate::ClaimAnswer::Granted
/// [`AlreadyUsed`]: crate::ClaimAnswer::AlreadyUsed
/// [`BehindBarrier`]: crate::ClaimAnswer::BehindBarrier
/// [`BeforeHorizon`]: crate::ClaimAnswer::BeforeHorizon
/// [`First`]: apply_cookies_protocol::Grant::First
/// [`Retry`]: apply_cookies_protocol::Grant::Retry
/// [`Full`]: crate::StoreError::Full
/// [`Broken`]: crate::StoreError::Broken
pub trait ReplayStore: Send + Sync + 'static {
    /// Claims a nonce, for good.
    fn claim(&self, claim: Claim) -> ClaimFuture<'_>;

    /// Raises the barrier of a sign-out that no token carries. The answer is never
    /// [`NotAsked`](crate::BarrierAnswer::NotAsked).
    fn raise_barrier(&self, barrier: Barrier) -> BarrierFuture<'_>;

    /// The name of this store's memory, which tokens of this process carry. `None` when it has no
    /// name that the process knows.
    fn scope(&self) -> Option<StoreScope> {
        None
    }

    /// Adds a listener: the receipts of a deployment in this process. If a store does not call it,
    /// every receipt ends as expired.
    fn listen(&self, listener: Weak<dyn ClaimListener>);

    /// The moment since which this store remembers every claim; an error when it cannot be
    /// reached. In the future if the store has forgotten up to then, because the clock once ran
    /// ahead. The service's `readyz` asks it.
    fn horizon(&self) -> HorizonFuture<'_>;
}
