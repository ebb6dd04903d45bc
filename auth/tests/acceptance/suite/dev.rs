//! Development: anybody is anybody, on this machine.

use apply_cookies::{ApplyCookies, Secrets};
use apply_cookies_auth::{Auth, AuthError};

use super::App;
use crate::support::http::{Connection, FORM, Response};

fn ask(app: &App, method: &str, path: &str, fields: &[&str], body: &str) -> Response {
    let (port, length) = (app.address.port(), body.len());
    let fields = fields.join("\r\n");
    let mut connection = Connection::open(app.address);
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost:{port}\r\nContent-Length: {length}\r\n{fields}\r\n\r\n"
    );
    connection.send(format!("{head}{body}").as_bytes());
    connection.response()
}

#[test]
fn anybody_signs_in_as_anybody_with_any_role() {
    let app = App::dev();
    let page = ask(&app, "GET", "/auth/sign-in", &["Accept: text/html"], "");
    assert_eq!(page.status, 200);
    let origin = format!("Origin: http://localhost:{}", app.address.port());
    let answer = ask(
        &app,
        "POST",
        "/auth/sign-in",
        &[&origin, FORM],
        "name=eve&roles=admin",
    );
    assert_eq!(answer.status, 204, "{}", answer.body);
    let pairs: Vec<_> = answer
        .all("set-cookie")
        .into_iter()
        .map(|line| line.split(';').next().unwrap())
        .collect();
    let cookies = format!("Cookie: {}", pairs.join("; "));
    assert_eq!(ask(&app, "GET", "/app", &[&cookies], "").body, "eve, admin");
    assert_eq!(ask(&app, "GET", "/admin", &[&cookies], "").status, 200);
}

#[test]
fn a_request_that_a_proxy_has_forwarded_is_refused() {
    let app = App::dev();
    let origin = format!("Origin: http://localhost:{}", app.address.port());
    for field in [
        "Forwarded: for=192.0.2.1",
        "X-Forwarded-For: 192.0.2.1",
        "X-Forwarded-Host: app.example",
        "X-Real-IP: 192.0.2.1",
        "Via: 1.1 proxy",
    ] {
        for path in ["/", "/app", "/auth/me", "/auth/sign-in"] {
            let refused = ask(&app, "GET", path, &[field, "Accept: */*"], "");
            assert_eq!(refused.status, 403, "{path} {field}");
        }
        let fields = [field, &*origin, FORM];
        let refused = ask(
            &app,
            "POST",
            "/auth/sign-in",
            &fields,
            "name=eve&roles=admin",
        );
        assert_eq!(
            (refused.status, &*refused.problem()),
            (403, "origin"),
            "{field}"
        );
        assert!(refused.all("set-cookie").is_empty());
    }
}

#[test]
fn it_cannot_be_turned_on_for_a_site_that_others_reach() {
    for origin in ["https://app.example", "https://localhost.example"] {
        let cookies = ApplyCookies::builder(Secrets::random()).origin(origin);
        let auth = Auth::dev(&cookies.build().unwrap());
        assert!(matches!(auth, Err(AuthError::NotDevelopment)), "{origin}");
    }
}
