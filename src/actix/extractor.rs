//! `PendingCookies` as a handler's argument.

use std::future::{Ready, ready};
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};

use crate::pending::{PendingCookies, Queue};

/// Where the middleware leaves the queue. Not a handle: it must not keep a carrier alive.
pub(super) struct QueueSlot(pub(super) Arc<Queue>);

/// The app forgot the middleware.
#[derive(Debug, thiserror::Error)]
#[error("PendingCookies needs the middleware: call .wrap(cookies.middleware()) on the App")]
pub(super) struct MiddlewareMissing;

impl actix_web::ResponseError for MiddlewareMissing {}

impl FromRequest for PendingCookies {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let queue = request
            .extensions()
            .get::<QueueSlot>()
            .map(|slot| slot.0.clone());
        ready(queue.map_or_else(
            || Err(MiddlewareMissing.into()),
            |queue| Ok(Self::new(queue)),
        ))
    }
}
