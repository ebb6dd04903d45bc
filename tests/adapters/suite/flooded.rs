//! Whatever a stranger can cause at any rate is said once a minute, and counted each time.

use std::collections::BTreeMap;
use std::time::Duration;

use apply_cookies::{Event, SetCookie};
use async_stream::stream;

use super::Server;
use crate::harness::{
    Ask, Observer, Reply, Script, Staged, counters, in_a_process_of_its_own, wait,
};
use crate::support::http::{FORM, form, origin_header};
use crate::support::{NOW, SESSION, at, cookie_header, token, token_with};

/// Of each kind.
const REQUESTS: usize = 300;

/// Kinds of log lines, each by words that stand in no other.
const LINES: [&str; 16] = [
    "not of a configured origin",
    "neither Origin nor Sec-Fetch-Site",
    "was not made with this secret",
    "redemption refused: expired",
    "issued in the future",
    "another browser's token",
    "a token without a binding",
    "older than the store remembers",
    "older than a sign-out",
    "lives longer than this deployment takes",
    "already used",
    "redemption failed",
    "a handler returned a PushError",
    "the handler failed or was dropped",
    "the stream ended before its cookies were sent",
    "sent without its barrier",
];

#[test]
fn what_a_stranger_can_cause_is_said_once_a_minute_and_counted_each_time() {
    in_a_process_of_its_own(
        module_path!(),
        "what_a_stranger_can_cause_is_said_once_a_minute_and_counted_each_time",
        flood,
    );
}

fn session() -> SetCookie<'static> {
    SetCookie::new("session", "8f14e45f")
}

fn script() -> Script {
    Script::at("/refused", |ask: Ask| async move {
        ask.pending.close();
        ask.pending.set(session())?;
        Ok(Reply::done())
    })
    .and("/fails", |ask: Ask| async move {
        ask.pending.set(session())?;
        Ok(Reply::Fails(500))
    })
    .and("/ends", |ask: Ask| async move {
        let frames = ask.pending.frames();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(1)).await;
            ask.notes.pushed(ask.pending.set(session()));
            drop(frames);
        });
        Reply::done()
    })
    .and("/sign-out", |ask: Ask| async move {
        ask.pending.sign_out().delete_cookie("session").push()?;
        Ok(Reply::done())
    })
    .and("/sign-in", |ask: Ask| async move {
        Reply::sse(ask.pending, |cookies| {
            stream! {
                cookies.set(session()).unwrap();
                yield Event::data("signed in");
            }
        })
    })
}

fn flood() {
    let observer = Observer::install();
    let server = Server::start(script());
    let failing = Server::with_store(Staged::failing()).start(script());
    let (origin, [one, two]) = (origin_header(), [1, 2].map(cookie_header));

    let times = |server: &Server, headers: &[&str], token: &str, status| {
        let mut connection = server.open();
        for _ in 0..REQUESTS {
            let body = form(token, None);
            let answer = connection.request("POST", "/__apply-cookies", headers, body.as_bytes());
            assert_eq!(answer.status, status);
        }
    };
    let post = |token: &str, status| times(&server, &[&origin, FORM, &one], token, status);
    let foreign = [
        "Origin: https://evil.example",
        "Sec-Fetch-Site: same-origin",
    ];
    times(&server, &foreign, "x", 403);
    times(&server, &[FORM], "x", 403);
    post(&format!("e1.{}", "A".repeat(90)), 400);
    post(
        &token_with(SESSION, |header| {
            header.issued_at = at(NOW - 50_000);
            header.expires_at = at(NOW);
        }),
        410,
    );
    post(
        &token_with(SESSION, |header| {
            header.issued_at = at(NOW + 10_000);
            header.expires_at = at(NOW + 70_000);
        }),
        410,
    );
    times(&server, &[&origin, FORM, &two], &token(), 403);
    post(&token_with(SESSION, |header| header.binding = None), 403);
    post(
        &token_with(SESSION, |header| {
            header.issued_at = at(NOW - 59_000);
            header.expires_at = at(NOW + 1_000);
        }),
        410,
    );
    let used = token();
    let headers = [&*origin, FORM, &*one];
    let first = form(&used, None);
    let first = (server.open()).request("POST", "/__apply-cookies", &headers, first.as_bytes());
    assert_eq!(first.status, 204);
    post(&used, 409);
    post(
        &token_with(SESSION, |header| header.expires_at = at(NOW + 60_001)),
        400,
    );
    let sign_out = token_with(SESSION, |header| header.barrier = true);
    let sign_out = form(&sign_out, None);
    let left = (server.open()).request("POST", "/__apply-cookies", &headers, sign_out.as_bytes());
    assert_eq!(left.status, 204);
    post(&token(), 410);
    times(&failing, &headers, &token(), 503);

    let get = |server: &Server, path| {
        let mut connection = server.open();
        for _ in 0..REQUESTS {
            connection.request("GET", path, &[&one], b"");
        }
    };
    get(&server, "/refused");
    get(&server, "/fails");
    get(&server, "/ends");
    for _ in 0..REQUESTS {
        assert_eq!(server.notes.push(), Ok(()));
    }
    get(&failing, "/sign-out");
    let count = |words: &str| observer.log().matches(words).count();
    for words in LINES {
        wait(|| (count(words) > 0).then_some(()));
        assert_eq!(count(words), 1, "{words}: {}", observer.log());
    }
    // One deployment does not silence another.
    times(&failing, &foreign, "x", 403);
    assert_eq!(count(LINES[0]), 2);

    get(&server, "/sign-in");
    server.set_clock(NOW + 61_000);
    wait(|| (count("expired unredeemed") > 0).then_some(()));
    times(&server, &foreign, "x", 403);
    assert_eq!(count(LINES[0]), 3);
    let left_out = format!("left_out={}", REQUESTS - 1);
    assert_eq!(count(&left_out), 1, "{}", observer.log());

    let all = || {
        let mut counted = observer.counters();
        counted.retain(|name, _| !name.contains("issued"));
        counted
    };
    wait(|| (count("expired unredeemed") == 1).then_some(()));
    assert_eq!(all(), counted());
}

/// What the flood adds up to.
fn counted() -> BTreeMap<String, u64> {
    let requests = REQUESTS as u64;
    counters([
        ("barriers_failed_total", requests),
        ("operations_lost_total reason=handler-failed", requests),
        ("operations_lost_total reason=stream-ended", requests),
        ("pushes_refused_total reason=closed", requests),
        ("redemptions_total result=expired", 4 * requests),
        ("redemptions_total result=invalid", 2 * requests),
        ("redemptions_total result=origin", 4 * requests),
        ("redemptions_total result=released", 2),
        ("redemptions_total result=unavailable", requests),
        ("redemptions_total result=used", requests),
        ("redemptions_total result=wrong-browser", 2 * requests),
        ("tokens_expired_total", requests),
    ])
}
