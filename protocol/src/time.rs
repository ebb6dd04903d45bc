//! A point in time, as tokens carry it.

use crate::limits::UNIX_MILLIS_MAX;

/// Milliseconds since 1970-01-01T00:00:00Z, up to the end of the year 9999.
///
/// The crate reads no clock: the caller passes the time in.
///
/// ```
/// use apply_cookies_protocol::UnixMillis;
///
/// let issued = UnixMillis::from_secs(1_700_000_000).unwrap();
/// assert_eq!(issued.plus(60_000).get(), 1_700_000_060_000);
/// assert!(UnixMillis::new(u64::MAX).is_none());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixMillis(u64);

impl UnixMillis {
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Self = Self(0);

    /// A time, or `None` beyond the year 9999.
    #[must_use]
    pub const fn new(millis: u64) -> Option<Self> {
        if millis <= UNIX_MILLIS_MAX {
            Some(Self(millis))
        } else {
            None
        }
    }

    /// A time of whole seconds, or `None` beyond the year 9999.
    #[must_use]
    pub const fn from_secs(seconds: u64) -> Option<Self> {
        match seconds.checked_mul(1000) {
            Some(millis) => Self::new(millis),
            None => None,
        }
    }

    /// The number of milliseconds.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// This time plus `millis` milliseconds, at most the end of the year 9999.
    #[must_use]
    pub const fn plus(self, millis: u64) -> Self {
        let sum = self.0.saturating_add(millis);
        Self(if sum < UNIX_MILLIS_MAX {
            sum
        } else {
            UNIX_MILLIS_MAX
        })
    }

    /// This time minus `millis` milliseconds, at least 1970.
    #[must_use]
    pub const fn minus(self, millis: u64) -> Self {
        Self(self.0.saturating_sub(millis))
    }
}
