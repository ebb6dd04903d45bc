//! The one place where this crate reads a clock.

use std::fmt;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use apply_cookies_protocol::UnixMillis;

/// The source of time for issuing, redeeming and the stores.
///
/// The system clock never falls behind the time at the start of the process plus the time since
/// then: a wall clock that is set back further than that does not matter. One that ran
/// ahead for a while makes a replay store forget early, and refuse, until time has caught up; it
/// never makes the store grant a token twice.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> UnixMillis + Send + Sync>);

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub fn system() -> Self {
        let started = Instant::now();
        let wall_at_start = wall();
        Self::from_fn(move || {
            let elapsed = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
            wall().max(wall_at_start.plus(elapsed))
        })
    }

    /// Your own clock, for tests that step over an expiry.
    #[must_use]
    pub fn from_fn(now: impl Fn() -> UnixMillis + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// The time now.
    #[must_use]
    pub fn now(&self) -> UnixMillis {
        (self.0)()
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::system()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock(..)")
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place")]
fn wall() -> UnixMillis {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .ok()
        .and_then(|since| u64::try_from(since.as_millis()).ok())
        .and_then(UnixMillis::new)
        .unwrap_or(UnixMillis::EPOCH)
}
