//! A push that cannot reach the browser is an error, which says why.

use std::time::Duration;

use apply_cookies::{DeleteCookie, Event, PushError, SetCookie};
use async_stream::stream;
use futures_util::StreamExt;

use super::{Server, session};
use crate::harness::{Ask, Reply, Script};
use crate::support::{SESSION_LINE, cookie_header};

/// Pushes once the answer is on its way.
fn push_later(ask: Ask) {
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(50)).await;
        ask.notes.pushed(ask.pending.set(session()));
    });
}

#[test]
fn a_push_that_cannot_be_delivered_is_an_error() {
    let server = Server::start(
        Script::at("/no-carrier", |ask: Ask| async move {
            push_later(ask);
            Reply::done()
        })
        .and("/over", |ask: Ask| async move {
            let pending = ask.pending.clone();
            push_later(ask);
            Reply::sse(pending, |_| stream! { yield Event::data("bye"); })
        })
        .and("/closed", |ask: Ask| async move {
            ask.pending.close();
            ask.notes.pushed(ask.pending.set(session()));
            Reply::done()
        })
        .and("/dropped", |ask: Ask| async move {
            drop(ask.pending.frames());
            push_later(ask);
            Reply::done()
        }),
    );
    for (path, expected) in [
        ("/no-carrier", PushError::NoCarrier),
        ("/over", PushError::Closed),
        ("/closed", PushError::Closed),
        ("/dropped", PushError::NoCarrier),
    ] {
        server.get(path, &[]);
        assert_eq!(server.notes.push(), Err(expected), "{path}");
    }
}

#[test]
fn a_head_request_has_no_body_that_could_carry() {
    let server = Server::start(Script::at("/", |ask: Ask| async move {
        let pending = ask.pending.clone();
        push_later(ask);
        Reply::sse(pending, |_| stream! { yield Event::data("hello"); })
    }));
    let mut connection = server.open();
    connection.send(b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
    let head = connection.head();
    assert_eq!(head.header("content-encoding"), None);
    assert_eq!(
        head.all("set-cookie"),
        [""; 0],
        "no binding, for no token follows"
    );
    assert_eq!(server.notes.push(), Err(PushError::Closed));
}

#[test]
fn a_carrier_by_hand_carries_nothing_to_a_head_request() {
    let server = Server::start(Script::at("/", |ask: Ask| async move {
        let frames = ask.pending.frames();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(50)).await;
            ask.notes.pushed(ask.pending.set(session()));
            drop(frames);
        });
        Reply::done()
    }));
    let mut connection = server.open();
    let browser = cookie_header(1);
    connection.send(format!("HEAD / HTTP/1.1\r\nHost: a\r\n{browser}\r\n\r\n").as_bytes());
    connection.head();
    assert_eq!(server.notes.push(), Err(PushError::Closed));
}

#[test]
fn a_browser_that_leaves_closes_the_carrier() {
    let server = Server::start(Script::at("/", |ask: Ask| async move {
        let cookies = ask.pending.clone();
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(Duration::from_millis(20)).await;
                if let Err(error) = cookies.set(session()) {
                    ask.notes.pushed(Err::<(), _>(error));
                    break;
                }
            }
        });
        Reply::sse(ask.pending, |_| {
            stream! {
                loop {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    yield Event::comment("still here");
                }
            }
        })
    }));
    let mut connection = server.open();
    connection.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    connection.head();
    drop(connection);
    assert_eq!(server.notes.push(), Err(PushError::Closed));
}

#[test]
fn a_handler_that_is_dropped_before_it_answers_takes_nothing_more() {
    let server = Server::start(Script::at("/", |ask: Ask| async move {
        let mut frames = ask.pending.frames();
        ask.notes.hand_over(ask.pending.clone());
        tokio::spawn(async move {
            // Ends only when nothing can be carried any more.
            while frames.next().await.is_some() {}
            ask.notes.pushed(ask.pending.set(session()));
        });
        std::future::pending::<Reply>().await
    }));
    let mut connection = server.open();
    connection.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    // The handler has begun.
    drop(server.notes.handle());
    connection.reset();
    assert_eq!(server.notes.push(), Err(PushError::Closed));
}

#[test]
fn a_carrier_that_comes_after_the_headers_needs_a_browser_with_a_binding() {
    let server = Server::start(Script::at("/", |ask: Ask| async move {
        Reply::streamed(stream! {
            let mut frames = ask.pending.frames();
            let pushed = ask.pending.set(session());
            let bound = pushed.is_ok();
            ask.notes.pushed(pushed);
            if bound {
                yield frames.next().await.unwrap().to_sse();
            }
        })
    }));
    server.get("/", &[]);
    assert_eq!(server.notes.push(), Err(PushError::LateCarrier));
    let response = server.get_bound("/");
    assert_eq!(server.notes.push(), Ok(()));
    assert_eq!(server.redeem(&response), [SESSION_LINE]);
}

#[test]
fn a_cookie_that_browsers_would_drop_is_refused_when_pushed() {
    let server = Server::start(Script::at("/", |ask: Ask| async move {
        let (pending, notes) = (&ask.pending, &ask.notes);
        let elsewhere = "elsewhere.example";
        notes.pushed(pending.set(SetCookie::new("bad name", "v")));
        notes.pushed(pending.set(SetCookie::new("a", "v").domain(elsewhere)));
        notes.pushed(pending.delete_cookie(DeleteCookie::new("a").domain(elsewhere)));
        notes.pushed(pending.set(SetCookie::new("__Host-apply-cookies", "v")));
        notes.pushed(pending.set(SetCookie::new("a", "v").domain("app.example")));
        Reply::done()
    }));
    let response = server.get("/", &[]);
    let notes = &server.notes;
    assert!(notes.error().to_string().starts_with("name: "));
    assert_eq!(notes.error(), PushError::ForeignDomain);
    assert_eq!(notes.error(), PushError::ForeignDomain);
    assert!(notes.error().to_string().starts_with("name: "));
    assert_eq!(notes.push(), Ok(()));
    assert_eq!(response.all("set-cookie").len(), 1);
}
