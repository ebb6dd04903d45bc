//! The browser's own dialog, for the whole app.

use apply_cookies_auth::{Gate, Rule, Rules};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::{App, SIGNED_IN};
use crate::harness::{ADA, BOB, WRONG, cookie_of};
use crate::support::http::origin_header;

fn app() -> App {
    App::with(|auth, accounts| auth.passwords(accounts).basic("Example"))
}

fn basic((name, password): (&str, &str)) -> String {
    let credentials = BASE64_STANDARD.encode(format!("{name}:{password}"));
    format!("Authorization: Basic {credentials}")
}

#[test]
fn every_page_asks_for_name_and_password_and_no_cookie_is_given() {
    let app = app();
    for path in ["/", "/app", "/admin", "/nowhere"] {
        for fields in [
            vec![],
            vec!["Accept: text/html", "Sec-Fetch-Mode: navigate"],
        ] {
            let refused = app.send("GET", path, &fields, "");
            assert_eq!(refused.status, 401, "{path}");
            let challenge = refused.header("www-authenticate").unwrap();
            assert!(
                challenge.starts_with("Basic realm=\"Example\""),
                "{challenge}"
            );
        }
    }
    let page = app.send("GET", "/app", &[&basic(ADA)], "");
    assert_eq!((page.status, &*page.body), (200, "ada, "));
    assert!(cookie_of(&page, SIGNED_IN).is_none());
    assert_eq!(app.send("GET", "/admin", &[&basic(ADA)], "").status, 403);
    assert_eq!(app.send("GET", "/admin", &[&basic(BOB)], "").status, 200);
    let refused = app.send("GET", "/app", &[&basic((ADA.0, WRONG))], "");
    assert_eq!(
        (refused.status, &*refused.problem()),
        (401, "wrong-password")
    );
    assert!(
        refused
            .header("www-authenticate")
            .unwrap()
            .starts_with("Basic ")
    );
}

#[test]
fn what_another_site_makes_the_browser_send_is_nobodys() {
    let app = app();
    let credentials = basic(ADA);
    for site in ["cross-site", "same-site"] {
        let site = format!("Sec-Fetch-Site: {site}");
        for mode in ["navigate", "cors", "no-cors"] {
            let mode = format!("Sec-Fetch-Mode: {mode}");
            let sent = app.send("POST", "/app", &[&credentials, &site, &mode], "");
            assert_eq!(sent.status, 401, "{site} {mode}");
        }
        let fields = [&*credentials, &*site, "Sec-Fetch-Mode: no-cors"];
        assert_eq!(app.send("GET", "/app", &fields, "").status, 401, "an image");
        let fields = [&*credentials, &*site, "Sec-Fetch-Mode: navigate"];
        assert_eq!(app.send("GET", "/app", &fields, "").status, 200, "a link");
    }
    let fields = [&*credentials, "Origin: https://elsewhere.example"];
    assert_eq!(app.send("POST", "/app", &fields, "").status, 401);
    for fields in [
        vec![&*credentials],
        vec![
            &*credentials,
            "Sec-Fetch-Site: same-origin",
            "Sec-Fetch-Mode: cors",
        ],
    ] {
        assert_eq!(
            app.send("POST", "/app", &fields, "").status,
            200,
            "{fields:?}"
        );
    }
}

#[test]
fn a_socket_needs_the_origin_of_a_page_of_the_app() {
    let app = app();
    let (own, credentials) = (origin_header(), basic(ADA));
    let socket = ["Connection: Upgrade", "Upgrade: websocket", &credentials];
    for (fields, status) in [
        (vec![], 401),
        (vec!["Origin: https://elsewhere.example"], 401),
        (vec!["Origin: null"], 401),
        (vec!["Sec-Fetch-Site: same-origin"], 401),
        (vec![&*own, "Sec-Fetch-Site: cross-site"], 401),
        (vec![&*own], 200),
        (vec![&*own, "Sec-Fetch-Site: same-origin"], 200),
    ] {
        let fields = [&socket[..], &fields].concat();
        assert_eq!(
            app.send("GET", "/app", &fields, "").status,
            status,
            "{fields:?}"
        );
    }
}

#[test]
fn a_socket_needs_it_for_people_with_a_session_as_well() {
    let app = App::start();
    let mut browser = app.signed_in(ADA);
    let own = origin_header();
    for (origin, status) in [
        ("X-Nothing: 1", 401),
        ("Origin: https://elsewhere.example", 401),
        (&*own, 200),
    ] {
        let fields = ["Connection: Upgrade", "Upgrade: websocket", origin];
        assert_eq!(
            browser.ask("GET", "/app", &fields, "").status,
            status,
            "{origin}"
        );
    }
}

