//! Cookie classes in handlers, over real sockets. Names nothing but the crate `apply-cookies`:
//! an app needs no other.

mod support;

use std::time::Duration;

use actix_web::web::{self, Bytes, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use apply_cookies::{
    Cookie, CookieClass, DeleteCookie, Event, PendingCookies, PushError, SetCookie,
    UnreadableReason, testing,
};
use async_stream::stream;
use serde::{Deserialize, Serialize};
use support::http::{Connection, Response, post_as};
use support::{NOW, Server, cookie_header};

#[derive(CookieClass, Serialize, Deserialize, Default, Clone, PartialEq, Debug)]
#[cookie(encrypted, max_age = "1h", same_site = "Strict")]
struct Session {
    username: String,
    #[serde(default)]
    roles: Vec<String>,
}

#[derive(CookieClass, Serialize, Deserialize, Default)]
#[cookie(signed, prefix = "host")]
struct Cart {
    items: u32,
}

#[derive(CookieClass, Serialize, Deserialize, Default)]
#[cookie(http_only = false)]
struct Theme {
    dark: bool,
    ratio: f64,
}

/// The crate under another name, as when a framework exports it.
mod framework {
    pub(crate) use apply_cookies as cookies;
}

#[derive(CookieClass, Serialize, Deserialize, Default)]
#[cookie(signed, crate = "framework::cookies")]
struct Reexported {
    n: u8,
}

fn ada() -> Session {
    Session {
        username: "ada".to_owned(),
        roles: vec!["admin".to_owned()],
    }
}

async fn show(session: Cookie<Session>, cart: Cookie<Cart>, theme: Cookie<Theme>) -> String {
    let why = |reason: Option<UnreadableReason>| reason.map_or("sent", UnreadableReason::as_str);
    format!(
        "{}:{} {}:{} {}:{}",
        session.username,
        why(session.sent().err().map(apply_cookies::Unreadable::reason)),
        cart.items,
        why(cart.sent().err().map(apply_cookies::Unreadable::reason)),
        theme.dark,
        why(theme.sent().err().map(apply_cookies::Unreadable::reason)),
    )
}

async fn sign_in(pending: PendingCookies) -> Result<HttpResponse, PushError> {
    pending.set(&ada())?;
    pending.set(&Cart { items: 3 })?;
    pending.set(&Theme {
        dark: true,
        ratio: 0.5,
    })?;
    pending.set(&Reexported { n: 1 })?;
    Ok(HttpResponse::Ok().finish())
}

fn server(routes: impl FnOnce(&mut ServiceConfig) + Clone + Send + 'static) -> Server {
    Server::start_with(
        |builder| builder,
        move |config| {
            config
                .route("/show", web::get().to(show))
                .route("/in", web::get().to(sign_in));
            routes(config);
        },
    )
}

fn get(server: &Server, path: &str, headers: &[&str]) -> Response {
    Connection::open(server.address).request("GET", path, headers, b"")
}

/// What a browser sends back of the lines of a response.
fn jar(response: &Response) -> String {
    let pairs: Vec<&str> = response
        .all("set-cookie")
        .into_iter()
        .map(|line| line.split(';').next().unwrap())
        .collect();
    format!("Cookie: {}", pairs.join("; "))
}

#[test]
fn what_a_handler_sets_the_next_one_reads() {
    let server = server(|_| {});
    let response = get(&server, "/in", &[]);
    let lines = response.all("set-cookie");
    assert!(lines[0].starts_with("session=ce1."), "{lines:?}");
    assert!(lines[0].ends_with("; Path=/; Max-Age=3600; Secure; HttpOnly; SameSite=Strict"));
    assert!(lines[1].starts_with("__Host-cart=cs1."));
    assert_eq!(
        lines[2],
        "theme={%22dark%22:true%2C%22ratio%22:0.5}; Path=/; Secure; SameSite=Lax"
    );
    assert!(lines[3].starts_with("reexported=cs1."));
    let shown = get(&server, "/show", &[&jar(&response)]);
    assert_eq!(shown.body, "ada:sent 3:sent true:sent");
}

#[test]
fn what_cannot_be_read_is_the_default_and_never_an_error() {
    let server = server(|_| {});
    let good = jar(&get(&server, "/in", &[]));
    let deep = format!("theme={}", "[".repeat(4000));
    for (cookies, shown) in [
        (String::new(), ":absent 0:absent false:absent"),
        (
            good.replace("ce1.", "ce1.A"),
            ":unknown-key 3:sent true:sent",
        ),
        (
            good.replace("session=", "Session="),
            ":absent 3:sent true:sent",
        ),
        (
            good.replace("session=", "session=x; session="),
            ":duplicate 3:sent true:sent",
        ),
        (
            good.replace("__Host-cart=", "%5F%5FHost-cart="),
            "ada:sent 0:absent true:sent",
        ),
        (
            good.replace("__Host-cart=", "\u{2000}__Host-cart="),
            "ada:sent 0:absent true:sent",
        ),
        (
            good.replace(":true", ":5"),
            "ada:sent 3:sent false:wrong-type",
        ),
        (format!("Cookie: {deep}"), ":absent 0:absent false:too-deep"),
        (
            "Cookie: theme=null; session={%22username%22:%22root%22}".to_owned(),
            ":malformed 0:absent false:wrong-type",
        ),
        (
            "Cookie: theme={%22dark%22:true%2C%22ratio%22:NaN}".to_owned(),
            ":absent 0:absent false:not-json",
        ),
        (
            "Cookie: theme={%22dark%22:true%2C%22dark%22:true}".to_owned(),
            ":absent 0:absent false:duplicate-key",
        ),
    ] {
        let response = get(&server, "/show", &[&cookies]);
        assert_eq!(response.status, 200, "{cookies}");
        assert_eq!(response.body, shown, "{cookies}");
    }
    // Two fields are one list.
    let (first, second) = good.split_once("; ").unwrap();
    let second = format!("Cookie: {second}");
    assert_eq!(
        get(&server, "/show", &[first, &second]).body,
        "ada:sent 3:sent true:sent"
    );
}

#[test]
fn a_session_ends_with_its_age() {
    let server = server(|_| {});
    let cookies = jar(&get(&server, "/in", &[]));
    server.set_clock(NOW + 3_600_000);
    assert_eq!(
        get(&server, "/show", &[&cookies]).body,
        ":expired 3:sent true:sent"
    );
}

#[test]
fn reading_through_the_handle_sees_what_was_written() {
    async fn steps(pending: PendingCookies, before: Cookie<Session>) -> HttpResponse {
        let mut seen = vec![before.username.clone()];
        let mut look = |pending: &PendingCookies| {
            let session = pending.get::<Session>();
            seen.push(session.map_or_else(
                |why| why.reason().as_str().to_owned(),
                |session| session.username.clone(),
            ));
        };
        look(&pending);
        pending.set(&ada()).unwrap();
        look(&pending);
        pending.delete::<Session>().unwrap();
        look(&pending);
        pending
            .set(&Session {
                username: "eve".to_owned(),
                ..ada()
            })
            .unwrap();
        look(&pending.clone());
        assert!(pending.get_raw("session").unwrap().starts_with(b"ce1."));
        assert_eq!(pending.get_raw("a").unwrap(), b"1");
        pending.set(SetCookie::new("a", "2")).unwrap();
        assert_eq!(pending.get_raw("a").unwrap(), b"2");
        pending.delete_cookie("a").unwrap();
        let gone = pending.get_raw("a").unwrap_err();
        assert_eq!(gone.reason(), UnreadableReason::Absent);
        HttpResponse::Ok().body(seen.join(" "))
    }
    let server = server(|config| {
        config.route("/steps", web::get().to(steps));
    });
    let sent = jar(&get(&server, "/in", &[])) + "; a=1";
    let response = get(&server, "/steps", &[&sent]);
    assert_eq!(response.body, "ada ada ada absent eve");
}

#[test]
fn a_read_is_of_the_very_cookie_that_the_class_has() {
    async fn steps(pending: PendingCookies) -> HttpResponse {
        let reading = || {
            let session = pending.get::<Session>();
            session.map_or_else(
                |why| why.reason().as_str().to_owned(),
                |session| session.username.clone(),
            )
        };
        let mut seen = Vec::new();
        // What an app does whose class has another path or domain than it had.
        pending
            .delete_cookie(DeleteCookie::new("session").path("/old"))
            .unwrap();
        pending
            .delete_cookie(DeleteCookie::new("session").domain("app.example"))
            .unwrap();
        seen.push(reading());
        pending
            .set(SetCookie::new("session", "x").path("/elsewhere"))
            .unwrap();
        seen.push(reading());
        assert_eq!(pending.get_raw("session").unwrap(), b"x");
        // An age of zero deletes.
        pending
            .set(SetCookie::new("session", "x").max_age(Duration::ZERO))
            .unwrap();
        seen.push(reading());
        // What was refused was not written.
        pending
            .set(&Session {
                username: "x".repeat(5000),
                ..ada()
            })
            .unwrap_err();
        pending.set(SetCookie::new("session", "a b")).unwrap_err();
        seen.push(reading());
        HttpResponse::Ok().body(seen.join(" "))
    }
    let server = server(|config| {
        config.route("/steps", web::get().to(steps));
    });
    let sent = jar(&get(&server, "/in", &[]));
    let response = get(&server, "/steps", &[&sent]);
    assert_eq!(response.body, "ada ada absent absent");
}

#[test]
fn what_was_lost_with_its_carrier_is_not_read() {
    async fn events(pending: PendingCookies) -> HttpResponse {
        let cookies = pending.clone();
        let mut frames = Some(pending.frames());
        drop(pending);
        HttpResponse::Ok().streaming(stream! {
            yield Ok::<_, actix_web::Error>(Bytes::from_static(b"started "));
            // One deletion is on its way, and what follows is lost: the request's cookie must not
            // come back.
            cookies.delete::<Session>().unwrap();
            let travelled = frames.as_mut().unwrap().take_ready();
            assert_eq!(travelled.len(), 1);
            cookies.set(&ada()).unwrap();
            drop(frames.take());
            let reading = cookies.get::<Session>().map_err(|why| why.reason());
            yield Ok(Bytes::from(format!("{:?}", reading.err())));
        })
    }
    let server = server(|config| {
        config.route("/events", web::get().to(events));
    });
    let sent = jar(&get(&server, "/in", &[]));
    let sent = format!("{sent}; {}", &cookie_header(1)["Cookie: ".len()..]);
    let response = get(&server, "/events", &[&sent]);
    assert_eq!(response.body, "started Some(Absent)");
}

#[test]
fn each_value_has_an_iv_of_its_own() {
    let server = server(|_| {});
    let one = jar(&get(&server, "/in", &[]));
    let other = jar(&get(&server, "/in", &[]));
    let iv = |jar: &str| jar.split("ce1.").nth(1).unwrap()[17..38].to_owned();
    assert_ne!(iv(&one), iv(&other));
}

#[test]
fn so_it_does_in_a_stream_after_the_cookie_has_travelled() {
    async fn events(pending: PendingCookies) -> HttpResponse {
        let cookies = pending.clone();
        pending.sse(stream! {
            yield Event::data("started");
            cookies.set(&ada()).unwrap();
            yield Event::data("pushed");
            // By now the token is on its way, and the queue is empty.
            yield Event::data(cookies.get::<Session>().unwrap().username.clone());
            cookies.delete::<Session>().unwrap();
            yield Event::data(cookies.get::<Session>().unwrap_err().to_string());
        })
    }
    let server = server(|config| {
        config.route("/events", web::get().to(events));
    });
    let response = get(&server, "/events", &[&cookie_header(1)]);
    assert!(response.body.contains("data: ada\n"), "{}", response.body);
    assert!(
        response
            .body
            .contains("data: the request has no cookie of this name\n")
    );
    let tokens = testing::tokens(&response.body);
    assert_eq!(tokens.len(), 2);
    let applied = post_as(server.address, &cookie_header(1), tokens[0], None);
    assert_eq!(applied.status, 204);
    let shown = get(&server, "/show", &[&jar(&applied)]);
    assert_eq!(shown.body, "ada:sent 0:absent false:absent");
    // Neither the token nor the frame shows the value to the page.
    assert!(!response.body.contains("admin"));
}

#[test]
fn a_value_that_browsers_or_readers_would_lose_is_refused_when_pushed() {
    async fn push(pending: PendingCookies) -> HttpResponse {
        let large = Session {
            username: "x".repeat(5000),
            ..ada()
        };
        let error = pending.set(&large).unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with("cookie `session`: value: 6"), "{text}");
        assert!(
            text.ends_with(
                " bytes are too many, at most 4096 fit (of name and encoded value together)"
            ),
            "{text}"
        );
        let nan = Theme {
            dark: true,
            ratio: f64::NAN,
        };
        let error = pending.set(&nan).unwrap_err();
        assert!(matches!(
            error,
            PushError::Class {
                cookie: "theme",
                ..
            }
        ));
        HttpResponse::Ok().body(error.to_string())
    }
    let server = server(|config| {
        config.route("/push", web::get().to(push));
    });
    let response = get(&server, "/push", &[]);
    assert_eq!(
        response.body,
        "cookie `theme`: the value could not be read back: the cookie's JSON does not fit the class (field ratio)"
    );
    assert_eq!(response.all("set-cookie"), [""; 0]);
}

