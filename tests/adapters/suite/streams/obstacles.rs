//! What keeps tokens out of a body, on every carrier, though the browser has a binding.

use apply_cookies::{Event, PushError};
use async_stream::stream;

use super::{Server, session, streamed_sign_in};
use crate::harness::{Ask, Reply, Script, Surroundings, binding, tokens};
use crate::support::http::Response;
use crate::support::{SESSION_LINE, cookie_header};

/// The carriers of ordinary requests; `/socket` is the fourth.
const BODIES: [&str; 3] = ["/events", "/page", "/frames"];

/// Each signs in after its headers have left, and says hello.
fn script() -> Script {
    Script::at("/events", streamed_sign_in)
        .and("/page", |ask: Ask| async move {
            Reply::html(ask.pending, |cookies| {
                stream! {
                    ask.notes.pushed(cookies.set(session()));
                    yield "<!doctype html>";
                }
            })
        })
        .and("/frames", |ask: Ask| async move {
            let mut frames = ask.pending.frames();
            Reply::streamed(stream! {
                ask.notes.pushed(ask.pending.set(session()));
                for frame in frames.take_ready() {
                    yield frame.to_sse();
                }
                yield "data: hello\n\n".to_owned();
            })
        })
        .and("/socket", |ask: Ask| async move {
            let mut frames = ask.pending.frames();
            Reply::socket(stream! {
                ask.notes.pushed(ask.pending.set(session()));
                for frame in frames.take_ready() {
                    yield frame.to_websocket_text();
                }
                yield "hello".to_owned();
            })
        })
        .and("/head", |ask: Ask| async move {
            ask.pending.set(session()).unwrap();
            Reply::sse(ask.pending, |_| stream! { yield Event::data("hello"); })
        })
}

/// What a bound browser's request of these fields gets from a carrier.
fn ask(server: &Server, method: &str, path: &str, fields: &[&str]) -> Response {
    let browser = cookie_header(1);
    let fields = [&[browser.as_str()], fields].concat();
    if path != "/socket" {
        return server.open().request(method, path, &fields, b"");
    }
    let mut connection = server.open();
    let mut head = connection.handshake(path, &fields);
    assert_eq!(head.status, 101);
    while !head.body.ends_with("hello") {
        head.body += &connection.websocket_text();
    }
    head
}

fn refuses(server: &Server, method: &str, path: &str, fields: &[&str], why: &PushError) {
    let response = ask(server, method, path, fields);
    let case = format!("{method} {path} {fields:?}");
    assert_eq!(server.notes.push(), Err(why.clone()), "{case}");
    assert!(tokens(&response.body).is_empty(), "{case}");
    assert!(binding(&response).is_none(), "{case}");
}

fn carries(server: &Server, method: &str, path: &str, fields: &[&str]) {
    let response = ask(server, method, path, fields);
    assert_eq!(server.notes.push(), Ok(()), "{method} {path} {fields:?}");
    assert_eq!(server.redeem(&response), [SESSION_LINE]);
}

const SIBLING: &str = "Origin: https://sibling.app.example";
const OWN: &str = "Origin: https://app.example";
const NAVIGATE: &str = "Sec-Fetch-Mode: navigate";

