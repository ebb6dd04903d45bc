//! Cookies that handlers push, with the headers and in tokens.

use std::time::Duration;

use apply_cookies::{DeleteCookie, Event, PendingCookies, PushError, Receipt, SameSite, SetCookie};
use async_stream::stream;

use super::{HTTPS, LOCAL, Server, Shop, Visit, deployment};
use crate::harness::extractors::{Cart, Session, Theme};
use crate::harness::{Ask, Reply, Script, one_token, pair};
use crate::support::http::FORM;

type Push = fn(&PendingCookies) -> Result<Receipt, PushError>;

const GONE: &str = "Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT";

/// Each way to push a cookie; what its line starts with on https and on plain http; and the rest,
/// which is the same but for `Secure`.
fn pushes() -> Vec<(Push, [&'static str; 2], String)> {
    let session = |p: &PendingCookies| p.set(&Session::of("ada"));
    let rest = "; Path=/; HttpOnly; SameSite=Lax".to_owned();
    let gone = format!("; Path=/; {GONE}; HttpOnly");
    vec![
        (
            session,
            ["session=ce1."; 2],
            "; Path=/; Max-Age=3600; HttpOnly; SameSite=Strict".into(),
        ),
        (
            |p| p.set(&Cart { items: 3 }),
            ["__Host-cart=cs1.", "cart=cs1."],
            rest.clone(),
        ),
        (
            |p| p.set(&Visit { page: 1 }),
            ["__Host-Http-visit=ce1.", "visit=ce1."],
            "; Path=/; Max-Age=3600; HttpOnly; SameSite=Lax".into(),
        ),
        (
            |p| {
                p.set(&Theme {
                    dark: true,
                    ratio: 0.5,
                })
            },
            ["theme={"; 2],
            "; Path=/; SameSite=Lax".into(),
        ),
        (
            |p| p.set(&Shop { open: true }),
            ["__Secure-shop={", "shop={"],
            "; Path=/shop; Domain=app.example; HttpOnly; SameSite=Lax".into(),
        ),
        (
            |p| p.set(SetCookie::new("raw", "v")),
            ["raw=v"; 2],
            rest.clone(),
        ),
        (
            |p| p.set(SetCookie::new("__Host-raw", "v")),
            ["__Host-raw=v", "raw=v"],
            rest.clone(),
        ),
        (
            |p| p.set(SetCookie::new("__secure-raw", "v")),
            ["__secure-raw=v", "raw=v"],
            rest.clone(),
        ),
        (
            |p| p.set(SetCookie::new("__Http-raw", "v").max_age(Duration::from_secs(9))),
            ["__Http-raw=v", "raw=v"],
            "; Path=/; Max-Age=9; HttpOnly; SameSite=Lax".into(),
        ),
        (
            |p| p.set(SetCookie::new("raw", "v").same_site(None).http_only(false)),
            ["raw=v"; 2],
            "; Path=/".into(),
        ),
        (|p| p.delete::<Session>(), ["session="; 2], gone.clone()),
        (
            |p| p.delete::<Cart>(),
            ["__Host-cart=", "cart="],
            gone.clone(),
        ),
        (
            |p| p.delete_cookie("__Host-raw"),
            ["__Host-raw=", "raw="],
            gone.clone(),
        ),
        (
            |p| p.delete_cookie(DeleteCookie::new("raw").path("/app")),
            ["raw="; 2],
            format!("; Path=/app; {GONE}; HttpOnly"),
        ),
        (
            |p| p.batch().set(SetCookie::new("__Host-raw", "v")).push(),
            ["__Host-raw=v", "raw=v"],
            rest,
        ),
        (
            |p| p.batch().delete::<Cart>().push(),
            ["__Host-cart=", "cart="],
            gone.clone(),
        ),
        (
            |p| p.sign_out().delete_cookie("raw").push(),
            ["raw="; 2],
            gone,
        ),
    ]
}

/// Pushes in the head, and in a stream; returns both lines.
fn lines(origins: &'static [&'static str], push: Push) -> [String; 2] {
    let script = Script::at("/head", move |ask: Ask| async move {
        push(&ask.pending)?;
        Ok(Reply::done())
    })
    .and("/stream", move |ask: Ask| async move {
        Reply::sse(ask.pending, move |cookies| {
            stream! {
                push(&cookies).unwrap();
                yield Event::data("done");
            }
        })
    });
    let server = Server::with(deployment(origins)).start(script);
    let head = server
        .get("/head", &[])
        .header("set-cookie")
        .unwrap()
        .to_owned();
    let stream = server.get("/stream", &[]);
    let binding = format!("Cookie: {}", pair(stream.header("set-cookie").unwrap()));
    let origin = format!("Origin: {}", origins[0]);
    let form = format!("t={}", one_token(&stream));
    let headers = [&*origin, FORM, &binding];
    let answer = server
        .open()
        .request("POST", "/__apply-cookies", &headers, form.as_bytes());
    assert_eq!(answer.status, 204);
    [head, answer.header("set-cookie").unwrap().to_owned()]
}

#[test]
fn what_is_pushed_is_secure_exactly_where_the_origins_are_https() {
    for (push, [https, http], rest) in pushes() {
        // The second, so that a domain can be set.
        for line in lines(&[LOCAL, "http://app.example"], push) {
            assert!(
                line.starts_with(http) && line.ends_with(&rest),
                "{line} instead of {http}…{rest}"
            );
        }
        for line in lines(&[HTTPS], push) {
            assert!(
                line.starts_with(https) && line.contains("; Secure"),
                "{line}"
            );
            assert!(line.replace("; Secure", "").ends_with(&rest), "{line}");
        }
    }
}

#[test]
fn what_a_cookie_says_about_secure_is_done() {
    let secure: Push = |p| {
        p.set(
            SetCookie::new("a", "v")
                .secure(true)
                .same_site(SameSite::Strict),
        )
    };
    let open: Push = |p| p.set(SetCookie::new("a", "v").secure(false));
    let gone: Push = |p| p.delete_cookie(DeleteCookie::new("a").secure(false));
    let kept: Push = |p| p.delete_cookie(DeleteCookie::new("a").secure(true));
    for (push, expected) in [(secure, true), (kept, true), (open, false), (gone, false)] {
        for origins in [&[HTTPS], &[LOCAL]] {
            for line in lines(origins, push) {
                assert_eq!(line.contains("; Secure"), expected, "{line}");
            }
        }
    }
}
