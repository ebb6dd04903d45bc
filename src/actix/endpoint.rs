//! The endpoint: `POST {prefix}`, `POST {prefix}/bind` and `GET {prefix}/client.js` (SPEC §9).

use std::pin::pin;
use std::time::Duration;

use actix_web::http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderMap, HeaderName, HeaderValue,
    IF_NONE_MATCH, ORIGIN, RETRY_AFTER, SET_COOKIE,
};
use actix_web::http::{Method, StatusCode};
use actix_web::web::{self, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use apply_cookies_protocol::limits::{BODY_MAX, DRAIN_MAX};
use apply_cookies_protocol::{RedemptionDigest, UntrustedToken};
use bytes::{Bytes, BytesMut};
use futures_util::{FutureExt, StreamExt};
use url::form_urlencoded;

use super::middleware::cookie_fields;
use crate::binding;
use crate::client;
use crate::config::{ApplyCookies, Core};
use crate::redeem::{Posted, Redeemed};
use crate::rejection::Rejection;

/// How long a body may take to arrive. actix has no limit of its own (threat T35).
const BODY_TIMEOUT: Duration = Duration::from_secs(5);

const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// What the page does after the cookies are applied (SPEC §9.4).
const THEN: HeaderName = HeaderName::from_static("apply-cookies-then");

impl ApplyCookies {
    /// Mounts the endpoint, for `App::configure`.
    pub fn routes(&self) -> impl FnOnce(&mut ServiceConfig) + Clone + use<> {
        let cookies = self.clone();
        move |config: &mut ServiceConfig| {
            let apply = {
                let cookies = cookies.clone();
                move |request, body| apply(cookies.clone(), request, body)
            };
            let bind = {
                let cookies = cookies.clone();
                move |request, body| bind(cookies.clone(), request, body)
            };
            config.service(
                web::scope(cookies.prefix())
                    .service(web::resource("").route(web::route().to(apply)))
                    .service(web::resource("/bind").route(web::route().to(bind)))
                    .service(
                        web::resource("/client.js")
                            .route(web::get().to(serve_client))
                            .route(web::head().to(serve_client)),
                    ),
            );
        }
    }
}

/// `POST {prefix}`: redeems a token.
async fn apply(cookies: ApplyCookies, request: HttpRequest, body: Payload) -> HttpResponse {
    let core = &*cookies.core;
    let body = match check(core, &request).and_then(|()| check_media_type(request.headers())) {
        Ok(()) => read(&request, body).await,
        Err(rejection) => return refuse(&rejection, drain(&request, body).await),
    };
    let (body, connection) = match body {
        Ok(body) => (body, Connection::Keep),
        Err((rejection, connection)) => return refuse(&rejection, connection),
    };
    match redeem(core, &request, &body).await {
        Ok(redeemed) => applied(redeemed),
        Err(rejection) => refuse(&rejection, connection),
    }
}

/// `POST {prefix}/bind`: gives the browser a binding, unless it has one. Pages await it before
/// they open a stream, so that several tabs end up with one and the same.
async fn bind(cookies: ApplyCookies, request: HttpRequest, body: Payload) -> HttpResponse {
    let core = &*cookies.core;
    let connection = drain(&request, body).await;
    if let Err(rejection) = check(core, &request) {
        return refuse(&rejection, connection);
    }
    let mut response = HttpResponse::NoContent();
    if core
        .binding_name
        .read(cookie_fields(request.headers()))
        .is_none()
    {
        response.append_header((SET_COOKIE, core.binding_name.set_cookie(&binding::fresh())));
    }
    response.insert_header((CACHE_CONTROL, NO_STORE));
    response.finish()
}

/// `GET {prefix}/client.js`: the browser's half. Always revalidated, so that a page never runs
/// another version than the server's; unchanged, it costs an empty 304.
async fn serve_client(request: HttpRequest) -> HttpResponse {
    let etag = client::etag();
    let unchanged = request
        .headers()
        .get_all(IF_NONE_MATCH)
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|tag| tag.trim().trim_start_matches("W/"))
        .any(|tag| tag == etag || tag == "*");
    let mut response = if unchanged {
        HttpResponse::NotModified()
    } else {
        HttpResponse::Ok()
    };
    response
        .insert_header((CACHE_CONTROL, "no-cache"))
        .insert_header((ETAG, etag))
        .insert_header(("x-content-type-options", "nosniff"));
    if unchanged {
        response.finish()
    } else {
        response
            .content_type("text/javascript; charset=utf-8")
            .body(client::MODULE)
    }
}

/// Method, then origin: what can be refused before a byte of the body is looked at.
fn check(core: &Core, request: &HttpRequest) -> Result<(), Rejection> {
    if request.method() != Method::POST {
        return Err(Rejection::Method);
    }
    let headers = request.headers();
    core.origins
        .check(
            headers
                .get_all(HeaderName::from_static("sec-fetch-site"))
                .map(HeaderValue::as_bytes),
            headers.get_all(ORIGIN).map(HeaderValue::as_bytes),
        )
        .map_err(Rejection::Origin)
}

