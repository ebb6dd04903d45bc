//! The endpoint's promises, over real sockets.

mod support;

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier, Weak};

use apply_cookies::protocol::{StoreScope, limits};
use apply_cookies::replay::{
    Claim, ClaimFuture, ClaimListener, HorizonFuture, MemoryReplayStore, ReplayStore, StoreError,
};
use apply_cookies::{BindingPolicy, Clock};
use support::http::{Connection, FORM, Response, form, origin_header, post, post_as};
use support::{NOW, SESSION, SESSION_LINE, Server, at, cookie_header, token, token_with};

const R: &str = "AAAAAAAAAAAAAAAAAAAAAA";
const OTHER_R: &str = "BBBBBBBBBBBBBBBBBBBBBA";

fn assert_bare(response: &Response) {
    assert_eq!(
        response.header("cache-control"),
        Some("no-store"),
        "{response:?}"
    );
    for (name, _) in &response.headers {
        assert!(!name.starts_with("access-control-"), "{response:?}");
    }
}

fn assert_refused(response: &Response, status: u16, kind: &str) {
    assert_eq!(
        (response.status, response.problem().as_str()),
        (status, kind)
    );
    assert_bare(response);
    assert!(response.all("set-cookie").is_empty());
}

#[test]
fn a_good_token_is_answered_with_one_line_per_operation_in_order() {
    let server = Server::start();
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
    let server = Server::start();
    let token = token();
    let first = post(server.address, &token, Some(R)).without_date();
    assert_eq!(first.status, 204);
    server.set_clock(NOW + 59_999);
    assert_eq!(post(server.address, &token, Some(R)).without_date(), first);
    server.set_clock(NOW + 60_000);
    assert_refused(&post(server.address, &token, Some(R)), 410, "expired");
}

#[test]
fn a_used_token_is_refused_under_another_redemption_id_or_none() {
    let server = Server::start();
    for first in [Some(R), None] {
        let token = token();
        assert_eq!(post(server.address, &token, first).status, 204);
        assert_refused(&post(server.address, &token, Some(OTHER_R)), 409, "used");
        assert_refused(&post(server.address, &token, None), 409, "used");
        assert_refused(&post(server.address, &token, Some("")), 409, "used");
    }
}

