//! Signing out.

use super::{App, BINDING, SIGNED_IN};
use crate::harness::{ADA, BOB, Browser, cookie_of};
use crate::support::http::{FORM, origin_header};

#[test]
fn a_sign_out_in_one_tab_ends_all_tabs_and_every_copy_and_no_other_browser() {
    let app = App::start();
    let mut tabs = vec![app.signed_in(ADA); 3];
    let mut elsewhere = app.signed_in(ADA);
    let mut other = app.signed_in(BOB);
    assert!(tabs.iter_mut().all(Browser::is_in));
    let page = tabs[1].get("/auth/sign-out");
    assert!(page.body.contains("method=\"post\""), "{}", page.body);
    assert!(tabs[1].is_in(), "looking at the page signs nobody out");
    let page = tabs[1].sign_out();
    assert_eq!(page.status, 200);
    assert!(!tabs[1].jar.contains_key(SIGNED_IN));
    assert!(tabs[0].jar.contains_key(SIGNED_IN), "a copy of the cookie");
    assert!(!tabs.iter_mut().any(Browser::is_in));
    assert!(elsewhere.is_in() && other.is_in());
}

#[test]
fn a_sign_out_leads_where_it_is_told_to_and_never_to_another_site() {
    let app = App::start();
    let sent = app
        .signed_in(ADA)
        .post("/auth/sign-out", "return_to=%2F%3Fbye");
    assert_eq!(sent.status, 303);
    assert_eq!(sent.header("location"), Some("https://app.example/?bye"));
    for elsewhere in [
        "https%3A%2F%2Fevil.example%2F",
        "%2F%2Fevil.example",
        "%2F%5Cevil.example",
    ] {
        let sent = app
            .signed_in(ADA)
            .post("/auth/sign-out", &format!("return_to={elsewhere}"));
        assert_eq!(sent.header("location"), Some("https://app.example/"));
    }
    assert_eq!(
        app.signed_in(ADA).fetch_post("/auth/sign-out", "").status,
        204
    );
}

#[test]
fn another_site_cannot_sign_anybody_out() {
    let app = App::start();
    let mut browser = app.signed_in(ADA);
    for fields in [
        [&*origin_header(), "Sec-Fetch-Site: cross-site", FORM],
        ["Origin: https://elsewhere.example", "Accept: */*", FORM],
        ["Accept: */*", "X-Nothing: 1", FORM],
    ] {
        let answer = browser.ask("POST", "/auth/sign-out", &fields, "");
        assert_eq!((answer.status, &*answer.problem()), (403, "origin"));
    }
    assert!(browser.is_in());
    assert_eq!(app.store.revoked(), 0);
}

#[test]
fn strangers_who_sign_out_leave_nothing_in_the_store_and_lose_their_cookies() {
    let app = App::start();
    let mut owner = app.signed_in(ADA);
    let mut stranger = app.browser();
    assert_eq!(stranger.sign_out().status, 200);
    for planted in [owner.jar[SIGNED_IN].clone(), "made-up".to_owned()] {
        stranger.jar.insert(SIGNED_IN.to_owned(), planted);
        let page = stranger.sign_out();
        assert_eq!(page.status, 200);
        let line = cookie_of(&page, SIGNED_IN).unwrap();
        assert!(line.starts_with("__Host-signed-in=;"), "{line}");
        assert!(!stranger.jar.contains_key(SIGNED_IN));
    }
    assert_eq!(app.store.revoked(), 0);
    assert!(owner.is_in());
    assert_eq!(owner.sign_out().status, 200);
    assert_eq!(app.store.revoked(), 1, "the count is not always zero");
}

#[test]
fn all_sessions_of_a_person_can_be_ended_at_once() {
    let app = App::start();
    let mut browsers = [app.signed_in(ADA), app.signed_in(ADA)];
    let mut other = app.signed_in(BOB);
    app.end_all_of(ADA);
    assert!(!browsers.iter_mut().any(Browser::is_in));
    assert!(other.is_in());
    assert!(app.signed_in(ADA).is_in(), "who signs in again is in");
}

#[test]
fn who_signs_in_while_all_sessions_of_the_person_are_ended_is_out_as_well() {
    let app = App::start();
    let mut browser = app.signed_in(ADA);
    // The password has been checked; the session that it replaces is about to end.
    app.end_all_meanwhile_of(ADA);
    assert_eq!(browser.sign_in(ADA.0, ADA.1).status, 303);
    assert!(!browser.is_in());
    assert_eq!(browser.sign_in(ADA.0, ADA.1).status, 303);
    assert!(browser.is_in());
}

#[test]
fn a_sign_in_that_is_still_on_its_way_is_undone_by_a_sign_out() {
    let app = App::start();
    let mut browser = app.signed_in(ADA);
    let mut stream = browser.open("/sse-in?name=bob&password=battery+staple");
    let token = stream.token();
    assert_eq!(browser.sign_out().status, 200);
    assert_ne!(browser.redeem(&token, None).status, 204);
    assert!(!browser.is_in());
    assert!(browser.jar.contains_key(BINDING));
    // The next one is not stopped by it.
    assert_eq!(browser.sign_in(BOB.0, BOB.1).status, 303);
    assert!(browser.is_in());
}

#[test]
fn a_script_needs_no_form_to_sign_out() {
    let app = App::start();
    let mut browser = app.signed_in(ADA);
    let fields = ["Origin: https://app.example", "Sec-Fetch-Mode: cors"];
    let answer = browser.ask("POST", "/auth/sign-out", &fields, "");
    assert_eq!(answer.status, 204, "{}", answer.body);
    assert!(!browser.is_in());
    // What is sent must be a form.
    let mut browser = app.signed_in(ADA);
    let json = [fields[0], fields[1], "Content-Type: application/json"];
    let refused = browser.ask("POST", "/auth/sign-out", &json, "{}");
    assert_eq!((refused.status, &*refused.problem()), (400, "form"));
    assert!(browser.is_in());
}
