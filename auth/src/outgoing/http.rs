//! What an app implements that sends requests its own way.

use std::error::Error;
use std::fmt;
use std::pin::Pin;

use serde_json::Value;
use url::Url;
use zeroize::Zeroizing;

/// The answer of an [`HttpClient`].
pub type HttpFuture<'a> =
    Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'a>>;

/// A client of the app's own for requests to providers: for a proxy with a password, a client
/// certificate, or metrics. Checking the servers' certificates is its job.
///
/// An answer that comes after 5 s or is longer than 64 KiB is not used, and a redirect is refused: do
/// not follow one.
pub trait HttpClient: Send + Sync + 'static {
    /// Sends the request, once. Do not retry it: a code may be exchanged only once.
    fn send(&self, request: HttpRequest) -> HttpFuture<'_>;
}

/// A request to a provider. Secrets are in its fields and its body.
pub struct HttpRequest {
    method: &'static str,
    url: Zeroizing<String>,
    fields: Vec<(&'static str, Zeroizing<String>)>,
    pub(crate) body: Zeroizing<Vec<u8>>,
}

impl HttpRequest {
    pub(crate) fn new(method: &'static str, url: &Url) -> Self {
        Self {
            method,
            url: Zeroizing::new(url.as_str().to_owned()),
            fields: Vec::new(),
            body: Zeroizing::default(),
        }
    }

    /// Adds a field; its name is in lower case.
    pub(crate) fn add(&mut self, name: &'static str, value: Zeroizing<String>) {
        self.fields.push((name, value));
    }

    /// Gives it a body of JSON.
    pub(crate) fn json(&mut self, body: &Value) {
        self.add(
            "content-type",
            Zeroizing::new("application/json".to_owned()),
        );
        self.body = Zeroizing::new(body.to_string().into_bytes());
    }

    /// `GET`, `POST`, `PATCH` or `DELETE`.
    #[must_use]
    pub const fn method(&self) -> &'static str {
        self.method
    }

    /// The whole address.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The fields of the head, each name once and in lower case.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
    }

    /// The body, empty if there is none.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }
}

/// Shows nothing of the request but its method.
impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HttpRequest({}, ..)", self.method)
    }
}

/// What a provider answered.
pub struct HttpResponse {
    pub(crate) status: u16,
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl HttpResponse {
    /// An answer with this status, these fields of its head, and this body, which is not compressed.
    #[must_use]
    pub const fn new(status: u16, fields: Vec<(String, String)>, body: Vec<u8>) -> Self {
        Self {
            status,
            fields,
            body,
        }
    }
}

/// Shows nothing of the answer but its status.
impl fmt::Debug for HttpResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HttpResponse({}, ..)", self.status)
    }
}

/// A request that got no answer.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct HttpError(String);

impl HttpError {
    /// For this reason, which goes into the log with those behind it: no address with a secret in it.
    #[must_use]
    pub fn new(reason: &(dyn Error + 'static)) -> Self {
        let mut text = reason.to_string();
        let mut next = reason.source();
        while let Some(error) = next {
            text = format!("{text}: {error}");
            next = error.source();
        }
        Self(text)
    }

    pub(crate) fn because(why: &str) -> Self {
        Self(why.to_owned())
    }
}