#[test]
fn a_rule_for_anyone_opens_its_path_and_no_other() {
    let rules = [
        Rule::new("/").unwrap().anyone(),
        Rule::new("/admin").unwrap().roles(["admin"]),
    ];
    let rules = Rules::new(rules).unwrap();
    let app = App::with(|auth, accounts| auth.passwords(accounts).basic("Example").rules(rules));
    assert_eq!(app.send("GET", "/", &[], "").body, "nobody");
    assert_eq!(app.send("GET", "/", &[&basic(ADA)], "").body, "ada, ");
    for path in ["/app", "/admin", "/nowhere", "/auth/me"] {
        let refused = app.send("GET", path, &[], "");
        assert_eq!(refused.status, 401, "{path}");
        assert!(refused.header("www-authenticate").is_some(), "{path}");
    }
    assert_eq!(app.send("GET", "/admin", &[&basic(ADA)], "").status, 403);
    assert_eq!(app.send("GET", "/admin", &[&basic(BOB)], "").status, 200);
}

#[test]
fn a_gate_holds_for_those_who_bring_their_password_with_each_request() {
    let admins = Gate::new().roles(["admin"]);
    let app = App::with(|auth, accounts| auth.passwords(accounts).basic("Example").gate(admins));
    let refused = app.send("GET", "/app", &[&basic(ADA)], "");
    assert_eq!((refused.status, &*refused.problem()), (403, "role-missing"));
    assert_eq!(app.send("GET", "/app", &[&basic(BOB)], "").status, 200);
}

#[test]
fn the_page_to_sign_out_on_says_that_the_browser_keeps_the_password() {
    let app = app();
    let (own, credentials) = (origin_header(), basic(ADA));
    for (method, fields) in [
        ("GET", vec![&*credentials]),
        ("GET", vec!["Accept: text/html", "Sec-Fetch-Mode: navigate"]),
        (
            "POST",
            vec![
                &*credentials,
                &own,
                crate::support::http::FORM,
                "Accept: text/html",
            ],
        ),
    ] {
        let page = app.send(method, "/auth/sign-out", &fields, "");
        assert_eq!(page.status, 200, "{method} {fields:?}");
        assert!(page.body.contains("until you close it"), "{}", page.body);
        assert!(!page.body.contains("You are signed out"), "{}", page.body);
    }
    assert_eq!(app.send("GET", "/app", &[&credentials], "").status, 200);
}

#[test]
fn a_session_that_began_with_basic_ends_with_the_password() {
    let app = App::with(|auth, accounts| auth.passwords(accounts).basic("Example"));
    let mut browser = app.browser();
    let said = browser.ask(
        "POST",
        "/adopt",
        &[&basic(ADA), "Sec-Fetch-Site: same-origin"],
        "",
    );
    assert_eq!(said.body, "done");
    assert!(browser.is_in(), "by the cookie alone");
    app.people.change_password_of_ada();
    assert!(!browser.is_in());
}

#[test]
fn a_session_that_began_with_basic_ends_with_a_sign_out() {
    let app = App::with(|auth, accounts| auth.passwords(accounts).basic("Example"));
    let mut browser = app.browser();
    let fields = [&*basic(ADA), "Sec-Fetch-Site: same-origin"];
    assert_eq!(browser.ask("POST", "/adopt", &fields, "").body, "done");
    let mut copy = browser.clone();
    let page = browser.sign_out();
    assert!(page.body.contains("until you close it"), "{}", page.body);
    assert!(!browser.is_in() && !copy.is_in());
}

#[test]
fn a_session_that_began_with_basic_has_the_roles_of_the_account() {
    let app = App::with(|auth, accounts| auth.passwords(accounts).basic("Example"));
    let mut browser = app.browser();
    browser.ask(
        "POST",
        "/adopt",
        &[&basic(BOB), "Sec-Fetch-Site: same-origin"],
        "",
    );
    assert_eq!(browser.fetch("/app").body, "bob, admin");
}

#[test]
fn a_picture_with_a_password_on_another_sites_page_spends_nobodys_tries() {
    let app = App::with(|auth, accounts| auth.passwords(accounts).basic("Example"));
    let picture = [
        "Sec-Fetch-Site: cross-site",
        "Sec-Fetch-Mode: no-cors",
        "Sec-Fetch-Dest: image",
    ];
    for _ in 0..10 {
        app.send(
            "GET",
            "/app",
            &[&picture[..], &[&*basic((ADA.0, WRONG))]].concat(),
            "",
        );
    }
    assert_eq!(app.send("GET", "/app", &[&basic(ADA)], "").status, 200);
}

#[test]
fn there_is_no_page_to_sign_in_on() {
    let app = App::with(|auth, accounts| auth.passwords(accounts).basic("Example"));
    for method in ["GET", "POST"] {
        let answer = app.send(method, "/auth/sign-in", &[&basic(ADA)], "");
        assert_eq!(answer.status, 404, "{method}");
    }
}

#[test]
fn a_post_without_an_origin_ends_no_session_that_began_with_basic() {
    let app = App::with(|auth, accounts| auth.passwords(accounts).basic("Example"));
    let mut browser = app.browser();
    let fields = [&*basic(ADA), "Sec-Fetch-Site: same-origin"];
    assert_eq!(browser.ask("POST", "/adopt", &fields, "").body, "done");
    let refused = browser.ask("POST", "/auth/sign-out", &[], "");
    assert_eq!((refused.status, &*refused.problem()), (403, "origin"));
    assert!(browser.is_in());
}
