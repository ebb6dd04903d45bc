//! `/healthz` and `/readyz`.

use std::error::Error;
use std::fmt::{self, Display};
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header::CACHE_CONTROL;
use actix_web::rt::time::timeout;
use actix_web::web::Payload;
use actix_web::{HttpResponse, HttpResponseBuilder, web};
use apply_cookies::actix::leave_unread;
use apply_cookies::replay::StoreError;
use apply_cookies::{ApplyCookies, Clock, Readiness, Seldom};

/// How long `healthz` waits for a store.
const HEALTH_PATIENCE: Duration = Duration::from_millis(500);

/// One for each profile. They share a store. Whoever asks `readyz` while it fails causes a log line.
#[derive(Clone)]
pub(super) struct Endpoints(pub(super) Vec<ApplyCookies>, pub(super) Arc<Seldom>);

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

    /// The error of a store that has failed for good. A slow answer does not count.
    async fn failure(&self) -> Option<StoreError> {
        for cookies in &self.0 {
            let horizon = cookies.replay_store().horizon();
            if let Ok(Err(broken @ StoreError::Broken(_))) = timeout(HEALTH_PATIENCE, horizon).await
            {
                return Some(broken);
            }
        }
        None
    }
}

/// Liveness. Fails only when the store has failed for good; a restart would not cure an
/// unreachable one.
pub(super) async fn healthz(endpoints: web::Data<Endpoints>, body: Payload) -> HttpResponse {
    match endpoints.failure().await {
        Some(error) => answer(&mut HttpResponse::ServiceUnavailable(), &Why(&error), body),
        None => answer(&mut HttpResponse::Ok(), &"ok", body),
    }
}

/// Readiness. Tokens that other processes issue now will be accepted: the store is reachable, its
/// horizon is far enough in the past, and the clocks fit together.
pub(super) async fn readyz(endpoints: web::Data<Endpoints>, body: Payload) -> HttpResponse {
    match endpoints.readiness().await {
        Ok(ready @ Readiness::Ready) => answer(&mut HttpResponse::Ok(), &ready, body),
        Ok(other) => answer(&mut HttpResponse::ServiceUnavailable(), &other, body),
        Err(error) => {
            if let Some(left_out) = endpoints.1.turn(Clock::system().now()) {
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
