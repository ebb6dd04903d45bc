//! `PendingCookies` and cookie classes as handler arguments, and errors as handler results.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::{FromRequest, HttpMessage, HttpRequest, HttpResponse, ResponseError};
use apply_cookies_protocol::for_root::CookieClass;

use crate::cookie::{Cookie, CookieOrDefault};
use crate::pending::{PendingCookies, PushError};
use crate::web::{ExtractError, Slot};

fn slot(request: &HttpRequest) -> Result<Slot, ExtractError> {
    let slot = request.extensions().get::<Slot>().cloned();
    slot.ok_or_else(|| ExtractError::no_middleware("call .wrap(apply.middleware()) on the App"))
}

impl FromRequest for PendingCookies {
    type Error = ExtractError;
    type Future = Ready<Result<Self, ExtractError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(slot(request).map(|slot| slot.pending()))
    }
}

impl<C: CookieClass + 'static> FromRequest for Cookie<C> {
    type Error = ExtractError;
    type Future = Ready<Result<Self, ExtractError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(slot(request).and_then(|slot| Self::from_slot(&slot)))
    }
}

impl<C: CookieClass + Default + 'static> FromRequest for CookieOrDefault<C> {
    type Error = ExtractError;
    type Future = Ready<Result<Self, ExtractError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(slot(request).map(|slot| Self::from_slot(&slot)))
    }
}

impl ResponseError for ExtractError {
    fn status_code(&self) -> StatusCode {
        self.error_response().status()
    }

    fn error_response(&self) -> HttpResponse {
        self.to_answer().into()
    }
}

impl ResponseError for PushError {
    fn status_code(&self) -> StatusCode {
        // Not from the answer, which is logged.
        StatusCode::from_u16(self.status()).unwrap_or_default()
    }

    fn error_response(&self) -> HttpResponse {
        self.to_answer().into()
    }
}
