//! Receipts: by id, of many, and as events.

#![cfg(unix)]

#[path = "support/api.rs"]
mod api;
#[path = "support/service.rs"]
mod service;
mod support;
#[path = "support/unix.rs"]
mod unix;

use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use api::{Api, text, value};
use serde_json::{Value, json};
use support::cookie_header;
use support::http::Connection;

fn receipt(api: &Api, token: &Value) -> Value {
    let answer = api.get(&format!("/v1/receipts/{}", text(token, "receipt")));
    assert_eq!(answer.status, 200, "{}", answer.body);
    value(&answer)
}

fn redeem(api: &Api, token: &Value, browser: u8) -> u16 {
    let answer = api
        .service
        .post(text(token, "token"), &cookie_header(browser));
    answer.status
}

struct Events(Connection<UnixStream>);

impl Events {
    fn open(api: &Api) -> Self {
        let mut connection = api.connect();
        connection.send(b"GET /v1/receipts/events HTTP/1.1\r\nHost: localhost\r\n\r\n");
        let head = connection.head();
        assert_eq!(head.status, 200);
        assert_eq!(head.header("content-type"), Some("text/event-stream"));
        assert_eq!(head.header("cache-control"), Some("no-store"));
        assert_eq!(connection.chunk().unwrap(), ": open\n\n");
        Self(connection)
    }

    /// The next settlement; `None` at the end.
    fn next(&mut self) -> Option<Value> {
        let chunk = self.0.chunk()?;
        let data = chunk.strip_prefix("event: receipt\ndata: ").unwrap();
        Some(serde_json::from_str(data.strip_suffix("\n\n").unwrap()).unwrap())
    }
}

#[test]
fn a_receipt_says_that_the_cookies_were_given_out_and_when() {
    let api = Api::start(&[]);
    let mut events = Events::open(&api);
    let [first, second] = [api.token(), api.token()];
    assert_eq!(receipt(&api, &first), json!({ "state": "unknown" }));
    assert_eq!(redeem(&api, &first, 2), 403);
    assert_eq!(receipt(&api, &first), json!({ "state": "unknown" }));
    assert_eq!(redeem(&api, &first, 1), 204);
    let known = receipt(&api, &first);
    assert_eq!(known["state"], "released");
    let at = known["at"].as_u64().unwrap();
    assert!((first["issued_at"].as_u64().unwrap()..).contains(&at));
    // A retry, and a refusal.
    assert_eq!(redeem(&api, &first, 1), 204);
    assert_eq!(redeem(&api, &first, 2), 403);
    assert_eq!(receipt(&api, &first), known);
    assert_eq!(redeem(&api, &second, 1), 204);
    let mut event = known;
    event["id"] = first["receipt"].clone();
    assert_eq!(events.next().unwrap(), event);
    assert_eq!(events.next().unwrap()["id"], second["receipt"]);
}

#[test]
fn a_token_that_was_posted_too_late_has_expired() {
    let api = Api::start(&[]);
    let mut events = Events::open(&api);
    let token = api.mint(json!({ "ttl_ms": 1 }));
    std::thread::sleep(Duration::from_millis(20));
    assert_eq!(receipt(&api, &token), json!({ "state": "unknown" }));
    assert_eq!(redeem(&api, &token, 1), 410);
    assert_eq!(receipt(&api, &token)["state"], "expired");
    assert_eq!(events.next().unwrap()["state"], "expired");
}

