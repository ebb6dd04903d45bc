//! A session whose person may do something else than before.

use super::App;
use crate::harness::ADA;

#[test]
fn a_session_whose_roles_were_changed_has_the_new_ones_and_its_old_cookie_is_nobody() {
    let app = App::start();
    let mut browser = app.signed_in(ADA);
    let mut old = browser.clone();
    assert_eq!(browser.fetch("/admin").status, 403);
    assert_eq!(browser.fetch("/rotate?role=admin").body, "done");
    assert_eq!(browser.fetch("/app").body, "ada, admin");
    assert_eq!(browser.fetch("/admin").status, 200);
    assert!(!old.is_in());
    let mut old = browser.clone();
    assert_eq!(browser.fetch("/rotate?role=reader").body, "done");
    assert_eq!(browser.fetch("/admin").status, 403);
    assert_eq!(
        old.fetch("/admin").status,
        401,
        "a role that was taken is gone"
    );
}

#[test]
fn a_rotation_does_not_lengthen_a_session() {
    let app = App::start();
    let mut browser = app.signed_in(ADA);
    let before = browser.ends_at();
    app.forward(std::time::Duration::from_secs(3600));
    assert_eq!(browser.fetch("/rotate?role=admin").body, "done");
    assert_eq!(browser.ends_at(), before);
}

#[test]
fn who_is_signed_out_everywhere_while_roles_are_changed_is_out() {
    let app = App::start();
    let mut browser = app.signed_in(ADA);
    let mut old = browser.clone();
    browser.fetch("/rotate?role=admin&ended_meanwhile=true");
    assert!(!browser.is_in() && !old.is_in());
    // And later still: the new session is made, and the old one is about to end.
    let mut browser = app.signed_in(ADA);
    app.end_all_meanwhile_of(ADA);
    assert_eq!(browser.fetch("/rotate?role=admin").body, "done");
    assert!(!browser.is_in());
}

#[test]
fn a_stranger_has_no_session_that_could_be_changed() {
    let app = App::start();
    let mut browser = app.browser();
    let said = browser.fetch("/rotate?role=admin").body;
    assert_eq!(said, "nobody is signed in");
    assert!(!browser.is_in());
}
