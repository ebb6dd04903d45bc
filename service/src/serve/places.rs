//! How many connections there are, so that the log can say when no more are taken.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use apply_cookies::{Clock, Seldom};
use metrics::{Gauge, gauge};

/// The places for connections of all workers.
#[derive(Clone)]
pub(super) struct Places(Arc<Inner>);

struct Inner {
    /// Of the listener.
    name: &'static str,
    taken: AtomicUsize,
    all: usize,
    /// Whoever holds most of them can take and leave the last one at any rate.
    full: Seldom,
    clock: Clock,
}

impl Places {
    pub(super) fn new(name: &'static str, all: usize, clock: Clock) -> Self {
        Self(Arc::new(Inner {
            name,
            taken: AtomicUsize::new(0),
            all,
            full: Seldom::new(),
            clock,
        }))
    }

    /// Takes a place, until the connection drops it.
    pub(super) fn take(&self) -> Place {
        let Inner { all, full, .. } = &*self.0;
        let taken = self.0.taken.fetch_add(1, Ordering::Relaxed) + 1;
        self.0.gauge().increment(1);
        if taken == *all
            && let Some(left_out) = full.turn(self.0.clock.now())
        {
            tracing::warn!(
                listener = self.0.name,
                connections = all,
                left_out,
                "all connections are taken; more wait until one ends; limit the connections of one address in the proxy in front"
            );
        }
        Place(self.0.clone())
    }
}

impl Inner {
    fn gauge(&self) -> Gauge {
        gauge!("apply_cookies_http_connections", "listener" => self.name)
    }
}

/// A connection's place.
pub(super) struct Place(Arc<Inner>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.taken.fetch_sub(1, Ordering::Relaxed);
        self.0.gauge().decrement(1);
    }
}
