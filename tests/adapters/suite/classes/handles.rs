//! Reading through `PendingCookies`, which sees what was written on the same response.

use std::time::Duration;

use apply_cookies::{DeleteCookie, Event, PendingCookies, SetCookie, UnreadableReason};
use async_stream::stream;
use futures_util::StreamExt;

use super::{Server, sign_in};
use crate::harness::extractors::{EVERY_CLASS, Session};
use crate::harness::{Ask, Reply, Script, browser_and, jar, tokens};
use crate::support::cookie_header;
use crate::support::http::post_as;

/// Whose session the handle reads, or why there is none.
fn whose(pending: &PendingCookies) -> String {
    match pending.get::<Session>() {
        Ok(session) => session.username.clone(),
        Err(why) => why.reason().as_str().to_owned(),
    }
}

#[test]
fn reading_through_the_handle_sees_what_was_written() {
    let server = Server::start(sign_in().and("/steps", |ask: Ask| async move {
        let pending = ask.pending;
        let mut seen = vec![whose(&pending)];
        pending.set(&Session::of("bob"))?;
        seen.push(whose(&pending));
        pending.delete::<Session>()?;
        seen.push(whose(&pending));
        pending.set(&Session::of("eve"))?;
        seen.push(whose(&pending.clone()));
        assert!(pending.get_raw("session").unwrap().starts_with(b"ce1."));
        assert_eq!(pending.get_raw("a").unwrap(), b"1");
        pending.set(SetCookie::new("a", "2"))?;
        assert_eq!(pending.get_raw("a").unwrap(), b"2");
        pending.delete_cookie("a")?;
        let gone = pending.get_raw("a").unwrap_err();
        assert_eq!(gone.reason(), UnreadableReason::Absent);
        Ok(Reply::text(seen.join(" ")))
    }));
    let sent = jar(&server.get("/in", &[])) + "; a=1";
    let response = server.get("/steps", &[&sent]);
    assert_eq!(response.body, "ada bob absent eve");
}

#[test]
fn a_read_matches_the_exact_cookie_of_the_class() {
    let server = Server::start(sign_in().and("/steps", |ask: Ask| async move {
        let pending = ask.pending;
        let mut seen = Vec::new();
        // What an app does whose class has another path or domain than it had.
        pending.delete_cookie(DeleteCookie::new("session").path("/old"))?;
        pending.delete_cookie(DeleteCookie::new("session").domain("app.example"))?;
        seen.push(whose(&pending));
        pending.set(SetCookie::new("session", "x").path("/elsewhere"))?;
        seen.push(whose(&pending));
        assert_eq!(pending.get_raw("session").unwrap(), b"x");
        // An age of zero deletes.
        pending.set(SetCookie::new("session", "x").max_age(Duration::ZERO))?;
        seen.push(whose(&pending));
        // What was refused was not written.
        assert!(pending.set(&Session::of("x".repeat(5000))).is_err());
        assert!(pending.set(SetCookie::new("session", "a b")).is_err());
        seen.push(whose(&pending));
        Ok(Reply::text(seen.join(" ")))
    }));
    let sent = jar(&server.get("/in", &[]));
    let response = server.get("/steps", &[&sent]);
    assert_eq!(response.body, "ada ada absent absent");
}

#[test]
fn reading_in_a_stream_sees_what_has_travelled_already() {
    let server = Server::start(sign_in().and("/events", |ask: Ask| async move {
        Reply::sse(ask.pending, |cookies| {
            stream! {
                yield Event::data("started");
                cookies.set(&Session::of("ada")).unwrap();
                yield Event::data("pushed");
                // By now the token is on its way, and the queue is empty.
                yield Event::data(cookies.get::<Session>().unwrap().username.clone());
                cookies.delete::<Session>().unwrap();
                yield Event::data(cookies.get::<Session>().unwrap_err().to_string());
            }
        })
    }));
    let response = server.get_bound("/events");
    assert!(response.body.contains("data: ada\n"), "{}", response.body);
    assert!(
        response
            .body
            .contains("data: the request has no cookie of this name\n")
    );
    let tokens = tokens(&response.body);
    assert_eq!(tokens.len(), 2);
    let applied = post_as(server.address, &cookie_header(1), tokens[0], None);
    assert_eq!(applied.status, 204);
    let shown = server.get(EVERY_CLASS, &[&jar(&applied)]);
    assert_eq!(shown.body, "ada:sent 0:absent false:absent");
    // Neither the token nor the frame shows the value to the page.
    assert!(!response.body.contains("admin"));
}

