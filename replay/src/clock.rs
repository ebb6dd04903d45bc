//! The one place where this crate reads a clock.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use apply_cookies_protocol::UnixMillis;

/// The source of time for issuing, redeeming and the stores.
///
/// The system clock never falls behind the time at the start of the process plus the time since
/// then: a wall clock that is set back further than that does not matter to the tokens of this
/// process. Those of other processes, which read the wall clock, may then be refused as expired, for
/// as long as this process runs: [`set_back`](Self::set_back) says so. A clock that ran ahead for a
/// while makes a replay store forget early, and refuse, until time has caught up; it never makes the
/// store grant a token twice.
#[derive(Clone)]
pub struct Clock(Arc<dyn Source>);

trait Source: Send + Sync {
    fn now(&self) -> UnixMillis;

    fn set_back(&self) -> Duration {
        Duration::ZERO
    }
}

struct FromFn<F>(F);

impl<F: Fn() -> UnixMillis + Send + Sync> Source for FromFn<F> {
    fn now(&self) -> UnixMillis {
        self.0()
    }
}

struct Steady<W, E> {
    wall: W,
    elapsed: E,
    wall_at_start: UnixMillis,
}

impl<W, E> Source for Steady<W, E>
where
    W: Fn() -> UnixMillis + Send + Sync,
    E: Fn() -> Duration + Send + Sync,
{
    fn now(&self) -> UnixMillis {
        (self.wall)().max(self.least())
    }

    fn set_back(&self) -> Duration {
        let wall = (self.wall)().get();
        Duration::from_millis(self.least().get().saturating_sub(wall))
    }
}

impl<W, E: Fn() -> Duration> Steady<W, E> {
    /// The time that has come at least.
    fn least(&self) -> UnixMillis {
        let elapsed = u64::try_from((self.elapsed)().as_millis()).unwrap_or(u64::MAX);
        self.wall_at_start.plus(elapsed)
    }
}

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub fn system() -> Self {
        let started = Instant::now();
        Self::steady(wall, move || started.elapsed())
    }

    /// Your own clock, for tests that step over an expiry.
    #[must_use]
    pub fn from_fn(now: impl Fn() -> UnixMillis + Send + Sync + 'static) -> Self {
        Self(Arc::new(FromFn(now)))
    }

    /// A clock with the rule of [`system`](Self::system) over a wall clock and a count of the time
    /// since now, for tests of machines whose clock is set.
    #[must_use]
    pub fn steady(
        wall: impl Fn() -> UnixMillis + Send + Sync + 'static,
        elapsed: impl Fn() -> Duration + Send + Sync + 'static,
    ) -> Self {
        let wall_at_start = wall();
        Self(Arc::new(Steady {
            wall,
            elapsed,
            wall_at_start,
        }))
    }

    /// The time now.
    #[must_use]
    pub fn now(&self) -> UnixMillis {
        self.0.now()
    }

    /// How far this clock is ahead of the machine's, because that was set back since this one was
    /// made. Both go on at the same pace, so it stays so until the machine's clock is set forward or
    /// the process is restarted. Zero for a clock [`from_fn`](Self::from_fn).
    #[must_use]
    pub fn set_back(&self) -> Duration {
        self.0.set_back()
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
