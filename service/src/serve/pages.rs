//! Paths that can only be read, and all others.

use actix_web::http::header::{ALLOW, CACHE_CONTROL};
use actix_web::web::Payload;
use actix_web::{FromRequest, Handler, HttpResponse, HttpResponseBuilder, Resource, web};
use apply_cookies::actix::leave_unread;

/// A path that can only be read.
pub(super) fn page<F, A>(path: &str, handler: F) -> Resource
where
    F: Handler<A, Output = HttpResponse>,
    A: FromRequest + 'static,
{
    web::resource(path)
        .route(web::get().to(handler.clone()))
        .route(web::head().to(handler))
        .default_service(web::to(not_allowed))
}

/// Any other method of those paths.
async fn not_allowed(body: Payload) -> HttpResponse {
    let mut response = HttpResponse::MethodNotAllowed();
    refuse(response.insert_header((ALLOW, "GET, HEAD")), body)
}

/// Any other path.
pub(super) async fn not_found(body: Payload) -> HttpResponse {
    refuse(&mut HttpResponse::NotFound(), body)
}

fn refuse(response: &mut HttpResponseBuilder, body: Payload) -> HttpResponse {
    response.insert_header((CACHE_CONTROL, "no-store"));
    leave_unread(response.finish(), body.into_inner())
}
