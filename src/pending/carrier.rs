//! The carrier: queued operations → frames, as a stream.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_core::Stream;

use super::queue::{Queue, Sealed};
use crate::mint::Frame;

/// A carrier: a stream of frames to send to the page, each with one token.
///
/// Once it is dropped, nothing can reach the page any more, and later pushes are errors.
#[must_use = "a carrier carries nothing unless it is polled"]
pub struct Frames {
    queue: Arc<Queue>,
    number: u64,
    /// Sealed, and not taken yet.
    ready: VecDeque<Sealed>,
}

impl Frames {
    pub(super) fn attach(queue: Arc<Queue>) -> Self {
        Self {
            number: queue.attach(),
            queue,
            ready: VecDeque::new(),
        }
    }

    /// The frames of what was pushed so far, without waiting for more: to be sent before the app's
    /// next message.
    pub fn take_ready(&mut self) -> Vec<Frame> {
        let flushed = self.queue.flush(self.number);
        let sealed = self.ready.drain(..).chain(flushed);
        sealed.map(|(frame, _)| frame).collect()
    }
}

impl Stream for Frames {
    type Item = Frame;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Frame>> {
        let carrier = &mut *self;
        loop {
            if let Some((frame, _)) = carrier.ready.pop_front() {
                return Poll::Ready(Some(frame));
            }
            match carrier.queue.poll_flush(carrier.number, context) {
                Poll::Ready(Some(frames)) => carrier.ready.extend(frames),
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

impl Drop for Frames {
    fn drop(&mut self) {
        self.queue.undeliverable(self.ready.drain(..));
        self.queue.detach(self.number);
    }
}

impl fmt::Debug for Frames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Frames(..)")
    }
}
