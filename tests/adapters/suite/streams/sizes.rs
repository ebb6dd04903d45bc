//! How much travels at once, and what counts when one cookie is written twice.

use apply_cookies::{Event, PushError, SetCookie};
use async_stream::stream;

use super::Server;
use crate::harness::{Ask, Reply, Script, pair, tokens};

#[test]
fn a_later_operation_on_a_cookie_replaces_the_earlier_one() {
    let server = Server::start(Script::at("/", |ask: Ask| async move {
        Reply::sse(ask.pending, |cookies| {
            stream! {
                cookies.set(SetCookie::new("a", "1")).unwrap();
                cookies.set(SetCookie::new("b", "1")).unwrap();
                cookies.delete_cookie("a").unwrap();
                cookies.set(SetCookie::new("a", "1").path("/other")).unwrap();
                yield Event::data("done");
            }
        })
    }));
    let lines = server.redeem(&server.get("/", &[]));
    let pairs: Vec<&str> = lines.iter().map(|line| pair(line)).collect();
    assert_eq!(pairs, ["b=1", "a=", "a=1"]);
}

#[test]
fn more_than_fits_travels_as_several_tokens_and_too_much_is_an_error() {
    let server = Server::start(Script::at("/", |ask: Ask| async move {
        Reply::sse(ask.pending, |cookies| {
            stream! {
                for n in 0..45 {
                    cookies.set(SetCookie::new(format!("c{n}"), "v")).unwrap();
                }
                yield Event::data("many");
                for n in 0..3 {
                    cookies.set(SetCookie::new(format!("large{n}"), "v".repeat(4000))).unwrap();
                }
                yield Event::data("large");
                for n in 0..256 {
                    cookies.set(SetCookie::new(format!("c{n}"), "v")).unwrap();
                }
                let full = cookies.set(SetCookie::new("one-more", "v"));
                yield Event::data(full.unwrap_err().to_string());
            }
        })
    }));
    let response = server.get("/", &[]);
    let parts: Vec<&str> = response.body.split("data: many").collect();
    assert_eq!(tokens(parts[0]).len(), 3, "20 + 20 + 5");
    let parts: Vec<&str> = parts[1].split("data: large").collect();
    assert_eq!(tokens(parts[0]).len(), 3);
    assert!(parts[1].contains("256 operations are already waiting"));
    assert_eq!(server.redeem(&response).len(), 45 + 3 + 256);
}

#[test]
fn headers_take_no_more_cookies_than_proxies_do() {
    let server = Server::start(Script::at("/", |ask: Ask| async move {
        for n in 0..3 {
            let cookie = SetCookie::new(format!("c{n}"), "v".repeat(2900));
            ask.notes.pushed(ask.pending.set(cookie));
        }
        Reply::done()
    }));
    assert_eq!(server.get("/", &[]).all("set-cookie").len(), 2);
    let outcomes = [(); 3].map(|()| server.notes.push());
    assert_eq!(outcomes, [Ok(()), Ok(()), Err(PushError::HeadersFull)]);
}

#[test]
fn a_handler_that_pushes_into_a_stream_that_is_not_read_answers_503() {
    let server = Server::start(
        Script::at("/events", |ask: Ask| async move {
            let frames = ask.pending.frames();
            ask.notes.hand_over(ask.pending);
            Reply::streamed(stream! {
                let _unread = frames;
                yield "open";
                std::future::pending::<()>().await;
            })
        })
        .and("/push", |ask: Ask| async move {
            let stream = ask.notes.handle();
            for n in 0..=256 {
                stream.set(SetCookie::new(format!("c{n}"), "1"))?;
            }
            Ok(Reply::done())
        }),
    );
    let mut stream = server.open();
    stream.send(b"GET /events HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(stream.head().status, 200);
    let response = server.get_bound("/push");
    assert_eq!((response.status, response.body.as_str()), (503, ""));
}
