//! The internal API over each replay store: a receipt comes from whichever service redeems the token.

#![cfg(target_os = "linux")]

#[path = "support/api.rs"]
mod api;
#[path = "../../replay/tests/support/servers/mod.rs"]
mod servers;
#[path = "support/service.rs"]
mod service;
mod support;
#[path = "support/unix.rs"]
mod unix;

use api::{Api, text, value};
use serde_json::Value;
use servers::{Postgres, Redis};
use service::Service;
use support::cookie_header;
use unix::Sockets;

/// A token of the API's service is redeemed by another one of the same store.
fn a_receipt_comes_from_another_service(store: &str) {
    let api = Api::start_quiet(&["--replay", store]);
    let other = Service::start_quiet(&["--replay", store]);
    other.wait_until_ready();
    let info = value(&api.get("/v1/info"));
    assert_eq!(
        (&info["scope"], &info["ready"]),
        (&Value::Null, &Value::Bool(true))
    );
    let token = api.token();
    let answer = other.post(text(&token, "token"), &cookie_header(1));
    assert_eq!(answer.status, 204);
    let path = format!("/v1/receipts/{}?wait_ms=15000", text(&token, "receipt"));
    assert_eq!(value(&api.get(&path))["state"], "released");
}

#[test]
fn through_redis() {
    let server = Redis::start(&[]);
    a_receipt_comes_from_another_service(&server.url());
}

#[test]
fn through_postgres() {
    let server = Postgres::start(&[]);
    a_receipt_comes_from_another_service(&server.url());
}

#[test]
fn over_a_file_tokens_work_at_once_and_have_receipts() {
    let folder = Sockets::new();
    let store = format!("file:{}", folder.path("replay").display());
    let api = Api::start_quiet(&["--replay", &store]);
    let token = api.token();
    let answer = api.service.post(text(&token, "token"), &cookie_header(1));
    assert_eq!(answer.status, 204);
    let answer = api.get(&format!("/v1/receipts/{}", text(&token, "receipt")));
    assert_eq!(value(&answer)["state"], "released");
}
