//! Barriers.

use apply_cookies_protocol::BindingDigest;
use apply_cookies_replay::{BarrierAnswer, Claim, StoreError};

use super::{Memory, Standing, Store};
use crate::fault::Fault;

impl Store {
    pub(super) fn is_behind_barrier(&self, memory: &Memory, claim: &Claim) -> bool {
        if claim.binding.is_none() && !self.has(Fault::BarrierOfNobody) {
            return false;
        }
        let is_retry = memory.used.contains_key(&claim.nonce.to_bytes());
        let of_all = memory.barriers.get(&None);
        let barrier = memory.barriers.get(&self.key(claim)).or(of_all);
        barrier.is_some_and(|barrier| match self.fault {
            Some(Fault::BarrierSparesItsMillisecond) => {
                claim.issued_at < barrier.issued_at && Some(claim.nonce) != barrier.nonce
            }
            Some(Fault::BarrierRefusesItself) => claim.issued_at <= barrier.issued_at,
            Some(Fault::BarrierSparesRetries) if is_retry => false,
            _ => claim.issued_at <= barrier.issued_at && Some(claim.nonce) != barrier.nonce,
        })
    }

    /// Raises the claim's barrier.
    pub(super) fn raise_of(
        &self,
        memory: &mut Memory,
        claim: &Claim,
    ) -> Result<BarrierAnswer, StoreError> {
        let is_bound = claim.binding.is_some() || self.has(Fault::BarrierOfNobody);
        if !claim.barrier || !is_bound {
            return Ok(match self.fault {
                Some(Fault::SaysRaisedForEveryClaim) => BarrierAnswer::Raised,
                _ => BarrierAnswer::NotAsked,
            });
        }
        if self.has(Fault::NoBarrier) {
            return Ok(BarrierAnswer::Raised);
        }
        let standing = Standing {
            nonce: Some(claim.nonce),
            issued_at: claim.issued_at,
            expires_at: claim.expires_at,
            ends_at: claim.barrier_ends_at,
        };
        let answer = self.raise(memory, self.key(claim), standing)?;
        if answer == BarrierAnswer::NoRoom {
            memory.without_room.push(claim.nonce);
        }
        Ok(match self.fault {
            Some(Fault::SaysNoRoomWhileThereIs) => BarrierAnswer::NoRoom,
            Some(Fault::SaysNotAskedForABarrier) => BarrierAnswer::NotAsked,
            // An unbound one is an ordinary claim.
            _ if claim.binding.is_none() => BarrierAnswer::NotAsked,
            _ => answer,
        })
    }

    /// Raises the barrier of a claim that was made before.
    pub(super) fn raise_again(
        &self,
        memory: &mut Memory,
        claim: &Claim,
    ) -> Result<BarrierAnswer, StoreError> {
        let is_barrier = claim.barrier && claim.binding.is_some();
        match self.fault {
            Some(Fault::RetryRaisesNothing) if is_barrier => return Ok(BarrierAnswer::Raised),
            Some(Fault::RetryRepeatsNoRoom) if memory.without_room.contains(&claim.nonce) => {
                return Ok(BarrierAnswer::NoRoom);
            }
            _ => {}
        }
        match self.raise_of(memory, claim)? {
            BarrierAnswer::NoRoom if self.has(Fault::NoRoomRefusesRetries) => Err(StoreError::Full),
            answer => Ok(answer),
        }
    }

    pub(super) fn raise(
        &self,
        memory: &mut Memory,
        key: Option<[u8; 16]>,
        mut raised: Standing,
    ) -> Result<BarrierAnswer, StoreError> {
        if self.does_not_raise(memory, key, &raised) {
            return Ok(BarrierAnswer::Raised);
        }
        match self.fault {
            Some(Fault::KeepsTheLatestBrowser) => memory.barriers.retain(|one, _| *one == key),
            Some(Fault::BarrierIsNotAhead) => {
                raised.issued_at = raised.issued_at.min(self.clock.now());
            }
            _ => {}
        }
        let stands = memory.barriers.contains_key(&key);
        let shares = stands && !self.has(Fault::SameBrowserNeedsRoom);
        if !shares && memory.barriers.len() >= self.capacity / 2 {
            match self.fault {
                Some(Fault::SaysRaisedWithoutRoom) => return Ok(BarrierAnswer::Raised),
                Some(Fault::NoRoomIsAnError) => return Err(StoreError::Full),
                Some(Fault::EvictsBarriersWhenFull) => {
                    let ends = memory.barriers.iter().min_by_key(|(_, one)| one.ends_at);
                    let first = *ends.unwrap().0;
                    memory.barriers.remove(&first);
                }
                _ => return Ok(BarrierAnswer::NoRoom),
            }
        }
        let kept = memory.barriers.entry(key).or_insert(raised);
        memory.first_barriers.entry(key).or_insert(raised);
        // Of two from one millisecond, the one that lets no token pass.
        let lasts = |one: &Standing| (one.issued_at, one.nonce.is_none());
        let replaces = !self.has(Fault::KeepsTheFirstBarrier) && lasts(kept) < lasts(&raised);
        if replaces {
            if self.has(Fault::KeepsTheFirstEnd) {
                raised.ends_at = kept.ends_at;
            }
            *kept = raised;
        }
        Ok(BarrierAnswer::Raised)
    }

    /// Whether it says so all the same.
    fn does_not_raise(&self, memory: &Memory, key: Option<[u8; 16]>, raised: &Standing) -> bool {
        let half = self.capacity / 2;
        let standing = memory.barriers.get(&key);
        match self.fault {
            Some(Fault::RaisesOneBrowser) => standing.is_none() && !memory.barriers.is_empty(),
            Some(Fault::LastPlaceIsNotTaken) => {
                standing.is_none() && raised.nonce.is_some() && memory.barriers.len() + 2 >= half
            }
            Some(Fault::FullTableKeepsTheFirst) => {
                standing.is_some() && memory.barriers.len() >= half
            }
            Some(Fault::SaysRaisedWhenFullOfClaims) => memory.used.len() >= self.capacity,
            Some(Fault::CoversASecond) => {
                standing.is_some_and(|one| one.issued_at.plus(999) >= raised.issued_at)
            }
            Some(Fault::AloneIsCoveredByAToken) => {
                raised.nonce.is_none() && standing.is_some_and(|one| one.nonce.is_some())
            }
            Some(Fault::RaisesNothingWhenReopened) => memory.is_reopened,
            _ => false,
        }
    }

    pub(super) fn key(&self, claim: &Claim) -> Option<[u8; 16]> {
        match self.fault {
            Some(Fault::BarrierForAll) => None,
            _ => claim.binding.map(BindingDigest::to_bytes),
        }
    }
}
