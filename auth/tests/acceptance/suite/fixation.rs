//! Sessions that somebody else knows, or has copied.

use super::{App, BINDING, SIGNED_IN};
use crate::harness::{ADA, BOB};

#[test]
fn a_session_that_was_planted_in_a_browser_is_over_once_its_owner_signs_in() {
    let app = App::start();
    let mut attacker = app.signed_in(BOB);
    let mut victim = attacker.clone();
    assert_eq!(victim.fetch("/").body, "bob, admin");
    assert_eq!(victim.sign_in(ADA.0, ADA.1).status, 303);
    assert_eq!(victim.fetch("/").body, "ada, ");
    assert_ne!(victim.jar[SIGNED_IN], attacker.jar[SIGNED_IN]);
    assert!(!attacker.is_in());
    assert!(victim.is_in());
}

#[test]
fn a_second_sign_in_of_the_same_person_ends_copies_of_the_first_cookie() {
    let app = App::start();
    let mut browser = app.signed_in(ADA);
    let mut copy = browser.clone();
    assert!(copy.is_in());
    assert_eq!(browser.sign_in(ADA.0, ADA.1).status, 303);
    assert!(browser.is_in() && !copy.is_in());
}

#[test]
fn the_cookie_of_a_session_is_nobody_in_another_browser() {
    let app = App::start();
    let mut owner = app.signed_in(ADA);
    let mut thief = app.signed_in(BOB);
    thief
        .jar
        .insert(SIGNED_IN.to_owned(), owner.jar[SIGNED_IN].clone());
    assert_eq!(thief.fetch("/").body, "nobody");
    thief.jar.remove(BINDING);
    assert_eq!(thief.fetch("/").body, "nobody", "and without a binding");
    assert!(owner.is_in(), "its owner does not suffer from it");
    thief
        .jar
        .insert(BINDING.to_owned(), owner.jar[BINDING].clone());
    assert_eq!(thief.fetch("/").body, "ada, ", "only both together count");
}
