//! Handlers, and the deployment that they are part of.

use apply_cookies::{ApplyCookies, Event, Outcome, PendingCookies, Receipt, Secrets, SetCookie};
use async_stream::stream;
use axum::response::IntoResponse;

use crate::support::{ORIGIN, SECRET};

pub(crate) fn deployment() -> ApplyCookies {
    ApplyCookies::builder(Secrets::new(SECRET).unwrap())
        .origin(ORIGIN)
        .build()
        .unwrap()
}

pub(crate) fn session() -> SetCookie<'static> {
    SetCookie::new("session", "8f14e45f")
}

/// An ordinary response that signs in.
pub(crate) async fn plain(pending: PendingCookies) -> &'static str {
    pending.set(session()).unwrap();
    "signed in"
}

/// Signs in, and goes on once the page has redeemed the token.
pub(crate) async fn sse(pending: PendingCookies) -> impl IntoResponse {
    pending.sse(|cookies| {
        stream! {
            yield Event::data("hello");
            yield Event::data(outcome(cookies.set(session()).unwrap()).await);
        }
    })
}

/// The same as a page.
pub(crate) async fn html(pending: PendingCookies) -> impl IntoResponse {
    pending.html(|cookies| {
        stream! {
            yield "<!doctype html><p>hello";
            yield outcome(cookies.set(session()).unwrap()).await;
        }
    })
}

/// A page that is neither ours nor short.
pub(crate) async fn ordinary() -> String {
    "an ordinary page ".repeat(100)
}

async fn outcome(receipt: Receipt) -> &'static str {
    match receipt.await {
        Outcome::Released => "welcome",
        _ => "lost",
    }
}
