//! Values that cannot become a cookie, and handlers that return the refusal.

use apply_cookies::{PushError, SetCookie};

use super::Server;
use crate::harness::extractors::{Session, Theme};
use crate::harness::{Ask, Reply, Script};

#[test]
fn a_value_that_browsers_or_readers_would_lose_is_refused_when_pushed() {
    let server = Server::start(Script::at("/", |ask: Ask| async move {
        ask.notes
            .pushed(ask.pending.set(&Session::of("x".repeat(5000))));
        ask.notes.pushed(ask.pending.set(&Theme {
            dark: true,
            ratio: f64::NAN,
        }));
        Reply::done()
    }));
    let response = server.get("/", &[]);
    let text = server.notes.error().to_string();
    assert!(text.starts_with("cookie `session`: value: 6"), "{text}");
    assert!(
        text.ends_with(
            " bytes are too many, at most 4096 fit (of name and encoded value together)"
        ),
        "{text}"
    );
    let error = server.notes.error();
    assert!(matches!(error, PushError::Class(_)));
    assert_eq!(
        error.to_string(),
        "cookie `theme`: the value could not be read back: the cookie's JSON does not fit the class (field ratio)"
    );
    assert_eq!(response.all("set-cookie"), [""; 0]);
}

#[test]
fn a_handler_that_returns_the_refusal_answers_500_and_shows_nothing() {
    let server = Server::start(Script::at("/", |ask: Ask| async move {
        ask.pending.set(&Session::of("ada"))?;
        ask.pending.set(SetCookie::new("hunter2 hunter2", "v"))?;
        Ok(Reply::done())
    }));
    let response = server.get("/", &[]);
    assert_eq!((response.status, response.body.as_str()), (500, ""));
    // Not half of what it set either.
    assert_eq!(response.all("set-cookie"), [""; 0]);
}
