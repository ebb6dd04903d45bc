//! `/healthz` and `/readyz`.

use std::error::Error;
use std::fmt::{self, Display};
use std::time::Duration;

use actix_web::http::header::CACHE_CONTROL;
use actix_web::rt::time::timeout;
use actix_web::web::{Payload, ServiceConfig};
use actix_web::{HttpResponse, HttpResponseBuilder, web};
use apply_cookies::actix::leave_unread;
use apply_cookies::replay::StoreError;
use apply_cookies::{Clock, Readiness};

use super::current::Current;
use super::pages::page;

/// How long `healthz` waits for a store.
const HEALTH_PATIENCE: Duration = Duration::from_millis(500);

/// The error of a store that has failed for good. A slow answer does not count.
pub(super) async fn failure(current: &Current) -> Option<StoreError> {
    for cookies in &*current.endpoints() {
        let horizon = cookies.replay_store().horizon();
        if let Ok(Err(broken @ StoreError::Broken(_))) = timeout(HEALTH_PATIENCE, horizon).await {
            return Some(broken);
        }
    }
    None
}

/// Adds both paths to the app of a listener.
pub(super) fn pages(current: &Current) -> impl FnOnce(&mut ServiceConfig) + use<> {
    let current = web::Data::new(current.clone());
    move |service: &mut ServiceConfig| {
        service
            .app_data(current)
            .service(page("/healthz", healthz))
            .service(page("/readyz", readyz));
    }
}

/// Liveness. Fails only when the store has failed for good; a restart would not cure an
/// unreachable one.
async fn healthz(current: web::Data<Current>, body: Payload) -> HttpResponse {
    match failure(&current).await {
        Some(error) => answer(&mut HttpResponse::ServiceUnavailable(), &Why(&error), body),
        None => answer(&mut HttpResponse::Ok(), &"ok", body),
    }
}

/// Readiness. Tokens that other processes issue now will be accepted: the store is reachable, its
/// horizon is far enough in the past, and the clocks fit together.
async fn readyz(current: web::Data<Current>, body: Payload) -> HttpResponse {
    match current.readiness().await {
        Ok(ready @ Readiness::Ready) => answer(&mut HttpResponse::Ok(), &ready, body),
        Ok(other) => answer(&mut HttpResponse::ServiceUnavailable(), &other, body),
        Err(error) => {
            if let Some(left_out) = current.not_ready().turn(Clock::system().now()) {
                tracing::error!(error = %Why(&error), left_out, "not ready");
            }
            answer(&mut HttpResponse::ServiceUnavailable(), &Why(&error), body)
        }
    }
}

/// An error and what caused it, in one line.
struct Why<'a>(&'a StoreError);

impl Display for Why<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

/// One line. `body` belongs to a request that should have none, so it is not read.
fn answer(response: &mut HttpResponseBuilder, line: &dyn Display, body: Payload) -> HttpResponse {
    let response = response
        .insert_header((CACHE_CONTROL, "no-store"))
        .content_type("text/plain; charset=utf-8")
        .body(format!("{line}\n"));
    leave_unread(response, body.into_inner())
}
