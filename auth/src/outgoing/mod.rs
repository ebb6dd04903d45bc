//! Requests to providers: bounded in time and size, without redirects, over https.

mod cached;
mod client;
mod http;
mod limits;

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use tokio::time::timeout;
use url::Url;
use zeroize::Zeroizing;

pub(crate) use cached::{Bounds, Budget, Cached, DOCUMENT};
use client::default_client;
pub use http::{HttpClient, HttpError, HttpFuture, HttpRequest, HttpResponse};
pub(crate) use limits::is_allowed;
use limits::{BODY_MAX, TIME_MAX, TOO_LONG};

/// Sends requests within the limits, whoever carries them. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Outgoing(Arc<dyn HttpClient>);

impl Outgoing {
    /// Over the app's own client, or over ours.
    pub(crate) fn new(client: Option<Arc<dyn HttpClient>>) -> Result<Self, String> {
        match client {
            Some(client) => Ok(Self(client)),
            None => default_client(None).map(Self),
        }
    }

    /// Over our client, which also trusts the certificates in this PEM file, as of a company's own
    /// authority.
    pub(crate) fn trusting(file: &Path) -> Result<Self, String> {
        let named = |why: String| format!("{}: {why}", file.display());
        let pem = std::fs::read(file).map_err(|error| named(error.to_string()))?;
        default_client(Some(&pem)).map(Self).map_err(named)
    }

    /// Asks for a JSON document.
    pub(crate) async fn get(&self, url: &Url, bearer: Option<&str>) -> Result<Reply, Unreachable> {
        let mut request = HttpRequest::new("GET", url);
        if let Some(token) = bearer {
            request.add("authorization", Zeroizing::new(format!("Bearer {token}")));
        }
        self.send(request).await
    }

    /// Posts a form, with the client's id and secret as Basic credentials if they are given.
    pub(crate) async fn post_form(
        &self,
        url: &Url,
        form: &[(&str, &str)],
        basic: Option<(&str, &str)>,
    ) -> Result<Reply, Unreachable> {
        let mut request = HttpRequest::new("POST", url);
        let media_type = "application/x-www-form-urlencoded".to_owned();
        request.add("content-type", Zeroizing::new(media_type));
        if let Some((id, secret)) = basic {
            // Both are encoded as in a form before they are joined (RFC 6749 §2.3.1).
            let encode = |text: &str| -> Zeroizing<String> {
                Zeroizing::new(form_urlencoded::byte_serialize(text.as_bytes()).collect())
            };
            let pair = Zeroizing::new(format!("{}:{}", *encode(id), *encode(secret)));
            let field = format!("Basic {}", BASE64_STANDARD.encode(&*pair));
            request.add("authorization", Zeroizing::new(field));
        }
        // In a block of its own: the serializer must not be part of what waits, which is `Send`.
        let body = {
            let mut body = form_urlencoded::Serializer::new(String::new());
            body.extend_pairs(form);
            body.finish()
        };
        request.body = Zeroizing::new(body.into_bytes());
        self.send(request).await
    }

    /// Sends any request, and reads its answer whatever its status is: all but redirects, which might
    /// lead a secret elsewhere.
    pub(crate) async fn send(&self, mut request: HttpRequest) -> Result<Reply, Unreachable> {
        let url = Url::parse(request.url()).map_err(|_| Unreachable::because("no address"))?;
        if !is_allowed(&url) {
            return Err(Unreachable::because(
                "the address is not https, or names a user",
            ));
        }
        request.add("accept", Zeroizing::new("application/json".to_owned()));
        let response = timeout(TIME_MAX, self.0.send(request))
            .await
            .map_err(|_| Unreachable::because("no answer within 5 s"))?
            .map_err(|error| Unreachable(error.to_string().into()))?;
        match response.status {
            300..400 => Err(Unreachable::because("a redirect, which is not followed")),
            200..600 if response.body.len() <= BODY_MAX => Ok(Reply(response)),
            200..600 => Err(Unreachable::because(TOO_LONG)),
            _ => Err(Unreachable::because("an impossible status")),
        }
    }
}

/// An answer of at most 64 KiB that is not a redirect.
pub(crate) struct Reply(HttpResponse);

impl Reply {
    pub(crate) fn status(&self) -> u16 {
        self.0.status
    }

    pub(crate) fn body(&self) -> &[u8] {
        &self.0.body
    }

    /// All values of a field, one after the other.
    pub(crate) fn values<'r>(&'r self, name: &'r str) -> impl Iterator<Item = &'r str> {
        let fields = self.0.fields.iter();
        fields
            .filter(move |(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The type of the body without its parameters, in lower case: `application/json`.
    pub(crate) fn media_type(&self) -> Option<String> {
        let value = self.values("content-type").next()?;
        let essence = value.split(';').next().unwrap_or_default();
        Some(essence.trim().to_ascii_lowercase())
    }

    /// How long the answer stays fresh: `max-age` of `Cache-Control` less its `Age` (RFC 9111 §4.2).
    pub(crate) fn max_age(&self) -> Option<Duration> {
        let directives = self
            .values("cache-control")
            .flat_map(|value| value.split(','));
        let max_age = directives
            .filter_map(|directive| {
                let (name, value) = directive.trim().split_once('=')?;
                name.eq_ignore_ascii_case("max-age")
                    .then(|| seconds(value))?
            })
            .min()?;
        let age = self.values("age").find_map(seconds).unwrap_or_default();
        Some(max_age.saturating_sub(age))
    }

    /// How long to wait before asking again, where that is a number of seconds (RFC 9110 §10.2.3).
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        self.values("retry-after").find_map(seconds)
    }
}

/// Used for every number that is too large (RFC 9111 §1.2.2): nobody waits that long.
const LONG: u64 = 1 << 31;

fn seconds(text: &str) -> Option<Duration> {
    let digits = text.trim().trim_matches('"');
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| Duration::from_secs(digits.parse().unwrap_or(LONG)))
}

/// Why there was no answer that can be used: for the log, and without an address or a secret.
#[derive(Clone, Debug)]
pub(crate) struct Unreachable(Arc<str>);

impl Unreachable {
    pub(crate) fn because(why: impl Into<Arc<str>>) -> Self {
        Self(why.into())
    }
}

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
pub(crate) mod loopback;
#[cfg(test)]
mod tests;
