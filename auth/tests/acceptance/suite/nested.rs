//! The sign-ins of an app that is one scope, or one nested router, of a larger one.

use apply_cookies_auth::{Rule, Rules};

use super::App;
use crate::harness::{ADA, BOB, Layout, sign_in_form};
use crate::support::ORIGIN;

#[test]
fn pages_rules_and_places_are_those_of_the_whole_address() {
    let rules = Rules::new([
        Rule::new("/inner/public/*").unwrap().anyone(),
        Rule::new("/inner/secret/*").unwrap().roles(["admin"]),
    ]);
    let app = App::built(&[ORIGIN], Layout::Nested, |auth, accounts| {
        auth.passwords(accounts)
            .prefix("/inner/auth")
            .rules(rules.unwrap())
    });
    let mut browser = app.browser();
    let sent = browser.get("/inner/app?a=b");
    let place = "https://app.example/inner/auth/sign-in?return_to=%2Finner%2Fapp%3Fa%3Db";
    assert_eq!(sent.header("location"), Some(place));
    let page = browser.get("/inner/auth/sign-in");
    assert!(
        page.body.contains("action=\"/inner/auth/sign-in\""),
        "{}",
        page.body
    );
    assert_eq!(browser.fetch("/inner/public/x").status, 404);
    assert_eq!(browser.fetch("/inner/secret/x").status, 401);
    for ((name, password), status) in [(ADA, 403), (BOB, 404)] {
        let form = sign_in_form(name, password);
        assert_eq!(browser.post("/inner/auth/sign-in", &form).status, 303);
        assert_eq!(browser.fetch("/inner/secret/x").status, status, "{name}");
        assert!(browser.fetch("/inner/app").body.starts_with(name));
    }
    assert_eq!(browser.post("/inner/auth/sign-out", "").status, 200);
    assert_eq!(browser.fetch("/inner/app").status, 401);
}
