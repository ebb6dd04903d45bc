//! Claims that take several steps, and may be given up between any two.

use std::time::Duration;

use apply_cookies_protocol::Grant;
use apply_cookies_replay::{BarrierAnswer, Claim, ClaimAnswer};

use super::{Answer, Store, wait_a_turn};
use crate::fault::Fault;

impl Store {
    pub(super) async fn claim_in_steps(&self, claim: Claim) -> Answer {
        match self.fault {
            Some(Fault::SpendsWhenGivenUp) => {
                self.spend_for_nobody(&claim);
                wait_a_turn().await;
                self.give_back(&claim);
            }
            Some(Fault::ChecksThenSets) => {
                wait_a_turn().await;
                let answer = self.look(&claim);
                std::thread::sleep(Duration::from_millis(2));
                let _ = self.decide(&mut self.memory.lock().unwrap(), &claim);
                return self.tell(&claim, answer);
            }
            Some(Fault::TellsBeforeClaiming) => {
                let answer = self.look(&claim);
                let _ = self.tell(&claim, answer);
                wait_a_turn().await;
            }
            Some(Fault::TellsBeforeClaimingAtOnce) => {
                wait_a_turn().await;
                let answer = self.look(&claim);
                let _ = self.tell(&claim, answer);
            }
            Some(Fault::TellsBeforeCommitting) => {
                let answer = self.decide(&mut self.memory.lock().unwrap(), &claim);
                let first = matches!(
                    answer,
                    Ok(ClaimAnswer::Granted {
                        grant: Grant::First,
                        ..
                    })
                );
                let mut transaction = Transaction {
                    store: self,
                    claim,
                    rolls_back: first,
                };
                let answer = self.tell(&claim, answer);
                wait_a_turn().await;
                transaction.rolls_back = false;
                return answer;
            }
            Some(Fault::ClaimsThenRaises | Fault::TellsBeforeRaising) => {
                return self.claim_then_raise(&claim).await;
            }
            _ => wait_a_turn().await,
        }
        let answer = self.decide(&mut self.memory.lock().unwrap(), &claim);
        self.tell(&claim, answer)
    }
    /// What the answer would be.
    fn look(&self, claim: &Claim) -> Answer {
        let mut before = self.memory.lock().unwrap().clone();
        self.decide(&mut before, claim)
    }

    async fn claim_then_raise(&self, claim: &Claim) -> Answer {
        let mut plain = *claim;
        plain.barrier = false;
        let answer = self.decide(&mut self.memory.lock().unwrap(), &plain);
        let Ok(ClaimAnswer::Granted { grant, .. }) = answer else {
            return self.tell(claim, answer);
        };
        let is_barrier = claim.barrier && claim.binding.is_some();
        let raised = || ClaimAnswer::Granted {
            grant,
            barrier: BarrierAnswer::Raised,
        };
        if is_barrier && self.has(Fault::TellsBeforeRaising) {
            let _ = self.tell(claim, Ok(raised()));
        }
        wait_a_turn().await;
        let found_no_room = self
            .memory
            .lock()
            .unwrap()
            .without_room
            .contains(&claim.nonce);
        let is_done = grant == Grant::Retry && !found_no_room;
        if is_barrier && is_done && self.has(Fault::ClaimsThenRaises) {
            return self.tell(claim, Ok(raised()));
        }
        let barrier = self.raise_of(&mut self.memory.lock().unwrap(), claim)?;
        self.tell(claim, Ok(ClaimAnswer::Granted { grant, barrier }))
    }

    fn spend_for_nobody(&self, claim: &Claim) {
        let mut nobody = self.used(claim);
        nobody.redemption = None;
        let used = &mut self.memory.lock().unwrap().used;
        used.entry(claim.nonce.to_bytes()).or_insert(nobody);
    }

    fn give_back(&self, claim: &Claim) {
        let used = &mut self.memory.lock().unwrap().used;
        if used[&claim.nonce.to_bytes()].redemption.is_none() {
            used.remove(&claim.nonce.to_bytes());
        }
    }
}

/// Takes back what it did, unless it is committed.
struct Transaction<'s> {
    store: &'s Store,
    claim: Claim,
    rolls_back: bool,
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        if self.rolls_back {
            let mut memory = self.store.memory.lock().unwrap();
            memory.used.remove(&self.claim.nonce.to_bytes());
            let nonce = Some(self.claim.nonce);
            memory
                .barriers
                .retain(|_, standing| standing.nonce != nonce);
        }
    }
}
