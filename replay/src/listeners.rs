//! The listeners of a store.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, Weak};

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
pub struct Listeners(RwLock<Arc<Vec<Weak<dyn ClaimListener>>>>);

impl Listeners {
    /// Adds a listener.
    pub fn add(&self, listener: Weak<dyn ClaimListener>) {
        let mut listeners = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let kept = listeners.iter().filter(|one| one.strong_count() > 0);
        *listeners = Arc::new(kept.cloned().chain([listener]).collect());
    }

    /// Tells every listener of a claim.
    pub fn tell(&self, nonce: Nonce, barrier: BarrierAnswer) {
        // Not under the lock: a listener wakes tasks, whose code may add another one.
        let listeners = (self.0.read().unwrap_or_else(PoisonError::into_inner)).clone();
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Adds another listener when it hears of a claim, as a deployment built by a woken task does.
    struct Adds(Arc<Listeners>);

    impl ClaimListener for Adds {
        fn claimed(&self, _: Nonce, _: BarrierAnswer) {
            let another: Arc<dyn ClaimListener> = Arc::new(Self(self.0.clone()));
            self.0.add(Arc::downgrade(&another));
        }
    }

    #[test]
    fn a_listener_may_add_another_one() {
        let listeners = Arc::new(Listeners::default());
        let adds: Arc<dyn ClaimListener> = Arc::new(Adds(listeners.clone()));
        listeners.add(Arc::downgrade(&adds));
        listeners.tell(Nonce::from_random([1; 16]), BarrierAnswer::NotAsked);
        listeners.tell(Nonce::from_random([2; 16]), BarrierAnswer::NotAsked);
        // The one that is kept, and the last of those that were dropped.
        assert_eq!(listeners.0.read().unwrap().len(), 2);
    }
}
