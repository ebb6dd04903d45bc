//! Lets only the demo's own pages open its streams.
//!
//! The endpoint checks this itself, but streams belong to the app. A GET that signs in or out must
//! not be open to every page that the browser visits.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::error::ErrorForbidden;
use actix_web::web::Data;
use actix_web::{Error, FromRequest, HttpRequest};

use super::state::Demo;

/// As a handler's argument, it lets in only requests from the demo's own pages.
pub(super) struct OwnPage;

impl FromRequest for OwnPage {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let own = request
            .app_data::<Data<Demo>>()
            .is_some_and(|demo| demo.apply.is_own_page(request.headers()));
        ready(if own {
            Ok(Self)
        } else {
            Err(ErrorForbidden("only the demo's own page may open this"))
        })
    }
}
