//! Lets only the demo's own pages open its streams.
//!
//! The endpoint looks after itself. Streams are the app's, and a GET that signs in or out must
//! not be open to every page that the browser visits.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::error::ErrorForbidden;
use actix_web::web::Data;
use actix_web::{Error, FromRequest, HttpRequest};

use super::state::Demo;

/// Taken by a handler, it lets only requests of the demo's own pages in.
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
