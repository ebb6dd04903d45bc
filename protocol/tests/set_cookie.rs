//! The promises of the `Set-Cookie` writer.

mod support;

use apply_cookies_protocol::{
    DeleteCookie, Draft, Operation, SameSite, SetCookie, limits, parse_batch,
};
use proptest::prelude::*;
use support::browser::{Cookie, parse};
use support::operation;

proptest! {
    #[test]
    fn a_browser_reads_back_the_same_cookie(operation in operation()) {
        let line = operation.to_set_cookie();
        let stored = parse(&line).expect("the browser keeps it");
        let json: serde_json::Value = serde_json::to_value(&operation).unwrap();
        let text = |field: &str| json[field].as_str().map(str::to_owned);
        let expected = match operation.draft() {
            Draft::Set(_) => Cookie {
                name: text("name").unwrap(),
                value: text("value").unwrap(),
                path: text("path"),
                domain: text("domain"),
                max_age: json["max_age"].as_i64(),
                expired: false,
                secure: json["secure"].as_bool().unwrap(),
                http_only: json["http_only"].as_bool().unwrap(),
                same_site: text("same_site"),
                partitioned: json["partitioned"].as_bool().unwrap(),
            },
            Draft::Delete(_) => Cookie {
                name: text("name").unwrap(),
                value: String::new(),
                path: text("path"),
                domain: text("domain"),
                max_age: Some(0),
                expired: true,
                secure: json["secure"].as_bool().unwrap(),
                http_only: true,
                same_site: None,
                partitioned: json["partitioned"].as_bool().unwrap(),
            },
        };
        prop_assert_eq!(stored, expected);
        prop_assert_eq!(operation.line_len(), format!("Set-Cookie: {line}\r\n").len());
    }

    #[test]
    fn json_is_read_back_as_the_same_operation(operation in operation()) {
        let json = format!("{{\"operations\":[{}]}}", serde_json::to_string(&operation).unwrap());
        let batch = parse_batch(&json).unwrap();
        prop_assert_eq!(&batch.operations()[0], &operation);
    }

    /// Whatever text is pushed: it is refused, or one cookie of exactly that name and value
    /// arrives. Nothing can be injected.
    #[test]
    fn text_never_becomes_an_attribute(name in any::<String>(), value in any::<String>(), path in any::<String>(), domain in any::<String>()) {
        let draft = SetCookie::new(name.as_str(), value.as_str()).path(path.as_str()).domain(domain.as_str());
        if let Ok(operation) = Operation::try_from(draft) {
            let stored = parse(&operation.to_set_cookie()).unwrap();
            prop_assert_eq!((stored.name, stored.value), (name, value));
            prop_assert_eq!((stored.path, stored.domain), (Some(path), Some(domain)));
        }
    }
}

#[test]
fn every_control_character_in_every_field_is_refused_by_name() {
    let control = (0_u32..0x20).chain(0x7F..0xA0).filter_map(char::from_u32);
    let separators = [';', '\u{2028}', '\u{FEFF}'];
    for bad in control.chain(separators) {
        for at in 0..3 {
            let spoil = |text: &str| {
                let mut text = text.to_owned();
                text.insert([0, 1, text.len()][at], bad);
                text
            };
            let drafts = [
                ("name", SetCookie::new(spoil("ab"), "v")),
                ("value", SetCookie::new("n", spoil("ab"))),
                ("path", SetCookie::new("n", "v").path(spoil("/a"))),
                (
                    "domain",
                    SetCookie::new("n", "v").domain(spoil("a.example")),
                ),
            ];
            for (field, draft) in drafts {
                let error = Operation::try_from(draft).expect_err(field);
                assert_eq!(error.field().as_str(), field, "{bad:?} at {at}");
                assert!(
                    !bad.is_control() || !error.to_string().contains(bad),
                    "{error}"
                );
            }
            let drafts = [
                ("name", DeleteCookie::new(spoil("ab"))),
                ("path", DeleteCookie::new("n").path(spoil("/a"))),
                ("domain", DeleteCookie::new("n").domain(spoil("a.example"))),
            ];
            for (field, draft) in drafts {
                let error = Operation::try_from(draft).expect_err(field);
                assert_eq!(error.field().as_str(), field, "{bad:?} at {at}");
            }
        }
    }
}

#[test]
fn prefixes_hold_in_every_spelling_and_with_every_attribute() {
    for prefix in ["__Host-", "__Secure-", "__Http-", "__Host-Http-"] {
        for spelling in [
            prefix.to_owned(),
            prefix.to_lowercase(),
            prefix.to_uppercase(),
        ] {
            for bits in 0..16_u8 {
                let [secure, http_only, root, host_only] = [1, 2, 4, 8].map(|bit| bits & bit != 0);
                let mut draft = SetCookie::new(format!("{spelling}sid"), "v")
                    .secure(secure)
                    .http_only(http_only)
                    .path(if root { "/" } else { "/app" });
                if !host_only {
                    draft = draft.domain("app.example");
                }
                let host = prefix.starts_with("__Host-");
                let http = prefix.ends_with("Http-");
                let expected = secure && (!host || (root && host_only)) && (!http || http_only);
                let operation = Operation::try_from(draft);
                assert_eq!(operation.is_ok(), expected, "{spelling} {bits:04b}");
                if let Ok(operation) = operation {
                    assert!(parse(&operation.to_set_cookie()).is_some());
                }
            }
        }
    }
}

#[test]
fn secure_is_demanded_where_browsers_demand_it() {
    let refused = |draft: SetCookie<'_>| Operation::try_from(draft).unwrap_err().field().as_str();
    let plain = || SetCookie::new("a", "b").secure(false);
    assert_eq!(refused(plain().same_site(SameSite::None)), "secure");
    assert_eq!(refused(plain().partitioned(true)), "secure");
    assert!(Operation::try_from(plain()).is_ok());
    let deletion = DeleteCookie::new("a").secure(false).partitioned(true);
    assert!(Operation::try_from(deletion).is_err());
}

#[test]
fn sizes_hold_exactly() {
    let fits = |name: usize, value: usize| {
        Operation::try_from(SetCookie::new("n".repeat(name), "v".repeat(value))).is_ok()
    };
    let max = limits::NAME_VALUE_MAX;
    assert!(fits(1, max - 1) && fits(max, 0) && fits(100, max - 100));
    assert!(!fits(1, max) && !fits(max + 1, 0) && !fits(100, max - 99));
    assert!(Operation::try_from(DeleteCookie::new("n".repeat(max))).is_ok());
    assert!(Operation::try_from(DeleteCookie::new("n".repeat(max + 1))).is_err());
}
