//! A sign-out whose cookies leave without its barrier: said in one place.

use std::error::Error;

use apply_cookies_protocol::UnixMillis;

use crate::metrics;
use crate::replay::StoreError;
use crate::seldom::{Seldom, seldom};

/// Why a barrier was not raised.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MissingBarrier {
    #[error("the replay store has no room for another barrier")]
    NoRoom,
    #[error("the request does not show which browser it is")]
    NoBrowser,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl MissingBarrier {
    /// Logs and counts it. Anyone who can reach a sign-out can cause it.
    pub(super) fn report(&self, lost: &Seldom, now: UnixMillis) {
        metrics::barrier_failed();
        let source = self.source().map(ToString::to_string);
        seldom!(
            lost,
            now,
            WARN,
            reason = %self,
            source,
            "a sign-out was sent without its barrier; for the lifetime of a token, a sign-in that is on its way can undo it"
        );
    }
}
