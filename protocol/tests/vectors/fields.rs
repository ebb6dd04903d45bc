//! `cookie-header.json` and `set-cookie.json`: cookies read from a request, and lines written into
//! a response.

use apply_cookies_protocol::{CookieHeader, Lookup, Scheme, parse_operation_over};
use serde_json::{Value, json};

pub(crate) fn cookie_header() -> Value {
    let one = |comment: &str, field: &str, found: Value| json!({ "comment": comment, "fields": [field], "name": "__Host-sid", "found": found });
    let value = |value: &str| json!({ "value": value });
    let mut cases = vec![
        one("alone", "__Host-sid=v", value("v")),
        one("among others", "a=b; __Host-sid=v; c=d", value("v")),
        one("without spaces", "a=b;__Host-sid=v;c=d", value("v")),
        one(
            "spaces and tabs around",
            " \t__Host-sid= \tv\t ; a=b",
            value("v"),
        ),
        one("a space within stays", "__Host-sid=a b", value("a b")),
        one("quotes stay", "__Host-sid=\"v\"", value("\"v\"")),
        one("equals signs stay", "__Host-sid=a=b==", value("a=b==")),
        one("percent signs stay", "__Host-sid=%41", value("%41")),
        one("an empty value", "__Host-sid=", value("")),
        one("a value of spaces is empty", "__Host-sid= \t ", value("")),
        one(
            "bytes that are no text",
            "__Host-sid=\u{ff}\u{0}",
            value("\u{ff}\u{0}"),
        ),
        one(
            "white space of other kinds stays at the end",
            "__Host-sid=v\u{b}\u{c}\u{a0}\r",
            value("v\u{b}\u{c}\u{a0}\r"),
        ),
        one(
            "commas separate nothing",
            "a=b, __Host-sid=v",
            json!("absent"),
        ),
        one(
            "a comma stays in the value",
            "__Host-sid=v, a=b",
            value("v, a=b"),
        ),
        one("no equals sign", "__Host-sid", json!("absent")),
        one("empty", "", json!("absent")),
        one("separators alone", ";; ;", json!("absent")),
        one("twice", "__Host-sid=v; __Host-sid=v", json!("duplicate")),
        one(
            "twice, far apart",
            "__Host-sid=; a=b; __Host-sid=v",
            json!("duplicate"),
        ),
        one("a name that goes on", "__Host-sid2=v", json!("absent")),
        one(
            "a name that begins earlier",
            "a__Host-sid=v",
            json!("absent"),
        ),
    ];
    for (comment, forged) in [
        ("percent-encoded", "%5F%5FHost-sid"),
        ("percent-encoded hyphen", "__Host%2Dsid"),
        ("in lower case", "__host-sid"),
        ("a space behind the name", "__Host-sid "),
        ("a tab behind the name", "__Host-sid\t"),
        ("in quotes", "\"__Host-sid\""),
        ("no name before it", "=__Host-sid"),
        ("U+2000 before it", "\u{e2}\u{80}\u{80}__Host-sid"),
        ("U+0085 before it", "\u{c2}\u{85}__Host-sid"),
        ("U+00A0 before it", "\u{c2}\u{a0}__Host-sid"),
        ("a vertical tab before it", "\u{b}__Host-sid"),
        ("a form feed before it", "\u{c}__Host-sid"),
        ("byte 0x85 before it", "\u{85}__Host-sid"),
        ("byte 0xA0 before it", "\u{a0}__Host-sid"),
        ("NUL before it", "\u{0}__Host-sid"),
        ("a line end before it", "\r\n__Host-sid"),
        ("RFC 2965", "$Version=1, __Host-sid"),
    ] {
        cases.push(one(
            &format!("{comment}: another cookie"),
            &format!("{forged}=evil"),
            json!("absent"),
        ));
        cases.push(one(
            &format!("{comment}, beside the cookie itself"),
            &format!("{forged}=evil; __Host-sid=v"),
            value("v"),
        ));
    }
    for (comment, fields, found) in [
        ("in the second field", ["a=b", "__Host-sid=v"], value("v")),
        (
            "in both fields",
            ["__Host-sid=v", "__Host-sid=w"],
            json!("duplicate"),
        ),
        (
            "fields are not joined without a separator",
            ["__Host-", "sid=v"],
            json!("absent"),
        ),
    ] {
        cases.push(
            json!({ "comment": comment, "fields": fields, "name": "__Host-sid", "found": found }),
        );
    }
    json!({
        "comment": "one cookie of a request (SPEC §13); each character is a byte",
        "cases": cases,
    })
}

