//! `PendingCookies` and cookie classes as a handler's arguments.

use std::future::{Ready, ready};
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use apply_cookies_protocol::for_root::CookieClass;

use crate::cookie::Cookie;
use crate::pending::{PendingCookies, Queue};

/// Where the middleware leaves the queue. Not a handle: it must not keep a carrier alive.
pub(super) struct QueueSlot(pub(super) Arc<Queue>);

/// The app forgot the middleware.
#[derive(Debug, thiserror::Error)]
#[error(
    "PendingCookies and Cookie<..> need the middleware: call .wrap(cookies.middleware()) on the App"
)]
pub(super) struct MiddlewareMissing;

impl actix_web::ResponseError for MiddlewareMissing {}

impl FromRequest for PendingCookies {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(queue(request).map(Self::new))
    }
}

impl<C: CookieClass + Default + 'static> FromRequest for Cookie<C> {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(queue(request).map(|queue| {
            let text = queue.value_of::<C>();
            Self::or_default(text.and_then(|text| queue.core().classes.decode(&text)))
        }))
    }
}

fn queue(request: &HttpRequest) -> Result<Arc<Queue>, actix_web::Error> {
    request
        .extensions()
        .get::<QueueSlot>()
        .map(|slot| slot.0.clone())
        .ok_or_else(|| MiddlewareMissing.into())
}
