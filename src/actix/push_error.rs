//! `pending.set(…)?` in a handler.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};

use crate::pending::PushError;

/// A 500 without a body: why a cookie could not be pushed is for the developer, who finds it in
/// the log.
impl ResponseError for PushError {
    fn error_response(&self) -> HttpResponse {
        tracing::error!(error = %self, "a handler gave on why a cookie could not be pushed");
        HttpResponse::new(StatusCode::INTERNAL_SERVER_ERROR)
    }
}
