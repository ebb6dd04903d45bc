//! The listeners of a store.

use std::fmt;
use std::sync::{PoisonError, RwLock, Weak};

use apply_cookies_protocol::Nonce;

use crate::answer::BarrierAnswer;

/// Hears of claims. Called within a claim, so it must be quick and must not ask the store
/// anything.
pub trait ClaimListener: Send + Sync {
    /// This nonce was claimed, and this became of its token's barrier.
    fn claimed(&self, nonce: Nonce, barrier: BarrierAnswer);
}

/// The listeners of a store in this process. It does not keep them alive; dropped ones are removed.
#[derive(Default)]
pub struct Listeners(RwLock<Vec<Weak<dyn ClaimListener>>>);

impl Listeners {
    /// Adds a listener.
    pub fn add(&self, listener: Weak<dyn ClaimListener>) {
        let mut listeners = self.0.write().unwrap_or_else(PoisonError::into_inner);
        listeners.retain(|listener| listener.strong_count() > 0);
        listeners.push(listener);
    }

    /// Tells every listener of a claim.
    pub fn tell(&self, nonce: Nonce, barrier: BarrierAnswer) {
        let listeners = self.0.read().unwrap_or_else(PoisonError::into_inner);
        for listener in listeners.iter().filter_map(Weak::upgrade) {
            listener.claimed(nonce, barrier);
        }
    }
}

impl fmt::Debug for Listeners {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Listeners(..)")
    }
}
