//! Cookies that leave with the headers, and what becomes of a response's head.

use apply_cookies::{Event, SetCookie};
use async_stream::stream;
use futures_util::StreamExt;

use super::{Server, Tested, plain_sign_in, session, streamed_sign_in};
use crate::harness::{Adapter, Ask, BETWEEN, Reply, Script, Surroundings, extractors};
use crate::support::{SESSION_LINE, cookie_header};

/// Statuses that both frameworks know.
const FAILURES: [u16; 5] = [400, 403, 404, 500, 503];

/// The cookie that is set between two layers.
const BETWEEN_LINE: &str = "between=1; Path=/; Secure; HttpOnly; SameSite=Lax";

#[test]
fn before_the_headers_leave_an_operation_is_an_ordinary_set_cookie() {
    let server = Server::start(Script::at("/", |ask: Ask| async move {
        ask.pending.set(session())?;
        ask.pending.delete_cookie("old")?;
        ask.pending.set(SetCookie::new("theme", "dark"))?;
        Ok(Reply::text("done"))
    }));
    let response = server.get("/", &[]);
    assert_eq!(response.body, "done");
    assert_eq!(
        response.all("set-cookie"),
        [
            SESSION_LINE,
            "old=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure; HttpOnly",
            "theme=dark; Path=/; Secure; HttpOnly; SameSite=Lax",
        ]
    );
    assert_eq!(response.header("cache-control"), Some("private"));
}

