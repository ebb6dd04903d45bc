//! A session whose person may do something else than before.

use apply_cookies::Secrets;

use super::{App, SIGNED_IN};
use crate::harness::{ADA, BOB, Browser};

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

#[test]
fn a_new_secret_signs_nobody_out_while_the_old_one_is_kept_and_copies_outlive_it() {
    let [first, second, third] = [(); 3].map(|()| Secrets::generate());
    let secrets = |current: &str, previous: &[&str]| {
        let secrets = Secrets::new(current).unwrap();
        let mut previous = previous.iter();
        (previous.try_fold(secrets, |secrets, one| secrets.previous(one))).unwrap()
    };
    let app = App::start();
    let old = app.with_secrets(secrets(&first, &[]));
    let both = app.with_secrets(secrets(&second, &[&first]));
    let all = app.with_secrets(secrets(&third, &[&second, &first]));
    let new = app.with_secrets(secrets(&third, &[]));
    let mut browsers = [ADA, ADA, ADA, BOB].map(|person| old.signed_in(person));
    for app in [&both, &all] {
        for browser in &mut browsers {
            browser.address = app.address;
            assert!(browser.is_in());
        }
    }
    let [kept, rest @ ..] = &mut browsers;
    let before = kept.jar[SIGNED_IN].clone();
    assert_eq!(kept.fetch("/keep").body, "done");
    assert_ne!(kept.jar[SIGNED_IN], before);
    // A sign-out under the new secrets, and the end of all sessions of a person, reach those who
    // still have the first.
    let [signed_out, ended, other] = rest;
    let mut copy = signed_out.clone();
    assert_eq!(signed_out.sign_out().status, 200);
    for app in [&old, &both, &all] {
        copy.address = app.address;
        assert!(!copy.is_in());
    }
    // Once the old ones are dropped, the copy that was kept counts, and no older one.
    let dropped = |browser: &Browser| {
        let mut browser = browser.clone();
        browser.address = new.address;
        browser.is_in()
    };
    assert!(dropped(kept) && !dropped(ended) && !dropped(other));
    all.end_all_of(ADA);
    for app in [&old, &both, &all] {
        ended.address = app.address;
        other.address = app.address;
        assert!(!ended.is_in() && other.is_in());
    }
    assert!(!dropped(kept));
}

#[test]
fn one_person_cannot_fill_the_store_by_rotating() {
    let app = App::start();
    let mut browser = app.signed_in(ADA);
    for _ in 0..600 {
        browser.ask(
            "POST",
            "/rotate?role=x",
            &["Origin: https://app.example", "X-A: 1"],
            "",
        );
    }
    assert!(
        app.store.revoked() <= 320,
        "{} entries",
        app.store.revoked()
    );
}
