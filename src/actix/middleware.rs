//! The middleware: gives each request its queue, and turns what was pushed before the headers
//! leave into ordinary `Set-Cookie` lines.

use std::fmt;
use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_TYPE, COOKIE, HeaderMap, HeaderName, HeaderValue, SET_COOKIE,
};
use actix_web::http::{Method, StatusCode};
use actix_web::{Error, HttpMessage};

use super::extractor::QueueSlot;
use crate::binding::{self, FetchMetadata};
use crate::config::{ApplyCookies, Core};
use crate::pending::Queue;

impl ApplyCookies {
    /// The middleware for `App::wrap`. Put it outside everything whose handlers take
    /// [`PendingCookies`](crate::PendingCookies).
    #[must_use]
    pub fn middleware(&self) -> Middleware {
        Middleware {
            core: self.core.clone(),
        }
    }
}

/// Made by [`ApplyCookies::middleware`].
#[derive(Clone)]
pub struct Middleware {
    core: Arc<Core>,
}

impl fmt::Debug for Middleware {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Middleware(..)")
    }
}

impl<S, B> Transform<S, ServiceRequest> for Middleware
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<B>;
    type Error = Error;
    type InitError = ();
    type Transform = MiddlewareService<S>;
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(MiddlewareService {
            core: self.core.clone(),
            service: Rc::new(service),
        }))
    }
}

/// The middleware around one service.
pub struct MiddlewareService<S> {
    core: Arc<Core>,
    service: Rc<S>,
}

impl<S> fmt::Debug for MiddlewareService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MiddlewareService(..)")
    }
}

impl<S, B> Service<ServiceRequest> for MiddlewareService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<B>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Error>>>>;

    actix_web::dev::forward_ready!(service);

    fn call(&self, request: ServiceRequest) -> Self::Future {
        // Our own routes set their cookies themselves.
        if request.path().starts_with(&self.core.prefix) {
            return Box::pin(self.service.call(request));
        }
        let browser = Browser::of(&self.core, &request);
        let binding = browser.binding.clone().unwrap_or_else(binding::fresh);
        let queue = Arc::new(Queue::new(self.core.clone(), binding));
        request.extensions_mut().insert(QueueSlot(queue.clone()));
        let answer = self.service.call(request);
        let core = self.core.clone();
        Box::pin(async move {
            let mut response = match answer.await {
                Ok(response) => response,
                Err(error) => {
                    abandon(&queue);
                    return Err(error);
                }
            };
            // A handler that failed halfway must not leave half a sign-in behind.
            if response.response().error().is_some() {
                abandon(&queue);
                return Ok(response);
            }
            finish(&core, &browser, &queue, &mut response);
            Ok(response)
        })
    }
}

/// What the request says of the browser.
struct Browser {
    binding: Option<apply_cookies_protocol::BindingCookie>,
    may_bind: bool,
}

impl Browser {
    fn of(core: &Core, request: &ServiceRequest) -> Self {
        let headers = request.headers();
        let header = |name: &'static str| {
            headers
                .get(HeaderName::from_static(name))
                .map(HeaderValue::as_bytes)
        };
        let metadata = FetchMetadata {
            get: request.method() == Method::GET,
            site: header("sec-fetch-site"),
            mode: header("sec-fetch-mode"),
            dest: header("sec-fetch-dest"),
        };
        Self {
            binding: core.binding_name.read(cookie_fields(headers)),
            may_bind: metadata.may_bind(),
        }
    }
}

/// The values of all `Cookie` fields.
pub(super) fn cookie_fields(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> + Clone {
    headers.get_all(COOKIE).map(HeaderValue::as_bytes)
}

fn abandon(queue: &Queue) {
    let lost = queue.abandon();
    if lost > 0 {
        tracing::warn!(
            operations = lost,
            "the handler failed; the cookies that it had pushed are dropped"
        );
    }
}

/// The last moment before the headers leave.
fn finish<B>(core: &Core, browser: &Browser, queue: &Queue, response: &mut ServiceResponse<B>) {
    let handshake = response.status() == StatusCode::SWITCHING_PROTOCOLS;
    let bound = browser.binding.is_some() || browser.may_bind;
    // iOS Safari ignores Set-Cookie in a WebSocket handshake, so the carrier takes them there.
    let sent = queue.headers_sent(bound, handshake);
    let headers = response.headers_mut();
    let mut personal = false;
    if browser.binding.is_none() && browser.may_bind && (sent.carried || is_html(headers)) {
        append(headers, core.binding_name.set_cookie(queue.binding()));
        personal = true;
    }
    for operation in &sent.operations {
        append(headers, operation.to_set_cookie());
        personal = true;
    }
    if personal {
        make_private(headers);
    }
}

fn append(headers: &mut HeaderMap, line: String) {
    if let Ok(value) = HeaderValue::from_maybe_shared(bytes::Bytes::from(line)) {
        headers.append(SET_COOKIE, value);
    } else {
        // Not reached: an operation is visible ASCII by construction.
        tracing::error!("a Set-Cookie line is no header value; its cookie is lost");
    }
}

fn is_html(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .map(|value| value.split(';').next().unwrap_or(value).trim())
        .is_some_and(|essence| {
            essence.eq_ignore_ascii_case("text/html")
                || essence.eq_ignore_ascii_case("application/xhtml+xml")
        })
}

/// Keeps shared caches from handing one browser's cookies to another.
fn make_private(headers: &mut HeaderMap) {
    let current = headers
        .get(CACHE_CONTROL)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let mut directives: Vec<&str> = current
        .split(',')
        .map(str::trim)
        .filter(|directive| !directive.is_empty())
        .collect();
    let is = |directive: &str, name: &str| directive.eq_ignore_ascii_case(name);
    if directives
        .iter()
        .any(|directive| is(directive, "private") || is(directive, "no-store"))
    {
        return;
    }
    directives.retain(|directive| {
        let name = directive.split('=').next().unwrap_or(directive);
        !is(name, "public") && !is(name, "s-maxage")
    });
    directives.insert(0, "private");
    if let Ok(value) = HeaderValue::from_str(&directives.join(", ")) {
        headers.insert(CACHE_CONTROL, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_with_cookies_is_never_left_public() {
        for (before, after) in [
            (None, "private"),
            (Some("no-store"), "no-store"),
            (Some("max-age=60"), "private, max-age=60"),
            (
                Some("public, max-age=60, s-maxage=600"),
                "private, max-age=60",
            ),
            (Some("Private"), "Private"),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(before) = before {
                headers.insert(CACHE_CONTROL, HeaderValue::from_static(before));
            }
            make_private(&mut headers);
            assert_eq!(headers.get(CACHE_CONTROL).unwrap(), after);
        }
    }
}
