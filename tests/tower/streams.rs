//! HTTP/2 without TLS: pushes, redemptions and refusals on one connection.

use apply_cookies::PendingCookies;
use axum::Router;
use axum::body::Body;
use axum::extract::ws::{Message, WebSocketUpgrade};
use axum::http::{Request, Version};
use axum::response::IntoResponse;
use axum::routing::{any, get};
use futures_util::StreamExt;
use tower_service::Service;

use crate::apps::{deployment, plain, session, sse};
use crate::harness::{jar, one_token, tokens};
use crate::http2::Client;
use crate::serve::serve;
use crate::support::http::{FORM, origin_header};
use crate::support::{SESSION_LINE, cookie_header};
use crate::visit::Visit;

const R: &str = "AAAAAAAAAAAAAAAAAAAAAA";

fn app() -> Router {
    Router::new()
        .route("/plain", get(plain))
        .route("/events", get(sse))
        .route("/socket", any(socket))
        .layer(deployment().layer())
}

/// Signs in before the handshake is answered, and carries that.
async fn socket(pending: PendingCookies, upgrade: WebSocketUpgrade) -> impl IntoResponse {
    let mut frames = pending.frames();
    pending.set(session()).unwrap();
    drop(pending);
    upgrade.on_upgrade(async move |mut socket| {
        while let Some(frame) = frames.next().await {
            let text = frame.to_websocket_text();
            socket.send(Message::Text(text.into())).await.unwrap();
        }
    })
}

#[test]
fn on_one_connection_of_http_2_a_token_is_pushed_redeemed_and_refused() {
    let server = serve(app());
    let visit = Visit::to(server.address, "/events", &[]);
    assert_eq!(visit.applied.all("set-cookie"), [SESSION_LINE]);
    assert_eq!(visit.applied.body, "");
    let mut page = Client::connect(server.address);
    let again = page.redeem(&cookie_header(1), &visit.token, Some(R));
    assert_eq!((again.status, &*again.problem()), (409, "used"));
    let plain = page.get("/plain", &[]);
    assert_eq!(plain.all("set-cookie"), [SESSION_LINE]);
}

#[test]
fn a_body_that_is_refused_for_its_size_costs_http_2_its_stream_alone() {
    let server = serve(app());
    let mut client = Client::connect(server.address);
    let fields = [&origin_header(), FORM, "Content-Length: 100000000"];
    let refused = client.announce(&fields);
    assert_eq!((refused.status, &*refused.problem()), (413, "too-large"));
    assert_eq!(refused.header("connection"), None);
    assert_eq!(client.get("/plain", &[]).all("set-cookie"), [SESSION_LINE]);
}

/// hyper would take the field out of an answer over HTTP/2, and log an error.
#[tokio::test]
async fn only_up_to_http_1_1_an_answer_says_that_the_connection_closes() {
    for (version, connection) in [
        (Version::HTTP_10, Some("close")),
        (Version::HTTP_11, Some("close")),
        (Version::HTTP_2, None),
        (Version::HTTP_3, None),
    ] {
        let request = Request::post("/__apply-cookies")
            .version(version)
            .header("origin", "https://app.example")
            .header("content-type", "application/x-www-form-urlencoded")
            .header("content-length", "100000000")
            .body(Body::empty())
            .unwrap();
        let answer = app().call(request).await.unwrap();
        assert_eq!(answer.status(), 413);
        let field = answer.headers().get("connection");
        assert_eq!(field.map(|value| value.to_str().unwrap()), connection);
    }
}

#[test]
fn a_socket_over_http_2_carries_what_was_set_before_its_handshake() {
    let server = serve(app());
    let mut client = Client::connect(server.address);
    let me = cookie_header(1);
    let answer = client.websocket("/socket", &[&me]);
    assert_eq!(answer.status, 200);
    assert_eq!(answer.all("set-cookie"), [""; 0]);
    let applied = client.redeem(&me, &one_token(&answer), None);
    assert_eq!(applied.all("set-cookie"), [SESSION_LINE]);
}

#[test]
fn a_new_browser_gets_its_binding_with_the_handshake_of_a_socket_over_http_2() {
    let server = serve(app());
    let mut client = Client::connect(server.address);
    let answer = client.websocket("/socket", &["Origin: https://app.example"]);
    let lines = answer.all("set-cookie");
    assert_eq!(lines.len(), 1, "{lines:?}");
    let me = jar(&answer);
    let applied = client.redeem(&me, &one_token(&answer), None);
    assert_eq!(applied.all("set-cookie"), [SESSION_LINE]);
}

#[test]
fn a_socket_over_http_2_of_another_origins_page_carries_nothing() {
    let server = serve(app());
    let mut client = Client::connect(server.address);
    let me = cookie_header(1);
    for foreign in [
        "Origin: https://sibling.app.example",
        "Origin: https://app.example:8443",
        "Origin: null",
        "Sec-Fetch-Site: same-site",
        "Sec-Fetch-Site: none",
    ] {
        let answer = client.websocket("/socket", &[&me, foreign]);
        assert_eq!(answer.status, 200);
        assert_eq!(tokens(&answer.body), [""; 0], "{foreign}");
        // With the head, which the page cannot read.
        assert_eq!(answer.all("set-cookie"), [SESSION_LINE], "{foreign}");
    }
}
