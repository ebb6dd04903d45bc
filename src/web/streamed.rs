//! Streams that carry tokens automatically.

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use pin_project_lite::pin_project;

use super::caching::NEITHER_STORE_NOR_TRANSFORM;
use super::event::Event;
use super::fields::Fields;
use crate::mint::Frame;
use crate::pending::{Frames, PendingCookies};

impl PendingCookies {
    /// Answers with server-sent events, and carries cookies between them. Cookies pushed before an
    /// event travel in front of it; those pushed while the stream waits travel at once; those
    /// pushed at the end travel last.
    ///
    /// The closure gets the handle, and returns a stream whose items become [`Event`]s. Clones of
    /// the handle can push until the stream ends.
    ///
    /// Return the result from a handler: it is a response in every framework whose feature is on.
    pub fn sse<S>(self, stream: impl FnOnce(Self) -> S) -> Streamed<S, Sse>
    where
        S: Stream,
        S::Item: Into<Event>,
    {
        self.carry(true, stream)
    }

    /// Answers with streamed HTML, and carries cookies in `<apply-cookies>` elements. Cookies pushed
    /// before a chunk travel in front of it, as in [`sse`](Self::sse); those pushed before the first
    /// chunk follow it, for nothing may come before a page's doctype. So each chunk must end where
    /// an element is allowed.
    ///
    /// The page must load the client module, which defines the element.
    pub fn html<S>(self, stream: impl FnOnce(Self) -> S) -> Streamed<S, Html>
    where
        S: Stream,
        S::Item: Into<Bytes>,
    {
        self.carry(false, stream)
    }

    fn carry<S, F: Form>(self, started: bool, stream: impl FnOnce(Self) -> S) -> Streamed<S, F> {
        // Attached before the handler returns, so that the response's head gives the browser a
        // binding.
        let frames = self.frames();
        Streamed {
            frames: Some(frames),
            stream: stream(self),
            started,
            form: F::default(),
        }
    }
}

impl<S, F: Form> Streamed<S, F> {
    /// The header fields that its response must have.
    ///
    /// Tokens must not be stored, rewritten, held back by a proxy's buffer, or compressed together
    /// with secrets of the page. `content-encoding` is there to stop compressing
    /// middleware, and is removed again before the headers leave. If the response has another
    /// encoding by then, pushes are refused ([`PushError::Encoded`](crate::PushError::Encoded)).
    pub fn fields(&self) -> [(&'static str, Bytes); 4] {
        [
            ("content-type", Bytes::from_static(F::MEDIA_TYPE.as_bytes())),
            (
                "cache-control",
                Bytes::from_static(NEITHER_STORE_NOR_TRANSFORM),
            ),
            ("x-accel-buffering", Bytes::from_static(b"no")),
            (CONTENT_ENCODING, Bytes::from_static(IDENTITY)),
        ]
    }
}

pub(super) const CONTENT_ENCODING: &str = "content-encoding";
const IDENTITY: &[u8] = b"identity";

/// Whether a response's body is not what its chunks were.
pub(super) fn is_encoded(fields: &impl Fields) -> bool {
    let values = fields.all(CONTENT_ENCODING);
    values
        .flat_map(|value| value.split(|byte| *byte == b','))
        .map(<[u8]>::trim_ascii)
        .any(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case(IDENTITY))
}

/// The form of a stream: its media type, and that of frames in it.
pub trait Form: Default + sealed::Sealed {
    /// The response's media type.
    const MEDIA_TYPE: &'static str;
    /// A frame in this form.
    fn frame(frame: &Frame) -> String;
}

/// A form that can write items of this type.
pub trait Writes<T>: Form {
    /// Writes one item of the app's own stream.
    fn item(item: T, out: &mut BytesMut);
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Sse {}
    impl Sealed for super::Html {}
}

/// The form of [`PendingCookies::sse`].
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Sse;

impl Form for Sse {
    const MEDIA_TYPE: &'static str = "text/event-stream";

    fn frame(frame: &Frame) -> String {
        frame.to_sse()
    }
}

impl<T: Into<Event>> Writes<T> for Sse {
    fn item(item: T, out: &mut BytesMut) {
        out.extend_from_slice(item.into().as_str().as_bytes());
    }
}

/// The form of [`PendingCookies::html`].
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Html;

impl Form for Html {
    const MEDIA_TYPE: &'static str = "text/html; charset=utf-8";

    fn frame(frame: &Frame) -> String {
        frame.to_html()
    }
}

impl<T: Into<Bytes>> Writes<T> for Html {
    fn item(item: T, out: &mut BytesMut) {
        out.extend_from_slice(&item.into());
    }
}

pin_project! {
    /// A response that carries tokens, made by [`PendingCookies::sse`] and
    /// [`PendingCookies::html`]: a stream of the body's chunks, with the [header
    /// fields](Self::fields) that it needs.
    ///
    /// It is a response in actix-web (`Responder`, `Into<HttpResponse>`) and in axum
    /// (`IntoResponse`) if those features are on.
    #[must_use = "it carries nothing unless it is returned from a handler"]
    pub struct Streamed<S, F> {
        frames: Option<Frames>,
        #[pin]
        stream: S,
        // A frame may be written: not before a page's doctype.
        started: bool,
        form: F,
    }
}

impl<S, F> fmt::Debug for Streamed<S, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Streamed(..)")
    }
}

impl<S, F> Stream for Streamed<S, F>
where
    S: Stream,
    F: Writes<S::Item>,
{
    type Item = Result<Bytes, Infallible>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.project();
        // The app's stream has ended, and the last flush is done.
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
                // In front: a page may close its stream at the event that says it has signed in.
                if *this.started {
                    put(frames.take_ready(), &mut chunk);
                }
                F::item(item, &mut chunk);
                if !*this.started && !chunk.is_empty() {
                    *this.started = true;
                    put(frames.take_ready(), &mut chunk);
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
                // No handle is left, but the app's stream may go on.
                Poll::Ready(None) | Poll::Pending => Poll::Pending,
            },
        }
    }
}
