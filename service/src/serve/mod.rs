//! `serve`: the endpoint as a separate program, for an app in any language.

mod deadline;
mod gate;
mod health;
mod places;
mod server;
mod signals;
mod socket;
mod waiting;

use std::sync::Arc;

use actix_web::http::header::{ALLOW, CACHE_CONTROL};
use actix_web::web::Payload;
use actix_web::{App, FromRequest, Handler, HttpResponse, HttpResponseBuilder, Resource, web};
use apply_cookies::actix::leave_unread;
use futures_util::future::{Either, select};

use self::health::{Endpoints, healthz, readyz};
use self::signals::Signals;
use crate::cli::args::serve::ServeArgs;
use crate::refused::Refused;
use crate::{log, profiles};

pub(crate) fn run(args: &ServeArgs) -> Result<(), Refused> {
    log::start();
    let endpoints = Endpoints(profiles::from_args(args)?, Arc::default());
    // There are at most two. If there is one, it is both, and the inner middleware does nothing.
    let (Some(first), Some(last)) = (endpoints.0.first(), endpoints.0.last()) else {
        return Err("give a --profile".to_owned().into());
    };
    let (first, last) = (first.clone(), last.clone());
    let shown = endpoints.clone();
    let app = move || {
        App::new()
            .app_data(web::Data::new(endpoints.clone()))
            .wrap(first.middleware())
            .wrap(last.middleware())
            .service(page("/healthz", healthz))
            .service(page("/readyz", readyz))
            .default_service(web::to(not_found))
    };
    let listeners = args.listen.bind()?;
    let addresses = listeners
        .iter()
        .map(std::net::TcpListener::local_addr)
        .collect::<Result<Vec<_>, _>>()?;
    actix_web::rt::System::new().block_on(async move {
        // Before anybody is told the address: whoever reads it may stop the service at once.
        let mut signals = Signals::listen()?;
        let server = server::start(listeners, app)?;
        let handle = server.handle();
        for address in addresses {
            for cookies in &shown.0 {
                tracing::info!(%address, configuration = ?cookies, "listening");
            }
        }
        let stop = async {
            signals.next().await;
            tracing::info!("draining; another signal ends it at once");
            drop(handle.stop(true));
            signals.next().await;
        };
        if let Either::Left((ended, _)) = select(server, std::pin::pin!(stop)).await {
            ended?;
        }
        tracing::info!("stopped");
        Ok(())
    })
}

/// A path that can only be read.
fn page<F, A>(path: &str, handler: F) -> Resource
where
    F: Handler<A, Output = HttpResponse>,
    A: FromRequest + 'static,
{
    web::resource(path)
        .route(web::get().to(handler.clone()))
        .route(web::head().to(handler))
        .default_service(web::to(not_allowed))
}

/// Any other method of those paths.
async fn not_allowed(body: Payload) -> HttpResponse {
    let mut response = HttpResponse::MethodNotAllowed();
    refuse(response.insert_header((ALLOW, "GET, HEAD")), body)
}

/// Any other path.
async fn not_found(body: Payload) -> HttpResponse {
    refuse(&mut HttpResponse::NotFound(), body)
}

fn refuse(response: &mut HttpResponseBuilder, body: Payload) -> HttpResponse {
    response.insert_header((CACHE_CONTROL, "no-store"));
    leave_unread(response.finish(), body.into_inner())
}
