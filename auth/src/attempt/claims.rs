//! How many attempts are claimed: strangers can finish as many as they like, and the replay store that
//! remembers each is the one that the app's cookies need.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use apply_cookies::UnixMillis;

use super::sealed::ATTEMPT_MS;

/// How many claims of attempts are in the replay store at most, by this process, unless an app says
/// otherwise: a tenth of what a store takes by default, and 83 sign-ins a second without an end.
pub(crate) const CLAIMS_MAX: usize = 100_000;

/// Counts the claims of two generations of an attempt's life each. None is older than that, so those that are
/// alive are among them.
pub(crate) struct Claims {
    most: usize,
    counts: Mutex<Counts>,
}

struct Counts {
    /// When the younger generation began.
    begun: UnixMillis,
    younger: usize,
    older: usize,
}

/// One that is counted, and its generation.
#[must_use]
pub(crate) struct Counted(UnixMillis);

impl Claims {
    pub(crate) fn new(most: usize) -> Self {
        Self {
            most,
            counts: Mutex::new(Counts {
                begun: UnixMillis::EPOCH,
                younger: 0,
                older: 0,
            }),
        }
    }

    /// Counts one more.
    ///
    /// # Errors
    ///
    /// How long it takes until the older ones count no more.
    pub(crate) fn begin(&self, now: UnixMillis) -> Result<Counted, Duration> {
        let mut counts = self.counts();
        counts.turn(now);
        if counts.younger + counts.older >= self.most {
            let end = counts.begun.plus(ATTEMPT_MS).get();
            return Err(Duration::from_millis(end.saturating_sub(now.get())));
        }
        counts.younger += 1;
        Ok(Counted(counts.begun))
    }

    /// The store has not taken it.
    pub(crate) fn take_back(&self, counted: &Counted) {
        let mut counts = self.counts();
        // One of a generation before has little left to count.
        if counts.begun == counted.0 {
            counts.younger = counts.younger.saturating_sub(1);
        }
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counts {
    fn turn(&mut self, now: UnixMillis) {
        if now < self.begun {
            // The clock was set back: everything counts a little longer.
            self.begun = now;
        }
        let age = now.get() - self.begun.get();
        if age >= ATTEMPT_MS {
            self.older = if age < 2 * ATTEMPT_MS {
                self.younger
            } else {
                0
            };
            self.younger = 0;
            self.begun = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> UnixMillis {
        UnixMillis::from_secs(1_795_000_000 + seconds).unwrap()
    }

    fn taken(claims: &Claims, seconds: u64) -> usize {
        (0..10)
            .take_while(|_| claims.begin(at(seconds)).is_ok())
            .count()
    }

    #[test]
    fn those_of_an_attempts_life_count_and_those_before_do_not() {
        let claims = Claims::new(5);
        assert_eq!(taken(&claims, 0), 5);
        let wait = claims.begin(at(1)).err();
        assert_eq!(wait, Some(Duration::from_secs(599)));
        // They may be alive until the end of the next generation.
        assert_eq!(taken(&claims, 600), 0);
        assert_eq!(taken(&claims, 1199), 0);
        assert_eq!(taken(&claims, 1200), 5);
        assert_eq!(taken(&claims, 2 * 1200), 5, "after a pause");
        assert_eq!(taken(&claims, 2 * 1200 - 60), 0, "the clock was set back");
        assert_eq!(taken(&claims, 2 * 1200 + 1140), 5);
    }

    #[test]
    fn one_that_the_store_has_not_taken_does_not_count() {
        let claims = Claims::new(2);
        let first = claims.begin(at(0)).ok().unwrap();
        let _second = claims.begin(at(0)).ok().unwrap();
        claims.take_back(&first);
        assert_eq!(taken(&claims, 1), 1);
        // Of a generation before it counts on.
        let later = claims.begin(at(1200)).ok().unwrap();
        assert_eq!(taken(&claims, 1800), 1);
        claims.take_back(&later);
        assert_eq!(taken(&claims, 1801), 0);
    }
}
