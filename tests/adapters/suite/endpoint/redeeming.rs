//! Tokens: released to whom, and how often.

use std::sync::Barrier;
use std::time::Duration;

use apply_cookies::BindingPolicy;
use apply_cookies::protocol::{StoreScope, limits};

use super::{OTHER_R, R, Server, assert_bare, assert_refused};
use crate::support::http::{FORM, form, origin_header, post, post_as};
use crate::support::{NOW, SESSION, at, cookie_header, token, token_with};

#[test]
fn a_good_token_is_answered_with_one_line_per_operation_in_order() {
    let server = Server::bare();
    let token = token_with(
        r#"{"op":"set","name":"a","value":"1"},{"op":"delete","name":"b"},{"op":"set","name":"c","value":"3","path":"/c","max_age":60}"#,
        |_| {},
    );
    let response = post(server.address, &token, Some(R));
    assert_eq!(response.status, 204);
    assert_eq!(
        response.all("set-cookie"),
        [
            "a=1; Path=/; Secure; HttpOnly; SameSite=Lax",
            "b=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure; HttpOnly",
            "c=3; Path=/c; Max-Age=60; Secure; HttpOnly; SameSite=Lax",
        ]
    );
    assert_bare(&response);
}

#[test]
fn the_same_redemption_id_gets_the_same_answer_until_the_token_expires() {
    let server = Server::bare();
    let token = token();
    let first = post(server.address, &token, Some(R)).without_date();
    assert_eq!(first.status, 204);
    server.set_clock(NOW + 59_999);
    assert_eq!(post(server.address, &token, Some(R)).without_date(), first);
    server.set_clock(NOW + 60_000);
    assert_refused(&post(server.address, &token, Some(R)), 410, "expired");
}

