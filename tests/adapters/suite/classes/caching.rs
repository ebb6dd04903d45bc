//! Fields for caches on an answer that depends on cookies.

use async_stream::stream;
use futures_util::StreamExt;

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

/// Each speaks to some cache beside `Cache-Control`, and would let it keep what is one browser's.
const OTHER_CACHES: [&str; 13] = [
    "cdn-cache-control",
    "cloudflare-cdn-cache-control",
    "vercel-cdn-cache-control",
    "netlify-cdn-cache-control",
    "akamai-cdn-cache-control",
    "surrogate-control",
    "x-surrogate-control",
    "edge-control",
    "x-edge-cache-control",
    "x-litespeed-cache-control",
    "x-accel-expires",
    "expires",
    "pragma",
];

fn for_all_caches(reply: Reply) -> Reply {
    let reply = reply.field("cache-tag", "page").field("etag", "\"1\"");
    OTHER_CACHES.iter().fold(reply, |reply, name| {
        reply.field(name, "public, max-age=600")
    })
}

#[test]
fn no_cache_is_told_elsewhere_that_it_may_keep_what_is_one_browsers() {
    let server = Server::start(
        Script::at("/reads", |ask: Ask| async move {
            let _ = ask.pending.get_raw("a");
            for_all_caches(Reply::done())
        })
        .and("/sets", |ask: Ask| async move {
            ask.pending.delete_cookie("a")?;
            drop(ask.pending);
            Ok(for_all_caches(Reply::done()))
        })
        .and("/forbids", |ask: Ask| async move {
            ask.pending.delete_cookie("a")?;
            Ok(for_all_caches(Reply::done()).field("cache-control", "no-store"))
        })
        .and("/binds", |ask: Ask| async move {
            let mut frames = ask.pending.frames();
            drop(ask.pending);
            let body = stream! {
                while let Some(frame) = frames.next().await {
                    yield frame.to_sse();
                }
                yield String::from("end");
            };
            for_all_caches(Reply::streamed(body))
        })
        .and("/fails", |ask: Ask| async move {
            let _ = ask.pending.get_raw("a");
            for_all_caches(Reply::status(404))
        })
        .and("/neither", |_| async { for_all_caches(Reply::done()) }),
    );
    for (path, control) in [
        ("/reads", "private, no-cache"),
        ("/sets", "private, no-cache"),
        ("/forbids", "no-store"),
        ("/binds", "no-store, no-transform"),
        ("/fails", "private, no-cache"),
    ] {
        let response = server.get(path, &[]);
        for name in OTHER_CACHES {
            assert_eq!(response.header(name), None, "{path}");
        }
        assert_eq!(response.header("cache-control"), Some(control), "{path}");
        assert_eq!(response.header("cache-tag"), Some("page"));
        assert_eq!(response.header("etag"), Some("\"1\""));
    }
    let neither = server.get("/neither", &[]);
    for name in OTHER_CACHES {
        assert!(neither.header(name).is_some(), "{name}");
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
