//! Our own client: reqwest, which takes the proxies of the environment.

use std::sync::Arc;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, ClientBuilder, Method};
use url::Url;

use super::http::{HttpClient, HttpError, HttpFuture, HttpRequest, HttpResponse};
use super::limits::{BODY_MAX, TIME_MAX, TOO_LONG, is_loopback};

const USER_AGENT: &str = concat!("apply-cookies/", env!("CARGO_PKG_VERSION"));

/// Node closes a connection that has been idle for 5 s, and a code would be lost on one that is closing.
const IDLE_MAX: Duration = Duration::from_secs(4);

/// A client that also trusts the certificates of this PEM file.
pub(crate) fn default_client(pem: Option<&[u8]>) -> Result<Arc<dyn HttpClient>, String> {
    let why = |error: reqwest::Error| HttpError::new(&error).to_string();
    let authorities = match pem {
        Some(pem) => Certificate::from_pem_bundle(pem).map_err(why)?,
        None => Vec::new(),
    };
    if pem.is_some() && authorities.is_empty() {
        return Err("the file contains no certificate in PEM".to_owned());
    }
    let builder = || {
        Client::builder()
            .redirect(Policy::none())
            .retry(reqwest::retry::never())
            .timeout(TIME_MAX)
            .pool_idle_timeout(IDLE_MAX)
            .referer(false)
            .user_agent(USER_AGENT)
            .tls_certs_merge(authorities.clone())
    };
    let build = |builder: ClientBuilder| builder.build().map_err(why);
    Ok(Arc::new(Clients {
        outside: build(builder())?,
        here: build(builder().no_proxy())?,
    }))
}

struct Clients {
    outside: Client,
    /// For this machine: a proxy would take its name for its own machine.
    here: Client,
}

impl HttpClient for Clients {
    fn send(&self, request: HttpRequest) -> HttpFuture<'_> {
        Box::pin(async move {
            let why = |error: reqwest::Error| HttpError::new(&error.without_url());
            let url = Url::parse(request.url()).map_err(|error| HttpError::new(&error))?;
            let method = Method::from_bytes(request.method().as_bytes())
                .map_err(|error| HttpError::new(&error))?;
            let client = if is_loopback(&url) {
                &self.here
            } else {
                &self.outside
            };
            let mut sent = client.request(method, url).body(request.body().to_vec());
            for (name, value) in request.fields() {
                sent = sent.header(name, value);
            }
            let mut answer = sent.send().await.map_err(why)?;
            let fields = answer.headers().iter().filter_map(|(name, value)| {
                Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
            });
            let (status, fields) = (answer.status().as_u16(), fields.collect());
            // Not more than the limit is held, whatever length is announced.
            let mut body = Vec::new();
            while let Some(part) = answer.chunk().await.map_err(why)? {
                if body.len() + part.len() > BODY_MAX {
                    return Err(HttpError::because(TOO_LONG));
                }
                body.extend_from_slice(&part);
            }
            Ok(HttpResponse::new(status, fields, body))
        })
    }
}
