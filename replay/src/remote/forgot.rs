//! What came of forgetting everything.

use std::fmt;

use apply_cookies_protocol::UnixMillis;

use super::address::StoreUrlError;
use super::trouble::{Trouble, Why};

/// What a store has forgotten on its operator's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Forgot {
    /// How many claims were removed.
    pub claims: u64,
    /// How many barriers were removed.
    pub barriers: u64,
    /// How many revocations of sessions were removed.
    pub revocations: u64,
    /// No token that was issued until five seconds after this is released any more, and no session that
    /// began by then is known.
    pub horizon: UnixMillis,
}

impl Default for Forgot {
    fn default() -> Self {
        Self {
            claims: 0,
            barriers: 0,
            revocations: 0,
            horizon: UnixMillis::EPOCH,
        }
    }
}

impl Forgot {
    /// Adds what another part of the data forgot.
    pub(crate) fn add(&mut self, claims: u64, barriers: u64, horizon: u64) {
        self.claims += claims;
        self.barriers += barriers;
        self.horizon = self.horizon.max(UnixMillis::EPOCH.plus(horizon));
    }
}

impl fmt::Display for Forgot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "forgotten: tokens that were issued and sessions that began until now are refused, and those of the next five seconds; {} claims, {} barriers and {} revocations were removed",
            self.claims, self.barriers, self.revocations
        )
    }
}

/// The reason why a store did not forget.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ForgetError {
    /// The URL names no store.
    #[error(transparent)]
    Url(#[from] StoreUrlError),
    /// The server gave no answer, or refused. It may have forgotten, or a part of it.
    #[error("the replay store did not forget: {0}")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<Trouble> for ForgetError {
    fn from(trouble: Trouble) -> Self {
        let why: Why = trouble.why();
        Self::Unavailable(Box::new(why))
    }
}