#[test]
fn whoever_waits_is_answered_when_the_token_is_redeemed() {
    let api = Api::start(&[]);
    let [first, second, third] = [api.token(), api.token(), api.token()];
    let [one, two, three] = [&first, &second, &third].map(|token| text(token, "receipt"));
    let mut waiting = api.connect();
    let ask = format!("GET /v1/receipts/{one}?wait_ms=60000 HTTP/1.1\r\nHost: localhost\r\n\r\n");
    waiting.send(ask.as_bytes());
    let mut of_many = api.connect();
    let ids = json!({ "ids": [three, two], "wait_ms": 60_000 }).to_string();
    let ask = format!(
        "POST /v1/receipts HTTP/1.1\r\nHost: localhost\r\n{}\r\nContent-Length: {}\r\n\r\n{ids}",
        api::JSON,
        ids.len()
    );
    of_many.send(ask.as_bytes());
    std::thread::sleep(Duration::from_millis(50));
    assert_eq!(redeem(&api, &second, 1), 204);
    let answer = value(&of_many.response());
    assert_eq!(answer["settled"].as_array().unwrap().len(), 1);
    assert_eq!(answer["settled"][0]["id"], two);
    assert_eq!(answer["settled"][0]["state"], "released");
    assert_eq!(redeem(&api, &first, 1), 204);
    assert_eq!(value(&waiting.response())["state"], "released");
    // Nobody waits for what is settled, and who waits in vain is answered in time.
    let known = api.post(
        "/v1/receipts",
        &json!({ "ids": [one, two, three], "wait_ms": 60_000 }),
    );
    assert_eq!(value(&known)["settled"].as_array().unwrap().len(), 2);
    let begun = Instant::now();
    let in_vain = api.get(&format!("/v1/receipts/{three}?wait_ms=200"));
    assert_eq!(value(&in_vain), json!({ "state": "unknown" }));
    assert!(begun.elapsed() >= Duration::from_millis(200));
}

#[test]
fn malformed_questions_are_refused() {
    let api = Api::start(&[]);
    let id = "AAAAAAAAAAAAAAAAAAAAAA";
    for (path, field) in [
        ("AAAAAAAAAAAAAAAAAAAAAAA", "id"),
        ("AAAAAAAAAAAAAAAAAAAAAB", "id"),
        ("AAAAAAAAAAAAAAAAAAAAAA?wait_ms=60001", "wait_ms"),
        ("AAAAAAAAAAAAAAAAAAAAAA?wait_ms=-1", "wait_ms"),
        ("AAAAAAAAAAAAAAAAAAAAAA?wait_ms=%2B1", "wait_ms"),
        ("AAAAAAAAAAAAAAAAAAAAAA?wait_ms=", "wait_ms"),
        ("AAAAAAAAAAAAAAAAAAAAAA?wait_ms=1&wait_ms=1", "wait_ms"),
        ("AAAAAAAAAAAAAAAAAAAAAA?wait=1", "wait"),
    ] {
        let answer = api.get(&format!("/v1/receipts/{path}"));
        assert_eq!(answer.problem(), "invalid", "{path}");
        assert_eq!(value(&answer)["field"], field, "{path}");
    }
    for (body, field, item) in [
        (json!({ "ids": vec![id; 257] }), "ids", None),
        (json!({ "ids": [id, "x"] }), "ids", Some(1)),
        (json!({ "ids": [id, 1] }), "ids", Some(1)),
        (json!({ "ids": [], "wait_ms": 60_001 }), "wait_ms", None),
        (json!({ "wait_ms": 1 }), "ids", None),
    ] {
        let answer = api.post("/v1/receipts", &body);
        assert_eq!(answer.problem(), "invalid", "{body}");
        assert_eq!(value(&answer)["field"], field, "{body}");
        assert_eq!(value(&answer)["item"].as_u64(), item, "{body}");
    }
    let most = api.post("/v1/receipts", &json!({ "ids": vec![id; 256] }));
    assert_eq!(value(&most), json!({ "settled": [] }));
}

#[test]
fn a_service_that_stops_keeps_nobody_waiting() {
    let mut api = Api::start(&[]);
    let mut events = Events::open(&api);
    let token = api.token();
    let mut waiting = api.connect();
    let id = text(&token, "receipt");
    let ask = format!("GET /v1/receipts/{id}?wait_ms=60000 HTTP/1.1\r\nHost: localhost\r\n\r\n");
    waiting.send(ask.as_bytes());
    std::thread::sleep(Duration::from_millis(500));
    let begun = Instant::now();
    let child = rustix::process::Pid::from_child(&api.service.child);
    rustix::process::kill_process(child, rustix::process::Signal::TERM).unwrap();
    assert_eq!(value(&waiting.response()), json!({ "state": "unknown" }));
    assert!(events.next().is_none());
    assert!(api.service.child.wait().unwrap().success());
    assert!(
        begun.elapsed() < Duration::from_secs(9),
        "it drains for ten"
    );
}
