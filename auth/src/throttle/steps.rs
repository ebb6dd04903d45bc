//! A few failures for nothing, then waits that double.

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
    /// `next` before the last failure, so that it can be taken back.
    before: u64,
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
        let doublings = self.failures.saturating_sub(FREE);
        let wait = match self.failures {
            ..FREE => 0,
            _ => (FIRST << doublings.min(20)).min(LONGEST),
        };
        self.before = self.next;
        self.next = now + wait.max(least);
    }

    /// The last failure was none.
    pub(super) fn take_back(&mut self) {
        self.failures = self.failures.saturating_sub(1);
        self.next = self.before;
    }

    /// Waits from the first time it asks while the account is under attack. Whether this is that.
    pub(super) fn join_queue(&mut self, now: u64, wait: u64) -> bool {
        let is_new = !self.queued;
        if is_new {
            self.queued = true;
            self.next = self.next.max(now + wait);
        }
        is_new
    }
}
