//! Carriers: how a token gets from a running stream to the page.

use std::time::Duration;

use apply_cookies::{ApplyCookies, Event, Frames, PendingCookies, SetCookie};
use async_stream::stream;
use futures_util::StreamExt;

use super::{Server, session};
use crate::harness::{Ask, Reply, Script};
use crate::support::SESSION_LINE;

#[test]
fn an_sse_stream_carries_what_is_set_while_it_runs() {
    let server = Server::start(Script::at("/", |ask: Ask| async move {
        ask.pending.set(SetCookie::new("early", "1")).unwrap();
        Reply::sse(ask.pending, |cookies| {
            stream! {
                yield Event::data("checking");
                cookies.set(session()).unwrap();
                yield Event::data("welcome");
                cookies.set(SetCookie::new("last", "1")).unwrap();
            }
        })
    }));
    let response = server.get("/", &[]);
    assert!(
        response
            .all("set-cookie")
            .contains(&"early=1; Path=/; Secure; HttpOnly; SameSite=Lax")
    );
    let events: Vec<&str> = response.body.split("\n\n").collect();
    assert_eq!(events[0], "data: checking");
    assert!(events[1].starts_with("event: apply-cookies\ndata: {\"token\":\"e1."));
    assert_eq!(events[2], "data: welcome");
    assert!(
        events[3].starts_with("event: apply-cookies\n"),
        "the last flush"
    );
    assert_eq!(
        server.redeem(&response),
        [
            SESSION_LINE,
            "last=1; Path=/; Secure; HttpOnly; SameSite=Lax"
        ]
    );
}

#[test]
fn a_cookie_set_while_the_stream_waits_travels_at_once() {
    let server = Server::start(Script::at("/", |ask: Ask| async move {
        let cookies = ask.pending.clone();
        // Another task sets the cookie while the stream itself has nothing to say.
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(50)).await;
            cookies.set(session()).unwrap();
        });
        Reply::sse(ask.pending, |_| {
            stream! {
                std::future::pending::<()>().await;
                yield Event::data("never seen");
            }
        })
    }));
    let mut connection = server.open();
    connection.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    let mut response = connection.head();
    response.body = connection.chunk().unwrap();
    assert_eq!(server.redeem(&response), [SESSION_LINE]);
}

fn is_send_static<T: Send + 'static>() {}

#[test]
fn a_handle_works_in_any_thread() {
    let server = Server::start(Script::at("/", |ask: Ask| async move {
        Reply::sse(ask.pending, |cookies| {
            stream! {
                let set = std::thread::spawn(move || cookies.set(session()).is_ok());
                yield Event::data(format!("{}", set.join().unwrap()));
            }
        })
    }));
    assert_eq!(server.redeem(&server.get("/", &[])), [SESSION_LINE]);

    is_send_static::<PendingCookies>();
    is_send_static::<Frames>();
    is_send_static::<ApplyCookies>();
}

#[test]
fn streamed_html_carries_elements_after_its_chunks() {
    let server = Server::start(Script::at("/", |ask: Ask| async move {
        Reply::html(ask.pending, |cookies| {
            stream! {
                cookies.set(session()).unwrap();
                yield "<!doctype html><p>one</p>";
                yield "";
                yield "<p>two</p>";
            }
        })
    }));
    let response = server.get("/", &[]);
    assert!(
        response
            .body
            .starts_with("<!doctype html><p>one</p><apply-cookies token=\"e1.")
    );
    assert!(
        response.body.ends_with("\"></apply-cookies><p>two</p>"),
        "{}",
        response.body
    );
    assert_eq!(server.redeem(&response), [SESSION_LINE]);
}

#[test]
fn no_frame_comes_before_the_doctype_of_a_streamed_page() {
    let server = Server::start(Script::at("/", |ask: Ask| async move {
        Reply::html(ask.pending, |cookies| {
            stream! {
                cookies.set(session()).unwrap();
                tokio::time::sleep(Duration::from_millis(50)).await;
                yield "<!doctype html>";
            }
        })
    }));
    let response = server.get("/", &[]);
    assert!(
        response.body.starts_with("<!doctype html><apply-cookies"),
        "{}",
        response.body
    );
    assert_eq!(server.redeem(&response), [SESSION_LINE]);
}

#[test]
fn a_carrier_by_hand_carries_until_it_is_closed() {
    let server = Server::start(Script::at("/", |ask: Ask| async move {
        let mut frames = ask.pending.frames();
        tokio::spawn(async move {
            ask.pending.set(session()).unwrap();
            ask.pending.set(SetCookie::new("b", "2")).unwrap();
            ask.pending.close();
        });
        Reply::streamed(stream! {
            while let Some(frame) = frames.next().await {
                yield frame.to_websocket_text() + "\n";
            }
        })
    }));
    let response = server.get("/", &[]);
    assert!(
        response
            .body
            .starts_with("{\"type\":\"apply-cookies\",\"token\":\"e1.")
    );
    assert_eq!(response.body.lines().count(), 1, "one token for one poll");
    assert_eq!(server.redeem(&response).len(), 2);
}

#[test]
fn a_websocket_carries_cookies_in_text_messages() {
    let server = Server::start(Script::at("/", |ask: Ask| async move {
        let mut frames = ask.pending.frames();
        // Pushed before the handshake's headers leave: not every browser takes cookies there.
        ask.pending.set(session())?;
        Ok(Reply::socket(stream! {
            yield "hello".to_owned();
            while let Some(frame) = frames.next().await {
                yield frame.to_websocket_text();
                ask.pending.close();
            }
        }))
    }));
    let mut connection = server.open();
    let mut response = connection.handshake("/", &[]);
    assert_eq!(response.status, 101);
    assert_eq!(
        response.all("set-cookie").len(),
        1,
        "the binding and nothing else"
    );
    assert_eq!(connection.websocket_text(), "hello");
    response.body = connection.websocket_text();
    assert_eq!(server.redeem(&response), [SESSION_LINE]);
}

#[test]
fn a_websocket_carries_what_is_set_long_after_its_handshake() {
    let server = Server::start(Script::at("/", |ask: Ask| async move {
        let mut frames = ask.pending.frames();
        ask.notes.hand_over(ask.pending);
        Reply::socket(stream! {
            while let Some(frame) = frames.next().await {
                yield frame.to_websocket_text();
            }
        })
    }));
    let mut connection = server.open();
    let mut response = connection.handshake("/", &[]);
    assert_eq!(response.status, 101);
    let cookies = server.notes.handle();
    for value in ["1", "2", "3"] {
        cookies.set(SetCookie::new("step", value)).unwrap();
        response.body = connection.websocket_text();
        assert!(server.redeem(&response)[0].starts_with(&format!("step={value};")));
    }
}