#[test]
fn the_answer_to_a_head_request_sets_cookies_as_well() {
    let server = Server::start(Script::at("/", plain_sign_in));
    let mut connection = server.open();
    for _ in 0..2 {
        connection.send(b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
        let head = connection.head();
        assert_eq!(head.status, 200);
        assert_eq!(head.all("set-cookie"), [SESSION_LINE]);
    }
}

#[test]
fn a_handler_that_fails_sets_nothing() {
    let fails = |status| {
        move |ask: Ask| async move {
            ask.pending.set(session()).unwrap();
            Reply::Fails(status)
        }
    };
    let server = Server::start(
        Script::at("/400", fails(400))
            .and("/403", fails(403))
            .and("/404", fails(404))
            .and("/500", fails(500))
            .and("/503", fails(503)),
    );
    for status in FAILURES {
        let response = server.get(&format!("/{status}"), &[]);
        assert_eq!(response.status, status);
        let failed = Tested::FAILED_ERRORS.contains(&status);
        assert_eq!(
            response.all("set-cookie").is_empty(),
            failed,
            "{status}: {response:?}"
        );
    }
}

#[test]
fn a_refusal_that_is_an_answer_keeps_its_cookies() {
    let answers = |status| {
        move |ask: Ask| async move {
            ask.pending.delete_cookie("session").unwrap();
            Reply::status(status)
        }
    };
    let server = Server::start(
        Script::at("/400", answers(400))
            .and("/403", answers(403))
            .and("/404", answers(404))
            .and("/500", answers(500))
            .and("/503", answers(503)),
    );
    for status in FAILURES {
        let response = server.get(&format!("/{status}"), &[]);
        assert_eq!(response.status, status);
        let failed = Tested::FAILED_ANSWERS.contains(&status);
        assert_eq!(
            response.all("set-cookie").is_empty(),
            failed,
            "{status}: {response:?}"
        );
    }
}

#[test]
fn a_redirect_that_was_made_as_an_error_keeps_its_cookies() {
    let server = Server::start(Script::at("/", |ask: Ask| async move {
        ask.pending.set(session()).unwrap();
        Reply::Fails(303)
    }));
    let response = server.get("/", &[]);
    assert_eq!(
        (response.status, response.all("set-cookie")),
        (303, vec![SESSION_LINE])
    );
}

#[test]
fn routes_next_to_the_endpoint_are_not_mistaken_for_it() {
    let server = Server::start(Script::at("/__apply-cookies-status", plain_sign_in));
    let response = server.get("/__apply-cookies-status", &[]);
    assert_eq!(response.all("set-cookie"), [SESSION_LINE]);
}

#[test]
fn a_second_layer_on_the_way_in_changes_nothing() {
    let script = Script::at("/events", streamed_sign_in).and("/plain", plain_sign_in);
    let server = Server::in_surroundings(Surroundings::LayerTwice).start(script);
    let response = server.get("/events", &[]);
    let lines = response.all("set-cookie");
    assert_eq!(lines.len(), 2, "the binding, once: {lines:?}");
    assert_eq!(lines[1], BETWEEN_LINE);
    assert_eq!(server.redeem(&response), [SESSION_LINE]);
    let plain = server.get("/plain", &[]);
    assert_eq!(plain.all("set-cookie"), [BETWEEN_LINE, SESSION_LINE]);
}

#[test]
fn the_handler_sees_cookies_set_between_two_layers() {
    let script = Script::at("/", |ask: Ask| async move {
        let between = ask.pending.get_raw(BETWEEN.0);
        Reply::text(String::from_utf8(between.unwrap_or_default()).unwrap())
    });
    let server = Server::in_surroundings(Surroundings::LayerTwice).start(script);
    let response = server.get("/", &[]);
    assert_eq!(response.body, BETWEEN.1);
    assert_eq!(response.all("set-cookie"), [BETWEEN_LINE]);
}

#[test]
fn without_the_layer_a_handler_that_needs_it_fails_and_the_client_is_not_told_why() {
    let server = Server::in_surroundings(Surroundings::Bare)
        .start(Script::at("/", |_| async { Reply::done() }));
    for path in ["/", extractors::REQUIRED, extractors::EVERY_CLASS] {
        let response = server.get(path, &[]);
        assert_eq!((response.status, &*response.body), (500, ""), "{path}");
        assert_eq!(response.header("cache-control"), Some("no-store"));
        let told = format!("{response:?}");
        for hint in ["layer", "wrap", "middleware", "PendingCookies"] {
            assert!(!told.contains(hint), "{told}");
        }
    }
}

#[test]
fn a_handler_without_our_extractors_is_left_alone() {
    let server = Server::start(Script::default());
    let response = server.get(extractors::UNTOUCHED, &[&cookie_header(1)]);
    assert_eq!((response.status, &*response.body), (200, "untouched"));
    for ours in ["set-cookie", "cache-control", "vary"] {
        assert_eq!(response.header(ours), None);
    }
}

#[test]
fn a_body_that_carries_tokens_is_never_cached() {
    let server = Server::start(Script::at("/", |ask: Ask| async move {
        let mut frames = ask.pending.frames();
        Reply::streamed(stream! {
            while let Some(frame) = frames.next().await {
                yield frame.to_sse();
            }
        })
        .field("cache-control", "public, max-age=600")
        .field("cdn-cache-control", "max-age=600")
    }));
    let response = server.get_bound("/");
    assert_eq!(
        response.header("cache-control"),
        Some("no-store, no-transform")
    );
    assert_eq!(response.header("cdn-cache-control"), None);
}

#[test]
fn a_stream_is_neither_stored_nor_rewritten_nor_held_back() {
    let server = Server::start(
        Script::at("/events", streamed_sign_in).and("/page", |ask: Ask| async move {
            Reply::html(ask.pending, |_| stream! { yield "<!doctype html>"; })
        }),
    );
    for (path, kind) in [
        ("/events", "text/event-stream"),
        ("/page", "text/html; charset=utf-8"),
    ] {
        let response = server.get_bound(path);
        assert_eq!(response.status, 200);
        assert_eq!(response.header("content-type"), Some(kind));
        assert_eq!(
            response.header("cache-control"),
            Some("no-store, no-transform")
        );
        assert_eq!(response.header("x-accel-buffering"), Some("no"));
        // Only tells middleware on the way out not to compress.
        assert_eq!(response.header("content-encoding"), None);
    }
}

#[test]
fn two_requests_on_one_connection_have_nothing_in_common() {
    let server = Server::start(
        Script::at("/plain", plain_sign_in)
            .and("/nothing", |_| async { Reply::done() })
            .and("/events", |ask: Ask| async move {
                Reply::sse(ask.pending, |_| stream! { yield Event::data("hello"); })
            }),
    );
    let mut connection = server.open();
    let cookie = cookie_header(1);
    for _ in 0..3 {
        let mut get = |path| connection.request("GET", path, &[&cookie], b"");
        assert_eq!(get("/plain").all("set-cookie"), [SESSION_LINE]);
        assert_eq!(get("/nothing").all("set-cookie"), [""; 0]);
        assert_eq!(get("/events").body, "data: hello\n\n");
    }
}