#[test]
fn what_a_page_of_another_origin_can_read_carries_no_token() {
    let server = Server::start(script());
    let foreign: [&[&str]; 23] = [
        &[SIBLING],
        &[SIBLING, "Sec-Fetch-Site: same-site", "Sec-Fetch-Mode: cors"],
        &[
            SIBLING,
            "Sec-Fetch-Site: same-site",
            "Sec-Fetch-Mode: websocket",
        ],
        &["Origin: https://evil.example", "Sec-Fetch-Site: cross-site"],
        // Another port, another scheme, a sandboxed frame.
        &["Origin: https://app.example:8443"],
        &["Origin: http://app.example"],
        &["Origin: null"],
        &["Origin: null", "Sec-Fetch-Site: same-site"],
        &["Origin: null", "Sec-Fetch-Site: cross-site"],
        &["Origin: null", "Sec-Fetch-Site: none"],
        &["Origin: NULL", "Sec-Fetch-Site: same-origin"],
        &["Origin: null", SIBLING, "Sec-Fetch-Site: same-origin"],
        &[
            "Origin: null",
            "Sec-Fetch-Site: same-origin",
            "Sec-Fetch-Site: cross-site",
        ],
        &["Origin: "],
        // Each field by itself, and one that contradicts the other.
        &["Sec-Fetch-Site: same-site"],
        &["Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors"],
        &["Sec-Fetch-Site: none", "Sec-Fetch-Mode: cors"],
        &["Sec-Fetch-Site: SAME-ORIGIN"],
        &[OWN, "Sec-Fetch-Site: same-site"],
        &[SIBLING, "Sec-Fetch-Site: same-origin"],
        &[OWN, SIBLING],
        &["Sec-Fetch-Site: same-origin", "Sec-Fetch-Site: cross-site"],
        &["Sec-Fetch-Site: same-origin", "Sec-Fetch-Site: none"],
    ];
    for fields in foreign {
        for path in BODIES.into_iter().chain(["/socket"]) {
            refuses(&server, "GET", path, fields, &PushError::Foreign);
        }
        refuses(&server, "POST", "/events", fields, &PushError::Foreign);
    }
    // In another site's frame the page could not redeem it.
    for frame in ["iframe", "frame", "embed", "object"] {
        let dest = format!("Sec-Fetch-Dest: {frame}");
        let fields = ["Sec-Fetch-Site: cross-site", NAVIGATE, &dest];
        refuses(&server, "GET", "/page", &fields, &PushError::Foreign);
    }
    let dest = "Sec-Fetch-Dest: document";
    let twice = [
        "Sec-Fetch-Site: cross-site",
        NAVIGATE,
        "Sec-Fetch-Mode: cors",
        dest,
    ];
    refuses(&server, "GET", "/page", &twice, &PushError::Foreign);
}

#[test]
fn what_the_apps_own_page_reads_carries_tokens() {
    let server = Server::start(script());
    let own: [&[&str]; 7] = [
        // A client that is no browser.
        &[],
        &[OWN],
        &["Sec-Fetch-Site: same-origin"],
        // Without a referrer.
        &["Origin: null", "Sec-Fetch-Site: same-origin"],
        &[
            "Origin: null",
            "Sec-Fetch-Site: same-origin",
            "Sec-Fetch-Mode: same-origin",
        ],
        &[OWN, "Sec-Fetch-Site: same-origin", "Sec-Fetch-Mode: cors"],
        &[
            OWN,
            "Sec-Fetch-Site: same-origin",
            "Sec-Fetch-Mode: websocket",
        ],
    ];
    for fields in own {
        for path in BODIES.into_iter().chain(["/socket"]) {
            carries(&server, "GET", path, fields);
        }
    }
    // Whoever sent the browser there, the document that it loads is the app's.
    let document = "Sec-Fetch-Dest: document";
    for site in ["same-origin", "same-site", "cross-site", "none"] {
        let site = format!("Sec-Fetch-Site: {site}");
        for path in BODIES {
            carries(&server, "GET", path, &[&site, NAVIGATE, document]);
        }
        let form = [&site, NAVIGATE, document, "Origin: https://login.example"];
        carries(&server, "POST", "/page", &form);
    }
    let portal = [
        "Sec-Fetch-Site: same-site",
        NAVIGATE,
        "Sec-Fetch-Dest: iframe",
    ];
    carries(&server, "GET", "/page", &portal);
}

/// A page cannot read them, and whether it may cause them is for the app to say.
#[test]
fn cookies_still_leave_with_the_head_of_an_answer_that_carries_no_token() {
    let server = Server::start(script());
    for fields in [
        &[SIBLING][..],
        &["Sec-Fetch-Site: cross-site"],
        &["Sec-Purpose: prefetch"],
    ] {
        let response = server.get("/head", fields);
        assert_eq!(response.all("set-cookie"), [SESSION_LINE], "{fields:?}");
    }
}

