//! Browsers that sign out twice in one millisecond.

#![allow(
    unreachable_pub,
    clippy::missing_panics_doc,
    reason = "each test file includes it"
)]

use apply_cookies_protocol::{BindingCookie, Lifetime, Nonce, RedemptionDigest, UnixMillis};
use apply_cookies_replay::BarrierAnswer::Raised;
use apply_cookies_replay::{Claim, ClaimAnswer, ReplayStore, StoreError};
use futures_util::future::join_all;

/// Each of 20 browsers signs out with two tokens at once. Returns how many of these are granted again
/// although the barrier of the other was raised.
pub async fn granted_behind_the_other(store: &dyn ReplayStore, now: UnixMillis) -> usize {
    let ask = || join_all((0..40).map(|number| store.claim(sign_out(number, now))));
    let (first, again) = (ask().await, ask().await);
    let pairs = first.chunks(2).zip(again.chunks(2));
    let refused = pairs.flat_map(|(first, again)| [(&first[0], &again[1]), (&first[1], &again[0])]);
    refused
        .filter(|(other, again)| is_raised(other) && is_raised(again))
        .count()
}

fn sign_out(number: u8, now: UnixMillis) -> Claim {
    let (nonce, life) = (Nonce::from_random([number + 1; 16]), Lifetime::default());
    let mut claim = Claim::new(nonce, now, now.plus(life.as_millis()), life, now);
    claim.binding = Some(BindingCookie::from_random([number / 2; 32]).digest());
    claim.redemption = RedemptionDigest::from_id(b"one");
    claim.barrier = true;
    claim
}

fn is_raised(answer: &Result<ClaimAnswer, StoreError>) -> bool {
    matches!(answer, Ok(ClaimAnswer::Granted { barrier, .. }) if *barrier == Raised)
}
