//! Layers that end a request in their own way, and handlers that end in an error.

use std::time::Duration;

use apply_cookies::PendingCookies;
use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::TimeoutLayer;

use crate::apps::{deployment, session};
use crate::harness::{Observer, counters, in_a_process_of_its_own};
use crate::serve::serve;
use crate::support::SESSION_LINE;
use crate::support::http::{Connection, Response};

async fn panics(pending: PendingCookies) {
    pending.set(session()).unwrap();
    panic!("half-way");
}

async fn sleeps(pending: PendingCookies) {
    pending.set(session()).unwrap();
    std::future::pending::<()>().await;
}

async fn refuses(pending: PendingCookies) -> Result<&'static str, (StatusCode, &'static str)> {
    pending.set(session()).unwrap();
    Err((StatusCode::FORBIDDEN, "not you"))
}

fn app() -> Router {
    Router::new()
        .route("/panics", get(panics))
        .route("/sleeps", get(sleeps))
        .route("/refuses", get(refuses))
}

fn ask(router: Router, path: &str) -> Response {
    let server = serve(router);
    Connection::open(server.address).request("GET", path, &[], b"")
}

/// One push of a handler that never answers is lost: not in silence, and not half-way.
fn loses(test: &str, status: u16, path: &str, router: impl FnOnce() -> Router) {
    in_a_process_of_its_own(module_path!(), test, || {
        let observer = Observer::install();
        let response = ask(router(), path);
        assert_eq!(response.status, status);
        assert_eq!(response.all("set-cookie"), [""; 0]);
        observer.wait_for("the handler failed or was dropped");
        assert_eq!(
            observer.counters(),
            counters([("operations_lost_total reason=handler-failed", 1)])
        );
        assert!(!observer.log().contains("8f14e45f"));
    });
}

#[test]
fn a_panic_that_is_caught_inside_is_a_handler_that_failed() {
    let test = "a_panic_that_is_caught_inside_is_a_handler_that_failed";
    loses(test, 500, "/panics", || {
        app()
            .layer(CatchPanicLayer::new())
            .layer(deployment().layer())
    });
}

#[test]
fn a_panic_that_is_caught_outside_drops_the_exchange() {
    let test = "a_panic_that_is_caught_outside_drops_the_exchange";
    loses(test, 500, "/panics", || {
        app()
            .layer(deployment().layer())
            .layer(CatchPanicLayer::new())
    });
}

#[test]
fn a_timeout_outside_drops_the_exchange() {
    let test = "a_timeout_outside_drops_the_exchange";
    let limit = Duration::from_millis(50);
    let late = StatusCode::GATEWAY_TIMEOUT;
    loses(test, 504, "/sleeps", || {
        app()
            .layer(deployment().layer())
            .layer(TimeoutLayer::with_status_code(late, limit))
    });
}

#[test]
fn a_timeout_inside_is_a_handler_that_failed() {
    let test = "a_timeout_inside_is_a_handler_that_failed";
    let limit = Duration::from_millis(50);
    // Its default.
    let late = StatusCode::REQUEST_TIMEOUT;
    loses(test, 408, "/sleeps", || {
        app()
            .layer(TimeoutLayer::with_status_code(late, limit))
            .layer(deployment().layer())
    });
}

#[test]
fn a_handler_that_refuses_keeps_its_cookies() {
    let response = ask(app().layer(deployment().layer()), "/refuses");
    assert_eq!((response.status, &*response.body), (403, "not you"));
    assert_eq!(response.all("set-cookie"), [SESSION_LINE]);
}
