//! The binding cookie: one name, which the configured origins fix.

use apply_cookies::{Event, SetCookie};
use async_stream::stream;

use super::{HTTPS, LOCAL, Server, deployment};
use crate::harness::{Ask, Reply, Script, one_token, pair};
use crate::support::http::FORM;

#[test]
fn the_origins_fix_the_name_of_the_binding() {
    const NAMES: [&str; 2] = ["__Host-apply-cookies", "apply-cookies"];
    let [host, plain] = NAMES;
    for (origins, name) in [
        (&[HTTPS][..], host),
        (&["https://localhost:8443"], host),
        (&[HTTPS, LOCAL], host),
        (&[LOCAL, HTTPS], host),
        (&[LOCAL], plain),
        (&["http://127.0.0.1:8080", "http://[::1]:8080"], plain),
        (&["http://app.example"], plain),
    ] {
        let script = Script::at("/", |ask: Ask| async move {
            Reply::sse(ask.pending, |cookies| {
                stream! {
                    cookies.set(SetCookie::new("session", "8f14e45f")).unwrap();
                    yield Event::data("done");
                }
            })
        });
        let server = Server::with(deployment(origins)).start(script);
        let origin = format!("Origin: {}", origins[0]);
        let post = |path: &str, cookie: &str, body: &str| {
            let headers = [&*origin, FORM, cookie];
            server
                .open()
                .request("POST", path, &headers, body.as_bytes())
        };
        let secure = if name == host { "; Secure" } else { "" };
        let attributes = format!("; Path=/{secure}; HttpOnly; SameSite=Lax");

        let bind = post("/__apply-cookies/bind", "X: y", "");
        let stream = server.get("/", &[]);
        for response in [&bind, &stream] {
            let line = response.header("set-cookie").unwrap();
            let (set, rest) = line.split_once('=').unwrap();
            assert_eq!((set, &rest[43..]), (name, &*attributes), "{origins:?}");
        }

        let (_, value) = pair(stream.header("set-cookie").unwrap())
            .split_once('=')
            .unwrap();
        let form = format!("t={}", one_token(&stream));
        for other in NAMES.into_iter().filter(|other| *other != name) {
            let refused = post(
                "/__apply-cookies",
                &format!("Cookie: {other}={value}"),
                &form,
            );
            assert_eq!(
                refused.status, 403,
                "no fallback between names: {origins:?}"
            );
        }
        let own = format!("Cookie: {name}={value}");
        assert_eq!(
            post("/__apply-cookies", &own, &form).status,
            204,
            "{origins:?}"
        );
        // And it is not given another one.
        let again = post("/__apply-cookies/bind", &own, "");
        assert_eq!(again.header("set-cookie"), None, "{origins:?}");
    }
}
