//! A store's answers and errors.

use apply_cookies_protocol::Grant;

/// A store's answer to a claim.
///
/// Exhaustive: a new answer must be a compile-time error for every caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the doc comment says why")]
pub enum ClaimAnswer {
    /// The cookies may be released.
    Granted {
        /// Whether for the first time.
        grant: Grant,
        /// What became of the token's barrier.
        barrier: BarrierAnswer,
    },
    /// Another redemption id has the nonce, or none was given and it is used.
    AlreadyUsed,
    /// The token is no younger than a barrier of its browser.
    BehindBarrier,
    /// The token is older than the store is certain to remember, or was issued under another scope.
    BeforeHorizon,
}

/// What became of a barrier.
///
/// Exhaustive: a new answer must be a compile-time error for every caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the doc comment says why")]
pub enum BarrierAnswer {
    /// From now on, and until it ends, no older token of the browser is granted.
    Raised,
    /// The store had no room for it: an older token may still be granted.
    NoRoom,
    /// The claim asked for none: it is of no barrier, or of one without a binding.
    NotAsked,
}

impl ClaimAnswer {
    /// Granted, without a barrier.
    pub(crate) const fn granted(grant: Grant) -> Self {
        Self::Granted {
            grant,
            barrier: BarrierAnswer::NotAsked,
        }
    }
}

/// The reason why a store cannot answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// No room for another entry before others expire.
    #[error("the store is full")]
    Full,
    /// The backend failed.
    #[error("the store cannot be reached")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The store can no longer be certain of what it remembers, and refuses everything until the
    /// process is restarted. The service's `healthz` then says so.
    #[error("the store has failed, and refuses everything until this process is restarted")]
    Broken(#[source] Box<dyn std::error::Error + Send + Sync>),
}
