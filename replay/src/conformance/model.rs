//! A perfect store in a few lines: it remembers everything for ever. It states the rules again,
//! independently, so that a mistake in those of `Claim` cannot hide.

use std::collections::HashMap;

use apply_cookies_protocol::limits::SKEW_MS;
use apply_cookies_protocol::{Grant, Nonce, RedemptionDigest, StoreScope, UnixMillis};

use crate::answer::{BarrierAnswer, ClaimAnswer};
use crate::barrier::Barrier;
use crate::claim::Claim;

/// Nonces, bindings and redemption ids by their bytes.
type Bytes = [u8; 16];

pub(super) struct Model {
    pub(super) horizon: UnixMillis,
    pub(super) scope: Option<StoreScope>,
    used: HashMap<Bytes, Option<Bytes>>,
    /// When they were issued, and the nonce of the token if there was one.
    barriers: HashMap<Bytes, Vec<(UnixMillis, Option<Bytes>)>>,
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
        if !is_known {
            return ClaimAnswer::BeforeHorizon;
        }
        if self.is_behind_barrier(claim) {
            return ClaimAnswer::BehindBarrier;
        }
        let grant = match self.used.get(&claim.nonce.to_bytes()) {
            None => Grant::First,
            Some(_) if self.is_used_by_another(claim) => return ClaimAnswer::AlreadyUsed,
            Some(_) => Grant::Retry,
        };
        self.remember(claim);
        let barrier = match (claim.barrier, claim.binding) {
            (true, Some(_)) => BarrierAnswer::Raised,
            _ => BarrierAnswer::NotAsked,
        };
        ClaimAnswer::Granted { grant, barrier }
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
            barriers.push((claim.issued_at, Some(nonce)));
        }
    }

    pub(super) fn raise(&mut self, barrier: &Barrier) {
        let barriers = self.barriers.entry(barrier.binding.to_bytes()).or_default();
        barriers.push((barrier.issued_at, None));
    }

    /// Whether this is true of a claim.
    pub(super) fn may_tell(&self, nonce: Nonce, barrier: BarrierAnswer) -> bool {
        let nonce = nonce.to_bytes();
        let mut barriers = self.barriers.values().flatten();
        let raises = barriers.any(|(_, raised_by)| *raised_by == Some(nonce));
        let expected = [BarrierAnswer::NotAsked, BarrierAnswer::Raised][usize::from(raises)];
        self.used.contains_key(&nonce) && barrier == expected
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
                claim.issued_at <= *issued_at && Some(claim.nonce.to_bytes()) != *nonce
            })
        })
    }
}
