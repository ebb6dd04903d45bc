//! What a store is asked, and what it answers.

use apply_cookies_protocol::{
    BindingDigest, Grant, Nonce, RedemptionDigest, StoreScope, UnixMillis,
};

/// What a store is told of a token that is about to be redeemed. The token's MAC, lifetime and
/// binding are verified, and its answer is ready.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Claim {
    /// The identity of the token.
    pub nonce: Nonce,
    /// The digest of the client's redemption id; `None` when it sent none, and then there is no
    /// retry.
    pub redemption: Option<RedemptionDigest>,
    /// The browser; `None` for a token without a binding.
    pub binding: Option<BindingDigest>,
    /// The scope that the token carries.
    pub scope: Option<StoreScope>,
    /// When the token was issued.
    pub issued_at: UnixMillis,
    /// When it expires.
    pub expires_at: UnixMillis,
    /// Whether it is a barrier.
    pub barrier: bool,
}

impl Claim {
    /// A claim of a token without redemption id, binding, scope and barrier.
    #[must_use]
    pub const fn new(nonce: Nonce, issued_at: UnixMillis, expires_at: UnixMillis) -> Self {
        Self {
            nonce,
            redemption: None,
            binding: None,
            scope: None,
            issued_at,
            expires_at,
            barrier: false,
        }
    }
}

/// A store's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClaimAnswer {
    /// The cookies may be released.
    Granted(Grant),
    /// Another redemption id has the nonce, or none was given and it is used.
    AlreadyUsed,
    /// The token is older than what the store is certain to remember, or than a barrier of its
    /// browser, or was issued under another scope.
    BeforeHorizon,
}

/// Why a store cannot answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// No room for another entry before others expire.
    #[error("the replay store is full")]
    Full,
    /// The backend failed.
    #[error("the replay store cannot be reached")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The store can no longer be certain of what it remembers, and refuses everything until the
    /// process is started again. The service's `healthz` then says so.
    #[error("the replay store has failed, and refuses everything until it is started again")]
    Broken(#[source] Box<dyn std::error::Error + Send + Sync>),
}
