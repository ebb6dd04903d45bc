//! For the tests of apps: what the browser would do with a response's tokens.

use actix_web::body::{MessageBody, to_bytes};
use actix_web::dev::ServiceResponse;
use actix_web::http::header::{HeaderValue, SET_COOKIE};
use apply_cookies_protocol::UntrustedToken;

use super::middleware::cookie_fields;
use crate::config::ApplyCookies;
use crate::redeem::Posted;

/// Reads a response to its end and applies its cookies as the browser would: those of the
/// headers, then those of each token in the stream, in order. Returns all `Set-Cookie` values
/// but the binding's.
///
/// The tokens are redeemed for real, with the binding of this very request or response, so a
/// second call with the same tokens finds them used.
///
/// ```
/// use actix_web::{App, HttpResponse, test, web};
/// use apply_cookies::{ApplyCookies, Event, PendingCookies, SetCookie, testing};
///
/// async fn events(pending: PendingCookies) -> HttpResponse {
///     let cookies = pending.clone();
///     pending.sse(async_stream::stream! {
///         cookies.set(SetCookie::new("session", "8f14e45f")).unwrap();
///         yield Event::data("welcome");
///     })
/// }
///
/// # #[actix_web::main] async fn main() {
/// let cookies = ApplyCookies::dev();
/// let app = test::init_service(
///     App::new().wrap(cookies.middleware()).route("/events", web::get().to(events)),
/// ).await;
/// let response = test::call_service(&app, test::TestRequest::get().uri("/events").to_request()).await;
/// let lines = testing::redeem(&cookies, response).await;
/// assert_eq!(lines, ["session=8f14e45f; Path=/; Secure; HttpOnly; SameSite=Lax"]);
/// # }
/// ```
///
/// # Panics
///
/// When the body fails or a token is refused: the test has found something.
pub async fn redeem<B>(cookies: &ApplyCookies, response: ServiceResponse<B>) -> Vec<String>
where
    B: MessageBody,
{
    let core = &*cookies.core;
    let mut lines = Vec::new();
    let mut binding = core
        .binding_name
        .read(cookie_fields(response.request().headers()))
        .into_cookie();
    for value in response.headers().get_all(SET_COOKIE) {
        let pair = value.as_bytes().split(|byte| *byte == b';').next();
        if let Some(given) = core.binding_name.read(pair.into_iter()).into_cookie() {
            binding = Some(given);
        } else {
            lines.push(text(value));
        }
    }
    let body = to_bytes(response.into_body())
        .await
        .unwrap_or_else(|_| panic!("the response's body failed"));
    let body = String::from_utf8_lossy(&body);
    for token in tokens(&body) {
        let redeemed = core
            .redeemer
            .redeem(Posted {
                token: UntrustedToken::new(token),
                redemption: None,
                binding: binding.clone(),
            })
            .await
            .unwrap_or_else(|rejection| panic!("a token of the stream was refused: {rejection:?}"));
        lines.extend(redeemed.lines.iter().map(str::to_owned));
    }
    lines
}

/// The tokens of a stream, in any of the forms of a frame.
#[must_use]
pub fn tokens(body: &str) -> Vec<&str> {
    // In each form the token stands between quotes, and nothing else there starts like one.
    body.split('"')
        .filter(|quoted| quoted.starts_with("e1.") || quoted.starts_with("s1."))
        .collect()
}

fn text(value: &HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).into_owned()
}
