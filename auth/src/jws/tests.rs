//! Claims: each is what it must be, or the token is refused.

use std::time::Duration;

use apply_cookies::UnixMillis;
use serde_json::{Value, json};

use super::claims::Times;
use super::*;

fn claims(json: Value) -> Claims {
    match json {
        Value::Object(object) => Claims::new(object),
        _ => panic!("not an object"),
    }
}

fn one(name: &str, value: Value) -> Claims {
    claims([(name.to_owned(), value)].into_iter().collect())
}

/// A value of every type.
fn every_type() -> [Value; 9] {
    [
        json!(true),
        json!(0),
        json!(-1),
        json!(1.5),
        json!("text"),
        json!(""),
        json!([]),
        json!(["text"]),
        json!({"text": "text"}),
    ]
}

#[test]
fn a_text_is_a_text() {
    assert_eq!(claims(json!({})).text("sub"), Ok(None));
    assert_eq!(one("sub", Value::Null).text("sub"), Ok(None));
    for value in every_type() {
        let expected = value.as_str().map(Some);
        assert_eq!(
            one("sub", value.clone()).text("sub").ok(),
            expected,
            "{value}"
        );
    }
    assert_eq!(one("sub", json!("ada")).required_text("sub"), Ok("ada"));
    for value in every_type().into_iter().filter(|value| value != "text") {
        assert!(one("sub", value).required_text("sub").is_err());
    }
    assert!(claims(json!({"SUB": "ada"})).required_text("sub").is_err());
    assert!(one("sub", Value::Null).required_text("sub").is_err());
}

#[test]
fn a_flag_is_true_or_false() {
    for value in every_type() {
        let expected = value.as_bool().map(Some);
        assert_eq!(
            one("email_verified", value).flag("email_verified").ok(),
            expected
        );
    }
    for value in ["true", "1", "yes"] {
        assert!(
            one("email_verified", json!(value))
                .flag("email_verified")
                .is_err()
        );
    }
    assert_eq!(claims(json!({})).flag("email_verified"), Ok(None));
    assert_eq!(
        one("email_verified", Value::Null).flag("email_verified"),
        Ok(None)
    );
}

#[test]
fn an_audience_is_a_text_or_a_list_of_texts() {
    assert_eq!(one("aud", json!("app")).audience(), Ok(vec!["app"]));
    let two = one("aud", json!(["app", "other"]));
    assert_eq!(two.audience(), Ok(vec!["app", "other"]));
    for value in [
        json!(7),
        json!(true),
        json!([]),
        json!(["app", 7]),
        json!([["app"]]),
        json!(["app", null]),
        json!({"app": true}),
        Value::Null,
    ] {
        assert!(one("aud", value.clone()).audience().is_err(), "{value}");
    }
    assert!(claims(json!({})).audience().is_err());
}

