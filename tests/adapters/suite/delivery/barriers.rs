//! A sign-out inside a stream: its token is a barrier for all older ones of the same browser.

use apply_cookies::{Event, Outcome, SetCookie};
use async_stream::stream;

use super::{R, Server, signs};
use crate::harness::{Ask, Reply, one_token, outcome, pair, tokens};
use crate::support::http::{post, post_as};
use crate::support::{NOW, SESSION, token_with};

#[test]
fn after_a_sign_out_no_older_token_of_the_browser_is_redeemed() {
    let server = Server::start(signs());
    let delayed = one_token(&server.get_bound("/sign-in"));
    let receipt = server.notes.receipt();
    let applied = one_token(&server.get_bound("/sign-in"));
    assert_eq!(post(server.address, &applied, Some(R)).status, 204);
    let others = token_with(SESSION, |_| {});
    let bare = server.get("/sign-in", &[]);
    let out = server.get_bound("/sign-out");
    let [barrier, younger] = tokens(&out.body)[..] else {
        panic!("two tokens: {}", out.body)
    };
    // In the same millisecond, but minted after it.
    let answer = post(server.address, barrier, Some(R)).without_date();
    assert_eq!(answer.all("set-cookie").len(), 1);
    assert_eq!(post(server.address, &delayed, Some(R)).status, 410);
    assert_eq!(
        post(server.address, &applied, Some(R)).status,
        410,
        "a retry"
    );
    assert_eq!(post(server.address, &others, Some(R)).status, 410);
    assert_eq!(post(server.address, younger, Some(R)).status, 204);
    assert_eq!(
        post(server.address, barrier, Some(R)).without_date(),
        answer,
        "its own retry"
    );
    // Another browser's sign-in is not affected.
    let own = format!("Cookie: {}", pair(bare.all("set-cookie")[0]));
    let token = one_token(&bare);
    assert_eq!(post_as(server.address, &own, &token, Some(R)).status, 204);
    // A refusal settles nothing.
    assert_eq!(receipt.outcome(), None);
    server.set_clock(NOW + 61_000);
    assert_eq!(outcome(&receipt), Outcome::Expired);
}

#[test]
fn a_push_next_to_a_sign_out_does_not_undo_it() {
    let server = Server::start(signs().and("/both", |ask: Ask| async move {
        Reply::sse(ask.pending, |cookies| {
            stream! {
                cookies.sign_out().delete_cookie("session").push().unwrap();
                cookies.set(SetCookie::new("theme", "dark")).unwrap();
                yield Event::data("both in one token");
            }
        })
    }));
    let delayed = one_token(&server.get_bound("/sign-in"));
    let token = one_token(&server.get_bound("/both"));
    let both = post(server.address, &token, Some(R));
    assert_eq!(both.all("set-cookie").len(), 2);
    assert_eq!(post(server.address, &delayed, Some(R)).status, 410);
}

#[test]
fn of_a_sign_out_in_several_tokens_the_first_is_the_barrier_and_the_others_pass() {
    let server = Server::start(signs().and("/large", |ask: Ask| async move {
        Reply::sse(ask.pending, |cookies| {
            stream! {
                let batch = (0..45).fold(cookies.sign_out(), |batch, n| {
                    batch.set(SetCookie::new(format!("c{n}"), "1"))
                });
                batch.push().unwrap();
                yield Event::data("signed out");
            }
        })
    }));
    let delayed = one_token(&server.get_bound("/sign-in"));
    let response = server.get_bound("/large");
    let tokens = tokens(&response.body);
    assert_eq!(post(server.address, tokens[0], Some(R)).status, 204);
    assert_eq!(post(server.address, &delayed, Some(R)).status, 410);
    for token in &tokens[1..] {
        assert_eq!(post(server.address, token, Some(R)).status, 204);
    }
}

#[test]
fn a_sign_out_in_the_first_moments_of_a_process_does_not_stop_the_next_sign_in() {
    let server = Server::start(signs());
    let start = NOW - 60_000;
    server.set_clock(start);
    let delayed = one_token(&server.get_bound("/sign-in"));
    let out = server.get_bound("/sign-out");
    let barrier = tokens(&out.body)[0];
    assert_eq!(post(server.address, barrier, Some(R)).status, 204);
    assert_eq!(post(server.address, &delayed, Some(R)).status, 410);
    // Also if the barrier needs no token.
    server.set_clock(start + 5);
    let delayed = one_token(&server.get_bound("/sign-in"));
    server.set_clock(start + 6);
    assert_eq!(server.get_bound("/plain-sign-out").status, 200);
    assert_eq!(post(server.address, &delayed, Some(R)).status, 410);
    server.set_clock(start + 10);
    let next = one_token(&server.get_bound("/sign-in"));
    assert_eq!(post(server.address, &next, Some(R)).status, 204);
}
