//! Off-the-shelf structures. None of them keeps a redemption id, so none can tell a retry from a
//! replay.

use std::collections::HashSet;
use std::sync::Mutex;

use apply_cookies_replay::Claim;
use dashmap::DashMap;

use crate::load::Load;
use crate::pauses::Longest;
use crate::report::{self, Contender, Figures, LIVE};

pub(crate) fn run<C: Contender>(scale: usize) -> Figures {
    let mut figures = report::fill::<C>(scale);
    let growing = [(); 2].map(|()| {
        let mut growing = Longest::new();
        growing.fill(&mut Load::new(), &C::new(), LIVE / scale);
        growing
    });
    figures.0[Figures::GROWING] = Longest::print("growing to 14 million", &growing);
    figures
}

/// One concurrent map of nonces and their expiry. Forgetting would scan it.
pub(crate) struct DashMapOfAll(DashMap<[u8; 16], u64>);

impl Contender for DashMapOfAll {
    const NAME: &'static str = "DashMap<[u8; 16], u64>";

    fn new() -> Self {
        Self(DashMap::new())
    }

    fn claim(&self, claim: &Claim) -> bool {
        let expires_at = claim.expires_at.get();
        self.0.insert(claim.nonce.to_bytes(), expires_at).is_none()
    }
}

/// The standard set of nonces, a generation for ten seconds, sixty-four locks in each.
pub(crate) struct SetsInGenerations(Vec<Vec<Mutex<HashSet<[u8; 16]>>>>);

impl Contender for SetsInGenerations {
    const NAME: &'static str = "HashSet, generations";

    fn new() -> Self {
        let shard = || Mutex::new(HashSet::new());
        let generation = || (0..64).map(|_| shard()).collect();
        Self((0..8).map(|_| generation()).collect())
    }

    fn claim(&self, claim: &Claim) -> bool {
        let nonce = claim.nonce.to_bytes();
        let generation = claim.expires_at.get() / 10_000;
        let shards = &self.0[usize::try_from(generation % 8).expect("small")];
        let shard = &shards[usize::from(nonce[15] % 64)];
        shard.lock().expect("no panic").insert(nonce)
    }
}
