//! The derive macro cannot call the codec, which depends on it, so it has its own copy of the rules
//! of SPEC §4 about text. These tests keep the two in step: the codec accepts what the macro
//! accepts.

use std::time::Duration;

use apply_cookies_protocol::limits::{ATTRIBUTE_MAX, DOMAIN_MAX, MAX_AGE_MAX, NAME_VALUE_MAX};
use apply_cookies_protocol::{Operation, SetCookie};
use proptest::prelude::*;

#[path = "../derive/src/rules.rs"]
#[allow(unreachable_pub)]
mod rules;

/// A draft that meets the requirements of every prefix.
fn draft(name: &str) -> SetCookie<'_> {
    SetCookie::new(name, "v")
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "(__host-|__HOST-HTTP-|__Secure-|__Http-|__)?[a-zA-Z0-9_%. ;=é-]{0,20}",
        "(__Host-)?apply-cookies[a-z-]{0,3}",
        "/[!-~ é]{0,20}",
        "[a-z0-9.-]{0,30}",
        ".{0,20}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn a_name_that_the_macro_takes_is_one_that_the_codec_takes(name in text()) {
        if let Ok(demands) = rules::check_name(&name) {
            prop_assert!(Operation::try_from(draft(&name)).is_ok(), "{}", name);
            // The macro reads from the prefix what the codec requires.
            let takes = |draft: SetCookie<'_>| Operation::try_from(draft).is_ok();
            prop_assert_eq!(takes(draft(&name).secure(false)), !demands.secure);
            prop_assert_eq!(takes(draft(&name).domain("app.example")), !demands.host);
            prop_assert_eq!(takes(draft(&name).path("/x")), !demands.host);
            prop_assert_eq!(takes(draft(&name).http_only(false)), !demands.http_only);
        }
    }

    #[test]
    fn the_macro_and_the_codec_take_the_same_paths(path in text()) {
        let codec = Operation::try_from(draft("n").path(path.clone())).is_ok();
        prop_assert_eq!(rules::check_path(&path).is_ok(), codec, "{}", path);
    }

    #[test]
    fn the_macro_and_the_codec_take_the_same_domains(domain in text()) {
        let codec = Operation::try_from(draft("n").domain(domain.clone())).is_ok();
        prop_assert_eq!(rules::check_domain(&domain).is_ok(), codec, "{}", domain);
    }

    #[test]
    fn an_age_that_the_macro_takes_is_one_that_the_codec_takes(age in prop_oneof!["[0-9]{1,3} ?[smhdw]( [0-9]{1,2}[smhdw])?", ".{0,8}"]) {
        if let Ok(seconds) = rules::parse_age(&age) {
            let draft = draft("n").max_age(Duration::from_secs(seconds));
            prop_assert!(seconds > 0 && Operation::try_from(draft).is_ok());
        }
    }
}

/// The macro repeats each limit; this checks that each is the codec's, to the byte.
#[test]
fn the_limits_of_the_macro_are_those_of_the_codec() {
    let path = |length| format!("/{}", "p".repeat(length - 1));
    assert!(rules::check_path(&path(ATTRIBUTE_MAX)).is_ok());
    assert!(rules::check_path(&path(ATTRIBUTE_MAX + 1)).is_err());

    let domain = |length: usize| {
        let labels = [&*"d".repeat(63); 5].join(".");
        labels[..length].to_owned()
    };
    assert!(rules::check_domain(&domain(DOMAIN_MAX)).is_ok());
    assert!(rules::check_domain(&domain(DOMAIN_MAX + 1)).is_err());

    let age = u64::from(MAX_AGE_MAX);
    assert_eq!(rules::check_age(age), Ok(age));
    assert!(rules::check_age(age + 1).is_err());

    // Fixed names have their own limit, which leaves room for a value.
    let longest = (1..=NAME_VALUE_MAX)
        .take_while(|length| rules::check_name(&"n".repeat(*length)).is_ok())
        .last();
    assert_eq!(longest, Some(256));
}

#[test]
fn ages_are_read_as_people_write_them() {
    for (age, seconds) in [
        ("1s", 1),
        ("15m", 900),
        ("1h", 3600),
        ("1h 30m", 5400),
        ("1h30m", 5400),
        ("30d", 2_592_000),
        ("2w", 1_209_600),
        ("400d", 34_560_000),
    ] {
        assert_eq!(rules::parse_age(age), Ok(seconds), "{age}");
    }
    for age in [
        "",
        " ",
        "1",
        "h",
        "1 h",
        "-1h",
        "1.5h",
        "1y",
        "1H",
        "0h",
        "9600h 1s",
        "99999999999999999999h",
        "18446744073709551615w",
    ] {
        assert!(rules::parse_age(age).is_err(), "{age}");
    }
}

#[test]
fn ordinary_names_pass_both() {
    for name in ["session", "__Host-session", "user.id", "a!#$&'*+-.^_`|~"] {
        assert!(rules::check_name(name).is_ok(), "{name}");
    }
}
