//! The question to a store, and the rules of the contract that a claim can decide by itself. Every
//! store uses these, so no two stores can differ.

use apply_cookies_protocol::limits::SKEW_MS;
use apply_cookies_protocol::{
    BindingDigest, Lifetime, Nonce, RedemptionDigest, StoreScope, UnixMillis,
};
use subtle::ConstantTimeEq;

/// The least time that a claim is remembered, in milliseconds, after its token has expired and the
/// skew between clocks ([`SKEW_MS`]) has passed: time for a request that was checked just before
/// the expiry to reach the store.
pub const MARGIN_MS: u64 = 2_000;

/// The least span of a generation, in milliseconds.
pub(crate) const SPAN_MS: u64 = 10_000;

/// The most generations that a token's life spans. Long-lived tokens share wider generations: there
/// are never more than a few dozen of them, and an entry stays at most a sixteenth of its life too
/// long.
const SPANS: u64 = 16;

/// A token about to be redeemed, as a store sees it. The token's MAC, lifetime and binding are
/// verified, and its answer is ready.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Claim {
    /// The identity of the token.
    pub nonce: Nonce,
    /// The digest of the client's redemption id; `None` if it sent none, and then there is no
    /// retry.
    pub redemption: Option<RedemptionDigest>,
    /// The browser; `None` for a token without a binding.
    pub binding: Option<BindingDigest>,
    /// The scope that the token carries.
    pub scope: Option<StoreScope>,
    /// When the token was issued.
    pub issued_at: UnixMillis,
    /// When it expires.
    pub expires_at: UnixMillis,
    /// Whether it is a barrier.
    pub barrier: bool,
    /// Until when a barrier of this time matters, whether the token is one or not: issued at, plus
    /// the longest lifetime of the deployment's tokens. By then no older token can be left.
    pub barrier_ends_at: UnixMillis,
    /// The reading of the caller's clock by which the token had not expired. A store may forget by it
    /// instead of reading a clock again; claims come with times in any order.
    pub now: UnixMillis,
}

impl Claim {
    /// A claim of a token without redemption id, binding, scope and barrier, of a deployment whose
    /// tokens live no longer than `max_lifetime`, made at `now`.
    #[must_use]
    pub fn new(
        nonce: Nonce,
        issued_at: UnixMillis,
        expires_at: UnixMillis,
        max_lifetime: Lifetime,
        now: UnixMillis,
    ) -> Self {
        Self {
            nonce,
            redemption: None,
            binding: None,
            scope: None,
            issued_at,
            expires_at,
            barrier: false,
            // No earlier than the token itself ends, whatever the caller says.
            barrier_ends_at: expires_at.max(issued_at.plus(max_lifetime.as_millis())),
            now,
        }
    }

    /// Whether a store with this scope and horizon is certain to remember the token if it was
    /// claimed (rules 1 and 2 of the [contract](crate::ReplayStore#what-a-claim-answers)).
    #[must_use]
    pub fn is_known(&self, own: Option<StoreScope>, horizon: UnixMillis) -> bool {
        match self.scope {
            Some(_) => self.scope == own,
            None => self.issued_at >= horizon.plus(SKEW_MS),
        }
    }

    /// Whether a barrier of the same binding, raised by the token with this nonce and time of
    /// issue, refuses this one (rule 4). A token of the barrier's own millisecond counts as older:
    /// it is not known which came first, and refusing is safe.
    #[must_use]
    pub fn is_behind_barrier(&self, nonce: Nonce, issued_at: UnixMillis) -> bool {
        self.issued_at <= issued_at && self.nonce != nonce
    }

    /// Whether the nonce was claimed under the same redemption id (rule 5). `kept` is the part of
    /// that claim's digest that the store keeps: all of it or its first bytes, at least eight;
    /// `None` for a claim without an id. Two claims without an id are never the same one.
    ///
    /// The comparison takes the same time however many bytes are right.
    #[must_use]
    pub fn is_retry_of<const N: usize>(&self, kept: Option<[u8; N]>) -> bool {
        const { assert!(N >= 8 && N <= 16, "half of a digest at least") };
        match (kept, self.redemption) {
            (Some(kept), Some(given)) => given.to_bytes()[..N].ct_eq(&kept).into(),
            _ => false,
        }
    }

