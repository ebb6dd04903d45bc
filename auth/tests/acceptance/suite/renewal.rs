//! How long a session lasts.

use std::thread;
use std::time::Duration;

use super::{App, SIGNED_IN};
use crate::harness::{ADA, cookie_of};
use crate::support::http::{Connection, FORM, origin_header};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

#[test]
fn after_a_third_of_its_life_a_session_is_written_anew_and_ends_when_it_would_have() {
    let app = App::start();
    let mut browser = app.signed_in(ADA);
    let before = browser.ends_at();
    app.forward(239 * MINUTE);
    assert!(cookie_of(&browser.fetch("/app"), SIGNED_IN).is_none());
    app.forward(2 * MINUTE);
    let page = browser.fetch("/app");
    let cookie = cookie_of(&page, SIGNED_IN).expect("a new copy");
    assert!(cookie.contains("HttpOnly") && cookie.contains("Secure"));
    assert_eq!(page.header("cache-control"), Some("private"));
    assert_eq!(browser.ends_at(), before);
    assert!(
        cookie_of(&browser.fetch("/app"), SIGNED_IN).is_none(),
        "once"
    );
    app.forward(478 * MINUTE);
    assert!(browser.is_in());
    app.forward(2 * MINUTE);
    assert!(!browser.is_in(), "however it is used");
}

#[test]
fn a_renewal_that_is_on_its_way_while_somebody_signs_out_is_dropped() {
    let app = App::start();
    for signs_out in [false, true] {
        let mut browser = app.signed_in(ADA);
        app.forward(5 * HOUR);
        let mut tab = browser.clone();
        let answer = thread::scope(|scope| {
            let waiting = scope.spawn(|| tab.fetch("/door"));
            app.door.wait_for_one();
            if signs_out {
                assert_eq!(browser.sign_out().status, 200);
            }
            app.door.let_one_through();
            waiting.join().unwrap()
        });
        assert_eq!(answer.status, 200);
        let is_renewed = cookie_of(&answer, SIGNED_IN).is_some();
        assert_eq!(is_renewed, !signs_out);
        assert_eq!(tab.is_in(), !signs_out);
    }
}

#[test]
fn no_renewal_and_no_keep_outlives_a_sign_out_that_races_it() {
    const RACES: usize = 1_000;
    let app = App::start();
    let mut renewed = 0;
    let (mut asking, mut ending) = (Connection::open(app.address), Connection::open(app.address));
    for race in 0..RACES {
        // As often as one person may sign in.
        app.forward(Duration::from_secs(1));
        let mut browser = app.signed_in(ADA);
        app.forward(5 * HOUR);
        let mut tab = browser.clone();
        let path = if race % 2 == 0 { "/app" } else { "/keep" };
        let answer = thread::scope(|scope| {
            let tab = &mut tab;
            let asked = scope.spawn(|| tab.ask_on(&mut asking, "GET", path, &[], ""));
            let fields = [&*origin_header(), FORM];
            let answer = browser.ask_on(&mut ending, "POST", "/auth/sign-out", &fields, "");
            assert_eq!(answer.status, 204);
            asked.join().unwrap()
        });
        renewed += usize::from(cookie_of(&answer, SIGNED_IN).is_some());
        assert!(!tab.is_in(), "{path}");
    }
    assert!(renewed > 0, "some come before the sign-out");
}

#[test]
fn a_session_that_is_not_used_ends_and_one_that_is_goes_on() {
    let app = App::with(|auth, accounts| auth.passwords(accounts).idle(HOUR));
    let (mut used, mut unused) = (app.signed_in(ADA), app.signed_in(ADA));
    let end = used.ends_at();
    for _ in 0..3 {
        app.forward(25 * MINUTE);
        assert!(used.is_in());
    }
    assert!(!unused.is_in());
    assert_eq!(used.ends_at(), end);
    for _ in 0..25 {
        app.forward(25 * MINUTE);
        assert!(used.is_in());
    }
    app.forward(25 * MINUTE);
    assert!(!used.is_in(), "half a day is over");
}

#[test]
fn a_handler_can_keep_a_session_by_itself() {
    let app = App::with(|auth, accounts| auth.passwords(accounts).idle(HOUR));
    let mut browser = app.signed_in(ADA);
    // Before the copy would be renewed by itself, and when it would.
    for minutes in [10, 40] {
        app.forward(minutes * MINUTE);
        let page = browser.fetch("/keep");
        assert_eq!(page.body, "done");
        let lines = page.all("set-cookie").into_iter();
        let written = lines.filter(|line| line.starts_with(SIGNED_IN)).count();
        assert_eq!(written, 1, "after {minutes} minutes");
    }
    app.forward(55 * MINUTE);
    assert!(browser.is_in());
    assert_eq!(app.browser().fetch("/keep").body, "nobody is signed in");
}
