//! Fields for caches on an answer that depends on cookies.

use async_stream::stream;

use super::Server;
use crate::harness::extractors::{EVERY_CLASS, UNTOUCHED};
use crate::harness::{Ask, Reply, Script, Surroundings};

#[test]
fn an_answer_that_depends_on_cookies_says_so_to_caches() {
    let server = Server::start(
        Script::at("/cached", |ask: Ask| async move {
            let _ = ask.pending.get_raw("a");
            Reply::done()
                .field("vary", "accept-encoding, cookie")
                .field("cache-control", "public, max-age=60")
        })
        .and("/fails", |ask: Ask| async move {
            let _ = ask.pending.get_raw("a");
            Reply::Fails(403)
        }),
    );
    let shown = server.get(EVERY_CLASS, &[]);
    assert_eq!(shown.header("cache-control"), Some("private"));
    assert_eq!(shown.header("vary"), Some("Cookie"));
    let cached = server.get("/cached", &[]);
    assert_eq!(cached.header("cache-control"), Some("private, max-age=60"));
    assert_eq!(cached.all("vary"), ["accept-encoding, cookie"]);
    let fails = server.get("/fails", &[]);
    assert_eq!(fails.status, 403);
    assert_eq!(fails.header("cache-control"), Some("private"));
    let untouched = server.get(UNTOUCHED, &[]);
    assert_eq!(untouched.header("cache-control"), None);
    assert_eq!(untouched.header("vary"), None);
}

#[test]
fn an_error_of_a_layer_that_has_read_cookies_says_so_too() {
    let server = Server::in_surroundings(Surroundings::LayerOverOthers)
        .start(Script::at("/", |_| async { Reply::done() }));
    for status in [303, 400, 401, 403, 404, 500, 503] {
        let response = server.get("/", &[&format!("X-Fail: {status}")]);
        assert_eq!(response.status, status);
        assert_eq!(
            response.header("cache-control"),
            Some("private"),
            "{status}"
        );
        assert_eq!(response.header("vary"), Some("Cookie"), "{status}");
    }
}

#[test]
fn an_existing_vary_field_is_kept() {
    let varies = |fields: &'static [&'static str]| {
        move |ask: Ask| async move {
            let _ = ask.pending.get_raw("a");
            fields
                .iter()
                .fold(Reply::done(), |reply, field| reply.field("vary", field))
        }
    };
    let server = Server::start(
        Script::at("/two", varies(&["accept-encoding", "COOKIE"]))
            .and("/all", varies(&["*"]))
            .and("/language", varies(&["accept-language"])),
    );
    let vary = |path: &str| server.get(path, &[]).all("vary").join("; ");
    assert_eq!(vary("/two"), "accept-encoding; COOKIE");
    assert_eq!(vary("/all"), "*");
    assert_eq!(vary("/language"), "accept-language; Cookie");
}

#[test]
fn a_body_that_is_yet_to_be_written_may_read_cookies() {
    let server = Server::start(Script::at("/", |ask: Ask| async move {
        Reply::streamed(stream! { yield ask.pending.get_raw("a").unwrap(); })
            .field("cache-control", "public, max-age=600")
    }));
    let response = server.get("/", &["Cookie: a=secret"]);
    assert_eq!(response.body, "secret");
    assert_eq!(
        response.header("cache-control"),
        Some("private, max-age=600")
    );
    assert_eq!(response.header("vary"), Some("Cookie"));
}
