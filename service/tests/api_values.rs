//! Bindings, values of cookies, and what the service says about itself.

#![cfg(unix)]

#[path = "support/api.rs"]
mod api;
#[path = "support/service.rs"]
mod service;
mod support;
#[path = "support/unix.rs"]
mod unix;

use api::{Api, binding, text, value};
use apply_cookies::protocol::{Protection, Stamp, UnixMillis, ValueCodec};
use serde_json::{Value, json};
use service::ORIGIN;
use support::{cookie_header, ring};

fn ask(api: &Api, path: &str, body: &Value) -> Value {
    let answer = api.post(path, body);
    assert_eq!(answer.status, 200, "{body}: {}", answer.body);
    value(&answer)
}

#[test]
fn a_browser_has_its_binding_read_or_gets_one() {
    let api = Api::start(&[]);
    let cookie = cookie_header(1);
    let cookie = cookie.strip_prefix("Cookie: ").unwrap();
    let present = json!({ "binding": binding(), "set_cookie": null, "why": "present" });
    let asked = |body: Value| ask(&api, "/v1/bindings", &body);
    assert_eq!(
        asked(json!({ "cookie": ["a=b", format!("c=d; {cookie}")] })),
        present
    );
    for fields in [
        json!({}),
        json!({ "sec_fetch_site": "same-origin", "origin": ORIGIN, "method": "POST" }),
        json!({ "sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate", "sec_fetch_dest": "document" }),
        json!({ "cookie": ["__Host-apply-cookies=malformed"] }),
    ] {
        let made = asked(fields.clone());
        assert_eq!(made["why"], "made", "{fields}");
        let line = format!(
            "__Host-apply-cookies={}; Path=/; Secure; HttpOnly; SameSite=Lax",
            text(&made, "binding")
        );
        assert_eq!(made["set_cookie"], line);
    }
    for (fields, why) in [
        (json!({ "cookie": [cookie, cookie] }), "duplicate"),
        (json!({ "sec_fetch_site": "cross-site" }), "cross-site"),
        (json!({ "origin": "https://evil.example" }), "origin"),
        (json!({ "origin": "null" }), "origin"),
    ] {
        let none = json!({ "binding": null, "set_cookie": null, "why": why });
        assert_eq!(asked(fields.clone()), none, "{fields}");
    }
    // A token for a binding that was just made is redeemed by the browser that took it.
    let made = asked(json!({}));
    let token = api.mint(json!({ "binding": made["binding"] }));
    let line = text(&made, "set_cookie").split(';').next().unwrap();
    let answer = api
        .service
        .post(text(&token, "token"), &format!("Cookie: {line}"));
    assert_eq!(answer.status, 204);
}

