//! The endpoint: `POST {prefix}`, `POST {prefix}/bind` and `GET {prefix}/client.js` (SPEC §9).

use std::future::ready;

use actix_web::body::BoxBody;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderMap, HeaderName, HeaderValue, IF_NONE_MATCH, ORIGIN,
    SET_COOKIE,
};
use actix_web::http::{ConnectionType, Method, StatusCode};
use actix_web::web::{self, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use apply_cookies_protocol::{RedemptionDigest, UntrustedToken};
use url::form_urlencoded;

use super::body;
use super::head;
use super::middleware::cookie_fields;
use crate::binding;
use crate::config::{ApplyCookies, Core};
use crate::redeem::{Posted, Redeemed};
use crate::rejection::Rejection;

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
            let client = {
                let cookies = cookies.clone();
                move |request, body| ready(serve_client(&cookies, &request, body))
            };
            config.service(
                web::scope(cookies.prefix())
                    .service(web::resource("").route(web::route().to(apply)))
                    .service(web::resource("/bind").route(web::route().to(bind)))
                    .service(
                        web::resource("/client.js")
                            .route(web::get().to(client.clone()))
                            .route(web::head().to(client)),
                    )
                    .default_service(web::to(not_found)),
            );
        }
    }
}

/// `POST {prefix}`: redeems a token.
async fn apply(cookies: ApplyCookies, request: HttpRequest, body: Payload) -> HttpResponse {
    let core = &*cookies.core;
    let allowed = check(core, &request).and_then(|()| check_media_type(request.headers()));
    let body = match (body::read(&request, body).await, allowed) {
        // What was wrong before the body counts first, but only once the body is out of the way.
        (Ok(_), Err(rejection)) => return refuse(core, &rejection, None),
        (Err(failed), Err(rejection)) => return refuse(core, &rejection, failed.unread),
        (Err(failed), Ok(())) => return refuse(core, &failed.rejection, failed.unread),
        (Ok(body), Ok(())) => body,
    };
    match redeem(core, &request, &body).await {
        Ok(redeemed) => applied(redeemed),
        Err(rejection) => refuse(core, &rejection, None),
    }
}

/// `POST {prefix}/bind`: gives the browser a binding, unless it has one. Pages await it before
/// they open a stream, so that several tabs end up with one and the same.
async fn bind(cookies: ApplyCookies, request: HttpRequest, body: Payload) -> HttpResponse {
    let core = &*cookies.core;
    let allowed = check(core, &request);
    match (body::read(&request, body).await, allowed) {
        (Ok(_), Ok(())) => {}
        (Ok(_), Err(rejection)) => return refuse(core, &rejection, None),
        (Err(failed), Err(rejection)) => return refuse(core, &rejection, failed.unread),
        (Err(failed), Ok(())) => return refuse(core, &failed.rejection, failed.unread),
    }
    let mut response = HttpResponse::NoContent();
    if core
        .binding_name
        .read(cookie_fields(request.headers()))
        .may_be_set()
    {
        response.append_header((SET_COOKIE, core.binding_name.set_cookie(&binding::fresh())));
    }
    response.insert_header((CACHE_CONTROL, "no-store"));
    response.finish()
}

/// `GET {prefix}/client.js`: the browser's half. Always revalidated, so that a page never runs
/// another version than the server's; unchanged, it costs an empty 304.
fn serve_client(cookies: &ApplyCookies, request: &HttpRequest, body: Payload) -> HttpResponse {
    let module = &cookies.core.client;
    let etag = &*module.etag;
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
    let response = if unchanged {
        response.finish()
    } else {
        response
            .content_type("text/javascript; charset=utf-8")
            .body(module.text.clone())
    };
    body::leave_unread(response, body)
}

/// Everything else under the prefix.
async fn not_found(body: Payload) -> HttpResponse {
    let mut response = HttpResponse::NotFound();
    response.insert_header((CACHE_CONTROL, "no-store"));
    body::leave_unread(response.finish(), body)
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
            binding: core
                .binding_name
                .read(cookie_fields(request.headers()))
                .into_cookie(),
        })
        .await
}

fn applied(redeemed: Redeemed) -> HttpResponse {
    tracing::debug!(token = %redeemed.id, "token redeemed");
    let mut response = HttpResponse::new(StatusCode::NO_CONTENT);
    *response.headers_mut() = head::applied(redeemed);
    response
}

/// `unread`: the rest of a body that is not read to its end; the connection then ends with the
/// answer.
fn refuse(core: &Core, rejection: &Rejection, unread: Option<Payload>) -> HttpResponse {
    rejection.log();
    let problem = rejection.told(core.redeemer.keys.profile());
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::with_body(status, BoxBody::new(problem.body));
    *response.headers_mut() = head::refused(rejection);
    let Some(unread) = unread else {
        return response;
    };
    response
        .head_mut()
        .set_connection_type(ConnectionType::Close);
    body::leave_unread(response, unread)
}
