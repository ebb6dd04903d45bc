//! The moments that a store of revocations gives out: when sessions began, and when they were revoked.

use apply_cookies_protocol::UnixMillis;

/// The clock of a store as its callers see it: it never goes back, and a session that begins after a
/// revocation was answered begins later than it.
///
/// Twice the latest moment, and one more if something was revoked at it: the next session begins a
/// millisecond later, though the clock may not have moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moments(u64);

impl Moments {
    /// All moments up to this one may have been given out, of sessions and of revocations.
    #[cfg(feature = "file")]
    pub(crate) const fn after(latest: UnixMillis) -> Self {
        Self(2 * latest.get() + 1)
    }

    /// Notes the time; nothing that is given out later is earlier.
    pub(crate) fn observe(&mut self, now: UnixMillis) {
        self.0 = self.0.max(2 * now.get());
    }

    /// The moment at which a session begins.
    pub(crate) fn begin(&mut self, now: UnixMillis) -> UnixMillis {
        self.0 += self.0 % 2;
        self.observe(now);
        self.latest()
    }

    /// The moment of a revocation: no session has begun later.
    pub(crate) fn revoke(&mut self, now: UnixMillis) -> UnixMillis {
        self.observe(now);
        self.0 |= 1;
        self.latest()
    }

    /// The latest that was given out.
    pub(crate) const fn latest(self) -> UnixMillis {
        UnixMillis::EPOCH.plus(self.0 / 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_begins_after_every_revocation_before_it_and_not_before_another() {
        let at = |millis| UnixMillis::new(millis).unwrap();
        let mut moments = Moments::default();
        assert_eq!(moments.begin(at(10)), at(10));
        assert_eq!(moments.revoke(at(10)), at(10));
        assert_eq!(moments.revoke(at(9)), at(10), "the clock went back");
        assert_eq!(moments.begin(at(9)), at(11));
        assert_eq!(moments.begin(at(9)), at(11));
        assert_eq!(moments.revoke(at(9)), at(11));
        assert_eq!(moments.begin(at(20)), at(20));
    }

    #[cfg(feature = "file")]
    #[test]
    fn who_remembers_only_the_latest_goes_on_from_there() {
        let at = |millis| UnixMillis::new(millis).unwrap();
        let mut reopened = Moments::after(at(20));
        assert_eq!(reopened.revoke(at(0)), at(20));
        assert_eq!(reopened.begin(at(0)), at(21));
    }
}
