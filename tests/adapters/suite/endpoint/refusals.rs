//! Which requests are refused, in which order, and that forgers learn nothing from it.

use std::fs;
use std::path::Path;

use apply_cookies::BindingPolicy;
use apply_cookies::protocol::limits;

use super::{R, Server, assert_refused};
use crate::support::http::{FORM, form, origin_header, post, post_as};
use crate::support::{NOW, SESSION, at, cookie_header, token, token_with};

#[test]
fn every_bad_form_or_token_gets_the_same_400() {
    let server = Server::bare();
    let good = token();
    let mut connection = server.open();
    let mut send = |body: &[u8]| {
        let headers = [&origin_header(), FORM, &cookie_header(1)];
        connection
            .request("POST", "/__apply-cookies", &headers, body)
            .without_date()
    };
    let reference = send(b"");
    assert_refused(&reference, 400, "invalid");
    for body in [
        "t=".to_owned(),
        "x=1".to_owned(),
        "T=1".to_owned(),
        format!("t={good}&t={good}"),
        format!("t={good}&r={R}&r={R}"),
        format!("t={good}&r={}", "r".repeat(65)),
        format!("t={good}x"),
        format!("t=%00{good}"),
        format!("t={}", "A".repeat(16_000)),
        "%".to_owned(),
        "t=\u{e9}".to_owned(),
    ] {
        assert_eq!(send(body.as_bytes()), reference, "{body}");
    }
    assert_eq!(send(b"t=\xff\xfe\x00"), reference);
    // Nothing of this has consumed the token, and unknown fields are ignored.
    assert_eq!(send(format!("a=1&t={good}&r={R}&b").as_bytes()).status, 204);
}

#[test]
fn the_published_vectors_are_refused_as_they_say() {
    let server = Server::bare();
    // The vectors that cannot be emitted carry no binding.
    let optional = Server::with(|b| b.binding(BindingPolicy::Optional)).bare();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("protocol/vectors/reject");
    let mut bodies = Vec::new();
    for reason in fs::read_dir(root).unwrap() {
        let reason = reason.unwrap();
        let expected = match reason.file_name().to_str().unwrap() {
            "expired" | "not-yet-valid" => (410, "expired"),
            "wrong-browser" => (403, "wrong-browser"),
            _ => (400, "invalid"),
        };
        for file in fs::read_dir(reason.path()).unwrap() {
            let file = file.unwrap().path();
            let vector: serde_json::Value =
                serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
            server.set_clock(vector["now"].as_u64().unwrap());
            optional.set_clock(vector["now"].as_u64().unwrap());
            let cookie = match vector["binding_cookie"].as_str() {
                Some(text) => format!("Cookie: __Host-apply-cookies={text}"),
                None => "X: y".to_owned(),
            };
            let address = if expected.0 == 400 {
                optional.address
            } else {
                server.address
            };
            let token = vector["token"]
                .as_str()
                .unwrap()
                .replace('+', "%2B")
                .replace('\n', "%0A");
            let response = post_as(address, &cookie, &token, Some(R)).without_date();
            assert_eq!(
                (response.status, response.problem().as_str()),
                expected,
                "{}",
                file.display()
            );
            if response.status == 400 {
                bodies.push(response);
            }
        }
    }
    assert!(bodies.len() > 50);
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "a forger can tell refusals apart");
}

#[test]
fn only_pages_of_a_listed_origin_may_post() {
    let server = Server::bare();
    let good = origin_header();
    let cases: [(&[&str], bool); 12] = [
        (&[&good], true),
        (&[&good, "Sec-Fetch-Site: same-origin"], true),
        (&["Sec-Fetch-Site: same-origin"], true),
        (&[], false),
        (&["Origin: null"], false),
        (&["Origin: https://evil.example"], false),
        (&["Origin: http://app.example"], false),
        (&[&good, "Sec-Fetch-Site: same-site"], false),
        (&[&good, "Sec-Fetch-Site: cross-site"], false),
        (&[&good, "Sec-Fetch-Site: none"], false),
        (&[&good, &good], false),
        (
            &[
                "Origin: https://evil.example",
                "Sec-Fetch-Site: same-origin",
            ],
            false,
        ),
    ];
    for (headers, allowed) in cases {
        for path in ["/__apply-cookies", "/__apply-cookies/bind"] {
            let token = token();
            let mut all = vec![FORM];
            let cookie = cookie_header(1);
            all.extend([cookie.as_str()]);
            all.extend(headers);
            let response =
                server
                    .open()
                    .request("POST", path, &all, form(&token, Some(R)).as_bytes());
            if allowed {
                assert_eq!(response.status, 204, "{path} {headers:?}");
            } else {
                assert_refused(&response, 403, "origin");
                assert_eq!(
                    post(server.address, &token, Some(R)).status,
                    204,
                    "not consumed"
                );
            }
        }
    }
}

