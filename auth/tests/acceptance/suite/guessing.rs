//! Who guesses waits.

use std::time::Duration;

use super::{App, SIGNED_IN};
use crate::harness::{ADA, BOB, WRONG, cookie_of, sign_in_form};
use crate::support::http::{FORM, origin_header};

#[test]
fn who_guesses_waits_even_with_the_right_password_and_reads_for_how_long() {
    let app = App::start();
    let mut stranger = app.browser();
    for _ in 0..5 {
        assert_eq!(stranger.sign_in(ADA.0, WRONG).status, 401);
    }
    let page = stranger.sign_in(ADA.0, ADA.1);
    assert_eq!(page.status, 429);
    assert!(page.body.contains("throttled"), "{}", page.body);
    assert!(cookie_of(&page, SIGNED_IN).is_none());
    let wait: u64 = page.header("retry-after").unwrap().parse().unwrap();
    let refused = stranger.fetch_post("/auth/sign-in", &sign_in_form(ADA.0, ADA.1));
    assert_eq!((refused.status, &*refused.problem()), (429, "throttled"));
    let mut stream = stranger.open("/sse-in?name=ada&password=correct+horse");
    assert_eq!(stranger.next(&mut stream).unwrap(), "open");
    assert!(stranger.next(&mut stream).unwrap().starts_with("throttled"));
    assert_eq!(
        stranger.sign_in(BOB.0, BOB.1).status,
        303,
        "another account"
    );
    app.forward(Duration::from_secs(wait));
    assert_eq!(stranger.sign_in(ADA.0, ADA.1).status, 303);
}

#[test]
fn strangers_who_guess_do_not_slow_down_the_browsers_of_the_owner() {
    let app = App::start();
    let mut owner = app.signed_in(ADA);
    assert_eq!(owner.sign_out().status, 200);
    let mut stranger = app.browser();
    while stranger.sign_in(ADA.0, WRONG).status != 429 {}
    assert_eq!(stranger.sign_in(ADA.0, ADA.1).status, 429);
    assert_eq!(owner.sign_in(ADA.0, ADA.1).status, 303);
}

#[test]
fn behind_a_trusted_proxy_each_person_is_counted_and_elsewhere_nobody_is_believed() {
    let own = origin_header();
    let guess = |app: &App, address: &str| {
        let address = format!("X-Forwarded-For: {address}");
        let form = sign_in_form(ADA.0, WRONG);
        app.send("POST", "/auth/sign-in", &[&own, FORM, &address], &form)
            .status
    };
    for (is_trusted, elsewhere) in [(true, 401), (false, 429)] {
        let app = App::with(|auth, accounts| {
            let auth = auth.passwords(accounts);
            if is_trusted {
                auth.trusted_proxy("127.0.0.1")
            } else {
                auth
            }
        });
        for _ in 0..5 {
            assert_eq!(guess(&app, "192.0.2.1"), 401);
        }
        assert_eq!(guess(&app, "192.0.2.1"), 429);
        assert_eq!(guess(&app, "192.0.2.2"), elsewhere);
        assert_eq!(guess(&app, "198.51.100.7, 192.0.2.1"), 429, "a made-up hop");
    }
}
