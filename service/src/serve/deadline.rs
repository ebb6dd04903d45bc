//! How long a client may keep its answers waiting.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::rt::time::{Sleep, sleep};

/// How long a write may be blocked, without a single byte being taken, until the connection ends.
const PATIENCE: Duration = Duration::from_secs(10);

/// Runs while a write is blocked. Most connections never start it.
#[derive(Default)]
pub(super) struct Deadline(Option<Pin<Box<Sleep>>>);

impl Deadline {
    /// Starts it, unless it runs, and ends the write once it has passed.
    pub(super) fn poll_blocked<T>(&mut self, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        let timer = self.0.get_or_insert_with(|| Box::pin(sleep(PATIENCE)));
        timer.as_mut().poll(context).map(|()| {
            tracing::debug!("connection ended: its client has stopped reading");
            Err(io::ErrorKind::TimedOut.into())
        })
    }

    pub(super) fn stop(&mut self) {
        self.0 = None;
    }
}
