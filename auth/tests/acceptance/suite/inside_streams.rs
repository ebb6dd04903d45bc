//! Signing in and out after the headers have left.

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
