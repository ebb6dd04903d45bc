//! A sign-out on an ordinary response: its barrier is raised before the headers leave.

use apply_cookies::{Event, Outcome, SetCookie};
use async_stream::stream;

use super::{R, Server, signs};
use crate::harness::{Ask, Reply, Script, Staged, browser_and, one_token, outcome};
use crate::support::http::post;
use crate::support::{NOW, cookie_header};

#[test]
fn a_sign_out_on_an_ordinary_response_is_a_barrier_too() {
    let server = Server::start(signs());
    let delayed = one_token(&server.get_bound("/sign-in"));
    drop(server.notes.receipt());
    let response = server.get_bound("/plain-sign-out");
    assert_eq!(response.all("set-cookie").len(), 1);
    assert_eq!(outcome(&server.notes.receipt()), Outcome::Released);
    assert_eq!(post(server.address, &delayed, Some(R)).status, 410);
    server.set_clock(NOW + 1);
    let next = one_token(&server.get_bound("/sign-in"));
    assert_eq!(post(server.address, &next, Some(R)).status, 204);
}

#[test]
fn a_sign_out_that_does_not_show_its_browser_says_that_its_barrier_is_missing() {
    let two = browser_and(2, &cookie_header(1));
    let cases: [(&[&str], Outcome); 4] = [
        // SameSite=Lax withholds the binding, but the answer's cookies are stored anyway.
        (
            &[
                "Sec-Fetch-Site: cross-site",
                "Sec-Fetch-Mode: navigate",
                "Sec-Fetch-Dest: document",
            ],
            Outcome::ReleasedWithoutBarrier,
        ),
        (
            &["Origin: https://elsewhere.example"],
            Outcome::ReleasedWithoutBarrier,
        ),
        (&[&two], Outcome::ReleasedWithoutBarrier),
        // A browser that certainly has no binding has no tokens.
        (&["Sec-Fetch-Site: same-origin"], Outcome::Released),
    ];
    let server = Server::start(signs());
    for (headers, expected) in cases {
        let response = server
            .open()
            .request("POST", "/plain-sign-out", headers, b"");
        assert_eq!(response.all("set-cookie").len(), 1, "{headers:?}");
        assert_eq!(outcome(&server.notes.receipt()), expected, "{headers:?}");
    }
}

#[test]
fn a_token_of_the_same_response_is_younger_than_its_sign_out() {
    let server = Server::start(Script::at("/", |ask: Ask| async move {
        let out = ask.pending.sign_out().delete_cookie("session").push();
        ask.notes.keep(out);
        Reply::sse(ask.pending, |cookies| {
            stream! {
                cookies.set(SetCookie::new("guest", "1")).unwrap();
                yield Event::data("a guest");
            }
        })
    }));
    // The clock does not move, so both are of one millisecond.
    let token = one_token(&server.get_bound("/"));
    assert_eq!(post(server.address, &token, Some(R)).status, 204);
}

#[test]
fn a_browser_that_leaves_while_the_barrier_is_raised_leaves_no_receipt_open() {
    let store = Staged::holding();
    let server = Server::with_store(store.clone()).start(signs());
    let mut connection = server.open();
    let browser = cookie_header(1);
    connection
        .send(format!("GET /plain-sign-out HTTP/1.1\r\nHost: a\r\n{browser}\r\n\r\n").as_bytes());
    let receipt = server.notes.receipt();
    store.wait_for_claim();
    connection.reset();
    assert_eq!(outcome(&receipt), Outcome::Undeliverable);
}

#[test]
fn a_sign_out_whose_barrier_fails_deletes_the_cookie_and_says_so() {
    let server = Server::with_store(Staged::failing()).start(signs());
    let response = server.get_bound("/plain-sign-out");
    assert_eq!(response.status, 200);
    assert_eq!(response.all("set-cookie").len(), 1);
    assert_eq!(
        outcome(&server.notes.receipt()),
        Outcome::ReleasedWithoutBarrier
    );
}