#[test]
fn writes_lost_with_their_carrier_are_not_read() {
    let server = Server::start(sign_in().and("/events", |ask: Ask| async move {
        let cookies = ask.pending;
        let mut frames = Some(cookies.frames());
        Reply::streamed(stream! {
            yield "started ".to_owned();
            // One deletion is on its way, and the write after it is lost: the request's cookie must
            // not come back.
            cookies.delete::<Session>().unwrap();
            let travelled = frames.as_mut().unwrap().take_ready();
            assert_eq!(travelled.len(), 1);
            cookies.set(&Session::of("ada")).unwrap();
            drop(frames.take());
            yield whose(&cookies);
        })
    }));
    let sent = browser_and(1, &jar(&server.get("/in", &[])));
    let response = server.get("/events", &[&sent]);
    assert_eq!(response.body, "started absent");
}

#[test]
fn writes_whose_frames_were_never_taken_are_not_read() {
    let server = Server::start(sign_in().and("/events", |ask: Ask| async move {
        let cookies = ask.pending;
        let mut frames = cookies.frames();
        Reply::streamed(stream! {
            yield "started ".to_owned();
            // More than one token, of which only the first is taken.
            for n in 0..25 {
                cookies.set(SetCookie::new(format!("c{n}"), "1")).unwrap();
            }
            cookies.set(&Session::of("ada")).unwrap();
            frames.next().await.unwrap();
            drop(frames);
            let known = (0..25).filter(|n| cookies.get_raw(&format!("c{n}")).is_ok());
            yield format!("{} {}", known.count(), whose(&cookies));
        })
    }));
    let sent = browser_and(1, &jar(&server.get("/in", &[])));
    let response = server.get("/events", &[&sent]);
    assert_eq!(response.body, "started 20 absent");
}

/// The guide's way out for a visitor whom two cookies of one name shut out.
#[test]
fn each_of_several_cookies_of_one_name_can_be_deleted() {
    let strays = || {
        [
            DeleteCookie::new("session").path("/app"),
            DeleteCookie::new("session").path("/app/"),
            DeleteCookie::new("session").domain("app.example"),
            DeleteCookie::new("session")
                .domain("app.example")
                .path("/app"),
            DeleteCookie::new("session").secure(false),
        ]
    };
    let server = Server::start(Script::at("/", move |ask: Ask| async move {
        let read = ask.pending.get::<Session>();
        if read.is_err_and(|why| why.reason() == UnreadableReason::Duplicate) {
            for stray in strays() {
                ask.pending.delete_cookie(stray)?;
            }
        }
        Ok(Reply::done())
    }));
    let one = server.get("/", &["Cookie: session=a"]);
    assert_eq!(one.all("set-cookie"), [""; 0]);
    let several = server.get("/", &["Cookie: session=a; session=b"]);
    let until = "Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT";
    assert_eq!(
        several.all("set-cookie"),
        [
            format!("session=; Path=/app; {until}; Secure; HttpOnly"),
            format!("session=; Path=/app/; {until}; Secure; HttpOnly"),
            format!("session=; Path=/; Domain=app.example; {until}; Secure; HttpOnly"),
            format!("session=; Path=/app; Domain=app.example; {until}; Secure; HttpOnly"),
            format!("session=; Path=/; {until}; HttpOnly"),
        ]
    );
}

#[test]
fn a_long_lived_socket_forgets_old_names_but_never_a_sign_out() {
    let server = Server::start(sign_in().and("/many", |ask: Ask| async move {
        Reply::sse(ask.pending, |cookies| {
            stream! {
                yield Event::data("started");
                cookies.delete::<Session>().unwrap();
                for n in 0..300 {
                    cookies.set(SetCookie::new(format!("c{n}"), "1")).unwrap();
                    yield Event::data("next");
                }
                let known: Vec<i32> = (0..300)
                    .filter(|n| cookies.get_raw(&format!("c{n}")).is_ok())
                    .collect();
                yield Event::data(format!("known {} from {}", known.len(), known[0]));
                yield Event::data(format!("session {}", whose(&cookies)));
            }
        })
    }));
    let sent = browser_and(1, &jar(&server.get("/in", &[])));
    let response = server.get("/many", &[&sent]);
    // The deletion of the session takes one of 256 places, for as long as the socket is open.
    assert!(
        response.body.contains("data: known 255 from 45\n"),
        "{}",
        response.body
    );
    assert!(response.body.contains("data: session absent\n"));
}
