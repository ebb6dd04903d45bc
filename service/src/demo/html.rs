//! A streamed document that counts the visit although its headers have left.

use std::time::Duration;

use actix_web::http::header::{CONTENT_SECURITY_POLICY, HeaderValue};
use actix_web::rt::time::sleep;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use apply_cookies::{PendingCookies, SetCookie};
use async_stream::stream;

use super::cookies::{KEPT, VISITS, read};
use super::headers::FRAMED;
use super::state::Demo;
use super::steps;

/// As long as a slow query might take, while the visitor reads the head of the page.
const QUERY: Duration = Duration::from_millis(500);

/// How long the document goes on after that: the cookie is applied before it ends.
const REST: Duration = Duration::from_millis(300);

/// The document up to the part that takes time. Its script is `async`, because without that it
/// would run only after the last chunk.
const HEAD: &str = include_str!("page/visit-head.html");

/// The number of visits in the request's cookie.
pub(super) fn counted(request: &HttpRequest) -> u32 {
    read(request, VISITS)
        .and_then(|visits| visits.parse().ok())
        .unwrap_or(0)
}

pub(super) async fn visit(
    request: HttpRequest,
    cookies: PendingCookies,
    demo: Data<Demo>,
) -> HttpResponse {
    let visits = counted(&request).saturating_add(1);
    let page = cookies.html(|cookies| stream! {
        let clock = demo.apply.clock();
        let mut frames = cookies.frames();
        yield HEAD.to_owned();
        sleep(QUERY).await;
        let pushed = cookies.set(SetCookie::new(VISITS, visits.to_string()).max_age(KEPT));
        let parts = steps::seal(pushed, &mut frames, clock);
        yield format!("<p><strong>{visits}</strong> <span>{}</span></p>\n<ol hidden>\n", match visits {
            1 => "visit, your first",
            _ => "visits, counted by a cookie",
        });
        for part in parts {
            yield part.to_html();
        }
        sleep(REST).await;
        yield "</ol>\n".to_owned();
    });
    let mut response = HttpResponse::from(page);
    response
        .headers_mut()
        .insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(FRAMED));
    response
}
