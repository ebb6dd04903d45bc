//! Who may call the internal API, and what it refuses before it looks at the request.

#![cfg(unix)]

#[path = "support/api.rs"]
mod api;
#[path = "support/run.rs"]
mod run;
#[path = "support/service.rs"]
mod service;
mod support;
#[path = "support/unix.rs"]
mod unix;

use std::net::SocketAddr;

use api::{Api, JSON, binding, session, text, value};
use apply_cookies::Secrets;
use serde_json::json;
use service::{Service, program};
use support::http::{Connection, Response};
use support::{SECRET, cookie_header};
use unix::Sockets;

/// A service whose API is on TCP, the address, and a file with its two keys.
fn on_tcp() -> (Service, SocketAddr, [String; 2]) {
    let folder = Sockets::new();
    let keys = [Secrets::generate(), Secrets::generate()];
    let file = folder.path("keys");
    std::fs::write(&file, format!("# two\n{}\n\n{}\n", keys[0], keys[1])).unwrap();
    let file = file.to_str().unwrap();
    let args = ["--api-listen", "127.0.0.1:0", "--api-keys-file", file];
    let service = Service::start(&args);
    let address = service.api.unwrap();
    (service, address, keys)
}

fn get(address: SocketAddr, path: &str, headers: &[&str]) -> Response {
    let host = format!("Host: {address}");
    let named = headers.iter().any(|header| header.starts_with("Host:"));
    let host: &[&str] = if named { &[] } else { &[&*host] };
    let headers = [host, headers].concat();
    Connection::open(address).request("GET", path, &headers, b"")
}

#[test]
fn over_tcp_a_key_is_needed_for_everything() {
    let (_service, address, keys) = on_tcp();
    for path in [
        "/v1/info",
        "/openapi.json",
        "/v1/nothing",
        "/v1/receipts/events",
    ] {
        let refused = get(address, path, &[]);
        assert_eq!(refused.problem(), "unauthorized", "{path}");
        assert_eq!(refused.header("www-authenticate"), Some("Bearer"));
        assert_eq!(refused.header("cache-control"), Some("no-store"));
    }
    for key in &keys {
        for scheme in ["Bearer", "bearer"] {
            let allowed = format!("Authorization: {scheme} {key}");
            assert_eq!(get(address, "/v1/info", &[&allowed]).status, 200);
        }
        for refused in [
            format!("Authorization: Basic {key}"),
            format!("Authorization: Bearer {}", &key[1..]),
            format!("Authorization: Bearer {key}x"),
            format!("Authorization: Bearer {key} {key}"),
            format!("Authorization: {key}"),
            "Authorization: Bearer".to_owned(),
            format!("Authorization: Bearer {}", *SECRET),
        ] {
            assert_eq!(get(address, "/v1/info", &[&refused]).status, 401);
        }
        let allowed = &*format!("Authorization: Bearer {key}");
        assert_eq!(get(address, "/v1/info", &[allowed, allowed]).status, 401);
    }
}

#[test]
fn on_this_machine_no_name_that_a_page_made_up_is_answered() {
    let (_service, address, keys) = on_tcp();
    let key = format!("Authorization: Bearer {}", keys[0]);
    let port = address.port();
    for host in [
        "127.0.0.1".to_owned(),
        format!("127.0.0.1:{port}"),
        format!("localhost:{port}"),
        "LOCALHOST".to_owned(),
        "[::1]".to_owned(),
        format!("[::1]:{port}"),
        "192.0.2.7".to_owned(),
    ] {
        let host = format!("Host: {host}");
        assert_eq!(
            get(address, "/v1/info", &[&host, &key]).status,
            200,
            "{host}"
        );
    }
    for host in [
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "[::1].evil.example",
        "[evil]",
        "[::1",
        "[127.0.0.1]",
        "127.0.0.1:80.evil.example",
        "user@127.0.0.1",
        "0x7f.1",
        "",
    ] {
        let host = format!("Host: {host}");
        let refused = get(address, "/v1/info", &[&host, &key]);
        assert_eq!(refused.problem(), "origin", "{host}");
        assert_eq!(value(&refused)["field"], "host");
    }
}

