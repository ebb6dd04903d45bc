//! `serve`: the endpoint as a separate program, for an app in any language.

mod health;

use std::time::Duration;

use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::Payload;
use actix_web::{App, HttpResponse, HttpServer, web};
use apply_cookies::actix::leave_unread;
use futures_util::future::join;

use self::health::{Endpoints, healthz, readyz};
use crate::cli::args::serve::ServeArgs;
use crate::refused::Refused;
use crate::{log, profiles};

/// How long a client may take to send its request's head.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);

/// How long requests under way may take after SIGTERM, in seconds.
const DRAIN_SECONDS: u64 = 10;

pub(crate) fn run(args: &ServeArgs) -> Result<(), Refused> {
    log::start();
    let endpoints = Endpoints(profiles::from_args(args)?);
    // There are at most two. If there is one, it is both, and the inner middleware does nothing.
    let (Some(first), Some(last)) = (endpoints.0.first(), endpoints.0.last()) else {
        return Err("give a --profile".to_owned().into());
    };
    let (first, last) = (first.clone(), last.clone());
    let shown = endpoints.clone();
    actix_web::rt::System::new().block_on(async move {
        let server = HttpServer::new(move || {
            App::new()
                .app_data(web::Data::new(endpoints.clone()))
                .wrap(first.middleware())
                .wrap(last.middleware())
                .route("/healthz", web::get().to(healthz))
                .route("/readyz", web::get().to(readyz))
                .default_service(web::to(not_found))
        })
        .client_request_timeout(HEAD_TIMEOUT)
        .shutdown_timeout(DRAIN_SECONDS)
        .bind(args.listen)
        .map_err(|error| format!("cannot listen on {}: {error}", args.listen))?;
        let addresses = server.addrs();
        // Both at once, the server first: someone who reads the address may stop the service at
        // once, and by then it must handle signals.
        let announce = async {
            for (address, cookies) in addresses
                .iter()
                .flat_map(|address| shown.0.iter().map(move |cookies| (address, cookies)))
            {
                tracing::info!(%address, configuration = ?cookies, "listening");
            }
        };
        let (ended, ()) = join(server.run(), announce).await;
        ended?;
        tracing::info!("stopped");
        Ok(())
    })
}

/// Any other path.
async fn not_found(body: Payload) -> HttpResponse {
    let mut response = HttpResponse::NotFound();
    response.insert_header((CACHE_CONTROL, "no-store"));
    leave_unread(response.finish(), body.into_inner())
}
