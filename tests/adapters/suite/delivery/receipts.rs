//! Receipts: when they settle, and as what.

use std::time::Duration;

use apply_cookies::{Event, Outcome, PendingState, SetCookie};
use async_stream::stream;

use super::{R, Server, session, signs};
use crate::harness::{Ask, Reply, Script, memory, one_token, outcome, tokens};
use crate::support::http::{post, post_as};
use crate::support::{NOW, SESSION_LINE, cookie_header};

#[test]
fn a_stream_goes_on_when_its_cookies_are_given_out() {
    let server = Server::start(Script::at("/", |ask: Ask| async move {
        Reply::sse(ask.pending, |cookies| {
            stream! {
                let receipt = cookies.batch().set(session()).push().unwrap();
                yield Event::data(format!("{:?}", receipt.await));
            }
        })
    }));
    let mut stream = server.open();
    stream.send(format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n\r\n", cookie_header(1)).as_bytes());
    let mut response = stream.head();
    response.body = stream.chunk().unwrap();
    let answer = post(server.address, &one_token(&response), Some(R));
    assert_eq!(answer.all("set-cookie"), [SESSION_LINE]);
    assert_eq!(stream.chunk().unwrap(), "data: Released\n\n");
}

#[test]
fn a_receipt_settles_also_when_another_process_redeems() {
    let store = std::sync::Arc::new(memory());
    let minting = Server::with_store(store.clone()).start(signs());
    let redeeming = Server::with_store(store).start(signs());
    let token = one_token(&minting.get_bound("/sign-in"));
    let receipt = minting.notes.receipt();
    assert_eq!(receipt.outcome(), None);
    assert_eq!(post(redeeming.address, &token, Some(R)).status, 204);
    assert_eq!(outcome(&receipt), Outcome::Released);
}

#[test]
fn a_refused_post_settles_nothing() {
    let server = Server::start(signs());
    let token = one_token(&server.get_bound("/sign-in"));
    let receipt = server.notes.receipt();
    let refused = post_as(server.address, &cookie_header(2), &token, Some(R));
    assert_eq!(refused.status, 403);
    assert_eq!(post(server.address, "e1.junk", Some(R)).status, 400);
    assert_eq!(receipt.outcome(), None);
    assert_eq!(post(server.address, &token, Some(R)).status, 204);
    assert_eq!(outcome(&receipt), Outcome::Released);
    // Nor do later posts.
    assert_eq!(post(server.address, &token, None).status, 409);
    server.set_clock(NOW + 120_000);
    std::thread::sleep(Duration::from_millis(600));
    assert_eq!(receipt.outcome(), Some(Outcome::Released));
}

#[test]
fn cookies_that_travel_with_the_headers_are_given_out_with_them() {
    let server = Server::start(Script::at("/", |ask: Ask| async move {
        ask.notes.look(ask.pending.state());
        ask.notes.keep(ask.pending.batch().set(session()).push());
        Reply::done()
    }));
    let response = server.get_bound("/");
    assert_eq!(response.all("set-cookie"), [SESSION_LINE]);
    assert_eq!(outcome(&server.notes.receipt()), Outcome::Released);
    assert_eq!(server.notes.state(), PendingState::Headers);
}

#[test]
fn a_receipt_of_many_cookies_waits_for_all_of_their_tokens() {
    let server = Server::start(Script::at("/", |ask: Ask| async move {
        Reply::sse(ask.pending, |cookies| {
            stream! {
                let batch = (0..45).fold(cookies.batch(), |batch, n| {
                    batch.set(SetCookie::new(format!("c{n}"), "1"))
                });
                ask.notes.keep(batch.reload().push());
                yield Event::data("all");
            }
        })
    }));
    let response = server.get_bound("/");
    let receipt = server.notes.receipt();
    let tokens = tokens(&response.body);
    assert_eq!(tokens.len(), 3);
    let mut actions = Vec::new();
    for token in tokens {
        assert_eq!(receipt.outcome(), None);
        let answer = post(server.address, token, Some(R));
        actions.push(answer.header("apply-cookies-then").map(str::to_owned));
    }
    assert_eq!(outcome(&receipt), Outcome::Released);
    assert_eq!(actions, [None, None, Some("reload".to_owned())]);
}

#[test]
fn cookies_of_a_strangers_socket_leave_with_the_handshake() {
    let server = Server::start(Script::at("/", |ask: Ask| async move {
        let frames = ask.pending.frames();
        ask.notes.keep(ask.pending.batch().set(session()).push());
        Reply::socket(stream! {
            let _alive = frames;
            std::future::pending::<()>().await;
            yield String::new();
        })
    }));
    let stranger = ["Origin: https://elsewhere.example"];
    let mut connection = server.open();
    let response = connection.handshake("/", &stranger);
    assert_eq!(response.status, 101);
    assert_eq!(response.all("set-cookie"), [SESSION_LINE]);
    assert_eq!(outcome(&server.notes.receipt()), Outcome::Released);
}

#[test]
fn a_handle_that_was_closed_before_the_headers_left_says_so() {
    let server = Server::start(Script::at("/", |ask: Ask| async move {
        ask.pending.close();
        ask.notes.look(ask.pending.state());
        Reply::done()
    }));
    server.get_bound("/");
    assert_eq!(server.notes.state(), PendingState::Closed);
}

#[test]
fn a_handle_without_a_carrier_says_that_it_is_closed() {
    let server = Server::start(Script::at("/", |ask: Ask| async move {
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(20)).await;
            ask.notes.look(ask.pending.state());
        });
        Reply::done()
    }));
    server.get_bound("/");
    assert_eq!(server.notes.state(), PendingState::Closed);
}
