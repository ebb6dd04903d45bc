//! A listener that remembers what it was told.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use apply_cookies_protocol::Nonce;

use crate::answer::BarrierAnswer;
use crate::listeners::ClaimListener;

type Heard = Vec<(Nonce, BarrierAnswer)>;

/// Records what it hears.
#[derive(Default)]
pub(super) struct Ear(Mutex<Heard>);

impl Ear {
    pub(super) fn heard(&self) -> MutexGuard<'_, Heard> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What it last heard of this claim.
    pub(super) fn heard_of(&self, nonce: Nonce) -> Option<BarrierAnswer> {
        let heard = self.heard();
        let last = heard.iter().rfind(|(claimed, _)| *claimed == nonce);
        last.map(|(_, barrier)| *barrier)
    }

    /// Whether it has heard of the claim with this answer, and with no other.
    fn has_heard_rightly(&self, nonce: Nonce, barrier: BarrierAnswer) -> bool {
        let heard = self.heard();
        let mut said = heard
            .iter()
            .filter(|(claimed, _)| *claimed == nonce)
            .peekable();
        said.peek().is_some() && said.all(|(_, said)| *said == barrier)
    }

    /// The same, within seconds: a shared store may hear of its own claims through its server.
    pub(super) fn comes_to_hear(&self, nonce: Nonce, barrier: BarrierAnswer) -> bool {
        let started = Instant::now();
        while !self.has_heard_rightly(nonce, barrier) {
            if started.elapsed() > Duration::from_secs(5) {
                return false;
            }
            thread::sleep(Duration::from_millis(1));
        }
        true
    }
}

impl ClaimListener for Ear {
    fn claimed(&self, nonce: Nonce, barrier: BarrierAnswer) {
        self.heard().push((nonce, barrier));
    }
}
