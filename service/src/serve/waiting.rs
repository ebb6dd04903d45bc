//! How long a connection may wait for its next request.
//!
//! actix-http gives only the first request's head a time, and waits for the others' for ever once a
//! byte of one has come. There are few connections, so whoever holds one keeps others out.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_web::rt::time::{Instant, Sleep, sleep};

use super::gate::Gate;

/// How long a client may take to send its request's head.
pub(super) const HEAD_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a connection is kept for its next request: longer than proxies keep it, which then never
/// send one on a connection that is about to close.
pub(super) const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// Longer than actix-http's own time for an idle connection, which it then closes in order.
const IDLE: Duration = Duration::from_secs(KEEP_ALIVE.as_secs() + 5);

#[derive(Default)]
pub(super) struct Waiting {
    timer: Option<Pin<Box<Sleep>>>,
    /// The gate's turn when the timer was set.
    turn: u64,
    /// A part of the next request's head has come.
    begun: bool,
}

impl Waiting {
    /// The gate's connection has read this many bytes.
    pub(super) fn has_read(&mut self, length: usize, gate: &Gate) {
        self.follow(gate);
        if length > 0 && !self.begun {
            self.begun = true;
            self.set(HEAD_TIMEOUT);
        }
    }

    /// Ready when the connection has waited for too long.
    pub(super) fn poll_over(&mut self, context: &mut Context<'_>, gate: &Gate) -> Poll<()> {
        ready!(gate.poll_idle(context));
        self.follow(gate);
        match &mut self.timer {
            Some(timer) => timer.as_mut().poll(context),
            None => Poll::Pending,
        }
    }

    /// Starts anew with each request and after it.
    fn follow(&mut self, gate: &Gate) {
        if self.timer.is_none() || self.turn != gate.turns() {
            self.turn = gate.turns();
            self.begun = false;
            self.set(IDLE);
        }
    }

    fn set(&mut self, wait: Duration) {
        match &mut self.timer {
            Some(timer) => timer.as_mut().reset(Instant::now() + wait),
            None => self.timer = Some(Box::pin(sleep(wait))),
        }
    }
}
