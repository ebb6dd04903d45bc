//! Log lines that anyone can cause, at any rate: said at most once a minute, with the number left
//! out. A log that a stranger can fill hides what matters, and fills the disk that a store needs.

use std::sync::atomic::{AtomicU64, Ordering};

use apply_cookies_protocol::UnixMillis;

/// How long one kind of line is not repeated.
const PAUSE_MS: u64 = 60_000;

/// One kind of log line, which is due at most once a minute. Each deployment has its own, so that
/// one does not silence another.
///
/// ```
/// use apply_cookies::{Clock, Seldom};
///
/// let unreachable = Seldom::new();
/// if let Some(left_out) = unreachable.turn(Clock::system().now()) {
///     eprintln!("the store cannot be reached; left out since the last time: {left_out}");
/// }
/// ```
#[derive(Debug, Default)]
pub struct Seldom {
    /// When the line may be said again, in milliseconds since 1970; 0 if it never was.
    next: AtomicU64,
    left_out: AtomicU64,
}

impl Seldom {
    /// A kind of line that was never said.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            next: AtomicU64::new(0),
            left_out: AtomicU64::new(0),
        }
    }

    /// Whether the line is due: `None` counts it as left out; otherwise the number that was left
    /// out since the last time.
    #[must_use]
    pub fn turn(&self, now: UnixMillis) -> Option<u64> {
        let now = now.get();
        let next = self.next.load(Ordering::Relaxed);
        // A clock that was far ahead for a while must not silence the line until then.
        let due = now >= next || next > now + 2 * PAUSE_MS;
        let taken = due
            && self
                .next
                .compare_exchange(next, now + PAUSE_MS, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok();
        if taken {
            Some(self.left_out.swap(0, Ordering::Relaxed))
        } else {
            self.left_out.fetch_add(1, Ordering::Relaxed);
            None
        }
    }
}

/// Logs a line of a [`Seldom`] kind when it is due, and at DEBUG when it is not:
/// `seldom!(kind, now, WARN, fields, "text")`. For this crate and those on top of it.
#[doc(hidden)]
#[macro_export]
macro_rules! seldom {
    ($kind:expr, $now:expr, $level:ident, $($line:tt)+) => {
        match $kind.turn($now) {
            Some(0) => tracing::event!(tracing::Level::$level, $($line)+),
            Some(left_out) => tracing::event!(tracing::Level::$level, left_out, $($line)+),
            None => tracing::event!(tracing::Level::DEBUG, $($line)+),
        }
    };
}
pub(crate) use seldom;

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: u64 = 1_795_000_000_000;

    #[test]
    fn a_line_is_due_once_a_minute_and_the_others_are_counted() {
        let at = |millis| UnixMillis::new(millis).unwrap();
        let line = Seldom::new();
        assert_eq!(line.turn(at(NOON)), Some(0));
        for passed in [0, 1, 59_999] {
            assert_eq!(line.turn(at(NOON + passed)), None);
        }
        assert_eq!(line.turn(at(NOON + 60_000)), Some(3));
        assert_eq!(line.turn(at(NOON + 60_001)), None);
        assert_eq!(line.turn(at(NOON + 500_000)), Some(1));
        assert_eq!(line.turn(at(NOON + 560_000)), Some(0));
    }

    #[test]
    fn a_clock_that_is_set_back_does_not_silence_it() {
        let at = |millis| UnixMillis::new(millis).unwrap();
        let line = Seldom::new();
        assert_eq!(line.turn(at(9_000_000)), Some(0));
        assert_eq!(line.turn(at(8_999_999)), None);
        assert_eq!(line.turn(at(1_000_000)), Some(1));
        assert_eq!(line.turn(UnixMillis::EPOCH), Some(0));
    }

    #[test]
    fn of_many_threads_one_says_it() {
        let line = Seldom::new();
        let said: usize = std::thread::scope(|scope| {
            let threads = [(); 8].map(|()| {
                scope.spawn(|| {
                    let turns = (0..1000).filter(|_| line.turn(UnixMillis::EPOCH).is_some());
                    turns.count()
                })
            });
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .sum()
        });
        assert_eq!(said, 1);
        assert_eq!(line.left_out.load(Ordering::Relaxed), 7999);
    }
}
