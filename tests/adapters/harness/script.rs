//! Handlers without a framework.

use std::pin::Pin;
use std::sync::Arc;

use apply_cookies::{Event, Html, PendingCookies, PushError, Sse, Streamed};
use bytes::Bytes;
use futures_core::Stream;
use futures_util::StreamExt;

use super::notes::Notes;

/// Which handler answers which path, whatever the method.
#[derive(Clone, Default)]
pub(crate) struct Script(Vec<(&'static str, Handler)>);

pub(crate) type Handler =
    Arc<dyn Fn(Ask) -> Pin<Box<dyn Future<Output = Reply> + Send>> + Send + Sync>;

/// A body or a socket's messages. `Send`, as some frameworks need it.
pub(crate) type Chunks<T> = Pin<Box<dyn Stream<Item = T> + Send>>;

impl Script {
    /// A site of one page.
    pub(crate) fn at<F, A>(
        path: &'static str,
        handler: impl Fn(Ask) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = A> + Send + 'static,
        A: Into<Reply>,
    {
        Self::default().and(path, handler)
    }

    /// Adds a page.
    pub(crate) fn and<F, A>(
        mut self,
        path: &'static str,
        handler: impl Fn(Ask) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = A> + Send + 'static,
        A: Into<Reply>,
    {
        let handler: Handler = Arc::new(move |ask| {
            let answer = handler(ask);
            Box::pin(async move { answer.await.into() })
        });
        self.0.push((path, handler));
        self
    }

    pub(crate) fn into_pages(self) -> impl Iterator<Item = (&'static str, Handler)> {
        self.0.into_iter()
    }
}

/// The arguments of a handler.
pub(crate) struct Ask {
    pub(crate) pending: PendingCookies,
    /// Shared with the test.
    pub(crate) notes: Arc<Notes>,
}

/// The answer of a handler.
pub(crate) enum Reply {
    Answer {
        status: u16,
        fields: Vec<(&'static str, &'static str)>,
        body: String,
    },
    /// A body that is written bit by bit, without `sse` or `html`.
    Streamed {
        fields: Vec<(&'static str, &'static str)>,
        chunks: Chunks<Bytes>,
    },
    Sse(Streamed<Chunks<Event>, Sse>),
    Html(Streamed<Chunks<Bytes>, Html>),
    /// A WebSocket that sends these texts.
    Socket(Chunks<String>),
    /// An error of the framework itself, with this status.
    Fails(u16),
    /// The handler ended with `?`.
    Refused(PushError),
}

impl Reply {
    pub(crate) fn done() -> Self {
        Self::text("")
    }

    pub(crate) fn text(body: impl Into<String>) -> Self {
        Self::Answer {
            status: 200,
            fields: Vec::new(),
            body: body.into(),
        }
    }

    pub(crate) fn status(status: u16) -> Self {
        Self::Answer {
            status,
            fields: Vec::new(),
            body: String::new(),
        }
    }

    pub(crate) fn sse<S>(pending: PendingCookies, stream: impl FnOnce(PendingCookies) -> S) -> Self
    where
        S: Stream<Item = Event> + Send + 'static,
    {
        Self::Sse(pending.sse(|cookies| -> Chunks<Event> { Box::pin(stream(cookies)) }))
    }

    pub(crate) fn html<S>(pending: PendingCookies, stream: impl FnOnce(PendingCookies) -> S) -> Self
    where
        S: Stream<Item: Into<Bytes>> + Send + 'static,
    {
        Self::Html(
            pending.html(|cookies| -> Chunks<Bytes> { Box::pin(stream(cookies).map(Into::into)) }),
        )
    }

    pub(crate) fn streamed<S>(stream: S) -> Self
    where
        S: Stream<Item: Into<Bytes>> + Send + 'static,
    {
        Self::Streamed {
            fields: Vec::new(),
            chunks: Box::pin(stream.map(Into::into)),
        }
    }

    pub(crate) fn socket(messages: impl Stream<Item = String> + Send + 'static) -> Self {
        Self::Socket(Box::pin(messages))
    }

    /// Adds a field to an answer that the handler writes itself.
    pub(crate) fn field(mut self, name: &'static str, value: &'static str) -> Self {
        match &mut self {
            Self::Answer { fields, .. } | Self::Streamed { fields, .. } => {
                fields.push((name, value));
            }
            _ => panic!("this head is not the handler's"),
        }
        self
    }
}

/// A handler that uses `?` on its pushes.
impl From<Result<Self, PushError>> for Reply {
    fn from(result: Result<Self, PushError>) -> Self {
        result.unwrap_or_else(Self::Refused)
    }
}