#[test]
fn a_handler_that_gives_the_refusal_on_answers_500_and_shows_nothing() {
    async fn push(pending: PendingCookies) -> Result<HttpResponse, PushError> {
        pending.set(&ada())?;
        pending.set(SetCookie::new("hunter2 hunter2", "v"))?;
        Ok(HttpResponse::Ok().finish())
    }
    let server = server(|config| {
        config.route("/push", web::get().to(push));
    });
    let response = get(&server, "/push", &[]);
    assert_eq!((response.status, response.body.as_str()), (500, ""));
    // Not half of what it set either.
    assert_eq!(response.all("set-cookie"), [""; 0]);
}

#[test]
fn a_cookie_of_a_previous_secret_is_read_and_written_anew() {
    async fn renew(pending: PendingCookies, session: Cookie<Session>) -> HttpResponse {
        if let Ok(session) = session.sent()
            && session.is_under_previous_key()
        {
            pending.reissue(session).unwrap();
        }
        HttpResponse::Ok().body(session.username.clone())
    }
    const NEW: &str = "Zk3vT0pQ8sX1yB6nM4cJ7wL2hG5dF9aRu-cE4iO_qTs";
    let old = server(|_| {});
    let cookies = jar(&get(&old, "/in", &[]));
    let secret = apply_cookies::Secrets::new(NEW)
        .unwrap()
        .previous(support::SECRET)
        .unwrap();
    let new = Server::start_with_secret(secret, |config| {
        config.route("/renew", web::get().to(renew));
    });
    new.set_clock(NOW + 60_000);
    let renewed = get(&new, "/renew", &[&cookies]);
    assert_eq!(renewed.body, "ada");
    let lines = renewed.all("set-cookie");
    assert!(lines[0].starts_with("session=ce1."));
    // The end that it had.
    assert!(lines[0].contains("; Max-Age=3540; "), "{lines:?}");
    // The new cookie is of the new key, so it is left alone.
    let again = get(&new, "/renew", &[&jar(&renewed)]);
    assert_eq!(again.body, "ada");
    assert_eq!(again.all("set-cookie"), [""; 0]);
}

