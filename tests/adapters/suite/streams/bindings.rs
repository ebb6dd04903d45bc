//! Which browser a stream's tokens are for.

use apply_cookies::{Event, PushError};
use async_stream::stream;

use super::{Server, session, streamed_sign_in};
use crate::harness::{Ask, Reply, Script, binding, one_token, tokens};
use crate::support::http::post_as;
use crate::support::{NOW, SESSION_LINE, cookie_header};

#[test]
fn streams_give_the_browser_a_binding_and_nothing_else_does() {
    let server = Server::start(
        Script::at("/html", |ask: Ask| async move {
            ask.pending.set(session())?;
            Ok(Reply::text("<p>hello</p>")
                .field("cache-control", "public, max-age=60")
                .field("content-type", "text/html; charset=utf-8"))
        })
        .and("/streamed", |ask: Ask| async move {
            Reply::html(ask.pending, |_| stream! { yield "<!doctype html>"; })
        })
        .and("/events", |ask: Ask| async move {
            Reply::sse(ask.pending, |_| stream! { yield Event::data("hello"); })
        }),
    );
    // A slow page must not replace the binding that another tab has since got.
    let page = server.get("/html", &[]);
    assert!(binding(&page).is_none());
    assert_eq!(page.header("cache-control"), Some("private, max-age=60"));

    let elsewhere = "Sec-Fetch-Site: cross-site";
    let navigation = [
        elsewhere,
        "Sec-Fetch-Mode: navigate",
        "Sec-Fetch-Dest: document",
    ];
    for path in ["/streamed", "/events"] {
        assert!(binding(&server.get(path, &[])).is_some());
        let bound = server.get_bound(path);
        assert!(binding(&bound).is_none(), "never overwritten");
        assert!(binding(&server.get(path, &navigation)).is_some());
        assert!(binding(&server.get(path, &[elsewhere])).is_none());
    }
}

#[test]
fn a_stream_that_another_site_opened_refuses_pushes() {
    let server = Server::start(Script::at("/", streamed_sign_in));
    let elsewhere = ["Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: cors"];
    let response = server.get("/", &elsewhere);
    assert!(tokens(&response.body).is_empty());
    assert_eq!(server.notes.push(), Err(PushError::Foreign));
}

#[test]
fn a_socket_that_a_page_of_another_origin_opens_gets_no_binding_and_carries_nothing() {
    let server = Server::start(Script::at("/", streamed_sign_in));
    // A WebSocket handshake carries an Origin and no Sec-Fetch-Site; so does this request.
    let response = server.get("/", &["Origin: https://evil.example"]);
    assert!(binding(&response).is_none());
    assert_eq!(server.notes.push(), Err(PushError::Foreign));
    assert!(binding(&server.get("/", &["Origin: https://app.example"])).is_some());
}

/// `Origin: null` is what a page with `Referrer-Policy: no-referrer` sends with a form, and what a
/// sandboxed page sends.
#[test]
fn a_form_of_an_own_page_without_a_referrer_gets_a_binding() {
    let server = Server::start(Script::at("/", streamed_sign_in));
    for (origin, site, own) in [
        ("null", Some("same-origin"), true),
        ("https://app.example", Some("same-origin"), true),
        ("https://app.example", None, true),
        ("null", None, false),
        ("null", Some("same-site"), false),
        ("null", Some("cross-site"), false),
        // Nobody types a POST into the address bar.
        ("null", Some("none"), false),
        ("https://evil.example", Some("same-origin"), false),
        ("https://evil.example", Some("cross-site"), false),
    ] {
        let origin = format!("Origin: {origin}");
        let site = site.map(|site| format!("Sec-Fetch-Site: {site}"));
        let mut fields = vec![
            &*origin,
            "Sec-Fetch-Mode: navigate",
            "Sec-Fetch-Dest: document",
        ];
        fields.extend(site.as_deref());
        let response = server.open().request("POST", "/", &fields, b"");
        assert_eq!(binding(&response).is_some(), own, "{fields:?}");
        if own {
            assert_eq!(server.notes.push(), Ok(()), "{fields:?}");
            assert_eq!(server.redeem(&response), [SESSION_LINE], "{fields:?}");
        } else {
            assert_eq!(server.notes.push(), Err(PushError::Unbound), "{fields:?}");
        }
    }
}

#[test]
fn a_token_belongs_to_the_browser_that_opened_the_stream() {
    let server = Server::start(Script::at("/", streamed_sign_in));
    let token = one_token(&server.get_bound("/"));
    let refused = post_as(server.address, &cookie_header(2), &token, None);
    assert_eq!(
        (refused.status, refused.problem().as_str()),
        (403, "wrong-browser")
    );
    assert_eq!(
        post_as(server.address, &cookie_header(1), &token, None).status,
        204
    );
}

#[test]
fn a_fresh_process_redeems_its_own_tokens_at_once() {
    let server = Server::start(Script::at("/", streamed_sign_in));
    server.set_clock(NOW - 60_000); // the very moment at which the store began
    assert_eq!(server.redeem(&server.get("/", &[])), [SESSION_LINE]);
}