fn check_media_type(headers: &HeaderMap) -> Result<(), Rejection> {
    let mut types = headers.get_all(CONTENT_TYPE);
    let form = types
        .next()
        .and_then(|value| value.to_str().ok())
        .map(|value| value.split(';').next().unwrap_or(value).trim())
        .is_some_and(|essence| essence.eq_ignore_ascii_case("application/x-www-form-urlencoded"));
    if form && types.next().is_none() {
        Ok(())
    } else {
        Err(Rejection::MediaType)
    }
}

/// The form → the cookies' lines.
async fn redeem(core: &Core, request: &HttpRequest, body: &[u8]) -> Result<Redeemed, Rejection> {
    let mut token = None;
    let mut redemption = None;
    for (name, value) in form_urlencoded::parse(body) {
        let field = match &*name {
            "t" => &mut token,
            "r" => &mut redemption,
            _ => continue,
        };
        if field.replace(value).is_some() {
            return Err(Rejection::Form);
        }
    }
    let token = token.ok_or(Rejection::Form)?;
    // An empty id is none: the use is then strictly single.
    let redemption = redemption
        .filter(|id| !id.is_empty())
        .map(|id| RedemptionDigest::of(id.as_bytes()).ok_or(Rejection::Form))
        .transpose()?;
    core.redeemer
        .redeem(Posted {
            token: UntrustedToken::new(&token),
            redemption,
            binding: core.binding_name.read(cookie_fields(request.headers())),
        })
        .await
}

fn applied(redeemed: Redeemed) -> HttpResponse {
    tracing::debug!(token = %redeemed.id, "token redeemed");
    let mut response = HttpResponse::new(StatusCode::NO_CONTENT);
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, NO_STORE);
    let (text, ranges) = redeemed.lines.into_parts();
    let text = Bytes::from(text);
    for range in ranges {
        // Not reached with an error: an operation is visible ASCII by construction.
        if let Ok(line) = HeaderValue::from_maybe_shared(text.slice(range)) {
            headers.append(SET_COOKIE, line);
        }
    }
    if let Some(then) = redeemed
        .then
        .and_then(|then| HeaderValue::try_from(then).ok())
    {
        headers.insert(THEN, then);
    }
    response
}

fn refuse(rejection: &Rejection, connection: Connection) -> HttpResponse {
    rejection.log();
    let problem = rejection.problem();
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    response
        .insert_header((CACHE_CONTROL, NO_STORE))
        .insert_header((CONTENT_TYPE, PROBLEM_JSON));
    if let Some(seconds) = rejection.retry_after() {
        response.insert_header((RETRY_AFTER, seconds));
    }
    if matches!(rejection, Rejection::Method) {
        response.insert_header((ALLOW, "POST"));
    }
    if connection == Connection::Close {
        response.force_close();
    }
    response.body(problem.body)
}

/// What becomes of the connection after the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Connection {
    Keep,
    /// The body was not read to its end, so no request can follow it.
    Close,
}

/// Reads a body of at most [`BODY_MAX`] bytes.
async fn read(request: &HttpRequest, body: Payload) -> Result<Bytes, (Rejection, Connection)> {
    if declares_too_much(request) {
        return Err((Rejection::TooLarge, Connection::Close));
    }
    in_time(collect(body)).await
}

/// Reads a body that is refused anyway, so that the connection stays open: closing it costs an
/// honest client five times as much as the answer.
async fn drain(request: &HttpRequest, body: Payload) -> Connection {
    if declares_too_much(request) {
        return Connection::Close;
    }
    match in_time(collect(body)).await {
        Ok(_) => Connection::Keep,
        Err((_, connection)) => connection,
    }
}

fn declares_too_much(request: &HttpRequest) -> bool {
    request
        .headers()
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.parse::<u64>().ok())
        .is_some_and(|length| length > DRAIN_MAX as u64)
}

/// The body, or how it failed. A body between the two limits is read to its end and refused.
async fn collect(mut body: Payload) -> Result<Bytes, (Rejection, Connection)> {
    let mut whole = Bytes::new();
    let mut length = 0;
    while let Some(chunk) = body.next().await {
        let Ok(chunk) = chunk else {
            return Err((Rejection::Form, Connection::Close));
        };
        length += chunk.len();
        if length > DRAIN_MAX {
            return Err((Rejection::TooLarge, Connection::Close));
        }
        if length > BODY_MAX {
            whole = Bytes::new();
        } else if whole.is_empty() {
            // Most bodies are one chunk, and are never copied.
            whole = chunk;
        } else {
            let mut joined = BytesMut::from(whole);
            joined.extend_from_slice(&chunk);
            whole = joined.freeze();
        }
    }
    if length > BODY_MAX {
        return Err((Rejection::TooLarge, Connection::Keep));
    }
    Ok(whole)
}

/// Gives up after [`BODY_TIMEOUT`]. A body that is there already, as most are, costs no timer.
async fn in_time<T>(
    body: impl Future<Output = Result<T, (Rejection, Connection)>>,
) -> Result<T, (Rejection, Connection)> {
    let mut body = pin!(body);
    if let Some(done) = body.as_mut().now_or_never() {
        return done;
    }
    actix_web::rt::time::timeout(BODY_TIMEOUT, body)
        .await
        .unwrap_or(Err((Rejection::Timeout, Connection::Close)))
}
