//! A connection that is never read ahead of its answers.

use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::deadline::Deadline;
use super::gate::Gate;
use super::waiting::Waiting;

/// Bytes that are read at a time. All requests among them are decoded at once and answered in a row,
/// which is what the other connections wait for. Most requests of browsers are shorter.
const PORTION: usize = 2048;

/// A stream of which at most a [`PORTION`] is read at a time, and nothing while its [`Gate`] is
/// closed. It ends when a write has been blocked, or the next request has been awaited, for too long.
pub(super) struct Socket<S> {
    stream: S,
    gate: Rc<Gate>,
    deadline: Deadline,
    waiting: Waiting,
    /// Bytes of the present portion that have been read.
    read: usize,
}

impl<S> Socket<S> {
    pub(super) fn new(stream: S) -> Self {
        Self {
            stream,
            gate: Rc::default(),
            deadline: Deadline::default(),
            waiting: Waiting::default(),
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
        this.waiting.has_read(length, &this.gate);
        if polled.is_pending() && this.waiting.poll_over(context, &this.gate).is_ready() {
            tracing::debug!("connection ended: its next request has not come in time");
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
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

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::time::Duration;

    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex, repeat};
    use tokio::task::unconstrained;
    use tokio::time::{Instant, sleep, timeout};

    use super::super::gate::Stage;
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    /// What one poll of actix-http's dispatcher reads: until nothing more comes.
    async fn read_all<S: AsyncRead + Unpin>(socket: &mut Socket<S>, room: usize) -> usize {
        // Tokio's own limit of reads in a task is not the one that is tested.
        unconstrained(poll_fn(|context| {
            let mut length = 0;
            let mut bytes = vec![0; room];
            loop {
                let mut buffer = ReadBuf::new(&mut bytes);
                match Pin::new(&mut *socket).poll_read(context, &mut buffer) {
                    Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                        length += buffer.filled().len();
                    }
                    _ => return Poll::Ready(length),
                }
            }
        }))
        .await
    }

    #[tokio::test]
    async fn a_poll_reads_one_portion_and_the_next_comes_by_itself() {
        for room in [1, 100, 1024, 4096, 8192, 100_000] {
            let mut socket = Socket::new(repeat(b'x'));
            for _ in 0..3 {
                assert_eq!(read_all(&mut socket, room).await, PORTION, "{room}");
            }
            // Woken without anything new on the wire: the task is polled until it has read enough.
            let mut bytes = vec![0; 3 * PORTION];
            timeout(HOUR, socket.read_exact(&mut bytes))
                .await
                .unwrap()
                .unwrap();
        }
    }

    #[tokio::test]
    async fn small_reads_add_up_to_a_portion() {
        let (mut client, stream) = duplex(2 * PORTION);
        let mut socket = Socket::new(stream);
        for sent in [PORTION - 1, 1, PORTION, PORTION + 1] {
            client.write_all(&vec![b'x'; sent]).await.unwrap();
            assert_eq!(read_all(&mut socket, 64).await, sent.min(PORTION));
        }
        assert_eq!(read_all(&mut socket, 64).await, 1, "the rest");
    }

    /// Fills a connection until a write is blocked.
    async fn block(socket: &mut Socket<impl AsyncWrite + Unpin>) {
        poll_fn(|context| {
            while Pin::new(&mut *socket)
                .poll_write(context, &[b'x'; 64])
                .is_ready()
            {}
            Poll::Ready(())
        })
        .await;
    }

    #[tokio::test]
    async fn nothing_is_read_while_a_write_is_blocked() {
        let (mut client, stream) = duplex(1024);
        let mut socket = Socket::new(stream);
        client.write_all(b"next").await.unwrap();
        block(&mut socket).await;
        let (mut reading, mut writing) = tokio::io::split(socket);
        let reader = async {
            let mut bytes = [0; 4];
            reading.read_exact(&mut bytes).await.unwrap();
            assert_eq!(&bytes, b"next");
        };
        let mut reader = std::pin::pin!(reader);
        assert!(timeout(Duration::ZERO, &mut reader).await.is_err());
        // The client takes what waits for it; then both sides go on.
        let taken = async {
            client.read_exact(&mut [0; 1024]).await.unwrap();
            writing.write_all(b"answer").await.unwrap();
        };
        timeout(HOUR, async { tokio::join!(reader, taken) })
            .await
            .unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_write_that_stays_blocked_ends_the_connection() {
        // What the client has taken before, in pieces and with pauses.
        for taken in [0, 1, 64, 1024, 5000] {
            let (mut client, stream) = duplex(1024);
            let mut socket = Socket::new(stream);
            let slow = tokio::spawn(async move {
                for _ in 0..taken {
                    sleep(Duration::from_secs(9)).await;
                    client.read_u8().await.unwrap();
                }
                let last = Instant::now();
                sleep(HOUR).await;
                drop(client);
                last
            });
            let ended = socket.write_all(&vec![b'x'; 10_000]).await.unwrap_err();
            assert_eq!(ended.kind(), io::ErrorKind::TimedOut, "{taken}");
            // As an event, not by waiting: the clock stands still but for timers.
            let now = Instant::now();
            assert_eq!(
                now - slow.await.unwrap(),
                Duration::from_secs(10),
                "{taken}"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_reads_slowly_gets_everything() {
        let (mut client, stream) = duplex(256);
        let mut socket = Socket::new(stream);
        let slow = tokio::spawn(async move {
            let mut bytes = Vec::new();
            while client.read_buf(&mut bytes).await.unwrap() > 0 {
                sleep(Duration::from_secs(9)).await;
            }
            bytes.len()
        });
        socket.write_all(&vec![b'x'; 10_000]).await.unwrap();
        // Nothing is blocked any more, so nothing ends it.
        sleep(HOUR).await;
        socket.write_all(b"x").await.unwrap();
        drop(socket);
        assert_eq!(slow.await.unwrap(), 10_001);
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_waits_for_its_next_request_only_so_long() {
        let seconds = Duration::from_secs;
        // What comes after an answer: the seconds between bytes, how many, and when it ends.
        for (pause, bytes, over) in [(0, 0, 80), (0, 1, 5), (1, 100, 6), (4, 100, 9), (70, 1, 75)] {
            let (mut client, stream) = duplex(64);
            let mut socket = Socket::new(stream);
            let gate = socket.gate();
            client.write_all(b"first").await.unwrap();
            socket.read_exact(&mut [0; 5]).await.unwrap();
            let answering = gate.enter(Stage::Arriving);
            // It may take its time, as the endpoint gives it, and its body too.
            assert!(timeout(HOUR, socket.read_u8()).await.is_err());
            drop(answering);
            let begun = Instant::now();
            let dripping = tokio::spawn(async move {
                for _ in 0..bytes {
                    sleep(seconds(pause)).await;
                    if client.write_all(b"G").await.is_err() {
                        break;
                    }
                }
                sleep(HOUR).await;
                drop(client);
            });
            let ended = socket.read_exact(&mut [0; 1000]).await.unwrap_err();
            assert_eq!(ended.kind(), io::ErrorKind::TimedOut, "{pause}, {bytes}");
            assert_eq!(Instant::now() - begun, seconds(over), "{pause}, {bytes}");
            dripping.abort();
        }
    }

    #[tokio::test]
    async fn nothing_is_read_while_a_request_is_answered_whose_body_has_arrived() {
        let mut socket = Socket::new(repeat(b'x'));
        let gate = socket.gate();
        assert_eq!(read_all(&mut socket, 1024).await, PORTION);
        let answering = gate.clone().enter(Stage::Arriving);
        assert_eq!(read_all(&mut socket, 1024).await, PORTION, "its body");
        gate.body_ended();
        assert_eq!(read_all(&mut socket, 1024).await, 0);
        // Answered while somebody waits to read.
        let mut bytes = [0; 10];
        let waiting = timeout(HOUR, socket.read_exact(&mut bytes));
        let (read, ()) = tokio::join!(waiting, async { drop(answering) });
        read.unwrap().unwrap();
        // A body that is read on after the answer stops nothing.
        gate.body_ended();
        assert_eq!(read_all(&mut socket, 1024).await, PORTION - 10);

        let answering = gate.enter(Stage::Pending);
        assert_eq!(read_all(&mut socket, 1024).await, 0, "without a body");
        drop(answering);
        assert_eq!(read_all(&mut socket, 1024).await, PORTION);
    }
}
