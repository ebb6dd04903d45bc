//! A provider's key set over time: what is fetched when, and for whom.

use std::time::Duration;

use serde_json::json;

use super::super::*;
use super::signer::{P256, P256_NEXT, TestKey, key_set};
use super::{RULE, now};
use crate::outgoing::loopback::{Loopback, response};

const SECOND: u64 = 1000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;

/// A set of these keys, fresh for an hour.
fn set(keys: &[TestKey]) -> Vec<u8> {
    for_so_long(keys, "max-age=3600")
}

fn for_so_long(keys: &[TestKey], cache_control: &str) -> Vec<u8> {
    let keys: Vec<_> = keys.iter().map(TestKey::jwk).collect();
    response(
        200,
        &[&format!("cache-control: {cache_control}")],
        &key_set(&keys),
    )
}

struct App {
    provider: Loopback,
    keys: Keys,
}

/// An app whose provider answers so.
async fn app(answer: Vec<u8>) -> App {
    app_over(&Outgoing::new(None).unwrap(), answer).await
}

async fn app_over(outgoing: &Outgoing, answer: Vec<u8>) -> App {
    let provider = Loopback::start(answer).await;
    let keys = Keys::at(provider.url.clone(), outgoing.clone());
    App { provider, keys }
}

#[derive(Debug, PartialEq)]
enum Said {
    Verified,
    Invalid,
    Unreachable,
}
use Said::{Invalid, Unreachable, Verified};

async fn said(keys: &Keys, token: &str, budget: Budget, at: u64) -> Said {
    match keys.verify(token, &RULE, budget, now().plus(at)).await {
        Ok(_) => Verified,
        Err(KeysError::Invalid(_)) => Invalid,
        Err(KeysError::Unreachable(_)) => Unreachable,
    }
}

impl App {
    /// What is said, so many milliseconds after the start, to a token of this key.
    async fn says(&self, key: TestKey, budget: Budget, at: u64) -> Said {
        said(&self.keys, &token(key), budget, at).await
    }

    /// The same for a token whose key nobody has ever had.
    async fn says_to_made_up(&self, number: usize, budget: Budget, at: u64) -> Said {
        said(&self.keys, &made_up(number), budget, at).await
    }
}

fn token(key: TestKey) -> String {
    key.token("ES256", &json!({"sub": "ada"}))
}

