//! Whether tokens that other processes issue now will be accepted.

use std::fmt;
use std::time::Duration;

#[cfg(feature = "mesop")]
use apply_cookies_protocol::Profile;
use apply_cookies_protocol::limits::SKEW_MS;

use crate::deployment::ApplyCookies;
use crate::replay::StoreError;

/// Whether a deployment accepts the tokens that other processes issue now. `Display` says it in
/// words, for the operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Readiness {
    /// It does.
    Ready,
    /// The replay store has just begun: it refuses what was issued before.
    StoreBegins {
        /// The time until it is ready.
        ready_in: Duration,
    },
    /// The replay store began, or forgot, at a time that is still to come: the clock was ahead.
    StoreAhead {
        /// The time until it is ready.
        ready_in: Duration,
    },
    /// The machine's clock was set back while this process ran, by more than the skew that is
    /// allowed. It stays so until the process is restarted or the clock is set forward again.
    ClockSetBack {
        /// By how much.
        by: Duration,
    },
}

impl fmt::Display for Readiness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ready => f.write_str("ready"),
            Self::StoreBegins { ready_in } => write!(
                f,
                "the replay store has just started and remembers nothing older; ready in {} seconds",
                seconds(*ready_in)
            ),
            Self::StoreAhead { ready_in } => write!(
                f,
                "the clock was ahead when the replay store was last used: tokens of other processes are refused until the time has caught up; ready in {} seconds",
                seconds(*ready_in)
            ),
            Self::ClockSetBack { by } => write!(
                f,
                "the machine's clock was set back by {} seconds while this process ran: tokens of other processes are refused as expired; restart this process, or set the clock forward again",
                seconds(*by)
            ),
        }
    }
}

/// Whole seconds, rounded up.
fn seconds(time: Duration) -> u128 {
    time.as_millis().div_ceil(1000)
}

impl ApplyCookies {
    /// Whether tokens that other processes issue now will be accepted: the replay store is
    /// reachable, its horizon is far enough in the past, and the clocks fit together. A readiness
    /// probe should ask this. What is wrong with a clock is logged, once, and shown as a gauge.
    ///
    /// # Errors
    ///
    /// If the store cannot be reached.
    pub async fn readiness(&self) -> Result<Readiness, StoreError> {
        let redeemer = &self.deployment.redeemer;
        let by = redeemer.clock.set_back();
        redeemer.watch.clock_set_back(by);
        let since = redeemer.store.horizon().await?;
        let now = redeemer.clock.now();
        redeemer.watch.store_ahead(since, now);
        if by > Duration::from_millis(SKEW_MS) {
            return Ok(Readiness::ClockSetBack { by });
        }
        // A time in whole seconds may be up to a second earlier than the token.
        #[cfg(feature = "mesop")]
        let rounding = match self.profile() {
            Profile::Mesop => 1000,
            _ => 0,
        };
        #[cfg(not(feature = "mesop"))]
        let rounding = 0;
        let ready_at = since.plus(SKEW_MS + rounding);
        let ready_in = Duration::from_millis(ready_at.get().saturating_sub(now.get()));
        Ok(if ready_in.is_zero() {
            Readiness::Ready
        } else if since > now {
            Readiness::StoreAhead { ready_in }
        } else {
            Readiness::StoreBegins { ready_in }
        })
    }
}
