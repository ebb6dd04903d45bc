//! What compresses responses, inside and outside of our layer.
//!
//! A stream's response is marked with `Content-Encoding: identity`, so that what compresses leaves
//! it alone; our layer takes the mark out again. Whatever is outside does not see it.

use axum::Router;
use axum::routing::get;
use tower_http::compression::CompressionLayer;

use crate::apps::{deployment, html, ordinary, sse};
use crate::harness::Running;
use crate::http2::Client;
use crate::serve::serve;
use crate::support::SESSION_LINE;
use crate::visit::Visit;

const GZIP: &str = "Accept-Encoding: gzip";

fn pages() -> Router {
    Router::new()
        .route("/sse", get(sse))
        .route("/html", get(html))
        .route("/ordinary", get(ordinary))
}

fn inside() -> Running {
    let router = pages().layer(CompressionLayer::new());
    serve(router.layer(deployment().layer()))
}

fn outside() -> Running {
    let router = pages().layer(deployment().layer());
    serve(router.layer(CompressionLayer::new()))
}

/// The encoding of a stream, whose token arrives while the stream is open and is redeemed.
fn encoding(server: &Running, path: &str) -> Option<String> {
    let visit = Visit::to(server.address, path, &[GZIP]);
    assert_eq!(visit.applied.all("set-cookie"), [SESSION_LINE]);
    assert_eq!(
        visit.response.header("cache-control"),
        Some("no-store, no-transform")
    );
    let encoding = visit.response.header("content-encoding");
    encoding.map(ToOwned::to_owned)
}

#[test]
fn both_compress_an_ordinary_page() {
    for server in [inside(), outside()] {
        let page = Client::connect(server.address).get("/ordinary", &[GZIP]);
        assert_eq!(page.header("content-encoding"), Some("gzip"));
    }
}

#[test]
fn what_compresses_inside_leaves_streams_alone() {
    let server = inside();
    assert_eq!(encoding(&server, "/sse"), None);
    assert_eq!(encoding(&server, "/html"), None);
}

/// Tokens are then compressed together with the page, which is why the documentation says where a
/// layer that compresses belongs.
#[test]
fn what_compresses_outside_compresses_streamed_pages_and_their_tokens_arrive_at_once() {
    let server = outside();
    assert_eq!(encoding(&server, "/html").as_deref(), Some("gzip"));
    // tower-http leaves server-sent events alone by itself.
    assert_eq!(encoding(&server, "/sse"), None);
}
