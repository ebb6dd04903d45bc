//! The two shapes of a limit: so many in a while, and waits that double.

/// So many at once, and one more as often: the generic cell rate algorithm. Its state is one number,
/// the moment up to which it is used up, 0 at first.
pub(super) struct Pace {
    pub(super) burst: u64,
    /// Milliseconds until one more may.
    pub(super) every: u64,
}

impl Pace {
    /// How long until one may, in milliseconds.
    pub(super) fn wait(&self, now: u64, used_until: &mut u64) -> u64 {
        // A clock that was set back makes nobody wait for longer than all of it.
        *used_until = (*used_until).min(now + self.burst * self.every);
        used_until.saturating_sub(now + (self.burst - 1) * self.every)
    }

    /// One more. Where none may, the state stays as full as it can be.
    pub(super) fn spend(&self, now: u64, used_until: &mut u64) {
        let next = (*used_until).max(now) + self.every;
        *used_until = next.min(now + self.burst * self.every);
    }

    /// One less.
    pub(super) fn take_back(&self, used_until: &mut u64) {
        *used_until = used_until.saturating_sub(self.every);
    }
}

/// How many failures cost no wait.
const FREE: u32 = 5;
/// The first wait behind them, in milliseconds.
const FIRST: u64 = 1000;
/// The longest.
const LONGEST: u64 = 15 * 60 * 1000;

/// The failures of one network or browser on one account.
#[derive(Clone, Copy, Default)]
pub(super) struct Steps {
    failures: u32,
    /// When the next attempt is heard, in milliseconds since 1970.
    next: u64,
    /// Whether it has asked while the account was under attack.
    queued: bool,
}

impl Steps {
    /// How long until the next attempt is heard.
    pub(super) fn wait(&mut self, now: u64) -> u64 {
        // A clock that was set back makes nobody wait for longer than the longest.
        self.next = self.next.min(now + LONGEST);
        self.next.saturating_sub(now)
    }

    /// Counts a failure. `least` is the shortest wait behind it.
    pub(super) fn failed(&mut self, now: u64, least: u64) {
        self.failures = self.failures.saturating_add(1);
        let wait = match self.failures {
            ..FREE => 0,
            failures => (FIRST << (failures - FREE).min(20)).min(LONGEST),
        };
        self.next = now + wait.max(least);
    }

    /// The last failure was none: there was no wait before it.
    pub(super) fn take_back(&mut self) {
        self.failures = self.failures.saturating_sub(1);
        self.next = 0;
    }

    /// Waits from the first time it asks while the account is under attack. Whether this is that.
    pub(super) fn join_queue(&mut self, now: u64, wait: u64) -> bool {
        let is_new = !std::mem::replace(&mut self.queued, true);
        if is_new {
            self.next = self.next.max(now + wait);
        }
        is_new
    }
}
