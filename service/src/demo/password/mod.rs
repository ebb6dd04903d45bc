//! The page `/sign-in`: a name and a password inside a stream, two pages that need the sign-in, and
//! a second window that is told when it ends.

mod accounts;
mod members;
mod stream;
mod window;

use actix_web::web::{self, ServiceConfig};
use apply_cookies::ApplyCookies;
use apply_cookies_auth::Auth;

use crate::refused::Refused;

pub(super) fn auth(apply: &ApplyCookies) -> Result<Auth, Refused> {
    Ok(Auth::builder(apply)
        .passwords(accounts::two())
        .name("the demo")
        .build()?)
}

pub(super) fn routes(config: &mut ServiceConfig, auth: &Auth) {
    let ledger = web::resource("/sign-in/ledger").wrap(auth.required().role(accounts::KEEPER));
    config
        .route("/sign-in/enter", web::post().to(stream::enter))
        .route("/sign-in/leave", web::post().to(stream::leave))
        .route("/sign-in/watch", web::get().to(window::watch))
        .route("/sign-in/window", web::get().to(window::page))
        .route("/sign-in/notes", web::get().to(members::notes))
        .service(ledger.route(web::get().to(members::ledger)));
}
