//! Pauses between attempts to reach a server.

use std::time::Duration;

use crate::random;

/// Pauses between attempts: up to 50 ms, then twice as long each time, up to 2 s, until the server
/// does what it is asked. The first attempt after that comes at once.
#[derive(Default)]
pub(super) struct Backoff {
    failures: u32,
}

impl Backoff {
    pub(super) const fn reset(&mut self) {
        self.failures = 0;
    }

    /// Of random length, so that processes which lost their server together do not all come back
    /// together.
    pub(super) fn next(&mut self) -> Duration {
        let longest = match self.failures {
            0 => Duration::ZERO,
            n => Duration::from_millis(25 << n.min(7)).min(Duration::from_secs(2)),
        };
        self.failures += 1;
        longest.mul_f64(fraction())
    }
}

/// A random number between 0 and 1.
pub(super) fn fraction() -> f64 {
    f64::from(u16::from_ne_bytes(random::bytes())) / f64::from(u16::MAX)
}
