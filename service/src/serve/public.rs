//! The public listener: the endpoint of each profile.

use std::num::NonZero;
use std::thread::available_parallelism;

use actix_server::Server;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::{Next, from_fn};
use actix_web::{App, Error, web};

use super::access;
use super::current::Current;
use super::health;
use super::pages::not_found;
use super::server::{self, Size};
use super::tls::Tls;
use crate::cli::args::serve::ServeArgs;
use crate::listen::Listener;
use crate::refused::Refused;

pub(super) fn start(
    listeners: Vec<Listener>,
    args: &ServeArgs,
    tls: Option<&Tls>,
    current: &Current,
) -> Result<Server, Refused> {
    let size = Size {
        name: "public",
        connections: args.limits_connections,
        workers: available_parallelism().map_or(2, NonZero::get),
        drain: args.shutdown_timeout,
    };
    let (current, logged) = (current.clone(), args.log_requests);
    let app = move || {
        let endpoints = current.clone();
        App::new()
            .configure(health::pages(&current))
            .default_service(web::to(not_found))
            .wrap(from_fn(move |request, next| {
                answer(endpoints.clone(), request, next)
            }))
            .wrap(from_fn(move |request, next| {
                access::log(logged, request, next)
            }))
    };
    Ok(server::start(listeners, size, tls, app)?)
}

/// Answers the endpoint's own paths.
async fn answer(
    current: Current,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let endpoints = current.endpoints();
    let of = endpoints
        .iter()
        .find(|cookies| cookies.owns_path(request.match_info().unprocessed()));
    match of {
        Some(cookies) => Ok(cookies.respond(request).await),
        None => Ok(next.call(request).await?.map_into_boxed_body()),
    }
}
