//! `Set-Cookie` and `Cookie` fields as Werkzeug writes and reads them.

use apply_cookies_protocol::mesop::{MesopValueCodec, parse_operation};
use apply_cookies_protocol::{CookieHeader, UnixMillis};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{cases, differences, now, text};

#[test]
fn every_cookie_is_written_as_by_werkzeug() {
    differences::check(
        "set_cookie",
        cases("set_cookie").iter().map(|case| {
            let cookie = &case["cookie"];
            let operation = json!({
                "op": "set",
                "name": cookie["name"],
                "value": cookie["value"],
                "max_age": cookie["max_age"],
                "path": cookie["path"],
                "domain": cookie["domain"],
                "secure": cookie["secure"],
                "http_only": cookie["httponly"],
                "same_site": cookie["samesite"],
            });
            let line = parse_operation(&operation.to_string(), now(case))
                .ok()
                .map(|cookie| cookie.to_set_cookie(now(case)).unwrap());
            let expected = case["expect"]["header"].as_str();
            (text(&case["what"]).to_owned(), line.as_deref() == expected)
        }),
    );
}

#[test]
fn every_cookie_field_is_read_as_by_werkzeug() {
    let at = UnixMillis::from_secs(1_760_000_000).unwrap();
    differences::check(
        "cookie_header",
        cases("cookie_header").iter().map(|case| {
            let bytes = STANDARD.decode(text(&case["header_bytes_b64"])).unwrap();
            let header = CookieHeader::new([bytes.as_slice()]);
            let read = |name: &str| {
                let codec = MesopValueCodec::plain(name).ok()?;
                let opened = codec.decode_from(&header, at).ok()?;
                Some(opened.text().to_owned())
            };
            let first = case["first"].as_object().unwrap();
            let mut same = first
                .iter()
                .all(|(name, value)| read(name).as_deref() == value.as_str());
            // And what Werkzeug drops is dropped.
            for name in ["ka", "kb", "kc", "k0", "k1", "k2", "a", "b", "session"] {
                same &= first.contains_key(name) || read(name).is_none();
            }
            (case["header"].as_str().unwrap_or("bytes").to_owned(), same)
        }),
    );
}

#[test]
fn what_a_name_or_a_domain_could_add_is_refused_with_its_field() {
    let at = UnixMillis::from_secs(1_760_000_000).unwrap();
    let refused = |field: &str, value: Value| {
        let mut operation = json!({"op": "set", "name": "a", "value": "v"});
        operation[field] = value;
        let error = parse_operation(&operation.to_string(), at).unwrap_err();
        assert_eq!(error.field(), field);
    };
    refused("name", json!("x=evil; Domain=example.com; a"));
    refused("name", json!("a\0b"));
    refused("domain", json!("evil.com; Path=/x"));
    refused("domain", json!("evil.com\r\nX: y"));
    refused("value", json!("a\u{1a}b"));
    refused("max_age", json!("5"));
    refused("max_age", json!(1_000_000_000_000_u64));
    refused("same_site", json!("x"));
    refused("partitioned", json!(true));
}