#[test]
fn every_form_and_token_that_is_no_good_gets_one_and_the_same_400() {
    let server = Server::start();
    let good = token();
    let mut connection = Connection::open(server.address);
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
    let server = Server::start();
    // The vectors that cannot be emitted carry no binding.
    let optional = Server::start_with(|b| b.binding(BindingPolicy::Optional), |_| {});
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
fn tokens_of_another_time_or_another_memory_are_gone() {
    let server = Server::start();
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
    let server = Server::start();
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
    let server = Server::start_with(|b| b.binding(BindingPolicy::Optional), |_| {});
    let bound = token();
    let response = post_as(server.address, &cookie_header(2), &bound, Some(R));
    assert_refused(&response, 403, "wrong-browser");
    assert_eq!(post(server.address, &bound, Some(R)).status, 204);
    let unbound = token_with(SESSION, |header| header.binding = None);
    assert_eq!(
        post_as(server.address, "X: y", &unbound, Some(R)).status,
        204
    );
    let strict = Server::start();
    let unbound = token_with(SESSION, |header| header.binding = None);
    assert_refused(
        &post(strict.address, &unbound, Some(R)),
        403,
        "wrong-browser",
    );
}

#[test]
fn only_pages_of_a_listed_origin_may_post() {
    let server = Server::start();
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
            let response = Connection::open(server.address).request(
                "POST",
                path,
                &all,
                form(&token, Some(R)).as_bytes(),
            );
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
    let server = Server::start();
    let mut connection = Connection::open(server.address);
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
    let server = Server::start();
    let origin = origin_header();
    let body = form(&token(), Some(R));
    for path in ["/__apply-cookies", "/__apply-cookies/bind"] {
        for method in ["GET", "PUT", "DELETE", "OPTIONS", "PATCH"] {
            let response = Connection::open(server.address).request(
                method,
                path,
                &[&origin, FORM],
                body.as_bytes(),
            );
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
        let response = Connection::open(server.address).request(
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
        let response = Connection::open(server.address).request(
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
    let server = Server::start();
    let huge = "x".repeat(limits::BODY_MAX + 1);
    let mut expected = Vec::new();
    let mut ask = |method: &str, headers: &[&str], body: &str| {
        let response = Connection::open(server.address).request(
            method,
            "/__apply-cookies",
            headers,
            body.as_bytes(),
        );
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

#[test]
fn a_refused_body_is_drained_so_the_connection_stays_open() {
    let server = Server::start();
    let mut connection = Connection::open(server.address);
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
fn a_body_without_end_is_not_read_to_its_end() {
    let server = Server::start();
    let origin = origin_header();
    for length in ["Transfer-Encoding: chunked", "Content-Length: 100000000"] {
        for (origin, status, kind) in [
            ("Origin: null", 403, "origin"),
            // Not 408: it is refused for its size, not because the client stopped sending.
            (&origin, 413, "too-large"),
        ] {
            let mut connection = Connection::open(server.address);
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
fn a_body_that_nobody_asked_for_is_not_read() {
    let server = Server::start();
    for path in ["/__apply-cookies/client.js", "/__apply-cookies/nowhere"] {
        let mut connection = Connection::open(server.address);
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
    let nowhere =
        Connection::open(server.address).request("GET", "/__apply-cookies/nowhere", &[], b"");
    assert_eq!(nowhere.header("cache-control"), Some("no-store"));
}

#[test]
fn a_body_that_does_not_arrive_is_given_up() {
    let server = Server::start();
    let mut connection = Connection::open(server.address);
    let origin = origin_header();
    connection.send(
        format!("POST /__apply-cookies HTTP/1.1\r\nHost: a\r\n{origin}\r\n{FORM}\r\nContent-Length: 10\r\n\r\nt=").as_bytes(),
    );
    let response = connection.response();
    assert_refused(&response, 408, "unavailable");
    assert!(connection.is_closed());
}

#[test]
fn of_64_concurrent_posts_of_one_token_exactly_one_is_answered_204() {
    let server = Server::start();
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

/// A store that fails while it is told to, after the claim reached the memory beneath.
#[derive(Debug)]
struct Failing {
    memory: MemoryReplayStore,
    fails: Arc<AtomicBool>,
}

impl ReplayStore for Failing {
    fn claim(&self, claim: Claim) -> ClaimFuture<'_> {
        let answer = self.memory.claim(claim);
        if self.fails.load(Ordering::SeqCst) {
            return ClaimFuture::ready(Err(StoreError::Unavailable("secret detail".into())));
        }
        answer
    }

    fn listen(&self, listener: Weak<dyn ClaimListener>) {
        self.memory.listen(listener);
    }

    fn horizon(&self) -> HorizonFuture<'_> {
        self.memory.horizon()
    }
}

#[test]
fn a_failing_store_releases_nothing_and_the_same_redemption_id_may_ask_again() {
    let fails = Arc::new(AtomicBool::new(true));
    let store = Failing {
        memory: MemoryReplayStore::new(Clock::from_fn(|| at(NOW - 60_000))),
        fails: fails.clone(),
    };
    let server = Server::start_with(|b| b.replay_store(Arc::new(store)), |_| {});
    let token = token();
    let response = post(server.address, &token, Some(R));
    assert_refused(&response, 503, "unavailable");
    assert_eq!(response.header("retry-after"), Some("1"));
    assert!(!response.body.contains("secret detail"));
    fails.store(false, Ordering::SeqCst);
    assert_eq!(
        post(server.address, &token, Some(R)).all("set-cookie"),
        [SESSION_LINE]
    );
}

#[test]
fn a_full_store_refuses_and_never_forgets() {
    let clock = Clock::from_fn(|| at(NOW - 60_000));
    let store = Arc::new(MemoryReplayStore::new(clock).capacity(2));
    let kept = store.clone();
    let server = Server::start_with(|b| b.replay_store(store), |_| {});
    let used = [token(), token()];
    for token in &used {
        assert_eq!(post(server.address, token, Some(R)).status, 204);
    }
    assert_refused(&post(server.address, &token(), Some(R)), 503, "unavailable");
    for token in &used {
        assert_refused(&post(server.address, token, Some(OTHER_R)), 409, "used");
        assert_eq!(
            post(server.address, token, Some(R)).status,
            204,
            "a retry needs no room"
        );
    }
    assert_eq!(kept.len(), 2);
}

#[test]
fn forgeries_leave_no_trace_in_the_store() {
    let store = Arc::new(MemoryReplayStore::new(Clock::from_fn(|| at(NOW - 60_000))));
    let kept = store.clone();
    let server = Server::start_with(|b| b.replay_store(store), |_| {});
    let mut connection = Connection::open(server.address);
    let good = token();
    for n in 0..500 {
        let forged = format!("{}{:03}", &good[..good.len() - 3], n);
        let headers = [&origin_header(), FORM, &cookie_header(1)];
        connection.request(
            "POST",
            "/__apply-cookies",
            &headers,
            form(&forged, Some(R)).as_bytes(),
        );
    }
    assert!(kept.is_empty());
}

#[test]
fn a_barrier_refuses_older_tokens_of_its_browser_from_then_on() {
    let server = Server::start();
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

#[test]
fn binding_is_given_once_and_never_overwritten() {
    let server = Server::start();
    let bind = |cookie: &str| {
        let origin = origin_header();
        Connection::open(server.address).request(
            "POST",
            "/__apply-cookies/bind",
            &[&origin, cookie],
            b"",
        )
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
    let server = Server::start();
    let get = |headers: &[&str]| {
        Connection::open(server.address).request("GET", "/__apply-cookies/client.js", headers, b"")
    };
    let response = get(&[]);
    assert_eq!(response.status, 200);
    assert_eq!(
        response.header("content-type"),
        Some("text/javascript; charset=utf-8")
    );
    assert_eq!(response.header("cache-control"), Some("no-cache"));
    assert_eq!(response.header("x-content-type-options"), Some("nosniff"));
    assert!(response.body.contains("export"));
    let etag = response.header("etag").unwrap();
    let unchanged = get(&[&format!("If-None-Match: \"other\", W/{etag}")]);
    assert_eq!((unchanged.status, unchanged.body.as_str()), (304, ""));
    assert_eq!(get(&["If-None-Match: \"other\""]).status, 200);
}

#[test]
fn the_endpoint_can_stand_under_another_path() {
    let server = Server::start_with(|b| b.prefix("/app/cookies"), |_| {});
    let request = |path: &str| {
        let headers = [&origin_header(), FORM, &cookie_header(1)];
        Connection::open(server.address).request(
            "POST",
            path,
            &headers,
            form(&token(), None).as_bytes(),
        )
    };
    assert_eq!(request("/app/cookies").status, 204);
    assert_eq!(request("/__apply-cookies").status, 404);
}
