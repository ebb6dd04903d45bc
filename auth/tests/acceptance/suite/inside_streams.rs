//! Signing in and out after the headers have left.

use std::time::Duration;

use super::{App, SIGNED_IN};
use crate::harness::ADA;

const ADA_INSIDE: &str = "/sse-in?name=ada&password=correct+horse";

#[test]
fn a_sign_in_inside_a_stream_reaches_the_browser_and_the_server_hears_of_it() {
    let app = App::start();
    let mut browser = app.browser();
    let mut stream = browser.open(ADA_INSIDE);
    assert_eq!(browser.next(&mut stream).unwrap(), "open");
    assert!(!browser.jar.contains_key(SIGNED_IN));
    assert_eq!(browser.next(&mut stream).unwrap(), "Released");
    assert_eq!(browser.fetch("/app").body, "ada, ");
}

#[test]
fn a_wrong_password_inside_a_stream_signs_nobody_in() {
    let app = App::start();
    let mut browser = app.browser();
    for name in ["ada", "somebody+unknown"] {
        let mut stream = browser.open(&format!("/sse-in?name={name}&password=hunter2"));
        assert_eq!(browser.next(&mut stream).unwrap(), "open");
        assert_eq!(browser.next(&mut stream).unwrap(), "wrong-password");
        assert_eq!(browser.next(&mut stream), None);
        assert!(!browser.is_in());
    }
}

#[test]
fn a_sign_out_inside_a_stream_ends_the_session_everywhere() {
    let app = App::start();
    let mut browser = app.signed_in(ADA);
    let mut copy = browser.clone();
    let mut stream = browser.open("/sse-out");
    assert_eq!(browser.next(&mut stream).unwrap(), "open");
    assert_eq!(browser.next(&mut stream).unwrap(), "Released");
    assert!(!browser.jar.contains_key(SIGNED_IN));
    assert!(!browser.is_in() && !copy.is_in());
}

/// A stream that was opened as nobody, and a sign-in in another tab meanwhile.
#[test]
fn a_sign_out_in_a_stream_older_than_the_sign_in_ends_it_if_the_browser_has_it_open_and_else_says_so()
 {
    let app = App::start();
    for is_open in [false, true] {
        let mut browser = app.browser();
        let mut stream = browser.open("/sse-out-later");
        assert_eq!(browser.next(&mut stream).unwrap(), "open");
        assert_eq!(browser.sign_in(ADA.0, ADA.1).status, 303);
        let mut copy = browser.clone();
        let mut open = is_open.then(|| browser.open("/watch"));
        if let Some(open) = &mut open {
            assert_eq!(browser.next(open).unwrap(), "watching");
        }
        // A token of the very millisecond of the sign-in would count as older than it.
        app.forward(Duration::from_millis(2));
        app.door.let_one_through();
        let said = browser.next(&mut stream).unwrap();
        while browser.next(&mut stream).is_some() {}
        assert!(!browser.is_in(), "the cookie is deleted");
        if is_open {
            assert_eq!(said, "Released");
            let mut open = open.unwrap();
            assert_eq!(browser.next(&mut open).unwrap(), "ended: Revoked");
            assert!(!copy.is_in());
        } else {
            assert_eq!(said, "nobody is signed in");
            assert!(copy.is_in(), "as it says: nothing was revoked");
            assert_eq!(app.store.revoked(), 0);
        }
    }
}

#[test]
fn the_token_of_a_sign_in_is_worth_nothing_to_another_browser() {
    let app = App::start();
    let (mut browser, mut thief) = (app.browser(), app.browser());
    let mut stream = browser.open(ADA_INSIDE);
    let token = stream.token();
    thief.get("/");
    assert_eq!(thief.redeem(&token, None).status, 403);
    assert!(!thief.is_in());
    assert_eq!(browser.redeem(&token, None).status, 204);
    assert!(browser.is_in());
}

#[test]
fn no_sign_in_is_lost_when_every_fifth_answer_is() {
    const SIGN_INS: usize = 200;
    let app = App::start();
    let mut lost = 0;
    for number in 1..=SIGN_INS {
        let mut browser = app.browser();
        let mut stream = browser.open(ADA_INSIDE);
        let (token, redemption) = (stream.token(), format!("{number:022}"));
        let mut answer = None;
        if number % 5 == 0 {
            let unheard = browser.redeem_unheard(&token, Some(&redemption));
            assert_eq!(unheard.status, 204);
            assert!(!browser.is_in(), "the browser has not seen the answer");
        } else {
            answer = Some(browser.redeem(&token, Some(&redemption)));
        }
        let answer = answer.unwrap_or_else(|| browser.redeem(&token, Some(&redemption)));
        let is_released = browser.next(&mut stream).as_deref() == Some("Released");
        lost += usize::from(answer.status != 204 || !is_released || !browser.is_in());
    }
    assert_eq!(lost, 0, "of {SIGN_INS}");
}