pub(crate) fn check_cookie_header(case: &Value) {
    let bytes = |text: &Value| -> Vec<u8> {
        let text = text.as_str().unwrap();
        text.chars()
            .map(|char| u8::try_from(char).unwrap())
            .collect()
    };
    let fields: Vec<Vec<u8>> = case["fields"]
        .as_array()
        .unwrap()
        .iter()
        .map(bytes)
        .collect();
    let header = CookieHeader::new(fields.iter().map(Vec::as_slice));
    let value = case["found"].get("value").map(bytes).unwrap_or_default();
    let expected = match case["found"].as_str() {
        Some("absent") => Lookup::Absent,
        Some("duplicate") => Lookup::Duplicate,
        Some(other) => panic!("{other}"),
        None => Lookup::One(&value),
    };
    let name = case["name"].as_str().unwrap();
    assert_eq!(header.find(name), expected, "{}", case["comment"]);
}

const GONE: &str = "Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT";

pub(crate) fn set_cookie() -> Value {
    let set = |change: Value| {
        let mut operation = json!({ "op": "set", "name": "session", "value": "8f14e45f" });
        operation
            .as_object_mut()
            .unwrap()
            .extend(change.as_object().unwrap().clone());
        operation
    };
    let delete = |change: Value| {
        let mut operation = json!({ "op": "delete", "name": "session" });
        operation
            .as_object_mut()
            .unwrap()
            .extend(change.as_object().unwrap().clone());
        operation
    };
    let good = |comment: &str, operation: Value, line: &str| json!({ "comment": comment, "operation": operation, "set_cookie": line });
    let bad = |comment: &str, operation: Value, field: &str| json!({ "comment": comment, "operation": operation, "field": field });
    let http = |mut case: Value| {
        case["plain_http"] = json!(true);
        case
    };
    let named = |name: &str| set(json!({ "name": name }));
    let short = "x=8f14e45f; Path=/; HttpOnly; SameSite=Lax";
    json!({
        "comment": "one operation (SPEC §4 and §7)",
        "cases": [
            good("the defaults", set(json!({})), "session=8f14e45f; Path=/; Secure; HttpOnly; SameSite=Lax"),
            good("every attribute", set(json!({"max_age": 3600, "path": "/app", "domain": "app.example", "same_site": "None", "partitioned": true})), "session=8f14e45f; Path=/app; Domain=app.example; Max-Age=3600; Secure; HttpOnly; SameSite=None; Partitioned"),
            good("no attribute", set(json!({"path": null, "secure": false, "http_only": false, "same_site": null})), "session=8f14e45f"),
            good("an empty value", set(json!({"value": ""})), "session=; Path=/; Secure; HttpOnly; SameSite=Lax"),
            good("an age of zero", set(json!({"max_age": 0})), "session=8f14e45f; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax"),
            good("the longest age", set(json!({"max_age": 34_560_000})), "session=8f14e45f; Path=/; Max-Age=34560000; Secure; HttpOnly; SameSite=Lax"),
            good("a delete", delete(json!({})), &format!("session=; Path=/; {GONE}; Secure; HttpOnly")),
            good("a delete elsewhere", delete(json!({"path": "/app", "domain": "app.example", "partitioned": true})), &format!("session=; Path=/app; Domain=app.example; {GONE}; Secure; HttpOnly; Partitioned")),
            bad("a name with a space", set(json!({"name": "a b"})), "name"),
            bad("no name", set(json!({"name": ""})), "name"),
            bad("attributes in the name", set(json!({"name": "a=b; Domain=evil.example; c"})), "name"),
            bad("our own name", set(json!({"name": "__Host-apply-cookies"})), "name"),
            bad("a name that decodes to a prefix", set(json!({"name": "%5F%5FHost-x"})), "name"),
            bad("attributes in the value", set(json!({"value": "v; Domain=evil.example"})), "value"),
            bad("a line end in the value", set(json!({"value": "v\r\nSet-Cookie: a=b"})), "value"),
            bad("a value that is too long", set(json!({"value": "v".repeat(4090)})), "value"),
            bad("attributes in the path", set(json!({"path": "/; Secure"})), "path"),
            bad("a path without a slash", set(json!({"path": "app"})), "path"),
            bad("attributes in the domain", set(json!({"domain": "a.example; Path=/x"})), "domain"),
            bad("a domain of one label", set(json!({"domain": "example"})), "domain"),
            bad("an age beyond 400 days", set(json!({"max_age": 34_560_001})), "max_age"),
            bad("an age that is text", set(json!({"max_age": "3600"})), "max_age"),
            bad("a negative age", set(json!({"max_age": -1})), "max_age"),
            bad("a host prefix without Secure", set(json!({"name": "__Host-x", "secure": false})), "secure"),
            bad("a host prefix with a domain", set(json!({"name": "__Host-x", "domain": "a.example"})), "domain"),
            bad("a host prefix with a path", set(json!({"name": "__Host-x", "path": "/x"})), "path"),
            bad("an http prefix without HttpOnly", set(json!({"name": "__Http-x", "http_only": false})), "http_only"),
            bad("SameSite=None without Secure", set(json!({"same_site": "None", "secure": false})), "secure"),
            bad("Partitioned without Secure", set(json!({"partitioned": true, "secure": false})), "secure"),
            bad("another SameSite", set(json!({"same_site": "lax"})), "same_site"),
            bad("an unknown field", set(json!({"httponly": true})), "httponly"),
            bad("a set without a value", json!({"op": "set", "name": "a"}), "value"),
            bad("a delete with a value", delete(json!({"value": ""})), "value"),
            bad("no operation", json!({"name": "a", "value": ""}), "op"),
            bad("another operation", set(json!({"op": "append"})), "op"),
            bad("a list", json!(["set", "a", "b"]), "operation"),
            bad("null", json!(null), "operation"),
            http(good("the defaults on plain http", set(json!({})), "session=8f14e45f; Path=/; HttpOnly; SameSite=Lax")),
            http(good("Secure on plain http", set(json!({"secure": true})), "session=8f14e45f; Path=/; Secure; HttpOnly; SameSite=Lax")),
            http(good("not Secure on plain http", set(json!({"secure": false})), "session=8f14e45f; Path=/; HttpOnly; SameSite=Lax")),
            http(good("no attribute on plain http", set(json!({"path": null, "secure": null, "http_only": null, "same_site": null})), "session=8f14e45f")),
            http(good("a delete on plain http", delete(json!({})), &format!("session=; Path=/; {GONE}; HttpOnly"))),
            http(good("a host prefix on plain http", named("__Host-x"), short)),
            http(good("a secure prefix on plain http", named("__Secure-x"), short)),
            http(good("an http prefix on plain http", named("__Http-x"), short)),
            http(good("a host-http prefix on plain http", named("__host-HTTP-x"), short)),
            http(good("a prefix behind a prefix on plain http", named("__Host-__Secure-x"), short)),
            http(good("a prefix on plain http, and Secure", set(json!({"name": "__Host-x", "secure": true})), "x=8f14e45f; Path=/; Secure; HttpOnly; SameSite=Lax")),
            http(good("a delete of a name with a prefix on plain http", delete(json!({"name": "__Host-x"})), &format!("x=; Path=/; {GONE}; HttpOnly"))),
            http(bad("a prefix alone on plain http", named("__Host-"), "name")),
            http(bad("our own name on plain http", named("apply-cookies"), "name")),
            http(bad("our own name behind two prefixes on plain http", named("__Host-__Host-apply-cookies"), "name")),
            http(bad("a name that decodes to a prefix behind one on plain http", named("__Host-%5F%5FHost-x"), "name")),
            http(bad("a host prefix with a domain on plain http", set(json!({"name": "__Host-x", "domain": "a.example"})), "domain")),
            http(bad("a host prefix without Secure on plain http", set(json!({"name": "__Host-x", "secure": false})), "secure")),
            http(bad("SameSite=None on plain http", set(json!({"same_site": "None"})), "same_site")),
            http(bad("SameSite=None and Secure on plain http", set(json!({"same_site": "None", "secure": true})), "same_site")),
            http(bad("SameSite=None without Secure on plain http", set(json!({"same_site": "None", "secure": false})), "secure")),
            http(bad("Partitioned on plain http", set(json!({"partitioned": true})), "partitioned")),
            http(bad("a partitioned delete on plain http", delete(json!({"partitioned": true})), "partitioned")),
        ],
    })
}

pub(crate) fn check_set_cookie(case: &Value) {
    let comment = &case["comment"];
    let scheme = if case["plain_http"] == true {
        Scheme::Http
    } else {
        Scheme::Https
    };
    match (
        parse_operation_over(&case["operation"].to_string(), scheme),
        case["field"].as_str(),
    ) {
        (Ok(operation), None) => {
            assert_eq!(operation.to_set_cookie(), case["set_cookie"], "{comment}");
        }
        (Err(error), Some(field)) => assert_eq!(error.field(), field, "{comment}"),
        (Ok(_), Some(_)) => panic!("{comment}: not refused"),
        (Err(error), None) => panic!("{comment}: {error}"),
    }
}
