//! So many at once, and one more as often: the generic cell rate algorithm, which needs one number.

/// A rule. The state is the moment up to which it is used up, 0 at first.
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
