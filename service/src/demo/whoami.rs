//! What the server knows about a visitor, from cookies that no script can read.

use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use super::cookies::{self, SESSION};
use super::state::Demo;
use super::{html, websocket};

#[derive(Serialize)]
struct Visitor {
    /// `None` unless the session is known and has not been revoked.
    name: Option<String>,
    accent: Option<&'static str>,
    visits: u32,
    /// Which of the demo's cookies came with the request.
    cookies: Vec<&'static str>,
}

pub(super) async fn whoami(request: HttpRequest, demo: Data<Demo>) -> HttpResponse {
    let visitor = Visitor {
        name: cookies::read(&request, SESSION).and_then(|id| demo.sessions.name(id)),
        accent: websocket::chosen(&request),
        visits: html::counted(&request),
        cookies: cookies::ALL
            .into_iter()
            .filter(|name| cookies::read(&request, name).is_some())
            .collect(),
    };
    HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(visitor)
}
