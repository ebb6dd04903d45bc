//! Bodies of requests and responses.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

/// A request's body as a stream of its data.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "made where a body is read")]
pub struct Data<'b, B>(pub Pin<&'b mut B>);

impl<B: Body<Data = Bytes>> Stream for Data<'_, B> {
    type Item = Result<Bytes, B::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            return Poll::Ready(match ready!(self.0.as_mut().poll_frame(context)) {
                None => None,
                Some(Err(error)) => Some(Err(error)),
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => Some(Ok(data)),
                    Err(_trailers) => continue,
                },
            });
        }
    }
}

pin_project! {
    /// The body of a response: the app's, or the endpoint's own.
    #[derive(Debug)]
    pub struct ResponseBody<B> {
        #[pin]
        inner: Option<B>,
        own: Bytes,
    }
}

impl<B> ResponseBody<B> {
    /// The app's.
    pub const fn app(body: B) -> Self {
        Self {
            inner: Some(body),
            own: Bytes::new(),
        }
    }

    /// One that was made without the app.
    pub const fn own(body: Bytes) -> Self {
        Self {
            inner: None,
            own: body,
        }
    }
}

impl<B: Body<Data = Bytes>> Body for ResponseBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let this = self.project();
        match this.inner.as_pin_mut() {
            Some(inner) => inner.poll_frame(context),
            None if this.own.is_empty() => Poll::Ready(None),
            None => Poll::Ready(Some(Ok(Frame::data(std::mem::take(this.own))))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.inner {
            Some(inner) => inner.is_end_stream(),
            None => self.own.is_empty(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.inner {
            Some(inner) => inner.size_hint(),
            None => SizeHint::with_exact(self.own.len() as u64),
        }
    }
}
