//! The store of revocations, or the accounts, do not answer.

use super::{App, SIGNED_IN};
use crate::harness::{ADA, cookie_of, sign_in_form};

#[test]
fn without_the_store_nobody_who_has_a_cookie_passes_not_even_as_nobody() {
    let app = App::start();
    let mut browser = app.signed_in(ADA);
    app.store.be_down(true);
    for path in ["/", "/app", "/admin", "/watch", "/auth/me"] {
        let refused = browser.fetch(path);
        assert_eq!(
            (refused.status, &*refused.problem()),
            (503, "unavailable"),
            "{path}"
        );
        assert!(refused.header("retry-after").is_some(), "{path}");
        let page = browser.get(path);
        assert_eq!(page.status, 503, "{path}");
    }
    assert!(browser.jar.contains_key(SIGNED_IN), "the cookie stays");
    app.store.be_down(false);
    assert!(browser.is_in(), "and is good again afterwards");
}

#[test]
fn without_the_store_public_pages_are_there_for_those_without_a_cookie() {
    let app = App::start();
    app.store.be_down(true);
    let mut browser = app.browser();
    assert_eq!(browser.fetch("/").body, "nobody");
    assert_eq!(browser.fetch("/app").status, 401);
    assert_eq!(browser.get("/auth/sign-in").status, 200);
}

#[test]
fn without_the_store_nobody_signs_in_or_out() {
    let app = App::start();
    let mut known = app.signed_in(ADA);
    app.store.be_down(true);
    let mut browser = app.browser();
    let page = browser.sign_in(ADA.0, ADA.1);
    assert_eq!(page.status, 503);
    assert!(page.body.contains("unavailable"), "{}", page.body);
    assert!(cookie_of(&page, SIGNED_IN).is_none());
    let refused = browser.fetch_post("/auth/sign-in", &sign_in_form(ADA.0, ADA.1));
    assert_eq!((refused.status, &*refused.problem()), (503, "unavailable"));
    let mut stream = browser.open("/sse-in?name=ada&password=correct+horse");
    assert_eq!(browser.next(&mut stream).unwrap(), "open");
    assert!(
        browser
            .next(&mut stream)
            .unwrap()
            .starts_with("unavailable")
    );
    let page = known.sign_out();
    assert_eq!(
        page.status, 503,
        "who cannot be signed out everywhere reads that"
    );
    assert!(known.jar.contains_key(SIGNED_IN));
    app.store.be_down(false);
    assert!(!browser.is_in());
    assert!(known.is_in());
    assert_eq!(known.sign_out().status, 200);
    assert!(!known.is_in());
}

#[test]
fn without_the_accounts_nobody_passes_and_no_password_is_called_wrong() {
    let app = App::start();
    let mut browser = app.signed_in(ADA);
    app.people.be_away(true);
    for path in ["/", "/app"] {
        assert_eq!(browser.fetch(path).status, 503, "{path}");
    }
    for password in [ADA.1, crate::harness::WRONG] {
        let page = app.browser().sign_in(ADA.0, password);
        assert_eq!(page.status, 503);
        assert!(cookie_of(&page, SIGNED_IN).is_none());
    }
    assert_eq!(app.browser().fetch("/").body, "nobody");
    app.people.be_away(false);
    assert!(browser.is_in());
}
