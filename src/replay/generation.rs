//! Which tokens are forgotten together.

use super::Claim;

/// The least span of a generation, in milliseconds.
const SPAN_MS: u64 = 10_000;

/// How many generations a token's life spans at most. Tokens that live long share wider
/// generations: there are never more than a few dozen of them, and an entry stays at most a
/// sixteenth of its life too long.
const SPANS: u64 = 16;

/// When the generation of this token is over, in milliseconds since 1970. Only what the token says
/// of itself decides, and all claims of one nonce say the same.
///
/// The file keeps generations by this number: whoever changes the rule changes its format.
pub(super) fn end_of_generation(claim: &Claim) -> u64 {
    let life = claim.expires_at.get().saturating_sub(claim.issued_at.get());
    let mut span = SPAN_MS;
    while life > span * SPANS {
        span *= 2;
    }
    (claim.expires_at.get() / span + 1) * span
}
