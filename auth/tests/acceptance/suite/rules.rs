//! Rules for paths, whatever arguments the handlers take.

use apply_cookies_auth::{Rule, Rules};

use super::App;
use crate::harness::{ADA, BOB};

fn app() -> App {
    let rules = [
        Rule::new("/").unwrap().anyone(),
        Rule::new("/public/*").unwrap().anyone(),
        Rule::new("/admin/*").unwrap().roles(["admin"]),
        Rule::new("/keep").unwrap().bearer().preflight(),
        Rule::new("/door").unwrap().methods(["POST"]),
    ];
    let rules = Rules::new(rules).unwrap();
    App::with(|auth, accounts| auth.passwords(accounts).rules(rules))
}

#[test]
fn a_path_needs_what_its_rule_says_and_a_sign_in_where_there_is_none() {
    let app = app();
    let (mut nobody, mut ada, mut bob) = (app.browser(), app.signed_in(ADA), app.signed_in(BOB));
    for (path, expected) in [
        ("/", [200, 200, 200]),
        ("/app", [401, 200, 200]),
        ("/admin", [401, 403, 200]),
        ("/nowhere", [401, 404, 404]),
        ("/door", [403, 403, 403]),
        ("/auth/sign-in", [200, 200, 200]),
    ] {
        let got = [&mut nobody, &mut ada, &mut bob].map(|browser| browser.fetch(path).status);
        assert_eq!(got, expected, "{path}");
    }
    let sent = nobody.get("/nowhere?a=b");
    assert_eq!(sent.status, 303);
    let place = "https://app.example/auth/sign-in?return_to=%2Fnowhere%3Fa%3Db";
    assert_eq!(sent.header("location"), Some(place));
}

#[test]
fn no_spelling_of_an_address_leads_past_its_rule() {
    let app = app();
    let (mut nobody, mut ada) = (app.browser(), app.signed_in(ADA));
    for path in [
        "/%61dmin",
        "/admin/",
        "/ADMIN",
        "/admin?",
        "//admin",
        "/./admin",
        "/x/../admin",
        "/x/%2e%2e/admin",
        "/admin%2f",
        "/admin//",
        "/admin;a=b",
        "/auth/../admin",
        "/auth/%2e%2e/admin",
        "/auth//../admin",
        "/%61uth/../admin",
        "/\\admin",
        "/%5cadmin",
        "/admin%00",
    ] {
        for browser in [&mut nobody, &mut ada] {
            let answer = browser.fetch(path);
            assert!(answer.status >= 400, "{path}: {}", answer.status);
            assert_ne!(answer.body, "admin", "{path}");
        }
    }
}

#[test]
fn rules_judge_the_address_that_was_sent_and_not_what_a_framework_makes_of_it() {
    let app = app();
    let (mut nobody, mut ada) = (app.browser(), app.signed_in(ADA));
    let past = nobody.fetch("/public/%3F/../../admin/x");
    assert_eq!((past.status, &*past.problem()), (400, "address"));
    for path in ["/public/caf%C3%A9", "/public/a%20b"] {
        assert_eq!(nobody.fetch(path).status, 404, "{path}");
        assert_eq!(ada.fetch(path).status, 404, "{path}");
    }
}

#[test]
fn what_a_rule_protects_is_kept_by_no_shared_cache() {
    let app = app();
    let mut ada = app.signed_in(ADA);
    let kept = |answer: &crate::support::http::Response| {
        answer
            .header("cache-control")
            .is_some_and(|value| value.contains("private"))
    };
    assert!(kept(&ada.fetch("/nowhere")));
    assert!(!kept(&ada.fetch("/public/nowhere")));
}

#[test]
fn programs_are_not_sent_to_a_page_and_browsers_may_ask_before_they_send() {
    let app = app();
    let refused = app.browser().get("/keep");
    assert_eq!((refused.status, &*refused.problem()), (401, "signed-out"));
    assert_eq!(app.browser().get("/app").status, 303, "a person elsewhere");
    let preflight = [
        "Origin: https://elsewhere.example",
        "Access-Control-Request-Method: POST",
    ];
    let answer = app.send("OPTIONS", "/keep", &preflight, "");
    let answered = "the request comes from a page of another origin";
    assert_eq!(answer.body, answered, "by the handler");
    for (method, path) in [("OPTIONS", "/app"), ("POST", "/keep")] {
        let refused = app.send(method, path, &preflight, "");
        assert_eq!((refused.status, &*refused.problem()), (401, "signed-out"));
    }
    assert_eq!(
        app.send("OPTIONS", "/keep", &[], "").status,
        401,
        "not a preflight"
    );
}
