//! The middleware: gives each request its queue, and turns what was pushed before the headers
//! leave into ordinary `Set-Cookie` lines.

use std::fmt;
use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::http::header::{COOKIE, HeaderMap, HeaderName, HeaderValue, ORIGIN, SET_COOKIE};
use actix_web::http::{Method, StatusCode};
use actix_web::{Error, HttpMessage};

use apply_cookies_protocol::BindingCookie;

use super::caching;
use super::extractor::QueueSlot;
use crate::binding::{self, FetchMetadata};
use crate::config::{ApplyCookies, Core};
use crate::counts;
use crate::pending::{Head, Queue, Waiting};
use crate::receipt::Outcome;

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
        // Our own routes set their cookies themselves, and a second middleware on the way in
        // must not give the request a second queue.
        if is_ours(&self.core, request.path()) || has_queue(&self.core, &request) {
            return Box::pin(self.service.call(request));
        }
        let browser = Browser::of(&self.core, &request);
        let binding = browser.binding.clone().unwrap_or_else(binding::fresh);
        let queue = Arc::new(Queue::new(
            self.core.clone(),
            binding,
            sent_cookies(request.headers()),
        ));
        request.extensions_mut().insert(QueueSlot(queue.clone()));
        let answer = self.service.call(request);
        let unanswered = Unanswered(queue);
        Box::pin(async move {
            // Dropped before the end when the client resets the connection or an outer
            // middleware gives up: `unanswered` then says that nothing can be delivered.
            let mut response = answer.await?;
            // A handler that failed halfway must not leave half a sign-in behind.
            let status = response.status();
            let failed = status.is_client_error() || status.is_server_error();
            if !(failed && response.response().error().is_some()) {
                let head = browser.head(status);
                // While the headers are still to be sent: a client that goes away now gets none.
                let barrier = raise_barrier(&browser, &unanswered.0, head).await;
                let left = finish(head, &unanswered.0, &mut response);
                left.settle(match barrier {
                    Barrier::Failed => Outcome::Undeliverable,
                    Barrier::NotNeeded | Barrier::Raised => Outcome::Released,
                });
            }
            if unanswered.0.depends_on_cookies() {
                caching::make_dependent(response.headers_mut());
            }
            Ok(response)
        })
    }
}

/// Whether the path is the endpoint's, or below it.
fn is_ours(core: &Core, path: &str) -> bool {
    path.strip_prefix(&core.prefix)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn has_queue(core: &Arc<Core>, request: &ServiceRequest) -> bool {
    request
        .extensions()
        .get::<QueueSlot>()
        .is_some_and(|slot| Arc::ptr_eq(slot.0.core(), core))
}

/// A request whose answer has not been given. Dropping it abandons what was pushed, unless the
/// headers have left meanwhile.
struct Unanswered(Arc<Queue>);

impl Drop for Unanswered {
    fn drop(&mut self) {
        self.0.abandon();
    }
}

/// What the request says of the browser.
struct Browser {
    binding: Option<BindingCookie>,
    /// Without a binding, it certainly has none.
    has_none: bool,
    may_bind: bool,
    no_body: bool,
}

impl Browser {
    fn of(core: &Core, request: &ServiceRequest) -> Self {
        let headers = request.headers();
        let header = |name: HeaderName| headers.get(name).map(HeaderValue::as_bytes);
        let metadata = FetchMetadata {
            get: request.method() == Method::GET,
            site: header(HeaderName::from_static("sec-fetch-site")),
            mode: header(HeaderName::from_static("sec-fetch-mode")),
            dest: header(HeaderName::from_static("sec-fetch-dest")),
            foreign_origin: header(ORIGIN).is_some_and(|origin| !core.origins.allows(origin)),
        };
        let sent = core.binding_name.read(cookie_fields(headers));
        Self {
            may_bind: metadata.may_bind() && sent.may_be_set(),
            has_none: sent.may_be_set() && !metadata.may_withhold(),
            binding: sent.into_cookie(),
            no_body: request.method() == Method::HEAD,
        }
    }

    fn head(&self, status: StatusCode) -> Head {
        Head {
            has_binding: self.binding.is_some(),
            may_bind: self.may_bind,
            handshake: status == StatusCode::SWITCHING_PROTOCOLS,
            no_body: self.no_body,
        }
    }
}

/// The values of all `Cookie` fields.
pub(super) fn cookie_fields(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> + Clone {
    headers.get_all(COOKIE).map(HeaderValue::as_bytes)
}

/// The same in one piece, which outlives the request. A semicolon is what separates cookies
/// anyway.
fn sent_cookies(headers: &HeaderMap) -> Box<[u8]> {
    let fields: Vec<&[u8]> = cookie_fields(headers).collect();
    fields.join(&b';').into()
}

/// The last moment before the headers leave. Tells what leaves with them.
fn finish<B>(head: Head, queue: &Queue, response: &mut ServiceResponse<B>) -> Waiting {
    let headers = response.headers_mut();
    let sent = queue.headers_sent(head);
    if sent.bind {
        append(
            headers,
            queue.core().binding_name.set_cookie(queue.binding()),
        );
    }
    let left = sent.waiting;
    for operation in &left.operations {
        append(headers, operation.to_set_cookie());
    }
    if sent.carried && !head.handshake {
        caching::forbid(headers);
    } else if sent.bind || !left.operations.is_empty() {
        caching::make_private(headers);
    }
    left
}

/// The barrier of a sign-out on an ordinary response, where no token will raise it.
enum Barrier {
    NotNeeded,
    Raised,
    Failed,
}

async fn raise_barrier(browser: &Browser, queue: &Queue, head: Head) -> Barrier {
    let Some(now) = queue.barrier_in_head(head) else {
        return Barrier::NotNeeded;
    };
    let core = queue.core();
    let (error, source) = match &browser.binding {
        // It has no older tokens.
        None if browser.has_none => return Barrier::NotNeeded,
        None => (
            "the request does not show which browser it is".to_owned(),
            None,
        ),
        Some(binding) => {
            let lifetime = core.issuer.lifetime;
            match core.redeemer.raise_barrier(binding, lifetime, now).await {
                Ok(()) => return Barrier::Raised,
                Err(error) => {
                    let source = std::error::Error::source(&error).map(ToString::to_string);
                    (error.to_string(), source)
                }
            }
        }
    };
    counts::barrier_failed();
    tracing::error!(
        error,
        source,
        "a sign-out is answered without its barrier; for the lifetime of a token, a sign-in that is under way can undo it"
    );
    Barrier::Failed
}

fn append(headers: &mut HeaderMap, line: String) {
    if let Ok(value) = HeaderValue::from_maybe_shared(bytes::Bytes::from(line)) {
        headers.append(SET_COOKIE, value);
    } else {
        // Not reached: an operation is visible ASCII by construction.
        tracing::error!("a Set-Cookie line is no header value; its cookie is lost");
    }
}
