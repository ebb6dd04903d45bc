//! What no store may do, however much it has forgotten.

use std::collections::HashMap;

use apply_cookies_protocol::{BindingDigest, Nonce, RedemptionDigest, UnixMillis};
use apply_cookies_replay::{Barrier, BarrierAnswer, Claim, ClaimAnswer};

type Bytes = [u8; 16];

/// Who got which token, and which barriers were raised.
#[derive(Default)]
pub(crate) struct Law {
    owners: HashMap<Bytes, Option<Bytes>>,
    /// For each browser, with the nonce of the token if there was one.
    barriers: HashMap<Bytes, Vec<(UnixMillis, Option<Bytes>)>>,
    /// Raised by questions that were asked together: they bind those that are asked later.
    new: Vec<(Bytes, UnixMillis, Option<Bytes>)>,
    pub(crate) firsts: usize,
    pub(crate) raised: usize,
}

impl Law {
    /// Looks at the answer to a claim.
    pub(crate) fn claimed(&mut self, claim: &Claim, answer: ClaimAnswer) -> Result<(), String> {
        let ClaimAnswer::Granted { barrier, .. } = answer else {
            return Ok(()); // It may always refuse.
        };
        let nonce = Nonce::to_bytes(claim.nonce);
        let id = claim.redemption.map(RedemptionDigest::to_bytes);
        match self.owners.insert(nonce, id) {
            None => self.firsts += 1,
            Some(owner) if owner == id && id.is_some() => {}
            Some(_) => return Err(format!("granted twice: {claim:?}")),
        }
        let Some(browser) = claim.binding.map(BindingDigest::to_bytes) else {
            return Ok(());
        };
        let mut barriers = self.barriers.get(&browser).into_iter().flatten();
        if barriers.any(|(at, own)| claim.issued_at <= *at && *own != Some(nonce)) {
            return Err(format!("passed a barrier: {claim:?}"));
        }
        if claim.barrier && barrier == BarrierAnswer::Raised {
            self.new.push((browser, claim.issued_at, Some(nonce)));
        }
        Ok(())
    }

    /// Notes a barrier that was asked for alone.
    pub(crate) fn raised(&mut self, barrier: &Barrier, answer: BarrierAnswer) {
        if answer == BarrierAnswer::Raised {
            let browser = barrier.binding.to_bytes();
            self.new.push((browser, barrier.issued_at, None));
        }
    }

    /// What is asked from now on comes after all that was answered.
    pub(crate) fn go_on(&mut self) {
        self.raised += self.new.len();
        for (browser, at, own) in self.new.drain(..) {
            self.barriers.entry(browser).or_default().push((at, own));
        }
    }
}
