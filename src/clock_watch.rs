//! Says once when clocks do not fit together, and shows by how much.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use apply_cookies_protocol::UnixMillis;
use apply_cookies_protocol::limits::SKEW_MS;

use crate::metrics;

/// What was said, so that each event is said once and not with every request.
#[derive(Debug, Default)]
pub(crate) struct ClockWatch {
    clock: Event,
    store: Event,
}

impl ClockWatch {
    /// The machine's clock was set back by this much since the process began, or by nothing.
    pub(crate) fn clock_set_back(&self, by: Duration) {
        metrics::clock_set_back(by);
        match self.clock.change(by) {
            Some(Change::Begins) => tracing::warn!(
                seconds = by.as_secs(),
                "the machine's clock was set back while this process ran: tokens of other processes are refused as expired until this process is restarted, or the clock is set forward again"
            ),
            Some(Change::Ends) => tracing::info!("the machine's clock is right again"),
            None => {}
        }
    }

    /// The store remembers everything since then, perhaps a time to come.
    pub(crate) fn store_ahead(&self, since: UnixMillis, now: UnixMillis) {
        let by = Duration::from_millis(since.get().saturating_sub(now.get()));
        metrics::store_ahead(by);
        match self.store.change(by) {
            Some(Change::Begins) => tracing::warn!(
                seconds = by.as_secs(),
                "the clock was ahead when the replay store began or forgot: tokens of other processes are refused until the time has caught up"
            ),
            Some(Change::Ends) => tracing::info!("the time has caught up with the replay store"),
            None => {}
        }
    }
}

/// The difference that was last said, in milliseconds; 0 while there is none.
#[derive(Debug, Default)]
struct Event(AtomicU64);

enum Change {
    Begins,
    Ends,
}

impl Event {
    fn change(&self, by: Duration) -> Option<Change> {
        let by = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        let said = self.0.load(Ordering::Relaxed);
        let (next, change) = if by <= SKEW_MS {
            (0, Change::Ends)
        } else if said == 0 || by > said.saturating_add(SKEW_MS) {
            // A further step is an event of its own.
            (by, Change::Begins)
        } else {
            return None;
        };
        // Of many requests at once, one says it.
        let exchanged = self
            .0
            .compare_exchange(said, next, Ordering::Relaxed, Ordering::Relaxed);
        (said != next && exchanged.is_ok()).then_some(change)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_event_is_said_once() {
        let event = Event::default();
        let mut said = Vec::new();
        for (n, seconds) in [0, 4, 5, 6, 6, 7, 60, 60, 59, 30, 0, 0, 6, 1]
            .into_iter()
            .enumerate()
        {
            match event.change(Duration::from_secs(seconds)) {
                Some(Change::Begins) => said.push((n, true)),
                Some(Change::Ends) => said.push((n, false)),
                None => {}
            }
        }
        assert_eq!(
            said,
            [(3, true), (6, true), (10, false), (12, true), (13, false)]
        );
    }
}
