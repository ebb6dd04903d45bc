//! Accounts that change while people are signed in.

use std::time::Duration;

use apply_cookies_auth::Gate;

use super::{App, SIGNED_IN};
use crate::harness::{ADA, BOB, cookie_of};

#[test]
fn who_changes_the_password_is_signed_out_everywhere_at_the_next_request() {
    let app = App::start();
    let (mut browser, mut other) = (app.signed_in(ADA), app.signed_in(BOB));
    assert!(browser.is_in());
    app.people.change_password_of_ada();
    assert!(!browser.is_in());
    assert!(other.is_in());
    assert_eq!(
        browser.sign_in(ADA.0, ADA.1).status,
        401,
        "the old password"
    );
    assert_eq!(browser.sign_in(ADA.0, BOB.1).status, 303, "the new one");
    assert!(browser.is_in());
}

#[test]
fn whose_account_is_removed_is_signed_out_at_the_next_request() {
    let app = App::start();
    let (mut browser, mut other) = (app.signed_in(BOB), app.signed_in(ADA));
    app.people.remove(BOB.0);
    assert_eq!(browser.fetch("/").body, "nobody");
    assert!(!browser.is_in());
    assert!(other.is_in());
    assert_eq!(browser.sign_in(BOB.0, BOB.1).status, 401);
}

#[test]
fn whose_roles_change_has_the_new_ones_at_the_next_request() {
    let app = App::start();
    let (mut ada, mut bob) = (app.signed_in(ADA), app.signed_in(BOB));
    assert_eq!(
        (ada.fetch("/admin").status, bob.fetch("/admin").status),
        (403, 200)
    );
    app.people.give_roles(ADA, &["admin"]);
    app.people.give_roles(BOB, &[]);
    assert_eq!(
        (ada.fetch("/admin").status, bob.fetch("/admin").status),
        (200, 403)
    );
    assert_eq!(bob.fetch("/app").body, "bob, ");
    // Also in the copy of the cookie that is written later.
    app.forward(5 * Duration::from_secs(3600));
    assert!(cookie_of(&bob.fetch("/app"), SIGNED_IN).is_some());
    app.people.give_roles(BOB, &["reader"]);
    assert_eq!(bob.fetch("/app").body, "bob, reader");
}

#[test]
fn roles_that_the_app_gave_itself_stay_with_the_session() {
    let app = App::start();
    let mut bob = app.signed_in(BOB);
    assert_eq!(bob.fetch("/rotate?role=reader").body, "done");
    app.people.give_roles(BOB, &["admin", "owner"]);
    assert_eq!(bob.fetch("/app").body, "bob, reader");
    // The next sign-in begins with the account's again.
    assert_eq!(bob.sign_in(BOB.0, BOB.1).status, 303);
    assert_eq!(bob.fetch("/app").body, "bob, admin owner");
}

#[test]
fn a_gate_asks_for_the_roles_of_now() {
    let admins = Gate::new().roles(["admin"]);
    let app = App::with(|auth, accounts| auth.passwords(accounts).gate(admins));
    let mut bob = app.signed_in(BOB);
    assert_eq!(bob.fetch("/rotate?role=admin").body, "done");
    let mut bob = app.signed_in(BOB);
    app.people.give_roles(BOB, &[]);
    assert!(!bob.is_in());
    app.people.give_roles(BOB, &["admin"]);
    assert!(bob.is_in());
}

#[test]
fn a_stream_hears_of_a_changed_password_and_of_a_removed_account() {
    let app = App::start();
    let (mut ada, mut bob) = (app.signed_in(ADA), app.signed_in(BOB));
    let (mut of_ada, mut of_bob) = (ada.open("/watch"), bob.open("/watch"));
    assert_eq!(ada.next(&mut of_ada).unwrap(), "watching");
    assert_eq!(bob.next(&mut of_bob).unwrap(), "watching");
    app.people.change_password_of_ada();
    assert_eq!(ada.next(&mut of_ada).unwrap(), "ended: Revoked");
    app.people.remove(BOB.0);
    assert_eq!(bob.next(&mut of_bob).unwrap(), "ended: Revoked");
}

#[test]
fn whom_a_gate_refuses_by_now_is_out_though_the_session_goes_on() {
    let app = App::start();
    let (mut ada, mut bob) = (app.signed_in(ADA), app.signed_in(BOB));
    let gate = Gate::new().roles(["admin"]);
    let closed = app.restarted(|auth, accounts| auth.passwords(accounts).gate(gate));
    (ada.address, bob.address) = (closed.address, closed.address);
    assert!(!ada.is_in() && bob.is_in());
    assert_eq!(ada.fetch("/").body, "nobody");
    assert_eq!(ada.fetch("/keep").body, "nobody is signed in");
    ada.address = app.address;
    assert!(ada.is_in());
}
