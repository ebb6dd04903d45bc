//! Streams that carry tokens by themselves.

use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::http::header::{self, ContentEncoding};
use actix_web::{Error, HttpResponse, HttpResponseBuilder};
use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use pin_project_lite::pin_project;

use crate::event::Event;
use crate::frame::Frame;
use crate::pending::{Frames, PendingCookies};

impl PendingCookies {
    /// Answers with server-sent events, and carries cookies between them: what was pushed
    /// before an event travels in front of it, what is pushed while the stream waits travels at
    /// once, and what was pushed at the end travels last.
    ///
    /// The handle's clones can push until the stream ends.
    #[must_use]
    pub fn sse<S>(self, stream: S) -> HttpResponse
    where
        S: Stream + 'static,
        S::Item: Into<Event>,
    {
        let mut response = uncached();
        response.content_type("text/event-stream");
        response.streaming(Carried {
            frames: Some(self.frames()),
            stream,
            started: true,
            form: Sse,
        })
    }

    /// Answers with streamed HTML, and carries cookies in `<apply-cookies>` elements behind the
    /// chunk before which they were pushed. Each chunk must end where an element may stand.
    ///
    /// The page must load the client module, which defines the element.
    #[must_use]
    pub fn html<S>(self, stream: S) -> HttpResponse
    where
        S: Stream + 'static,
        S::Item: Into<Bytes>,
    {
        let mut response = uncached();
        response.content_type("text/html; charset=utf-8");
        response.streaming(Carried {
            frames: Some(self.frames()),
            stream,
            started: false,
            form: Html,
        })
    }
}

/// Tokens must not be stored, rewritten, held back by a proxy's buffer, or compressed together
/// with secrets of the page (threats T38, T39).
fn uncached() -> HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    response
        .insert_header((header::CACHE_CONTROL, "no-store, no-transform"))
        .insert_header(("x-accel-buffering", "no"))
        .insert_header(ContentEncoding::Identity);
    response
}

/// How a stream writes its own items and our frames.
trait Form<T> {
    /// Whether frames go in front of the item before which their cookies were pushed.
    const FRAMES_FIRST: bool;
    fn item(item: T, out: &mut BytesMut);
    fn frame(frame: &Frame) -> String;
}

struct Sse;

impl<T: Into<Event>> Form<T> for Sse {
    // The page hears of the cookie before it hears that it has signed in.
    const FRAMES_FIRST: bool = true;

    fn item(item: T, out: &mut BytesMut) {
        out.extend_from_slice(item.into().as_str().as_bytes());
    }

    fn frame(frame: &Frame) -> String {
        frame.to_sse()
    }
}

struct Html;

impl<T: Into<Bytes>> Form<T> for Html {
    // The first chunk starts with the doctype, and nothing may stand in front of that.
    const FRAMES_FIRST: bool = false;

    fn item(item: T, out: &mut BytesMut) {
        out.extend_from_slice(&item.into());
    }

    fn frame(frame: &Frame) -> String {
        frame.to_html()
    }
}

pin_project! {
    struct Carried<S, F> {
        frames: Option<Frames>,
        #[pin]
        stream: S,
        // Whether a frame may stand here already: not in front of a page's doctype.
        started: bool,
        form: F,
    }
}

impl<S, F> Stream for Carried<S, F>
where
    S: Stream,
    F: Form<S::Item>,
{
    type Item = Result<Bytes, Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.project();
        // Once the app's stream has ended, the last flush has been done.
        let Some(frames) = this.frames else {
            return Poll::Ready(None);
        };
        let mut chunk = BytesMut::new();
        let put = |frames: Vec<Frame>, chunk: &mut BytesMut| {
            for frame in frames {
                chunk.extend_from_slice(F::frame(&frame).as_bytes());
            }
        };
        match this.stream.poll_next(context) {
            Poll::Ready(Some(item)) => {
                if F::FRAMES_FIRST {
                    put(frames.take_ready(), &mut chunk);
                    F::item(item, &mut chunk);
                } else {
                    F::item(item, &mut chunk);
                    *this.started |= !chunk.is_empty();
                    if *this.started {
                        put(frames.take_ready(), &mut chunk);
                    }
                }
                // An empty chunk would end a chunked response.
                if chunk.is_empty() {
                    context.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Poll::Ready(Some(Ok(chunk.freeze())))
            }
            Poll::Ready(None) => {
                let last = frames.take_ready();
                *this.frames = None;
                put(last, &mut chunk);
                if chunk.is_empty() {
                    Poll::Ready(None)
                } else {
                    Poll::Ready(Some(Ok(chunk.freeze())))
                }
            }
            Poll::Pending if !*this.started => Poll::Pending,
            Poll::Pending => match Pin::new(frames).poll_next(context) {
                Poll::Ready(Some(frame)) => {
                    chunk.extend_from_slice(F::frame(&frame).as_bytes());
                    Poll::Ready(Some(Ok(chunk.freeze())))
                }
                // No handle is left; the app's stream may still go on.
                Poll::Ready(None) | Poll::Pending => Poll::Pending,
            },
        }
    }
}