#[test]
fn a_retry_gets_the_same_lines_in_the_same_order() {
    let server = Server::bare();
    let operations: Vec<String> = ["z", "a", "m", "b", "y"]
        .map(|name| format!(r#"{{"op":"set","name":"{name}","value":"1"}}"#))
        .into();
    let token = token_with(&operations.join(","), |_| {});
    let first = post(server.address, &token, Some(R));
    let names: Vec<&str> = first
        .all("set-cookie")
        .into_iter()
        .map(|line| line.split('=').next().unwrap())
        .collect();
    assert_eq!(names, ["z", "a", "m", "b", "y"]);
    for _ in 0..20 {
        let retry = post(server.address, &token, Some(R));
        assert_eq!(retry.status, 204);
        assert_eq!(retry.all("set-cookie"), first.all("set-cookie"));
    }
}

#[test]
fn a_204_has_no_body_and_says_no_length() {
    let server = Server::bare();
    let mut connection = server.open();
    let headers = [&origin_header(), FORM, &cookie_header(1)];
    for _ in 0..2 {
        let body = form(&token(), Some(R));
        let answer = connection.request("POST", "/__apply-cookies", &headers, body.as_bytes());
        assert_eq!(answer.status, 204);
        // RFC 9110 §8.6, RFC 9112 §6.1
        assert_eq!(answer.header("content-length"), None);
        assert_eq!(answer.header("transfer-encoding"), None);
    }
}

#[test]
fn a_used_token_is_refused_under_another_redemption_id_or_none() {
    let server = Server::bare();
    for first in [Some(R), None] {
        let token = token();
        assert_eq!(post(server.address, &token, first).status, 204);
        assert_refused(&post(server.address, &token, Some(OTHER_R)), 409, "used");
        assert_refused(&post(server.address, &token, None), 409, "used");
        assert_refused(&post(server.address, &token, Some("")), 409, "used");
    }
}

#[test]
fn tokens_outside_their_time_or_the_stores_memory_are_gone() {
    // Some of them live from the store's beginning on.
    let longest = Duration::from_secs(120);
    let server = Server::with(move |builder| builder.max_lifetime(longest)).bare();
    let horizon = NOW - 60_000;
    let gone = |token: &str| assert_refused(&post(server.address, token, Some(R)), 410, "expired");
    let issued = |issued_at: u64| {
        token_with(SESSION, |header| {
            header.issued_at = at(issued_at);
            header.expires_at = at(NOW + 60_000);
        })
    };
    gone(&issued(NOW + limits::SKEW_MS + 1));
    gone(&issued(horizon));
    gone(&issued(horizon + limits::SKEW_MS - 1));
    gone(&token_with(SESSION, |header| {
        header.scope = Some(StoreScope::from_random([7; 16]));
    }));
    assert_eq!(
        post(server.address, &issued(horizon + limits::SKEW_MS), Some(R)).status,
        204
    );
    assert_eq!(
        post(server.address, &issued(NOW + limits::SKEW_MS), Some(R)).status,
        204
    );
}

#[test]
fn another_browsers_token_is_refused_and_not_consumed() {
    let server = Server::bare();
    let token = token();
    let (other, none) = (cookie_header(2), "X: y".to_owned());
    let twice = format!(
        "{}; {}",
        cookie_header(1),
        &cookie_header(2)["Cookie: ".len()..]
    );
    let forged = cookie_header(1).replace("__Host", "%5F%5FHost");
    for cookie in [other, none, twice, forged] {
        let response = post_as(server.address, &cookie, &token, Some(R));
        assert_refused(&response, 403, "wrong-browser");
    }
    assert_eq!(post(server.address, &token, Some(R)).status, 204);
}

#[test]
fn a_binding_may_be_optional_but_is_enforced_where_present() {
    let server = Server::with(|b| b.binding(BindingPolicy::Optional)).bare();
    let bound = token();
    let response = post_as(server.address, &cookie_header(2), &bound, Some(R));
    assert_refused(&response, 403, "wrong-browser");
    assert_eq!(post(server.address, &bound, Some(R)).status, 204);
    let unbound = token_with(SESSION, |header| header.binding = None);
    assert_eq!(
        post_as(server.address, "X: y", &unbound, Some(R)).status,
        204
    );
    let strict = Server::bare();
    let unbound = token_with(SESSION, |header| header.binding = None);
    assert_refused(
        &post(strict.address, &unbound, Some(R)),
        403,
        "wrong-browser",
    );
}

#[test]
fn of_64_concurrent_posts_of_one_token_exactly_one_is_answered_204() {
    let server = Server::bare();
    for _ in 0..5 {
        let token = token();
        let start = Barrier::new(64);
        let statuses: Vec<u16> = std::thread::scope(|scope| {
            let posts: Vec<_> = (0..64)
                .map(|n| {
                    let (token, start, address) = (&token, &start, server.address);
                    scope.spawn(move || {
                        start.wait();
                        post(address, token, Some(&format!("redemption-{n}"))).status
                    })
                })
                .collect();
            posts.into_iter().map(|post| post.join().unwrap()).collect()
        });
        assert_eq!(statuses.iter().filter(|status| **status == 204).count(), 1);
        assert_eq!(statuses.iter().filter(|status| **status == 409).count(), 63);
    }
}

#[test]
fn a_barrier_refuses_older_tokens_of_its_browser_from_then_on() {
    let server = Server::bare();
    let issued = |millis: u64, barrier: bool| {
        token_with(SESSION, |header| {
            header.issued_at = at(NOW + millis);
            header.expires_at = at(NOW + 60_000);
            header.barrier = barrier;
        })
    };
    let (retried, late, sign_out, next) = (
        issued(0, false),
        issued(1, false),
        issued(10, true),
        issued(11, false),
    );
    assert_eq!(post(server.address, &retried, Some(R)).status, 204);
    assert_eq!(post(server.address, &sign_out, Some(R)).status, 204);
    assert_refused(&post(server.address, &late, Some(R)), 410, "expired");
    assert_refused(&post(server.address, &retried, Some(R)), 410, "expired");
    assert_eq!(
        post(server.address, &sign_out, Some(R)).status,
        204,
        "its own retry"
    );
    assert_eq!(post(server.address, &next, Some(R)).status, 204);
}