    /// When the generation of this token ends, in milliseconds since 1970: claims of one generation
    /// are forgotten together. It depends only on the token's own times, which are the same in all
    /// claims of one nonce.
    ///
    /// The file stores generations by this number: changing the rule changes its format.
    pub(crate) fn end_of_generation(&self) -> u64 {
        let life = self.expires_at.get().saturating_sub(self.issued_at.get());
        let mut span = SPAN_MS;
        while life > span * SPANS {
            span *= 2;
        }
        (self.expires_at.get() / span + 1) * span
    }

    /// A token that expired by this moment can no longer arrive: its claim may be forgotten.
    pub(crate) const fn forgettable_by(now: UnixMillis) -> UnixMillis {
        now.minus(SKEW_MS + MARGIN_MS)
    }
}

/// The moment since which a store remembers every claim: its horizon, unless the clock once ran
/// ahead. Then the store has forgotten up to a time in the future, and that time counts instead.
pub(crate) fn remembers_since(
    horizon: UnixMillis,
    forgotten_until: u64,
    now: UnixMillis,
) -> UnixMillis {
    let forgotten_until = UnixMillis::EPOCH.plus(forgotten_until);
    if forgotten_until > now {
        forgotten_until.max(horizon)
    } else {
        horizon
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> UnixMillis {
        UnixMillis::new(1_795_000_000_000 + millis).unwrap()
    }

    fn claim() -> Claim {
        Claim::new(
            Nonce::from_random([1; 16]),
            at(0),
            at(60_000),
            Lifetime::default(),
            at(0),
        )
    }

    #[test]
    fn a_token_with_a_scope_is_known_to_the_store_of_that_scope_alone() {
        let [own, other] = [1, 2].map(|byte| Some(StoreScope::from_random([byte; 16])));
        let late = at(1_000_000);
        let mut claim = claim();
        assert!(claim.is_known(own, at(0).minus(SKEW_MS)));
        assert!(!claim.is_known(own, at(1).minus(SKEW_MS)));
        claim.scope = own;
        assert!(claim.is_known(own, late), "the horizon has no say");
        assert!(!claim.is_known(other, at(0).minus(SKEW_MS)));
        assert!(!claim.is_known(None, at(0).minus(SKEW_MS)));
    }

    #[test]
    fn a_claim_is_kept_in_the_generation_in_which_files_have_it() {
        for (life, end) in [
            (60_000, 70_000),
            (160_000, 170_000),
            (160_001, 180_000),
            (3_600_000, 3_840_000),
            (86_400_000, 92_480_000),
        ] {
            let mut claim = claim();
            claim.expires_at = at(life);
            assert_eq!(claim.end_of_generation(), at(end).get(), "of {life} ms");
        }
    }

    #[test]
    fn a_barrier_refuses_its_own_millisecond_and_never_itself() {
        let other = Nonce::from_random([2; 16]);
        for (barrier, refused) in [(at(0).minus(1), false), (at(0), true), (at(1), true)] {
            assert_eq!(claim().is_behind_barrier(other, barrier), refused);
            assert!(!claim().is_behind_barrier(claim().nonce, barrier));
        }
    }

    #[test]
    fn a_retry_has_the_same_redemption_id_and_has_one() {
        let mut claim = claim();
        claim.redemption = RedemptionDigest::from_id(b"one");
        let all = claim.redemption.map(RedemptionDigest::to_bytes);
        let half = all.and_then(|all| all.first_chunk::<8>().copied());
        assert!(claim.is_retry_of(all) && claim.is_retry_of(half));
        assert!(!claim.is_retry_of::<16>(None));
        let mut without = claim;
        without.redemption = None;
        assert!(!without.is_retry_of(all) && !without.is_retry_of::<16>(None));
        for n in 0..16 {
            let mut near = all.unwrap();
            near[n] ^= 1;
            assert!(!claim.is_retry_of(Some(near)), "byte {n}");
            let half = near.first_chunk::<8>().copied();
            assert_eq!(claim.is_retry_of(half), n >= 8, "byte {n}");
        }
    }
}
