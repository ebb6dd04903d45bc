//! Barriers: as a caller asks for one, and as stores keep them.

use apply_cookies_protocol::{BindingDigest, Lifetime, Nonce, UnixMillis};

use crate::claim::{Claim, SPAN_MS};
use crate::random;

/// A sign-out that no token carries, because it leaves with a response's headers. It spends no
/// nonce, so it takes no claim's place.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Barrier {
    /// The browser.
    pub binding: BindingDigest,
    /// The time of the sign-out: tokens issued up to then are refused.
    pub issued_at: UnixMillis,
    /// Until when it matters: by then every older token has expired.
    pub ends_at: UnixMillis,
}

impl Barrier {
    /// A barrier of a deployment whose tokens live no longer than this.
    #[must_use]
    pub const fn new(
        binding: BindingDigest,
        issued_at: UnixMillis,
        max_lifetime: Lifetime,
    ) -> Self {
        Self {
            binding,
            issued_at,
            ends_at: issued_at.plus(max_lifetime.as_millis()),
        }
    }
}

/// A barrier that a store keeps: no token of its browser issued up to then is redeemed any more,
/// except the one that signed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) nonce: Nonce,
    pub(crate) issued_at: UnixMillis,
}

impl Standing {
    pub(crate) fn refuses(&self, claim: &Claim) -> bool {
        claim.is_behind_barrier(self.nonce, self.issued_at)
    }

    /// The first moment, in milliseconds since 1970, whose tokens it does not refuse.
    pub(crate) const fn refuses_before(&self) -> u64 {
        self.issued_at.get() + 1
    }

    /// Whether it already refuses every token that another of the same browser would. Of two from
    /// one millisecond, each lets another token pass.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        self.issued_at > other.issued_at || self == other
    }
}

/// A barrier to be raised.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Raising {
    pub(crate) binding: BindingDigest,
    pub(crate) standing: Standing,
    /// Until when it matters.
    pub(crate) ends_at: UnixMillis,
}

impl Raising {
    /// The barrier of this claim. One without a binding has none: there is nobody to sign out.
    pub(crate) fn of_claim(claim: &Claim) -> Option<Self> {
        Some(Self {
            binding: claim.binding.filter(|_| claim.barrier)?,
            standing: Standing {
                nonce: claim.nonce,
                issued_at: claim.issued_at,
            },
            ends_at: claim.barrier_ends_at,
        })
    }

    /// A barrier without a token: its nonce is one that no token has.
    pub(crate) fn of_nobody(barrier: &Barrier) -> Self {
        Self {
            binding: barrier.binding,
            standing: Standing {
                nonce: Nonce::from_random(random::bytes()),
                issued_at: barrier.issued_at,
            },
            ends_at: barrier.ends_at,
        }
    }

    /// When the generation that keeps it ends, in milliseconds since 1970: barriers of one
    /// generation are forgotten together. A generation is as wide as a barrier lasts, so there are
    /// never more than three, and a barrier stays at most twice as long as it matters: longer only
    /// in the first generation after `forgotten_until`, where one that ends by then must be kept.
    ///
    /// The file stores generations by this number: changing the rule changes its format.
    pub(crate) fn end_of_generation(&self, forgotten_until: u64) -> u64 {
        let ends_at = self.ends_at.get();
        let lasts = ends_at.saturating_sub(self.standing.issued_at.get());
        let span = lasts.max(SPAN_MS);
        (ends_at.max(forgotten_until) / span + 1).saturating_mul(span)
    }
}

/// Whether a barrier that refuses this claim may be among those forgotten, all of which were issued
/// before `issued_before`, in milliseconds since 1970.
///
/// When they ended does not matter: that followed from how long tokens lived then, and the claim's
/// token may live longer. Where it lives no longer, it has expired.
pub(crate) fn may_be_forgotten(claim: &Claim, issued_before: u64) -> bool {
    claim.binding.is_some() && claim.issued_at.get() < issued_before
}