#[test]
fn an_answer_that_depends_on_cookies_says_so_to_caches() {
    async fn raw(pending: PendingCookies) -> HttpResponse {
        let _ = pending.get_raw("a");
        HttpResponse::Ok()
            .insert_header(("vary", "accept-encoding, cookie"))
            .insert_header(("cache-control", "public, max-age=60"))
            .finish()
    }
    async fn fails(_: Cookie<Session>) -> Result<HttpResponse, actix_web::Error> {
        Err(actix_web::error::ErrorForbidden("no"))
    }
    async fn other(pending: PendingCookies) -> HttpResponse {
        let _ = pending.get_raw("a");
        HttpResponse::Ok()
            .append_header(("vary", "accept-encoding"))
            .append_header(("vary", "COOKIE"))
            .finish()
    }
    async fn all(pending: PendingCookies) -> HttpResponse {
        let _ = pending.get_raw("a");
        HttpResponse::Ok().insert_header(("vary", "*")).finish()
    }
    async fn language(pending: PendingCookies) -> HttpResponse {
        let _ = pending.get_raw("a");
        HttpResponse::Ok()
            .insert_header(("vary", "accept-language"))
            .finish()
    }
    async fn lazy(pending: PendingCookies) -> HttpResponse {
        HttpResponse::Ok()
            .insert_header(("cache-control", "public, max-age=600"))
            .streaming(stream! {
                yield Ok::<_, actix_web::Error>(Bytes::from(pending.get_raw("a").unwrap()));
            })
    }
    async fn blind(_: HttpRequest) -> HttpResponse {
        HttpResponse::Ok().finish()
    }
    let server = server(|config| {
        config
            .route("/raw", web::get().to(raw))
            .route("/fails", web::get().to(fails))
            .route("/other", web::get().to(other))
            .route("/all", web::get().to(all))
            .route("/language", web::get().to(language))
            .route("/lazy", web::get().to(lazy))
            .route("/blind", web::get().to(blind));
    });
    let shown = get(&server, "/show", &[]);
    assert_eq!(shown.header("cache-control"), Some("private"));
    assert_eq!(shown.header("vary"), Some("Cookie"));
    let raw = get(&server, "/raw", &[]);
    assert_eq!(raw.header("cache-control"), Some("private, max-age=60"));
    assert_eq!(raw.all("vary"), ["accept-encoding, cookie"]);
    let fails = get(&server, "/fails", &[]);
    assert_eq!(fails.status, 403);
    assert_eq!(fails.header("cache-control"), Some("private"));
    let vary = |path: &str| get(&server, path, &[]).all("vary").join("; ");
    assert_eq!(vary("/other"), "accept-encoding; COOKIE");
    assert_eq!(vary("/all"), "*");
    assert_eq!(vary("/language"), "accept-language; Cookie");
    // A body that is yet to be written may read them.
    let lazy = get(&server, "/lazy", &["Cookie: a=secret"]);
    assert_eq!(lazy.body, "secret");
    assert_eq!(lazy.header("cache-control"), Some("private, max-age=600"));
    assert_eq!(lazy.header("vary"), Some("Cookie"));
    let blind = get(&server, "/blind", &[]);
    assert_eq!(blind.header("cache-control"), None);
    assert_eq!(blind.header("vary"), None);
}

#[test]
fn a_socket_that_lives_long_forgets_old_names_and_never_a_sign_out() {
    async fn many(pending: PendingCookies) -> HttpResponse {
        let cookies = pending.clone();
        pending.sse(stream! {
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
            let session = cookies.get::<Session>().map_err(|why| why.reason());
            yield Event::data(format!("session {:?}", session.err()));
        })
    }
    let server = server(|config| {
        config.route("/many", web::get().to(many));
    });
    let sent = jar(&get(&server, "/in", &[]));
    let headers = [format!("{sent}; {}", &cookie_header(1)["Cookie: ".len()..])];
    let response = get(&server, "/many", &[&headers[0]]);
    // The deletion of the session takes one of 256 places, for as long as the socket lives.
    assert!(
        response.body.contains("data: known 255 from 45\n"),
        "{}",
        response.body
    );
    assert!(response.body.contains("data: session Some(Absent)\n"));
}