#[test]
fn what_is_fetched_ahead_of_a_visit_carries_no_token() {
    let server = Server::start(script());
    for purpose in [
        "Sec-Purpose: prefetch",
        "Sec-Purpose: prefetch;prerender",
        "Sec-Purpose: prefetch;anonymous-client-ip",
        "Sec-Purpose: PREFETCH ; prerender",
        "Purpose: prefetch",
        "Purpose: preview",
        "X-Moz: prefetch",
        "X-Purpose: preview",
        "X-Purpose: : preview",
        // Of frameworks.
        "X-Sec-Purpose: prefetch",
        "Sec-Fetch-Purpose: prefetch",
        "Moz-Purpose: prefetch",
        "Next-Router-Prefetch: 1",
        "Next-Router-Prefetch: 2",
        "Next-Router-Segment-Prefetch: /_tree",
        "X-Middleware-Prefetch: 1",
        "HX-Preloaded: true",
    ] {
        let documents: [&[&str]; 3] = [
            &[purpose],
            &[
                purpose,
                "Sec-Fetch-Site: none",
                NAVIGATE,
                "Sec-Fetch-Dest: document",
            ],
            &["Sec-Purpose: other", purpose, "Sec-Fetch-Site: cross-site"],
        ];
        for fields in documents {
            for path in BODIES {
                refuses(&server, "GET", path, fields, &PushError::Prefetch);
            }
        }
    }
    for purpose in [
        "Sec-Purpose: visit",
        "Purpose: ",
        "X-Moz: prefetched",
        "X-Sec-Purpose: visit",
        "Next-Router-Prefetch: 0",
        "X-Middleware-Prefetch: ",
        "HX-Preloaded: false",
    ] {
        carries(&server, "GET", "/page", &[purpose]);
    }
}

#[test]
fn an_encoded_body_carries_no_token() {
    let server = Server::in_surroundings(Surroundings::LayerOverOthers).start(script());
    for coding in [
        "gzip",
        "br",
        "zstd",
        "GZIP",
        "gzip, br",
        "identity, deflate",
        " x-gzip",
    ] {
        let field = format!("X-Encode: {coding}");
        for path in BODIES {
            let response = ask(&server, "GET", path, &[&field]);
            assert_eq!(
                server.notes.push(),
                Err(PushError::Encoded),
                "{coding} {path}"
            );
            assert!(tokens(&response.body).is_empty());
            assert_eq!(response.header("content-encoding"), Some(coding.trim()));
        }
    }
    for coding in ["identity", "Identity", "identity, identity", ","] {
        let field = format!("X-Encode: {coding}");
        for path in BODIES {
            let response = ask(&server, "GET", path, &[&field]);
            assert_eq!(server.notes.push(), Ok(()), "{coding} {path}");
            assert_eq!(response.header("content-encoding"), None, "{coding} {path}");
        }
    }
}

/// It keeps layers that compress away from a stream, and must not leave.
#[test]
fn no_answer_names_identity_as_its_encoding() {
    let server = Server::in_surroundings(Surroundings::LayerOverOthers).start(script());
    for path in ["/events", "/page"] {
        for status in [200, 206, 304, 404, 500, 503] {
            let status = format!("X-Status: {status}");
            for method in ["GET", "HEAD", "POST"] {
                let mut connection = server.open();
                let request = format!(
                    "{method} {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n{status}\r\n\r\n"
                );
                connection.send(request.as_bytes());
                let head = connection.head();
                assert_eq!(status, format!("X-Status: {}", head.status));
                let encoding = head.all("content-encoding");
                assert_eq!(encoding, [""; 0], "{method} {path} {status}");
            }
        }
    }
}

#[cfg(feature = "mesop")]
#[test]
fn a_deployment_for_mesops_tokens_carries_none_of_its_own() {
    use apply_cookies::{BindingPolicy, MesopSecret};

    let mesop = MesopSecret::new("Zk3vT0pQ8sX1yB6nM4cJ7wL2hG5dF9aRu-cE4iO_qTs").unwrap();
    let server = Server::with(|builder| {
        let builder = builder.mesop(mesop).redeem_mesop();
        builder.binding(BindingPolicy::Optional)
    })
    .start(script());
    for path in BODIES.into_iter().chain(["/socket"]) {
        refuses(&server, "GET", path, &[], &PushError::OtherProfile);
    }
    let head = server.get("/head", &[]);
    assert_eq!(head.all("set-cookie"), [SESSION_LINE]);
}
