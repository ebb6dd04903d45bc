//! Barriers as stores keep them: the latest for each browser, in generations of a day.

use apply_cookies_protocol::limits::LIFETIME_MAX_MS;
use apply_cookies_protocol::{BindingDigest, Nonce, UnixMillis};

use crate::claim::Claim;

/// A barrier matters as long as a token older than it can live.
const GENERATION_MS: u64 = LIFETIME_MAX_MS;

/// A sign-out: no token of this browser issued up to then is redeemed any more, except the one that
/// signed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Barrier {
    pub(crate) nonce: Nonce,
    pub(crate) issued_at: UnixMillis,
}

impl Barrier {
    /// The barrier that this claim raises, and its browser. A claim without a binding raises none:
    /// there is nobody to sign out.
    pub(crate) fn of(claim: &Claim) -> Option<(BindingDigest, Self)> {
        let binding = claim.binding.filter(|_| claim.barrier)?;
        let barrier = Self {
            nonce: claim.nonce,
            issued_at: claim.issued_at,
        };
        Some((binding, barrier))
    }

    pub(crate) fn refuses(&self, claim: &Claim) -> bool {
        claim.is_behind_barrier(self.nonce, self.issued_at)
    }

    /// Whether this one is kept instead of another of the same browser.
    pub(crate) fn replaces(&self, standing: &Self) -> bool {
        standing.issued_at < self.issued_at
    }
}

/// The number of the generation for tokens issued then.
pub(crate) const fn generation(issued_at: UnixMillis) -> u64 {
    issued_at.get() / GENERATION_MS
}

/// When the generation with this number begins, in milliseconds since 1970.
#[cfg(feature = "file")]
pub(crate) const fn start_of_generation(number: u64) -> u64 {
    number * GENERATION_MS
}

/// The first generation that may still refuse a token, given that tokens expired by `past` can no
/// longer arrive.
pub(crate) const fn first_generation_kept(past: UnixMillis) -> u64 {
    generation(past.minus(LIFETIME_MAX_MS))
}
