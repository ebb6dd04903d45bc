//! Receipts of cookies that nobody received.

use std::time::Duration;

use apply_cookies::{Outcome, SetCookie};
use async_stream::stream;
use futures_util::StreamExt;

use super::{R, Server, session, signs};
use crate::harness::{Ask, Reply, Script, one_token, outcome};
use crate::support::http::{Connection, post};
use crate::support::{NOW, cookie_header};

#[test]
fn a_token_that_nobody_redeems_expires_and_its_receipt_says_so() {
    let server = Server::start(signs());
    server.get_bound("/sign-in");
    let receipt = server.notes.receipt();
    server.set_clock(NOW + 59_999);
    std::thread::sleep(Duration::from_millis(600));
    assert_eq!(receipt.outcome(), None);
    server.set_clock(NOW + 61_000);
    assert_eq!(outcome(&receipt), Outcome::Expired);
}

#[test]
fn a_receipt_ends_with_its_deployment() {
    let server = Server::start(signs());
    server.get_bound("/sign-in");
    let receipt = server.notes.receipt();
    assert_eq!(receipt.outcome(), None);
    drop(server);
    assert_eq!(outcome(&receipt), Outcome::Expired);
}

#[test]
fn the_receipt_of_a_push_that_cannot_reach_the_page_says_undeliverable() {
    let server = Server::start(
        Script::at("/fails", |ask: Ask| async move {
            ask.notes.keep(ask.pending.batch().set(session()).push());
            Reply::Fails(500)
        })
        .and("/unflushed", |ask: Ask| async move {
            let frames = ask.pending.frames();
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(20)).await;
                ask.notes.keep(ask.pending.batch().set(session()).push());
                drop(frames);
            });
            Reply::done()
        }),
    );
    for path in ["/fails", "/unflushed"] {
        server.get_bound(path);
        let receipt = server.notes.receipt();
        assert_eq!(outcome(&receipt), Outcome::Undeliverable, "{path}");
    }
}

fn give_up() -> Reply {
    panic!("on purpose")
}

#[test]
fn a_handler_that_panics_leaves_no_receipt_open() {
    let server = Server::start(signs().and("/panics", |ask: Ask| async move {
        ask.notes.keep(ask.pending.batch().set(session()).push());
        give_up()
    }));
    let mut connection = server.open();
    let browser = cookie_header(1);
    connection.send(format!("GET /panics HTTP/1.1\r\nHost: a\r\n{browser}\r\n\r\n").as_bytes());
    assert!(connection.is_closed());
    let receipt = server.notes.receipt();
    assert_eq!(outcome(&receipt), Outcome::Undeliverable);
    // The server goes on.
    assert_eq!(server.get_bound("/sign-in").status, 200);
}

#[test]
fn a_receipt_of_two_tokens_takes_the_worse_outcome() {
    let server = Server::start(Script::at("/", |ask: Ask| async move {
        let mut frames = ask.pending.frames();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(20)).await;
            // Two tokens, of which the second is never taken.
            let batch = (0..25).fold(ask.pending.batch(), |batch, n| {
                batch.set(SetCookie::new(format!("c{n}"), "1"))
            });
            let whole = batch.push();
            let first = frames.next().await.unwrap().receipt();
            drop(frames);
            ask.notes.keep(whole);
            ask.notes.keep(Ok(first));
        });
        Reply::done()
    }));
    server.get_bound("/");
    let (whole, first) = (server.notes.receipt(), server.notes.receipt());
    assert_eq!(first.outcome(), None, "this one may be on its way");
    server.set_clock(NOW + 61_000);
    assert_eq!(outcome(&whole), Outcome::Undeliverable);
}

#[test]
fn a_receipt_awaited_before_the_response_leaves_expires_with_the_token() {
    let server = Server::start(
        Script::at("/handler", |ask: Ask| async move {
            let receipt = ask.pending.batch().set(session()).push()?;
            ask.notes.keep(Ok(receipt.clone()));
            Ok(Reply::text(format!("{:?}", receipt.await)))
        })
        .and("/html", |ask: Ask| async move {
            Reply::html(ask.pending, |cookies| {
                stream! {
                    let receipt = cookies.batch().set(session()).push().unwrap();
                    ask.notes.keep(Ok(receipt.clone()));
                    yield format!("{:?}", receipt.await);
                }
            })
        }),
    );
    for (n, path) in (1..).zip(["/handler", "/html"]) {
        let address = server.address;
        let answer = std::thread::spawn(move || {
            let mut connection = Connection::open(address);
            connection.request("GET", path, &[&cookie_header(1)], b"")
        });
        let receipt = server.notes.receipt();
        server.set_clock(NOW + n * 61_000);
        assert_eq!(outcome(&receipt), Outcome::Expired, "{path}");
        let answer = answer.join().unwrap();
        assert!(
            answer.body.starts_with("Expired"),
            "{path}: {}",
            answer.body
        );
    }
}

#[test]
fn a_receipt_expires_with_its_token_and_not_with_the_push() {
    let server = Server::start(Script::at("/held", |ask: Ask| async move {
        Reply::html(ask.pending, |cookies| {
            stream! {
                ask.notes.keep(cookies.batch().set(session()).push());
                tokio::time::sleep(Duration::from_millis(200)).await;
                yield "<!doctype html>";
            }
        })
    }));
    // Pushed now, sealed half a minute later: the receipt expires with the token.
    let address = server.address;
    let answer = std::thread::spawn(move || {
        Connection::open(address).request("GET", "/held", &[&cookie_header(1)], b"")
    });
    let receipt = server.notes.receipt();
    server.set_clock(NOW + 30_000);
    let token = one_token(&answer.join().unwrap());
    server.set_clock(NOW + 70_000);
    std::thread::sleep(Duration::from_millis(600));
    assert_eq!(receipt.outcome(), None);
    assert_eq!(post(server.address, &token, Some(R)).status, 204);
    assert_eq!(outcome(&receipt), Outcome::Released);
}

#[test]
fn the_second_token_of_an_idle_process_expires_too() {
    let server = Server::start(signs());
    for n in 1..=2 {
        server.get_bound("/sign-in");
        let receipt = server.notes.receipt();
        server.set_clock(NOW + n * 61_000);
        assert_eq!(outcome(&receipt), Outcome::Expired);
        // Long enough for the thread to find that nothing is left.
        std::thread::sleep(Duration::from_millis(600));
    }
}
