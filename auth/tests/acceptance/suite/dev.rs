//! Development: anybody is anybody, on this machine.

use apply_cookies::{ApplyCookies, Secrets};
use apply_cookies_auth::{Auth, AuthBuilder, AuthError};

use super::App;
use crate::support::http::{FORM, Response};

fn ask(app: &App, method: &str, path: &str, fields: &[&str], body: &str) -> Response {
    let host = format!("localhost:{}", app.address.port());
    app.send_to(&host, method, path, fields, body)
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
        "X-Forwarded-Proto: https",
        "x-forwarded-anything: 1",
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

/// A page of another site whose name leads to this machine, once it is loaded (DNS rebinding).
#[test]
fn a_request_to_a_server_of_another_name_is_refused() {
    let app = App::dev();
    for host in [
        "evil.example",
        "evil.example:8080",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "192.0.2.1",
        "[2001:db8::1]:80",
        "localhost\r\nHost: localhost",
        "",
    ] {
        for path in ["/", "/auth/sign-in"] {
            let refused = app.send_to(host, "GET", path, &["Accept: */*"], "");
            assert!(
                matches!(refused.status, 400 | 403),
                "{host:?} {path}: {}",
                refused.status
            );
        }
    }
    let absolute = "http://evil.example/";
    assert_eq!(
        app.send_to("localhost", "GET", absolute, &[], "").status,
        403
    );
    for host in [
        "localhost",
        "localhost:1",
        "127.0.0.1:8080",
        "127.9.9.9",
        "[::1]:80",
        "a.localhost",
    ] {
        assert_eq!(app.send_to(host, "GET", "/", &[], "").status, 200, "{host}");
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

#[test]
fn the_sign_out_page_tells_the_truth_in_development() {
    let app = App::on_dev_cookies(AuthBuilder::passwords);
    let form = "name=ada&password=correct+horse";
    let fields = [
        "Origin: http://localhost:8080",
        "Content-Type: application/x-www-form-urlencoded",
    ];
    let sent = app.send_to("localhost:8080", "POST", "/auth/sign-in", &fields, form);
    let cookies: Vec<_> = sent
        .all("set-cookie")
        .iter()
        .map(|line| line.split(';').next().unwrap().to_owned())
        .collect();
    let cookies = format!("Cookie: {}", cookies.join("; "));
    let get = |host: &str, path: &str| {
        app.send_to(host, "GET", path, &[&cookies, "Accept: text/html"], "")
    };
    let host = "my-laptop.local:8080";
    assert_eq!(get(host, "/app").body, "ada, ", "{sent:?}");
    let page = get(host, "/auth/sign-out");
    assert!(!page.body.contains("You are signed out"), "{}", page.body);
}