#[test]
fn the_host_header_allows_nothing() {
    let server = Server::bare();
    let mut connection = server.open();
    let body = form(&token(), Some(R));
    connection.send(
        format!(
            "POST /__apply-cookies HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: evil.example\r\nForwarded: host=evil.example\r\nOrigin: https://evil.example\r\n{FORM}\r\n{}\r\nContent-Length: {}\r\n\r\n{body}",
            cookie_header(1),
            body.len()
        )
        .as_bytes(),
    );
    assert_refused(&connection.response(), 403, "origin");
}

#[test]
fn other_methods_types_and_sizes_are_refused() {
    let server = Server::bare();
    let origin = origin_header();
    let body = form(&token(), Some(R));
    for path in ["/__apply-cookies", "/__apply-cookies/bind"] {
        for method in ["GET", "PUT", "DELETE", "OPTIONS", "PATCH"] {
            let response = server
                .open()
                .request(method, path, &[&origin, FORM], body.as_bytes());
            assert_refused(&response, 405, "method-not-allowed");
            assert_eq!(response.header("allow"), Some("POST"));
        }
    }
    for kind in [
        "Content-Type: application/json",
        "Content-Type: text/plain",
        "Content-Type: multipart/form-data; boundary=x",
        "Content-Type: application/x-www-form-urlencodedx",
        "X: none",
    ] {
        let response = server.open().request(
            "POST",
            "/__apply-cookies",
            &[&origin, kind],
            body.as_bytes(),
        );
        assert_refused(&response, 415, "unsupported-media-type");
    }
    let padded = |size: usize| {
        let token = form(&token(), Some(R));
        format!("{token}&x={}", "x".repeat(size - token.len() - 3))
    };
    for (size, status) in [
        (limits::BODY_MAX, 204),
        (limits::BODY_MAX + 1, 413),
        (limits::DRAIN_MAX + 1, 413),
    ] {
        let response = server.open().request(
            "POST",
            "/__apply-cookies",
            &[&origin, FORM, &cookie_header(1)],
            padded(size).as_bytes(),
        );
        assert_eq!(response.status, status, "{size}");
        if status == 413 {
            assert_refused(&response, 413, "too-large");
        }
    }
}

#[test]
fn refusals_come_in_their_order() {
    let server = Server::bare();
    let huge = "x".repeat(limits::BODY_MAX + 1);
    let mut expected = Vec::new();
    let mut ask = |method: &str, headers: &[&str], body: &str| {
        let response = server
            .open()
            .request(method, "/__apply-cookies", headers, body.as_bytes());
        expected.push(response.status);
    };
    let origin = origin_header();
    let expired = token_with(SESSION, |header| {
        header.issued_at = at(NOW - 50_000);
        header.expires_at = at(NOW);
    });
    // Each request breaks one rule less than the one before it.
    ask("PUT", &["Origin: null", "Content-Type: text/plain"], &huge);
    ask("POST", &["Origin: null", "Content-Type: text/plain"], &huge);
    ask("POST", &[&origin, "Content-Type: text/plain"], &huge);
    ask("POST", &[&origin, FORM], &huge);
    ask("POST", &[&origin, FORM], "t=x");
    ask("POST", &[&origin, FORM], &form(&expired, None));
    ask("POST", &[&origin, FORM], &form(&token(), None));
    assert_eq!(expected, [405, 403, 415, 413, 400, 410, 403]);
}
