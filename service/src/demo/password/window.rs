//! A window that says who is signed in, for as long as it is true.

use actix_web::http::header::{CONTENT_SECURITY_POLICY, HeaderValue};
use actix_web::{HttpResponse, Responder};
use apply_cookies::{Event, PendingCookies};
use apply_cookies_auth::Identity;
use async_stream::stream;
use serde_json::json;

use super::super::headers::FRAMED;
use super::super::own_page::OwnPage;

pub(super) async fn page() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((CONTENT_SECURITY_POLICY, HeaderValue::from_static(FRAMED)))
        .body(include_str!("../page/window.html"))
}

/// Who somebody is, and then nothing until the session ends.
pub(super) async fn watch(
    _: OwnPage,
    me: Option<Identity>,
    cookies: PendingCookies,
) -> impl Responder {
    cookies.sse(|_| {
        stream! {
            let name = me.as_ref().map(Identity::name);
            yield Event::data(json!({ "name": name }).to_string()).named("who");
            if let Some(me) = me {
                me.ended().await;
                yield Event::data("").named("ended");
            }
        }
    })
}
