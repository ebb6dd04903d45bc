//! The internal listener: what only the app and the operator ask.

use actix_server::Server;
use actix_web::middleware::from_fn;
use actix_web::{App, web};

use super::access;
use super::current::Current;
use super::health;
use super::numbers::{self, Numbers};
use super::pages::{not_found, page};
use super::server::{self, Size};
use super::tls::Tls;
use crate::cli::args::serve::ServeArgs;
use crate::listen::Listener;
use crate::refused::Refused;

/// Connections at a time. They are apart from the public ones, so that whoever takes all of those
/// keeps neither the app nor the operator out.
const CONNECTIONS: usize = 1024;

/// The internal listener, or the one for metrics alone.
pub(super) fn start(
    listeners: Vec<Listener>,
    name: &'static str,
    args: &ServeArgs,
    tls: Option<&Tls>,
    current: &Current,
    numbers: &Numbers,
) -> Result<Server, Refused> {
    let size = Size {
        name,
        connections: CONNECTIONS,
        workers: 1,
        drain: args.shutdown_timeout,
    };
    let logged = args.log_requests;
    let (current, numbers) = (current.clone(), numbers.clone());
    let app = move || {
        App::new()
            .app_data(web::Data::new(numbers.clone()))
            .configure(health::pages(&current))
            .service(page("/metrics", numbers::metrics))
            .default_service(web::to(not_found))
            .wrap(from_fn(numbers::count_answers))
            .wrap(from_fn(move |request, next| {
                access::log(logged, request, next)
            }))
    };
    Ok(server::start(listeners, size, tls, app)?)
}
