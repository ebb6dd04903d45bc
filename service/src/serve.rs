//! `serve`: the endpoint as a separate program, for an app in any language.

use std::time::Duration;

use actix_web::http::header::CACHE_CONTROL;
use actix_web::rt::time::timeout;
use actix_web::web::Payload;
use actix_web::{App, HttpResponse, HttpResponseBuilder, HttpServer, web};
use apply_cookies::actix::leave_unread;
use apply_cookies::replay::StoreError;
use apply_cookies::{ApplyCookies, Readiness};
use futures_util::future::join;

use crate::cli::args::serve::ServeArgs;
use crate::refused::Refused;
use crate::{log, profiles};

/// How long a client may take to send its request's head.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);

/// How long `healthz` waits for a store.
const HEALTH_PATIENCE: Duration = Duration::from_millis(500);

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

/// One for each profile. They share a store.
#[derive(Clone)]
struct Endpoints(Vec<ApplyCookies>);

impl Endpoints {
    /// Whether tokens that other processes issue now will be accepted on every path.
    async fn readiness(&self) -> Result<Readiness, StoreError> {
        for cookies in &self.0 {
            let readiness = cookies.readiness().await?;
            if readiness != Readiness::Ready {
                return Ok(readiness);
            }
        }
        Ok(Readiness::Ready)
    }

    /// Whether a store has failed for good. A slow answer does not count.
    async fn are_broken(&self) -> bool {
        for cookies in &self.0 {
            let horizon = cookies.replay_store().horizon();
            if let Ok(Err(StoreError::Broken(_))) = timeout(HEALTH_PATIENCE, horizon).await {
                return true;
            }
        }
        false
    }
}

/// Liveness. Fails only when the store has failed for good; a restart would not cure an
/// unreachable one.
async fn healthz(endpoints: web::Data<Endpoints>, body: Payload) -> HttpResponse {
    if endpoints.are_broken().await {
        answer(
            &mut HttpResponse::ServiceUnavailable(),
            "the replay store has failed; restart this process",
            body,
        )
    } else {
        answer(&mut HttpResponse::Ok(), "ok", body)
    }
}

/// Readiness. Tokens that other processes issue now will be accepted: the store is reachable, its
/// horizon is far enough in the past, and the clocks fit together.
async fn readyz(endpoints: web::Data<Endpoints>, body: Payload) -> HttpResponse {
    match endpoints.readiness().await {
        Ok(ready @ Readiness::Ready) => answer(&mut HttpResponse::Ok(), ready.to_string(), body),
        Ok(other) => answer(
            &mut HttpResponse::ServiceUnavailable(),
            other.to_string(),
            body,
        ),
        Err(error) => {
            tracing::error!(%error, "not ready");
            answer(
                &mut HttpResponse::ServiceUnavailable(),
                "the replay store cannot be reached",
                body,
            )
        }
    }
}

/// Any other path.
async fn not_found(body: Payload) -> HttpResponse {
    let mut response = HttpResponse::NotFound();
    response.insert_header((CACHE_CONTROL, "no-store"));
    leave_unread(response.finish(), body.into_inner())
}

/// `body` belongs to a request that should have none, so it is not read.
fn answer(
    response: &mut HttpResponseBuilder,
    text: impl Into<String>,
    body: Payload,
) -> HttpResponse {
    let response = response
        .insert_header((CACHE_CONTROL, "no-store"))
        .content_type("text/plain; charset=utf-8")
        .body(text.into());
    leave_unread(response, body.into_inner())
}
