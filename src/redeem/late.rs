//! Tokens that are posted too late, as no store hears of them.

use std::sync::{Arc, OnceLock, Weak};

use apply_cookies_protocol::{Nonce, UnixMillis};

/// Hears of tokens that were posted after their end. Called within a request, so it must be quick.
pub trait LateListener: Send + Sync {
    /// The token of this nonce ended at this time. It may have been redeemed before.
    fn late(&self, nonce: Nonce, expires_at: UnixMillis);
}

/// The listener of a deployment, if it has one.
#[derive(Clone, Default)]
pub(crate) struct Late(Arc<OnceLock<Weak<dyn LateListener>>>);

impl Late {
    /// The first one stays.
    pub(crate) fn listen(&self, listener: Weak<dyn LateListener>) {
        let _ = self.0.set(listener);
    }

    pub(super) fn tell(&self, nonce: Nonce, expires_at: UnixMillis) {
        if let Some(listener) = self.0.get().and_then(Weak::upgrade) {
            listener.late(nonce, expires_at);
        }
    }
}
