//! `serve`: the endpoint as a separate program, for an app in any language.
//!
//! Two listeners, never one: the public one has the endpoint's paths, the internal one what only the
//! app and the operator may ask. A proxy's rule that is too wide then leaks nothing.

mod deadline;
mod gate;
mod health;
mod pages;
mod places;
mod server;
mod signals;
mod socket;
mod waiting;

use std::num::NonZero;
use std::sync::Arc;
use std::thread::available_parallelism;

use actix_server::Server;
use actix_web::web::ServiceConfig;
use actix_web::{App, web};
use apply_cookies::Profile;
use futures_util::future::{Either, select, try_join_all};

use self::health::{Endpoints, healthz, readyz};
use self::pages::{not_found, page};
use self::server::Size;
use self::signals::Signals;
use crate::api::{self, Api, Door, Keys};
use crate::cli::args::serve::ServeArgs;
use crate::listen::{self, Inherited, Listener, SocketOptions};
use crate::refused::Refused;
use crate::{log, profiles};

/// Connections of the public listener at a time, of all workers together. More wait until one of
/// them ends.
const CONNECTIONS: usize = 1024;

/// Connections of the internal listener at a time. It has its own, so that whoever takes all of the
/// public ones keeps neither the app nor the operator out.
const INTERNAL: Size = Size {
    connections: 1024,
    workers: 1,
};

pub(crate) fn run(args: &ServeArgs) -> Result<(), Refused> {
    log::start();
    let endpoints = Endpoints(profiles::from_args(args)?, Arc::default());
    let mut inherited = Inherited::look(args.listen.iter().chain(&args.api_listen));
    let options = |mode, group: &Option<String>| SocketOptions {
        mode,
        group: group.clone(),
    };
    let public = options(args.socket_mode, &args.socket_group);
    let mut public = listen::open(&args.listen, &public, &mut inherited)?;
    let internal = options(args.api_socket_mode, &args.api_socket_group);
    let mut internal = listen::open(args.api_listen.as_slice(), &internal, &mut inherited)?;
    let mut network = internal.iter().filter_map(Listener::network);
    if let Some(address) = network.find(|address| !address.ip().is_loopback()) {
        return Err(Refused::usage(format_args!(
            "--api-listen {address} can be reached from other machines, and has no TLS; give unix:/PATH, or an address of this machine as 127.0.0.1:8789"
        )));
    }
    drop(network);
    let api = api_of(args, &endpoints, &internal)?;
    // Removed once nobody listens any more, however this ends.
    let both = public.iter_mut().chain(&mut internal);
    let _files: Vec<_> = both.filter_map(Listener::take_file).collect();
    actix_web::rt::System::new().block_on(async move {
        // Before anybody is told the address: whoever reads it may stop the service at once.
        let mut signals = Signals::listen()?;
        let addresses = [&public, &internal].map(|all| {
            let each = all.iter().map(Listener::address);
            each.collect::<Vec<_>>()
        });
        let mut servers = vec![start_public(public, &endpoints)?];
        if !internal.is_empty() {
            servers.push(start_internal(internal, &endpoints, api.clone())?);
        }
        for address in &addresses[1] {
            tracing::info!(api = address, "the internal listener is open");
        }
        for address in &addresses[0] {
            for cookies in &endpoints.0 {
                tracing::info!(%address, configuration = ?cookies, "listening");
            }
        }
        let handles: Vec<_> = servers.iter().map(Server::handle).collect();
        let stop = async {
            signals.next().await;
            tracing::info!("draining; another signal ends it at once");
            if let Some(api) = api {
                api.close();
            }
            for handle in handles {
                drop(handle.stop(true));
            }
            signals.next().await;
        };
        let servers = try_join_all(servers);
        if let Either::Left((ended, _)) = select(servers, std::pin::pin!(stop)).await {
            ended?;
        }
        tracing::info!("stopped");
        Ok(())
    })
}

/// The API of the native profile, where it has a listener.
fn api_of(
    args: &ServeArgs,
    endpoints: &Endpoints,
    internal: &[Listener],
) -> Result<Option<Api>, Refused> {
    let native = (endpoints.0.iter()).find(|cookies| cookies.profile() == Profile::Native);
    let Some(native) = native.filter(|_| !internal.is_empty()) else {
        return Ok(None);
    };
    let keys = match &args.api_keys_file {
        Some(file) => Keys::read(file)?,
        None if internal.iter().all(|one| one.door() == Door::Socket) => Keys::default(),
        None => {
            return Err(Refused::usage(
                "over TCP callers of the API need a key: give --api-keys-file a file with one a line (`apply-cookies keygen` makes one), or listen on a socket, as in --api-listen unix:/run/apply-cookies/api.sock",
            ));
        }
    };
    Ok(Some(Api::new(native.clone(), keys)))
}

/// The endpoint of each profile.
fn start_public(listeners: Vec<Listener>, endpoints: &Endpoints) -> Result<Server, Refused> {
    // There are at most two. If there is one, it is both, and the inner middleware does nothing.
    let (Some(first), Some(last)) = (endpoints.0.first(), endpoints.0.last()) else {
        return Err("give a --profile".to_owned().into());
    };
    let (first, last, health) = (first.clone(), last.clone(), health(endpoints));
    let size = Size {
        connections: CONNECTIONS,
        workers: available_parallelism().map_or(2, NonZero::get),
    };
    let app = move || {
        App::new()
            .wrap(first.middleware())
            .wrap(last.middleware())
            .configure(health.clone())
            .default_service(web::to(not_found))
    };
    Ok(server::start(listeners, size, app)?)
}

/// What the app and the operator ask.
fn start_internal(
    listeners: Vec<Listener>,
    endpoints: &Endpoints,
    api: Option<Api>,
) -> Result<Server, Refused> {
    let health = health(endpoints);
    let app = move || {
        App::new()
            .configure(health.clone())
            .configure(|service| {
                if let Some(api) = &api {
                    api::configure(service, api);
                }
            })
            .default_service(web::to(not_found))
    };
    Ok(server::start(listeners, INTERNAL, app)?)
}

/// `/healthz` and `/readyz`, on each listener.
fn health(endpoints: &Endpoints) -> impl FnOnce(&mut ServiceConfig) + Clone + Send + 'static {
    let endpoints = endpoints.clone();
    move |service: &mut ServiceConfig| {
        service
            .app_data(web::Data::new(endpoints))
            .service(page("/healthz", healthz))
            .service(page("/readyz", readyz));
    }
}
