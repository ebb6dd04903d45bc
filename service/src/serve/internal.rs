//! The internal listener: what only the app and the operator ask.

use actix_server::Server;
use actix_web::middleware::from_fn;
use actix_web::{App, web};
use apply_cookies::Profile;

use super::access;
use super::current::Current;
use super::health;
use super::numbers::{self, Numbers};
use super::pages::{not_found, page};
use super::server::{self, Size};
use super::tls::Tls;
use crate::api::{self, Api, Door, Keys};
use crate::cli::args::serve::ServeArgs;
use crate::listen::Listener;
use crate::refused::Refused;

/// Connections at a time. They are apart from the public ones, so that whoever takes all of those
/// keeps neither the app nor the operator out.
pub(super) const CONNECTIONS: usize = 1024;

/// The API of the native profile, where it has a listener.
pub(super) fn api(
    args: &ServeArgs,
    current: &Current,
    listeners: &[Listener],
) -> Result<Option<Api>, Refused> {
    let endpoints = current.endpoints();
    let native = endpoints
        .iter()
        .find(|cookies| cookies.profile() == Profile::Native);
    let Some(native) = native.filter(|_| !listeners.is_empty()) else {
        return Ok(None);
    };
    if args.api_keys_file.is_none() && listeners.iter().any(|one| one.door() != Door::Socket) {
        return Err(Refused::usage(
            "over TCP callers of the API need a key: give --api-keys-file a file with one a line (`apply-cookies keygen` makes one), or listen on a socket, as in --api-listen unix:/run/apply-cookies/api.sock",
        ));
    }
    Ok(Some(Api::new(native.clone(), keys(args)?)))
}

/// The keys of callers over TCP.
pub(super) fn keys(args: &ServeArgs) -> Result<Keys, Refused> {
    let file = args.api_keys_file.as_deref();
    file.map_or_else(|| Ok(Keys::default()), Keys::read)
}

/// The internal listener, or the one for metrics alone, which has no API.
pub(super) fn start(
    listeners: Vec<Listener>,
    name: &'static str,
    args: &ServeArgs,
    tls: Option<&Tls>,
    api: Option<Api>,
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
            .configure(|service| {
                if let Some(api) = &api {
                    api::configure(service, api);
                }
            })
            .service(page("/metrics", numbers::metrics))
            .default_service(web::to(not_found))
            .wrap(from_fn(numbers::count_answers))
            .wrap(from_fn(move |request, next| {
                access::log(logged, request, next)
            }))
    };
    Ok(server::start(listeners, size, tls, app)?)
}
