//! Bodies that are too large, too slow, or unasked for, and the connection that they come on.

use apply_cookies::protocol::limits;

use super::{R, Server, assert_refused};
use crate::support::http::{FORM, form, origin_header};
use crate::support::{cookie_header, token};

#[test]
fn a_refused_body_is_drained_so_the_connection_stays_open() {
    let server = Server::bare();
    let mut connection = server.open();
    let origin = origin_header();
    let large = vec![b'x'; limits::DRAIN_MAX];
    for _ in 0..3 {
        for (method, headers, status) in [
            ("POST", vec!["Origin: null", FORM], 403),
            ("POST", vec![&origin, "Content-Type: text/plain"], 415),
            ("POST", vec![&origin, FORM], 413),
            ("PUT", vec![&origin, FORM], 405),
        ] {
            let response = connection.request(method, "/__apply-cookies", &headers, &large);
            assert_eq!(response.status, status);
            assert_eq!(response.header("connection"), None);
        }
    }
    let body = form(&token(), Some(R));
    let headers = [&origin, FORM, &cookie_header(1)];
    assert_eq!(
        connection
            .request("POST", "/__apply-cookies", &headers, body.as_bytes())
            .status,
        204
    );
}

#[test]
fn an_endless_body_is_given_up() {
    let server = Server::bare();
    let origin = origin_header();
    for length in ["Transfer-Encoding: chunked", "Content-Length: 100000000"] {
        for (origin, status, kind) in [
            ("Origin: null", 403, "origin"),
            // Not 408: it is refused for its size, not because the client stopped sending.
            (&origin, 413, "too-large"),
        ] {
            let mut connection = server.open();
            connection.send(
                format!("POST /__apply-cookies HTTP/1.1\r\nHost: a\r\n{origin}\r\n{FORM}\r\n{length}\r\n\r\n")
                    .as_bytes(),
            );
            let chunk = [b"4000\r\n".as_slice(), &[b'x'; 0x4000], b"\r\n"].concat();
            for _ in 0..8 {
                connection.try_send(&chunk);
            }
            let response = connection.response();
            assert_refused(&response, status, kind);
            assert_eq!(response.header("connection"), Some("close"));
            assert!(connection.is_closed(), "{length}");
        }
    }
}

#[test]
fn a_body_that_was_given_up_ends_the_connection_also_when_all_of_it_is_there() {
    let server = Server::bare();
    let origin = origin_header();
    let mut connection = server.open();
    let length = limits::DRAIN_MAX + 1;
    let head = format!(
        "POST /__apply-cookies HTTP/1.1\r\nHost: a\r\n{origin}\r\n{FORM}\r\nTransfer-Encoding: chunked\r\n\r\n{length:x}\r\n"
    );
    let body = vec![b'x'; length];
    connection.send(&[head.as_bytes(), &body, b"\r\n0\r\n\r\n"].concat());
    let response = connection.response();
    assert_refused(&response, 413, "too-large");
    assert_eq!(response.header("connection"), Some("close"));
    assert!(connection.is_closed());
}

#[test]
fn a_body_that_nobody_asked_for_is_not_read() {
    let server = Server::bare();
    for path in ["/__apply-cookies/client.js", "/__apply-cookies/nowhere"] {
        let mut connection = server.open();
        connection.send(
            format!(
                "GET {path} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"
            )
            .as_bytes(),
        );
        let response = connection.response();
        assert!(matches!(response.status, 200 | 404));
        assert!(connection.is_closed(), "{path}");
    }
    let nowhere = server
        .open()
        .request("GET", "/__apply-cookies/nowhere", &[], b"");
    assert_eq!(nowhere.header("cache-control"), Some("no-store"));
}

#[test]
fn a_body_that_does_not_arrive_is_given_up() {
    let server = Server::bare();
    let mut connection = server.open();
    let origin = origin_header();
    connection.send(
        format!("POST /__apply-cookies HTTP/1.1\r\nHost: a\r\n{origin}\r\n{FORM}\r\nContent-Length: 10\r\n\r\nt=").as_bytes(),
    );
    let response = connection.response();
    assert_refused(&response, 408, "unavailable");
    assert!(connection.is_closed());
}

/// Frameworks may read on for a moment, so that the answer is not lost to a reset, but not for ever.
#[test]
fn a_body_without_end_ends_with_its_connection() {
    let server = Server::bare();
    let chunk = [b"4000\r\n".as_slice(), &[b'x'; 0x4000], b"\r\n"].concat();
    std::thread::scope(|scope| {
        for (method, path) in [
            ("POST", ""),
            ("POST", "/bind"),
            ("PUT", ""),
            ("POST", "/client.js"),
            ("GET", "/client.js"),
            ("GET", "/nowhere"),
        ] {
            let mut connection = server.open();
            let head = format!(
                "{method} /__apply-cookies{path} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            );
            connection.send(head.as_bytes());
            let chunk = &chunk;
            scope.spawn(move || while connection.try_send(chunk) {});
        }
    });
}
