//! Bindings, the client module, and the path of the endpoint.

use super::{Server, assert_bare};
use crate::support::http::{FORM, form, origin_header};
use crate::support::{cookie_header, token};

#[test]
fn binding_is_given_once_and_never_overwritten() {
    let server = Server::bare();
    let bind = |cookie: &str| {
        let origin = origin_header();
        server
            .open()
            .request("POST", "/__apply-cookies/bind", &[&origin, cookie], b"")
    };
    for unbound in [
        "X: y",
        "Cookie: __Host-apply-cookies=short",
        "Cookie: apply-cookies=x",
    ] {
        let response = bind(unbound);
        assert_eq!(response.status, 204);
        assert_bare(&response);
        let line = response.header("set-cookie").unwrap();
        let (value, attributes) = line.split_once("; ").unwrap();
        assert_eq!(value.len(), "__Host-apply-cookies=".len() + 43);
        assert_eq!(attributes, "Path=/; Secure; HttpOnly; SameSite=Lax");
    }
    assert_eq!(bind(&cookie_header(1)).header("set-cookie"), None);
}

#[test]
fn the_client_module_is_served_and_revalidated() {
    let server = Server::bare();
    let get = |headers: &[&str]| {
        server
            .open()
            .request("GET", "/__apply-cookies/client.js", headers, b"")
    };
    let response = get(&[]);
    assert_eq!(response.status, 200);
    assert_eq!(
        response.header("content-type"),
        Some("text/javascript; charset=utf-8")
    );
    assert_eq!(response.header("cache-control"), Some("no-cache"));
    assert_eq!(response.header("x-content-type-options"), Some("nosniff"));
    assert!(response.body.starts_with("const lifetime=60000;\n"));
    assert!(response.body.contains("export"));
    let etag = response.header("etag").unwrap();
    let unchanged = get(&[&format!("If-None-Match: \"other\", W/{etag}")]);
    assert_eq!((unchanged.status, unchanged.body.as_str()), (304, ""));
    assert_eq!(unchanged.header("etag"), Some(etag));
    assert_eq!(get(&["If-None-Match: \"other\""]).status, 200);
}

#[test]
fn the_client_module_cannot_be_a_service_worker() {
    let server = Server::bare();
    let path = "/__apply-cookies/client.js";
    let get = |headers: &[&str]| server.open().request("GET", path, headers, b"").status;
    assert_eq!(get(&["Service-Worker: script"]), 403);
    assert_eq!(get(&["Sec-Fetch-Dest: script"]), 200);
}

#[test]
fn a_head_request_for_the_client_module_gets_its_head() {
    let server = Server::bare();
    let path = "/__apply-cookies/client.js";
    let module = server.get(path, &[]);
    let mut connection = server.open();
    for _ in 0..2 {
        // A body here would be read as the head of the next response.
        connection.send(format!("HEAD {path} HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes());
        let head = connection.head();
        assert_eq!(head.status, 200);
        assert_eq!(head.header("etag"), module.header("etag"));
        assert_eq!(head.header("content-type"), module.header("content-type"));
    }
}

#[test]
fn the_module_can_only_be_read() {
    let server = Server::bare();
    for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
        let refused = (server.open()).request(method, "/__apply-cookies/client.js", &[], b"");
        assert_eq!(refused.status, 405, "{method}");
        assert_eq!(refused.header("allow"), Some("GET, HEAD"), "{method}");
        assert_eq!(
            refused.header("cache-control"),
            Some("no-store"),
            "{method}"
        );
    }
}

#[test]
fn the_endpoint_can_have_another_path() {
    let server = Server::with(|b| b.prefix("/app/cookies")).bare();
    let request = |path: &str| {
        let headers = [&origin_header(), FORM, &cookie_header(1)];
        server
            .open()
            .request("POST", path, &headers, form(&token(), None).as_bytes())
    };
    assert_eq!(request("/app/cookies").status, 204);
    assert_eq!(request("/__apply-cookies").status, 404);
}

#[test]
fn every_answer_below_the_prefix_says_what_caches_may_do() {
    let server = Server::bare();
    let methods = [
        "GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "BREW",
    ];
    let ask = |method: &str, path: &str| {
        let path = format!("/__apply-cookies{path}");
        let answer = server.open().request(method, &path, &[], b"");
        (answer.status, answer)
    };
    for method in methods {
        for path in ["", "/bind"] {
            let (status, answer) = ask(method, path);
            let (expected, kind) = match method {
                "POST" => (403, "origin"),
                _ => (405, "method-not-allowed"),
            };
            assert_eq!(
                (status, &*answer.problem()),
                (expected, kind),
                "{method} {path}"
            );
            assert_bare(&answer);
            let allow = (status == 405).then_some("POST");
            assert_eq!(answer.header("allow"), allow);
        }
        let (status, module) = ask(method, "/client.js");
        if method == "GET" {
            assert_eq!(
                (status, module.header("cache-control")),
                (200, Some("no-cache"))
            );
        } else {
            assert_eq!((status, &*module.problem()), (405, "method-not-allowed"));
            assert_eq!(module.header("allow"), Some("GET, HEAD"));
            assert_bare(&module);
        }
        for path in ["/", "/bind/", "/client.js/", "/client.mjs", "//", "/BIND"] {
            let (status, nowhere) = ask(method, path);
            assert_eq!(status, 404, "{method} {path}");
            assert_bare(&nowhere);
        }
    }
    for path in ["", "/bind", "/nowhere"] {
        let mut connection = server.open();
        connection
            .send(format!("HEAD /__apply-cookies{path} HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes());
        assert_bare(&connection.head());
    }
}
