//! Routers in routers: handlers find the layer that is anywhere around them; the endpoint is where
//! the layer is.

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;

use crate::apps::{deployment, plain};
use crate::serve::serve;
use crate::support::SESSION_LINE;
use crate::support::http::Connection;

fn pages() -> Router {
    Router::new().route("/plain", get(plain))
}

/// What the page below `/app` sets, and the statuses of the client module at the root and below
/// `/app`.
fn ask(router: Router) -> (Vec<String>, u16, u16) {
    let server = serve(router);
    let get = |path| Connection::open(server.address).request("GET", path, &[], b"");
    let page = get("/app/plain");
    assert_eq!(page.body, "signed in");
    (
        page.all("set-cookie").into_iter().map(Into::into).collect(),
        get("/__apply-cookies/client.js").status,
        get("/app/__apply-cookies/client.js").status,
    )
}

#[test]
fn a_layer_on_the_outermost_router_serves_those_within() {
    let router = Router::new().nest("/app", pages());
    let (lines, at_root, below) = ask(router.layer(deployment().layer()));
    assert_eq!(lines, [SESSION_LINE]);
    assert_eq!((at_root, below), (200, 404));
}

#[test]
fn a_layer_on_a_service_within_answers_below_its_path() {
    let pages = pages().layer(deployment().layer());
    let (lines, at_root, below) = ask(Router::new().nest_service("/app", pages));
    assert_eq!(lines, [SESSION_LINE]);
    assert_eq!((at_root, below), (404, 200));
}

#[test]
fn a_layer_on_a_nested_router_needs_a_fallback_there() {
    let layer = deployment().layer();
    // axum takes over the routes of a nested router, and its fallback only where it has set one.
    let without = pages().layer(layer.clone());
    let (lines, at_root, below) = ask(Router::new().nest("/app", without));
    assert_eq!(lines, [SESSION_LINE]);
    assert_eq!((at_root, below), (404, 404));

    let with = pages().fallback(StatusCode::NOT_FOUND).layer(layer);
    let (lines, at_root, below) = ask(Router::new().nest("/app", with));
    assert_eq!(lines, [SESSION_LINE]);
    assert_eq!((at_root, below), (404, 200));
}
