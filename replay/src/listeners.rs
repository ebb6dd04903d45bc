//! The listeners of a store.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, Weak};

use apply_cookies_protocol::{Nonce, UnixMillis};

use crate::answer::BarrierAnswer;
use crate::revocation::RevocationDigest;

/// Hears of claims. Called within a claim, so it must be quick and must not ask the store
/// anything.
pub trait ClaimListener: Send + Sync {
    /// This nonce was claimed, and this became of its token's barrier.
    fn claimed(&self, nonce: Nonce, barrier: BarrierAnswer);
}

/// Hears of revocations. Called before a revocation is answered, so it must be quick and must not ask
/// the store anything.
pub trait RevocationListener: Send + Sync {
    /// The sessions of this subject are over: all of them if it is absolute, and those that began by
    /// this moment if it is timed.
    fn revoked(&self, digest: RevocationDigest, at: UnixMillis);
}

/// The listeners of a store in this process. It does not keep them alive; dropped ones are removed.
pub struct Listeners<L: ?Sized = dyn ClaimListener>(RwLock<Arc<Vec<Weak<L>>>>);

impl<L: ?Sized> Listeners<L> {
    /// Adds a listener.
    pub fn add(&self, listener: Weak<L>) {
        let mut listeners = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let kept = listeners.iter().filter(|one| one.strong_count() > 0);
        *listeners = Arc::new(kept.cloned().chain([listener]).collect());
    }

    fn each(&self, tell: impl Fn(&L)) {
        // Not under the lock: a listener wakes tasks, whose code may add another one.
        let listeners = (self.0.read().unwrap_or_else(PoisonError::into_inner)).clone();
        for listener in listeners.iter().filter_map(Weak::upgrade) {
            tell(&listener);
        }
    }
}

impl Listeners {
    /// Tells every listener of a claim.
    pub fn tell(&self, nonce: Nonce, barrier: BarrierAnswer) {
        self.each(|listener| listener.claimed(nonce, barrier));
    }
}

impl Listeners<dyn RevocationListener> {
    /// Tells every listener of a revocation.
    pub fn tell(&self, digest: RevocationDigest, at: UnixMillis) {
        self.each(|listener| listener.revoked(digest, at));
    }
}

impl<L: ?Sized> Default for Listeners<L> {
    fn default() -> Self {
        Self(RwLock::default())
    }
}

impl<L: ?Sized> fmt::Debug for Listeners<L> {
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
        let listeners = Arc::new(Listeners::<dyn ClaimListener>::default());
        let adds: Arc<dyn ClaimListener> = Arc::new(Adds(listeners.clone()));
        listeners.add(Arc::downgrade(&adds));
        listeners.tell(Nonce::from_random([1; 16]), BarrierAnswer::NotAsked);
        listeners.tell(Nonce::from_random([2; 16]), BarrierAnswer::NotAsked);
        // The one that is kept, and the last of those that were dropped.
        assert_eq!(listeners.0.read().unwrap().len(), 2);
    }
}
