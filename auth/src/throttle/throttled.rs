//! Why an attempt is not heard, and when it may be.

use std::time::Duration;

/// Which rule an attempt ran into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Limit {
    /// Failures of this network on this account.
    Pair,
    /// Failures of this network.
    Network,
    /// Failures of everybody on this account.
    Account,
    /// Failures of this browser on this account.
    Device,
    /// None: as many passwords are being verified as there is room for.
    Busy,
}

impl Limit {
    /// Its name, for logs and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pair => "pair",
            Self::Network => "network",
            Self::Account => "account",
            Self::Device => "device",
            Self::Busy => "busy",
        }
    }
}

/// Not now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("throttled: again in {} s", self.retry_after_seconds())]
#[non_exhaustive]
pub struct Throttled {
    /// The rule.
    pub limit: Limit,
    /// When it may be heard again.
    pub retry_after: Duration,
}

impl Throttled {
    pub(crate) fn new(limit: Limit, milliseconds: u64) -> Self {
        Self {
            limit,
            retry_after: Duration::from_millis(milliseconds),
        }
    }

    /// The value of `Retry-After` (RFC 9110 §10.2.3): whole seconds, rounded up, so that whoever
    /// waits for them is not refused for having come early.
    #[must_use]
    pub fn retry_after_seconds(&self) -> u64 {
        self.retry_after.as_secs() + u64::from(self.retry_after.subsec_nanos() > 0)
    }
}
