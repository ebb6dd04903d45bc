//! Accounts that change while people are signed in.

use super::App;
use crate::harness::{ADA, BOB};

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
