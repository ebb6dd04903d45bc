//! Sessions that are over while somebody holds them open, or uses them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::App;
use crate::harness::{ADA, BOB};
use crate::support::http::{Connection, FORM, origin_header};

#[test]
fn a_stream_hears_of_the_sign_out_in_another_tab() {
    let app = App::start();
    let mut tab = app.signed_in(ADA);
    let mut bystander = app.signed_in(BOB);
    let mut other = bystander.open("/watch");
    let mut watching = tab.clone();
    let mut stream = watching.open("/watch");
    assert_eq!(watching.next(&mut stream).unwrap(), "watching");
    assert_eq!(bystander.next(&mut other).unwrap(), "watching");
    let begun = Instant::now();
    assert_eq!(tab.sign_out().status, 200);
    assert_eq!(watching.next(&mut stream).unwrap(), "ended: Revoked");
    println!(
        "heard after {:?}, the sign-out itself included",
        begun.elapsed()
    );
    assert_eq!(bystander.sign_out().status, 200);
    assert_eq!(bystander.next(&mut other).unwrap(), "ended: Revoked");
}

#[test]
fn a_stream_hears_that_all_sessions_of_its_person_were_ended() {
    let app = App::start();
    let mut browser = app.signed_in(ADA);
    let mut stream = browser.open("/watch");
    assert_eq!(browser.next(&mut stream).unwrap(), "watching");
    app.end_all_of(ADA);
    assert_eq!(browser.next(&mut stream).unwrap(), "ended: Revoked");
}

#[test]
fn a_stream_hears_that_the_time_of_its_session_is_over() {
    let second = Duration::from_secs(1);
    let app = App::with(|auth, accounts| auth.passwords(accounts).session_length(second));
    let mut browser = app.signed_in(ADA);
    let mut stream = browser.open("/watch");
    assert_eq!(browser.next(&mut stream).unwrap(), "watching");
    assert_eq!(browser.next(&mut stream).unwrap(), "ended: Expired");
    assert!(!browser.is_in());
}

#[test]
fn no_request_is_served_that_begins_after_the_sign_out_was_answered() {
    // APPLY_COOKIES_RACES=10000 is the full run.
    let races = std::env::var("APPLY_COOKIES_RACES").map_or(1_000, |races| races.parse().unwrap());
    let app = App::start();
    let (mut before, mut after) = (0, 0);
    let (mut asking, mut ending) = (Connection::open(app.address), Connection::open(app.address));
    for _ in 0..races {
        // As often as one person may sign in.
        app.forward(Duration::from_secs(1));
        let mut browser = app.signed_in(ADA);
        let mut other = browser.clone();
        let is_over = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                let fields = [&*origin_header(), FORM];
                let answer = other.ask_on(&mut ending, "POST", "/auth/sign-out", &fields, "");
                assert_eq!(answer.status, 204);
                is_over.store(true, Ordering::SeqCst);
            });
            loop {
                let begins_after = is_over.load(Ordering::SeqCst);
                let answer = browser.ask_on(&mut asking, "GET", "/app", &[], "");
                let is_served = answer.status == 200;
                assert!(is_served || answer.status == 401);
                if begins_after {
                    after += usize::from(is_served);
                    break;
                }
                before += usize::from(is_served);
            }
        });
    }
    assert_eq!(after, 0, "of {races}");
    assert!(before > 0, "requests before the sign-out are served");
}
