//! Times as clocks here count them.

use std::time::Duration;

/// Whole milliseconds; the largest number for what is longer.
pub(crate) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