#[test]
fn a_value_that_is_written_is_read_back_and_travels_in_a_token() {
    let api = Api::start(&[]);
    for protection in ["plain", "signed", "encrypted"] {
        for (json, content) in [
            (true, r#"{"user":"ada","n":1.50,"list":[{}]}"#),
            (false, r#""a text, with = and ; \u00e9""#),
        ] {
            let body = format!(
                r#"{{"name":"session","protection":"{protection}","json":{json},"value": {content} ,"max_age":3600,"same_site":"Strict"}}"#
            );
            let answer = api.post_with("/v1/cookies/write", &[], body.as_bytes());
            assert_eq!(answer.status, 200, "{}", answer.body);
            let written = value(&answer);
            let line = text(&written, "set_cookie");
            let pair = format!("session={}", text(&written, "value"));
            let attributes = "; Path=/; Max-Age=3600; Secure; HttpOnly; SameSite=Strict";
            assert_eq!(line, pair.clone() + attributes);
            let read = json!({ "cookie": ["a=b", pair], "names": [{ "name": "session", "protection": protection, "json": json }] });
            let answer = api.post("/v1/cookies/read", &read);
            // Numbers and the order of keys stay as they are.
            let expected: Value = serde_json::from_str(content).unwrap();
            let read = &value(&answer)["session"];
            assert_eq!(read["value"], expected);
            assert!(!json || answer.body.contains(content), "{}", answer.body);
            assert_eq!(read["renew"], false);
            assert_eq!(read["expires_at"].is_u64(), protection != "plain");
            let token = api.mint(json!({ "operations": [written["operation"]] }));
            let answer = api.service.post(text(&token, "token"), &cookie_header(1));
            assert_eq!(answer.all("set-cookie"), [line]);
        }
    }
}

#[test]
fn a_cookie_that_cannot_be_read_has_a_reason() {
    let api = Api::start(&[]);
    let codec = ValueCodec::new(&ring(), "old", Protection::Encrypted).unwrap();
    let long_ago = UnixMillis::from_secs(1_700_000_000).unwrap();
    let stamp = Stamp::new(long_ago, [7; 16]).expires_at(long_ago.plus(1_000));
    let old = codec.encode(b"{}", &stamp);
    let name = |name: &str, protection: &str| json!({ "name": name, "protection": protection });
    let body = json!({
        "cookie": [format!("old={old}; twice=1; twice=2; broken=x; forged={old}; plain=%7B%7D; deep=[")],
        "names": [
            name("old", "encrypted"), name("twice", "plain"), name("broken", "encrypted"),
            name("forged", "encrypted"), name("absent", "signed"), name("plain", "plain"), name("deep", "plain"),
        ],
    });
    let read = ask(&api, "/v1/cookies/read", &body);
    for (name, reason) in [
        ("old", "expired"),
        ("twice", "duplicate"),
        ("broken", "malformed"),
        ("forged", "forged"),
        ("absent", "absent"),
        ("deep", "not-json"),
    ] {
        assert_eq!(read[name], json!({ "reason": reason }), "{name}");
    }
    assert_eq!(read["plain"]["value"], json!({}));
}

/// What a question is refused for: the field, and the item.
fn refused(api: &Api, path: &str, body: &Value) -> (String, Option<u64>) {
    let answer = api.post(path, body);
    assert_eq!(answer.problem(), "invalid", "{body}");
    let problem = value(&answer);
    (text(&problem, "field").to_owned(), problem["item"].as_u64())
}

#[test]
fn a_question_for_what_cannot_be_a_cookie_is_refused_and_the_field_named() {
    let api = Api::start(&[]);
    let name = |name: &str| json!({ "name": name, "protection": "plain" });
    let none = json!({ "name": "a", "protection": "none" });
    for (cookie, names, field, item) in [
        (json!([]), vec![name("a b")], "name", Some(0)),
        (
            json!([]),
            vec![name("a"), name("apply-cookies")],
            "name",
            Some(1),
        ),
        (json!([]), vec![name("a"), name("a")], "name", Some(1)),
        (json!([]), vec![name("a"); 65], "names", None),
        (json!([]), vec![none], "protection", Some(0)),
        (json!([1]), vec![], "cookie", Some(0)),
    ] {
        let body = json!({ "cookie": cookie, "names": names });
        let named = refused(&api, "/v1/cookies/read", &body);
        assert_eq!(named, (field.to_owned(), item), "{body}");
    }
}

#[test]
fn what_browsers_would_not_keep_is_not_written_and_the_field_named() {
    let api = Api::start(&[]);
    for (fields, field) in [
        (json!({ "name": "a b" }), "name"),
        (json!({ "value": "v".repeat(4096) }), "value"),
        (json!({ "json": false }), "value"),
        (json!({ "max_age": -1 }), "max_age"),
        (json!({ "max_age": 34_560_001 }), "max_age"),
        (json!({ "path": "nowhere" }), "path"),
        (json!({ "same_site": "lax" }), "same_site"),
        (json!({ "same_site": "None", "secure": false }), "secure"),
        (
            json!({ "name": "__Host-a", "domain": "app.example" }),
            "domain",
        ),
        (json!({ "expires": 1 }), "expires"),
    ] {
        let mut body = json!({ "name": "a", "protection": "plain", "value": {} });
        let given = fields.as_object().unwrap().clone();
        body.as_object_mut().unwrap().extend(given);
        let named = refused(&api, "/v1/cookies/write", &body);
        assert_eq!(named, (field.to_owned(), None), "{fields}");
    }
    let absent = json!({ "name": "a", "protection": "plain" });
    let named = refused(&api, "/v1/cookies/write", &absent);
    assert_eq!(named, ("value".to_owned(), None));
}

#[test]
fn info_says_what_a_package_must_agree_with() {
    let api = Api::start(&["--max-ttl", "120", "--prefix", "/else"]);
    let info = value(&api.get("/v1/info"));
    assert_eq!(info["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(info["protocol"], 1);
    assert_eq!(info["prefix"], "/else");
    assert_eq!(info["origins"], json!([ORIGIN]));
    assert_eq!(info["binding_cookie"], "__Host-apply-cookies");
    assert_eq!(info["binding"], "required");
    assert_eq!(info["key_ids"], json!([ring().current_id().to_string()]));
    assert_eq!(info["ready"], false);
    assert_eq!(text(&info, "scope").len(), 22);
    assert_eq!(info["limits"]["ttl_ms"], 120_000);
    assert_eq!(info["limits"]["body_bytes"], 262_144);
}