#[test]
fn a_time_is_a_number_of_seconds() {
    let seconds = |json: &str| {
        let json = format!(r#"{{"exp":{json}}}"#);
        let object = strict_object(json.as_bytes()).unwrap();
        let time = Claims::new(object).seconds("exp");
        time.map(|time| time.map(UnixMillis::get))
    };
    for (json, millis) in [
        ("0", 0),
        ("1700000000", 1_700_000_000_000),
        ("1700000000.0", 1_700_000_000_000),
        ("1700000000.25", 1_700_000_000_250),
        ("1.7e9", 1_700_000_000_000),
        ("253402300799", 253_402_300_799_000),
        ("-0.0", 0),
    ] {
        assert_eq!(seconds(json), Ok(Some(millis)), "{json}");
    }
    assert_eq!(seconds("null"), Ok(None));
    for json in [
        r#""1700000000""#,
        r#""""#,
        "true",
        "[1700000000]",
        "{}",
        "-1",
        "-0.001",
        "-1700000000",
        "253402300800",
        "253402300800.5",
        "1e300",
        "-1e300",
        "18446744073709551615",
        "18446744073709551616",
        "99999999999999999999999999",
    ] {
        assert!(seconds(json).is_err(), "{json}");
    }
}

const MINUTE: Duration = Duration::from_secs(60);
const NOW: u64 = 1_700_000_000;

fn times(json: Value, skew: Duration) -> Result<Times, TimeFault> {
    let now = UnixMillis::from_secs(NOW).unwrap();
    claims(json).check_times(now, skew)
}

#[derive(Debug, PartialEq)]
enum Holds {
    Now,
    NoLonger,
    NotYet,
    Unknown,
}

fn holds(json: Value, skew: Duration) -> Holds {
    match times(json, skew) {
        Ok(_) => Holds::Now,
        Err(TimeFault::Late(_)) => Holds::NoLonger,
        Err(TimeFault::Early(_)) => Holds::NotYet,
        Err(TimeFault::Wrong(_)) => Holds::Unknown,
    }
}

#[test]
fn a_token_holds_from_its_beginning_to_its_end_and_the_skew_around() {
    use Holds::{NoLonger, NotYet, Now, Unknown};
    let zero = Duration::ZERO;
    for (json, skew, expected) in [
        (json!({"exp": NOW + 1, "iat": NOW}), zero, Now),
        (json!({"exp": NOW, "iat": NOW}), zero, NoLonger),
        (json!({"exp": NOW - 59, "iat": NOW - 99}), MINUTE, Now),
        (json!({"exp": NOW - 60, "iat": NOW - 99}), MINUTE, NoLonger),
        (json!({"exp": 0, "iat": 0}), MINUTE, NoLonger),
        (json!({"exp": NOW + 99, "iat": NOW + 1}), zero, NotYet),
        (json!({"exp": NOW + 99, "iat": NOW + 60}), MINUTE, Now),
        (json!({"exp": NOW + 99, "iat": NOW + 61}), MINUTE, NotYet),
        (
            json!({"exp": NOW + 99, "iat": NOW, "nbf": NOW + 60}),
            MINUTE,
            Now,
        ),
        (
            json!({"exp": NOW + 99, "iat": NOW, "nbf": NOW + 61}),
            MINUTE,
            NotYet,
        ),
        (
            json!({"exp": NOW + 99, "iat": NOW, "nbf": null}),
            MINUTE,
            Now,
        ),
        (
            json!({"exp": NOW + 99, "iat": NOW, "nbf": "0"}),
            MINUTE,
            Unknown,
        ),
        (
            json!({"exp": NOW + 99, "iat": NOW, "nbf": -1}),
            MINUTE,
            Unknown,
        ),
        (json!({"iat": NOW}), MINUTE, Unknown),
        (json!({"exp": null, "iat": NOW}), MINUTE, Unknown),
        (json!({"exp": "1700000099", "iat": NOW}), MINUTE, Unknown),
        (json!({"exp": [NOW + 99], "iat": NOW}), MINUTE, Unknown),
        (json!({"exp": 1e300, "iat": NOW}), MINUTE, Unknown),
        (json!({"exp": -1, "iat": NOW}), MINUTE, Unknown),
        (json!({"exp": true, "iat": NOW}), MINUTE, Unknown),
        (json!({"exp": NOW + 99}), MINUTE, Unknown),
        (json!({"exp": NOW + 99, "iat": "now"}), MINUTE, Unknown),
        (json!({"exp": NOW + 99, "iat": 1e300}), MINUTE, Unknown),
        (json!({"exp": NOW - 60, "iat": NOW}), Duration::MAX, Now),
    ] {
        assert_eq!(holds(json.clone(), skew), expected, "{json}");
    }
    let both = times(json!({"exp": NOW + 99, "iat": NOW - 1}), MINUTE).unwrap();
    let at = |seconds| UnixMillis::from_secs(seconds).unwrap();
    assert_eq!((both.expires, both.issued), (at(NOW + 99), at(NOW - 1)));
}

#[test]
fn where_clocks_differ_the_log_has_both_times() {
    let fault = times(json!({"exp": NOW + 99, "iat": NOW + 90}), MINUTE).unwrap_err();
    let expected = "iat is 1700000090, and the clock of this server says 1700000000";
    assert_eq!(fault.to_string(), expected);
}

#[test]
fn claims_are_not_shown() {
    let claims = one("email", json!("ada@example.com"));
    assert_eq!(format!("{claims:?}"), "Claims(..)");
    let fault = one("sub", json!(["ada"])).text("sub").unwrap_err();
    assert!(!format!("{fault} {fault:?}").contains("ada"));
}
