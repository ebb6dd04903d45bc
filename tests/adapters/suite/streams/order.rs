//! A token travels in front of what the app says next: a page may stop listening there.

use apply_cookies::{Event, Frame, PendingCookies, SetCookie};
use async_stream::stream;
use futures_core::Stream;
use futures_util::StreamExt;

use super::{Server, session};
use crate::harness::{Ask, Reply, Script, tokens};
use crate::support::cookie_header;

/// What the app says, with its pushes in between.
fn says(cookies: PendingCookies) -> impl Stream<Item = &'static str> + Send {
    stream! {
        // In the poll that yields the first item.
        cookies.set(session()).unwrap();
        yield "[1]";
        // While the next one waits, by another task.
        let other = cookies.clone();
        let pushed = tokio::spawn(async move { other.set(session()).is_ok() });
        assert!(pushed.await.unwrap());
        yield "[2]";
        // Nothing was pushed.
        yield "[3]";
        // Twice before one item, with a wait between them.
        cookies.set(session()).unwrap();
        tokio::task::yield_now().await;
        cookies.set(SetCookie::new("theme", "dark")).unwrap();
        yield "[4]";
        // More than one token.
        for n in 0..21 {
            cookies.set(SetCookie::new(format!("c{n}"), "1")).unwrap();
        }
        yield "[5]";
        // In the poll that yields the last item.
        cookies.sign_out().delete_cookie("session").push().unwrap();
        yield "[6]";
    }
}

/// By hand: what is ready goes in front of each message, and what comes meanwhile travels at once.
fn by_hand(
    pending: PendingCookies,
    form: fn(&Frame) -> String,
) -> impl Stream<Item = String> + Send {
    let mut frames = pending.frames();
    stream! {
        let mut messages = Box::pin(says(pending));
        loop {
            tokio::select! {
                biased;
                message = messages.next() => {
                    for frame in frames.take_ready() {
                        yield form(&frame);
                    }
                    match message {
                        Some(message) => yield message.to_owned(),
                        None => break,
                    }
                }
                Some(frame) = frames.next() => yield form(&frame),
            }
        }
    }
}

/// The body with `T` for each token.
fn outline(body: &str) -> String {
    let mut outline = body.to_owned();
    for token in tokens(body) {
        outline = outline.replace(token, "\"T\"");
    }
    let kept = |c: &char| matches!(c, '[' | ']' | 'T' | '0'..='9');
    let words = ["apply-cookies", "token", "data", "type"];
    for word in words {
        outline = outline.replace(word, "");
    }
    outline.chars().filter(kept).collect()
}

#[test]
fn a_token_travels_in_front_of_what_the_app_says_next() {
    let server = Server::start(
        Script::at("/sse", |ask: Ask| async move {
            Reply::sse(ask.pending, |cookies| says(cookies).map(Event::data))
        })
        .and(
            "/html",
            |ask: Ask| async move { Reply::html(ask.pending, says) },
        )
        .and("/frames", |ask: Ask| async move {
            Reply::streamed(by_hand(ask.pending, Frame::to_sse))
        })
        .and("/socket", |ask: Ask| async move {
            Reply::socket(by_hand(ask.pending, Frame::to_websocket_text))
        }),
    );
    let rest = "T[2][3]TT[4]TT[5]T[6]";
    let front = format!("T[1]{rest}");
    for path in ["/sse", "/frames"] {
        assert_eq!(outline(&server.get_bound(path).body), front, "{path}");
    }
    // Nothing may come before the doctype.
    assert_eq!(
        outline(&server.get_bound("/html").body),
        format!("[1]T{rest}")
    );
    let mut connection = server.open();
    connection.handshake("/socket", &[&cookie_header(1)]);
    let mut heard = String::new();
    while !heard.ends_with("[6]") {
        heard += &connection.websocket_text();
    }
    assert_eq!(outline(&heard), front);
}
