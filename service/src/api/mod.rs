//! The internal API, for apps in any language: tokens, receipts, bindings and values of cookies.
//! `openapi.json` describes it.

mod keys;
mod problem;

mod door;
mod json;

mod idempotency;
mod receipts;
mod state;

mod bindings;
mod cookies;
mod tokens;

mod info;

#[cfg(test)]
pub(crate) mod schema;

use std::future::ready;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{CACHE_CONTROL, HeaderValue};
use actix_web::middleware::{Next, from_fn};
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{
    Error, FromRequest, Handler, HttpMessage, HttpResponse, Resource, Responder, ResponseError,
    Route,
};
use apply_cookies::actix::leave_unread;

pub(crate) use self::door::Door;
pub(crate) use self::keys::Keys;
use self::problem::{Kind, Problem};
pub(crate) use self::state::Api;

/// The committed description, which a test keeps up to date.
const OPENAPI: &str = include_str!("../../openapi.json");

/// Adds the API's paths to the app of a listener.
pub(crate) fn configure(service: &mut ServiceConfig, api: &Api) {
    let paths = web::scope("/v1")
        .wrap(from_fn({
            let api = api.clone();
            move |request, next| guard(api.clone(), request, next)
        }))
        .app_data(Data::new(api.clone()))
        .service(post("/tokens", tokens::mint))
        .service(get("/receipts/events", receipts::events))
        .service(get("/receipts/{id}", receipts::get))
        .service(post("/receipts", receipts::list))
        .service(post("/bindings", bindings::bind))
        .service(post("/cookies/read", cookies::read))
        .service(post("/cookies/write", cookies::write))
        .service(get("/info", info::info))
        .default_service(web::to(not_found));
    let description = get("/openapi.json", openapi).wrap(from_fn({
        let api = api.clone();
        move |request, next| guard(api.clone(), request, next)
    }));
    service.service(paths).service(description);
}

/// Asks who calls before anything of the body is read.
async fn guard(
    api: Api,
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    // A connection that does not say comes from anywhere.
    let door = request.conn_data().copied().unwrap_or(Door::Network);
    let admitted = door::admit(door, &api.current().keys, request.headers());
    let mut response = match admitted {
        Ok(()) => next.call(request).await?.map_into_boxed_body(),
        Err(problem) => {
            let body = request.take_payload();
            let response = leave_unread(problem.error_response(), body);
            request.into_response(response)
        }
    };
    let no_store = HeaderValue::from_static("no-store");
    response.headers_mut().insert(CACHE_CONTROL, no_store);
    Ok(response)
}

fn get<F, A>(path: &str, handler: F) -> Resource
where
    F: Handler<A, Output: Responder + 'static>,
    A: FromRequest + 'static,
{
    only(path, web::get(), "GET", handler)
}

fn post<F, A>(path: &str, handler: F) -> Resource
where
    F: Handler<A, Output: Responder + 'static>,
    A: FromRequest + 'static,
{
    only(path, web::post(), "POST", handler)
}

fn only<F, A>(path: &str, route: Route, method: &'static str, handler: F) -> Resource
where
    F: Handler<A, Output: Responder + 'static>,
    A: FromRequest + 'static,
{
    web::resource(path)
        .route(route.to(handler))
        .default_service(web::to(move |body| {
            ready(refuse(&Problem::not_allowed(method), body))
        }))
}

async fn not_found(body: web::Payload) -> HttpResponse {
    refuse(&Kind::NOT_FOUND.into(), body)
}

fn refuse(problem: &Problem, body: web::Payload) -> HttpResponse {
    leave_unread(problem.error_response(), body.into_inner())
}

/// This description.
#[cfg_attr(test, utoipa::path(
    get,
    path = "/openapi.json",
    operation_id = "description",
    responses(
        (status = 200, description = "OpenAPI 3.1.", body = serde_json::Value),
        schema::OfAll,
    ),
))]
async fn openapi() -> HttpResponse {
    let mut response = HttpResponse::Ok();
    response.content_type("application/json").body(OPENAPI)
}