#[test]
fn no_browser_is_a_client_of_the_api() {
    let api = Api::start(&[]);
    for (header, field) in [
        ("Origin: https://app.example", "origin"),
        ("Origin: null", "origin"),
        ("Sec-Fetch-Site: none", "sec-fetch-site"),
        (&*cookie_header(1), "cookie"),
    ] {
        for path in ["/v1/tokens", "/v1/bindings", "/v1/nothing"] {
            let refused = api.post_with(path, &[header], b"{}");
            assert_eq!(refused.problem(), "origin", "{header}");
            assert_eq!(value(&refused)["field"], field);
            assert_eq!(refused.header("cache-control"), Some("no-store"));
        }
        for path in ["/v1/info", "/openapi.json"] {
            let refused = api.connect().request("GET", path, &[header], b"");
            assert_eq!(refused.problem(), "origin", "{header}");
        }
    }
    assert_eq!(api.get("/v1/info").status, 200);
}

#[test]
fn the_public_listener_has_nothing_of_the_api() {
    let api = Api::start(&[]);
    for path in ["/v1/info", "/openapi.json", "/v1/receipts/events"] {
        assert_eq!(api.service.get(path), 404, "{path}");
    }
    let mut public = Connection::open(api.service.address);
    let answer = public.request("POST", "/v1/tokens", &[JSON], br#"{"requests":[]}"#);
    assert_eq!(answer.status, 404);
}

#[test]
fn paths_methods_and_bodies_that_are_not_answered_are_refused_in_words() {
    let api = Api::start(&[]);
    assert_eq!(api.get("/v1/nothing").problem(), "not-found");
    assert_eq!(api.get("/v1/receipts/a/b").problem(), "not-found");
    for (method, path, allow) in [
        ("GET", "/v1/tokens", "POST"),
        ("PUT", "/v1/bindings", "POST"),
        ("DELETE", "/v1/cookies/read", "POST"),
        ("GET", "/v1/receipts", "POST"),
        ("POST", "/v1/info", "GET"),
        ("POST", "/v1/receipts/events", "GET"),
        ("POST", "/openapi.json", "GET"),
    ] {
        let refused = api.connect().request(method, path, &[JSON], b"{}");
        assert_eq!(refused.problem(), "method-not-allowed", "{method} {path}");
        assert_eq!(refused.header("allow"), Some(allow));
        assert_eq!(refused.header("cache-control"), Some("no-store"));
    }
    let body = br#"{"requests":[]}"#;
    for media_type in [
        &["Content-Type: text/plain"][..],
        &["Content-Type: application/x-www-form-urlencoded"],
        &["Content-Type: application/jsonp"],
        &[JSON, JSON],
        &[],
    ] {
        let refused = api
            .connect()
            .request("POST", "/v1/tokens", media_type, body);
        assert_eq!(
            refused.problem(),
            "unsupported-media-type",
            "{media_type:?}"
        );
    }
    let utf8 = ["Content-Type: Application/JSON; charset=utf-8"];
    let answer = api.connect().request("POST", "/v1/tokens", &utf8, body);
    assert_eq!(answer.status, 200);
    let spaces = |n: usize| format!("{}{{\"requests\":[]}}", " ".repeat(n));
    let most = spaces(256 * 1024 - body.len());
    assert_eq!(
        api.post_with("/v1/tokens", &[], most.as_bytes()).status,
        200
    );
    let more = spaces(256 * 1024 - body.len() + 1);
    let refused = api.post_with("/v1/tokens", &[], more.as_bytes());
    assert_eq!(refused.problem(), "too-large");
    // Also without a length.
    let mut connection = api.connect();
    connection.send(b"POST /v1/tokens HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n");
    let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
    for _ in 0..5 {
        if !connection.try_send(chunk.as_bytes()) {
            break;
        }
    }
    assert_eq!(connection.response().problem(), "too-large");
    // A body that does not come.
    let mut connection = api.connect();
    connection.send(b"POST /v1/tokens HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{");
    let refused = connection.response();
    assert_eq!((refused.status, &*refused.problem()), (408, "unavailable"));
}

#[test]
fn keys_that_can_be_guessed_or_are_missing_stop_the_start_and_are_not_shown() {
    let folder = Sockets::new();
    let file = folder.path("keys");
    let path = file.to_str().unwrap();
    let serve = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--origin",
        "https://app.example",
    ];
    let api = ["--api-listen", "127.0.0.1:0"];
    let refused = |args: &[&str]| {
        let output = run::run(program().args(serve).args(api).args(args), "");
        assert!(!output.status.success(), "{args:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(refused(&[]).contains("--api-keys-file"));
    assert!(refused(&["--api-keys-file", path]).contains(path));
    for (text, why) in [
        ("# none\n".to_owned(), "has no key"),
        ("hunter2hunter2\n".to_owned(), "number 1"),
        (
            format!("{}\nhunter2hunter2\n", Secrets::generate()),
            "number 2",
        ),
        ("x\n".repeat(64 * 1024), "too large"),
    ] {
        std::fs::write(&file, &text).unwrap();
        let said = refused(&["--api-keys-file", path]);
        assert!(said.contains(why), "{said}");
        assert!(!said.contains("hunter2"), "{said}");
    }
}

#[test]
fn the_log_shows_no_token_value_binding_or_key() {
    let (mut service, address, keys) = on_tcp();
    let key = format!("Authorization: Bearer {}", keys[0]);
    let host = format!("Host: {address}");
    let post = |path: &str, body: serde_json::Value| {
        let body = body.to_string();
        let once = format!("Idempotency-Key: a-key-of-a-request-{}", body.len());
        let headers = [&*host, &*key, JSON, &*once];
        Connection::open(address).request("POST", path, &headers, body.as_bytes())
    };
    let wrong = json!({ "op": "set", "name": "session", "value": "8f14e45f;" });
    let requests = json!([
        { "binding": binding(), "operations": [session()] },
        { "binding": binding(), "operations": [wrong] },
    ]);
    let minted = value(&post("/v1/tokens", json!({ "requests": requests })));
    let token = text(&minted["results"][0]["tokens"][0], "token").to_owned();
    assert!(minted["results"][1]["error"].is_object());
    assert_eq!(service.post(&token, &cookie_header(1)).status, 204);
    let write =
        json!({ "name": "session", "protection": "encrypted", "value": { "user": "8f14e45f" } });
    let written = value(&post("/v1/cookies/write", write));
    let cookie = format!(
        "session={}; {}",
        text(&written, "value"),
        &cookie_header(1)[8..]
    );
    let names = json!([{ "name": "session", "protection": "encrypted" }]);
    post(
        "/v1/cookies/read",
        json!({ "cookie": [cookie], "names": names }),
    );
    post("/v1/bindings", json!({ "cookie": [cookie] }));
    for malformed in [
        json!({ "requests": [{ "binding": binding(), "operations": [{ "8f14e45f": 1 }] }] }),
        json!({ "requests": "8f14e45f" }),
    ] {
        assert_eq!(post("/v1/tokens", malformed).status, 400);
    }
    let wrong_key = format!("{key}x");
    assert_eq!(get(address, "/v1/info", &[&wrong_key]).status, 401);
    let log = service.end();
    assert!(log.contains("token issued"));
    for secret in [
        &*token,
        "8f14e45f",
        text(&written, "value"),
        &binding(),
        &*keys[0],
        &*keys[1],
        &*SECRET,
        "a-key-of-a-request",
    ] {
        assert!(!log.contains(secret), "the log contains {secret}");
    }
}
