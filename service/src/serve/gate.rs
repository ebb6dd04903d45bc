//! Whether a connection may be read from: not while the client keeps its answers waiting, and not
//! while a request is being answered whose body has already been read.
//!
//! actix-http decodes all that it has read at once, into several kilobytes for each request however
//! short, and looks neither at how many answers are still waiting to be sent nor at how long the
//! present request takes. What it has not read costs nothing.

use std::cell::Cell;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

/// Shared by a connection's socket and the requests that come from it.
#[derive(Default)]
pub(super) struct Gate {
    write_blocked: Cell<bool>,
    request: Cell<Stage>,
    /// How often a request has begun or was answered.
    turns: Cell<u64>,
    reader: Cell<Option<Waker>>,
}

/// How far the present request has got.
#[derive(Clone, Copy, Default, PartialEq)]
pub(super) enum Stage {
    /// There is none.
    #[default]
    Absent,
    /// Its body may still be on the way.
    Arriving,
    /// It has been read as a whole, and is not answered yet.
    Pending,
}

impl Gate {
    /// Ready when the connection may be read from.
    pub(super) fn poll_open(&self, context: &Context<'_>) -> Poll<()> {
        if self.is_open() {
            return Poll::Ready(());
        }
        self.reader.set(Some(context.waker().clone()));
        Poll::Pending
    }

    pub(super) fn write_is_blocked(&self, blocked: bool) {
        self.write_blocked.set(blocked);
        self.wake_reader();
    }

    /// The present request's stage, until it is answered.
    pub(super) fn enter(self: Rc<Self>, stage: Stage) -> Answering {
        self.request.set(stage);
        self.turns.set(self.turns.get() + 1);
        Answering(self)
    }

    /// The present request's body has been read to its end.
    pub(super) fn body_ended(&self) {
        // Some bodies are read on after the answer, as a WebSocket's.
        if self.request.get() == Stage::Arriving {
            self.request.set(Stage::Pending);
        }
    }

    /// Changes when a request begins and when it is answered.
    pub(super) fn turns(&self) -> u64 {
        self.turns.get()
    }

    /// Ready while there is no request.
    pub(super) fn poll_idle(&self, context: &Context<'_>) -> Poll<()> {
        if self.request.get() == Stage::Absent {
            return Poll::Ready(());
        }
        self.reader.set(Some(context.waker().clone()));
        Poll::Pending
    }

    fn is_open(&self) -> bool {
        !self.write_blocked.get() && self.request.get() != Stage::Pending
    }

    fn wake_reader(&self) {
        if self.is_open()
            && let Some(reader) = self.reader.take()
        {
            reader.wake();
        }
    }
}

/// A request that is being answered, until this is dropped.
pub(super) struct Answering(Rc<Gate>);

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.request.set(Stage::Absent);
        self.0.turns.set(self.0.turns.get() + 1);
        self.0.wake_reader();
    }
}