fn made_up(number: usize) -> String {
    let header = format!(r#"{{"alg":"ES256","kid":"made-up-{number}"}}"#);
    P256.sign("ES256", &header, "{}")
}

/// A token whose signature is right but for the key, and cheap to make.
fn made_up_cheaply(number: usize) -> String {
    let header = format!(r#"{{"alg":"ES256","kid":"made-up-{number}"}}"#);
    format!(
        "{}.{}",
        super::signer::signed(&header, "{}"),
        "A".repeat(86)
    )
}

#[tokio::test]
async fn a_new_key_is_found_and_a_removed_one_is_gone() {
    let app = app(set(&[P256])).await;
    assert_eq!(app.says(P256, Budget::Open, 0).await, Verified);
    assert_eq!(app.says(P256, Budget::Open, 50 * MINUTE).await, Verified);
    assert_eq!(app.provider.asked(), 1);

    app.provider.answer(set(&[P256_NEXT]));
    assert_eq!(
        app.says(P256, Budget::Open, 51 * MINUTE).await,
        Verified,
        "still fresh"
    );
    assert_eq!(
        app.says(P256_NEXT, Budget::Open, 51 * MINUTE).await,
        Verified
    );
    assert_eq!(app.says(P256, Budget::Open, 51 * MINUTE).await, Invalid);
    assert_eq!(app.says(P256, Budget::Fetched, 59 * MINUTE).await, Invalid);
    assert_eq!(
        app.says(P256_NEXT, Budget::Fetched, 59 * MINUTE).await,
        Verified
    );
}

#[tokio::test]
async fn a_removed_key_is_gone_when_the_set_is_stale_though_nobody_has_a_new_one() {
    let app = app(set(&[P256])).await;
    assert_eq!(app.says(P256, Budget::Open, 0).await, Verified);
    app.provider.answer(set(&[P256_NEXT]));
    // Nobody has come for long, so nobody has asked.
    assert_eq!(
        app.says(P256, Budget::Open, HOUR + 5 * MINUTE).await,
        Invalid
    );
}

#[tokio::test]
async fn ten_thousand_made_up_names_cost_one_fetch_in_thirty_seconds() {
    let app = app(set(&[P256])).await;
    assert_eq!(app.says(P256, Budget::Open, 0).await, Verified);
    // One in 30 s is the first one here as well.
    for at in [0, 15 * SECOND, 30 * SECOND - 1] {
        for number in 0..3_334 {
            let token = made_up_cheaply(number);
            assert_eq!(said(&app.keys, &token, Budget::Open, at).await, Invalid);
        }
    }
    assert_eq!(app.provider.asked(), 1);
    for number in 0..100 {
        let at = 30 * SECOND;
        assert_eq!(app.says_to_made_up(number, Budget::Open, at).await, Invalid);
    }
    assert_eq!(app.provider.asked(), 2);
}

#[tokio::test]
async fn a_rotation_during_a_flood_is_found_by_what_was_fetched() {
    let app = app(set(&[P256])).await;
    let at = 10 * MINUTE;
    assert_eq!(app.says(P256, Budget::Fetched, 0).await, Verified);
    assert_eq!(app.says_to_made_up(0, Budget::Open, at).await, Invalid);
    assert_eq!(app.provider.asked(), 2);

    app.provider.answer(set(&[P256, P256_NEXT]));
    let at = at + SECOND;
    for number in 0..100 {
        assert_eq!(app.says_to_made_up(number, Budget::Open, at).await, Invalid);
    }
    assert_eq!(
        app.says(P256_NEXT, Budget::Open, at).await,
        Invalid,
        "the flood has spent it"
    );
    assert_eq!(app.says(P256_NEXT, Budget::Fetched, at).await, Verified);
    assert_eq!(app.provider.asked(), 3);
    assert_eq!(
        app.says(P256_NEXT, Budget::Open, at).await,
        Verified,
        "now everybody has it"
    );
}

#[tokio::test]
async fn a_rotation_right_after_a_fetch_is_found_too() {
    let app = app(set(&[P256])).await;
    assert_eq!(app.says(P256, Budget::Fetched, 0).await, Verified);
    app.provider.answer(set(&[P256_NEXT]));
    assert_eq!(app.says(P256_NEXT, Budget::Fetched, SECOND).await, Verified);
    assert_eq!(app.provider.asked(), 2);
    // What was fetched has a limit as well.
    for number in 0..100 {
        let at = 2 * SECOND;
        assert_eq!(
            app.says_to_made_up(number, Budget::Fetched, at).await,
            Invalid
        );
    }
    assert_eq!(app.provider.asked(), 2);
}

#[tokio::test]
async fn a_fetch_that_was_under_way_before_the_rotation_is_not_the_last_word() {
    let app = app(set(&[P256])).await;
    assert_eq!(app.says(P256, Budget::Open, 0).await, Verified);
    app.provider.hold();
    let keys = app.keys.clone();
    let at = MINUTE;
    let stranger = tokio::spawn(async move { said(&keys, &made_up(0), Budget::Open, at).await });
    app.provider.until_asked(2).await;
    let keys = app.keys.clone();
    let person =
        tokio::spawn(async move { said(&keys, &token(P256_NEXT), Budget::Fetched, at).await });
    tokio::task::yield_now().await;
    // The answer to the stranger is from before the rotation, the next one from after it.
    app.provider.answer_once(set(&[P256]));
    app.provider.until_asked(3).await;
    app.provider.answer(set(&[P256_NEXT]));
    assert_eq!(person.await.unwrap(), Verified);
    assert_eq!(stranger.await.unwrap(), Invalid);
}

#[tokio::test]
async fn all_who_wait_share_one_fetch() {
    let app = app(set(&[P256])).await;
    app.provider.hold();
    let people: Vec<_> = (0..64)
        .map(|number| {
            let (keys, budget) = (
                app.keys.clone(),
                [Budget::Open, Budget::Fetched][number % 2],
            );
            tokio::spawn(async move { said(&keys, &token(P256), budget, 0).await })
        })
        .collect();
    app.provider.until_asked(1).await;
    app.provider.answer(set(&[P256]));
    for person in people {
        assert_eq!(person.await.unwrap(), Verified);
    }
    assert_eq!(app.provider.asked(), 1);
}

#[tokio::test]
async fn whoever_began_a_fetch_may_leave() {
    let app = app(set(&[P256])).await;
    app.provider.hold();
    let keys = app.keys.clone();
    let first = tokio::spawn(async move { said(&keys, &token(P256), Budget::Open, 0).await });
    app.provider.until_asked(1).await;
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    app.provider.answer(set(&[P256]));
    assert_eq!(app.says(P256, Budget::Open, 0).await, Verified);
    assert_eq!(app.provider.asked(), 1);
}

#[tokio::test]
async fn whose_key_is_known_waits_for_nobody() {
    let app = app(set(&[P256])).await;
    assert_eq!(app.says(P256, Budget::Open, 0).await, Verified);
    app.provider.hold();
    let keys = app.keys.clone();
    let stranger =
        tokio::spawn(async move { said(&keys, &made_up(0), Budget::Open, MINUTE).await });
    app.provider.until_asked(2).await;
    assert_eq!(app.says(P256, Budget::Open, MINUTE).await, Verified);
    // Nor while a set that has just become stale is fetched anew.
    assert_eq!(app.says(P256, Budget::Open, HOUR + SECOND).await, Verified);
    assert!(!stranger.is_finished());
    assert_eq!(app.provider.asked(), 2);
}

#[tokio::test]
async fn the_last_set_serves_for_a_day_while_the_provider_is_away() {
    let outgoing = Outgoing::new(None).unwrap();
    let large = format!(r#"{{"keys":[],"x":"{}"}}"#, "x".repeat(64 * 1024));
    let many: Vec<_> = (0..65).map(|_| P256.jwk()).collect();
    for away in [
        response(500, &[], ""),
        response(404, &[], &key_set(&[P256_NEXT.jwk()])),
        response(201, &[], &key_set(&[P256_NEXT.jwk()])),
        response(302, &["location: /elsewhere"], ""),
        response(200, &[], "<html>"),
        response(200, &[], "{}"),
        response(200, &[], r#"{"keys":{}}"#),
        response(200, &[], r#"{"keys":[1]}"#),
        response(200, &[], r#"{"keys":[],"keys":[]}"#),
        response(200, &[], &large),
        response(200, &[], &key_set(&many)),
        Vec::new(),
    ] {
        let app = app_over(&outgoing, set(&[P256])).await;
        assert_eq!(app.says(P256, Budget::Open, 0).await, Verified);
        app.provider.answer(away);
        let day = 24 * HOUR;
        for at in [HOUR + 10 * MINUTE, 12 * HOUR, HOUR + day - 1] {
            assert_eq!(app.says(P256, Budget::Open, at).await, Verified);
        }
        assert_eq!(app.provider.asked(), 4);
        assert_eq!(
            app.says(P256_NEXT, Budget::Fetched, HOUR + day - 1).await,
            Unreachable
        );
        assert_eq!(app.says(P256, Budget::Open, HOUR + day).await, Unreachable);
        // It is back, and found within half a minute.
        app.provider.answer(set(&[P256]));
        assert_eq!(
            app.says(P256, Budget::Open, HOUR + day + 30 * SECOND).await,
            Verified
        );
    }
}

#[tokio::test]
async fn a_provider_that_was_never_there_is_asked_once_in_thirty_seconds() {
    let app = app(response(503, &[], "")).await;
    for _ in 0..100 {
        assert_eq!(app.says(P256, Budget::Open, 0).await, Unreachable);
    }
    assert_eq!(app.provider.asked(), 1);
    app.provider.answer(set(&[P256]));
    assert_eq!(app.says(P256, Budget::Open, 29 * SECOND).await, Unreachable);
    // What was fetched has an attempt of its own.
    assert_eq!(app.says(P256, Budget::Fetched, 29 * SECOND).await, Verified);
    assert_eq!(app.provider.asked(), 2);
}

#[tokio::test]
async fn a_set_is_fresh_for_what_it_says_between_five_minutes_and_a_day() {
    let outgoing = Outgoing::new(None).unwrap();
    for (cache_control, fresh) in [
        ("max-age=15", 5 * MINUTE),
        ("no-store", 5 * MINUTE),
        ("max-age=7200", 2 * HOUR),
        ("max-age=31536000", 24 * HOUR),
    ] {
        let app = app_over(&outgoing, for_so_long(&[P256], cache_control)).await;
        for at in [0, fresh - 1] {
            assert_eq!(app.says(P256, Budget::Open, at).await, Verified);
        }
        // Long enough for a fetch to arrive that should not be there.
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert_eq!(app.provider.asked(), 1, "{cache_control}");
        assert_eq!(app.says(P256, Budget::Open, fresh).await, Verified);
        app.provider.until_asked(2).await;
    }
}

#[tokio::test]
async fn a_clock_that_is_set_back_is_noticed() {
    let app = app(set(&[P256])).await;
    assert_eq!(app.says(P256, Budget::Open, 48 * HOUR).await, Verified);
    app.provider.answer(set(&[P256_NEXT]));
    assert_eq!(app.says(P256_NEXT, Budget::Open, 0).await, Verified);
    assert_eq!(app.says(P256, Budget::Open, 5 * MINUTE).await, Invalid);
}

#[tokio::test]
async fn what_is_not_a_token_makes_nobody_fetch() {
    let app = app(set(&[P256])).await;
    let (header, rest) = made_up(0)
        .split_once('.')
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .unwrap();
    for text in [
        "",
        "a.b.c",
        &format!("{header}.{rest}.x"),
        &format!("{header}=.{rest}"),
    ] {
        assert_eq!(said(&app.keys, text, Budget::Fetched, 0).await, Invalid);
    }
    assert_eq!(app.provider.asked(), 0);
}

#[tokio::test]
async fn where_keys_have_no_names_a_wrong_signature_looks_for_a_new_one() {
    let nameless = |key: TestKey| {
        let mut jwk = key.jwk();
        jwk.as_object_mut().unwrap().remove("kid");
        response(200, &[], &key_set(&[jwk]))
    };
    let token = |key: TestKey| key.sign("ES256", r#"{"alg":"ES256"}"#, "{}");
    let app = app(nameless(P256)).await;
    assert_eq!(
        said(&app.keys, &token(P256), Budget::Open, 0).await,
        Verified
    );
    app.provider.answer(nameless(P256_NEXT));
    assert_eq!(
        said(&app.keys, &token(P256_NEXT), Budget::Open, 29 * SECOND).await,
        Invalid
    );
    assert_eq!(
        said(&app.keys, &token(P256_NEXT), Budget::Open, 30 * SECOND).await,
        Verified
    );
    assert_eq!(app.provider.asked(), 2);
}
