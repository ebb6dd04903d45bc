//! A perfect store in a few lines: it remembers everything for ever. It states the rules again,
//! independently, so that a mistake in those of `Claim` cannot hide.

use std::collections::HashMap;

use apply_cookies_protocol::limits::SKEW_MS;
use apply_cookies_protocol::{Grant, RedemptionDigest, StoreScope, UnixMillis};

use crate::answer::ClaimAnswer;
use crate::claim::Claim;

/// Nonces, bindings and redemption ids by their bytes.
type Bytes = [u8; 16];

pub(super) struct Model {
    pub(super) horizon: UnixMillis,
    pub(super) scope: Option<StoreScope>,
    used: HashMap<Bytes, Option<Bytes>>,
    barriers: HashMap<Bytes, Vec<(UnixMillis, Bytes)>>,
}

impl Model {
    pub(super) fn new(horizon: UnixMillis, scope: Option<StoreScope>) -> Self {
        Self {
            horizon,
            scope,
            used: HashMap::new(),
            barriers: HashMap::new(),
        }
    }

    pub(super) fn claim(&mut self, claim: &Claim) -> ClaimAnswer {
        let is_known = match claim.scope {
            Some(_) => claim.scope == self.scope,
            None => claim.issued_at >= self.horizon.plus(SKEW_MS),
        };
        if !is_known || self.is_behind_barrier(claim) {
            return ClaimAnswer::BeforeHorizon;
        }
        let answer = match self.used.get(&claim.nonce.to_bytes()) {
            None => ClaimAnswer::Granted(Grant::First),
            Some(_) if self.is_used_by_another(claim) => ClaimAnswer::AlreadyUsed,
            Some(_) => ClaimAnswer::Granted(Grant::Retry),
        };
        if matches!(answer, ClaimAnswer::Granted(_)) {
            self.remember(claim);
        }
        answer
    }

    /// Whether releasing the cookies would break single use or pass a barrier, whatever the store
    /// may have forgotten.
    pub(super) fn forbids(&self, claim: &Claim) -> bool {
        self.is_used_by_another(claim) || self.is_behind_barrier(claim)
    }

    pub(super) fn remember(&mut self, claim: &Claim) {
        let nonce = claim.nonce.to_bytes();
        let redemption = claim.redemption.map(RedemptionDigest::to_bytes);
        self.used.entry(nonce).or_insert(redemption);
        if let (true, Some(binding)) = (claim.barrier, claim.binding) {
            let barriers = self.barriers.entry(binding.to_bytes()).or_default();
            barriers.push((claim.issued_at, nonce));
        }
    }

    fn is_used_by_another(&self, claim: &Claim) -> bool {
        self.used.get(&claim.nonce.to_bytes()).is_some_and(|used| {
            used.is_none() || *used != claim.redemption.map(RedemptionDigest::to_bytes)
        })
    }

    fn is_behind_barrier(&self, claim: &Claim) -> bool {
        let barriers = claim
            .binding
            .and_then(|binding| self.barriers.get(&binding.to_bytes()));
        barriers.is_some_and(|barriers| {
            barriers.iter().any(|(issued_at, nonce)| {
                claim.issued_at <= *issued_at && claim.nonce.to_bytes() != *nonce
            })
        })
    }
}
