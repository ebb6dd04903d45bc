//! A connection that is never read ahead of its answers.

use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::deadline::Deadline;
use super::gate::Gate;

/// Bytes that are read at a time, since all requests among them are decoded at once. More than most
/// browsers' requests have.
const PORTION: usize = 4096;

/// A stream of which at most a [`PORTION`] is read at a time, and nothing while its [`Gate`] is
/// closed. It ends when a write has been blocked for too long.
pub(super) struct Socket<S> {
    stream: S,
    gate: Rc<Gate>,
    deadline: Deadline,
    /// Bytes of the present portion that have been read.
    read: usize,
}

impl<S> Socket<S> {
    pub(super) fn new(stream: S) -> Self {
        Self {
            stream,
            gate: Rc::default(),
            deadline: Deadline::default(),
            read: 0,
        }
    }

    pub(super) fn gate(&self) -> Rc<Gate> {
        self.gate.clone()
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Socket<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.gate.poll_open(context));
        let this = &mut *self;
        if this.read == PORTION {
            // The caller reads until nothing is left; it shall first decode and answer.
            this.read = 0;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let room = buffer.remaining().min(PORTION - this.read);
        let mut portion = ReadBuf::new(buffer.initialize_unfilled_to(room));
        let polled = Pin::new(&mut this.stream).poll_read(context, &mut portion);
        let length = portion.filled().len();
        this.read = if polled.is_pending() {
            0
        } else {
            this.read + length
        };
        buffer.advance(length);
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Socket<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        let polled = Pin::new(&mut this.stream).poll_write(context, bytes);
        this.gate.write_is_blocked(polled.is_pending());
        if polled.is_pending() {
            return this.deadline.poll_blocked(context);
        }
        this.deadline.stop();
        polled
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
