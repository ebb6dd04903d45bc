//! `POST /v1/tokens`.

#![cfg(unix)]

#[path = "support/api.rs"]
mod api;
#[path = "support/service.rs"]
mod service;
mod support;
#[path = "support/unix.rs"]
mod unix;

use api::{Api, binding, session, text, value};
use apply_cookies::protocol::{AfterApply, UntrustedToken};
use serde_json::{Value, json};
use support::{SESSION_LINE, cookie_header, ring};

#[test]
fn tokens_of_the_api_are_redeemed_in_the_first_seconds_after_a_start() {
    let api = Api::start(&[]);
    assert_eq!(api.service.get("/readyz"), 503);
    let token = api.token();
    let answer = api.service.post(text(&token, "token"), &cookie_header(1));
    assert_eq!(answer.status, 204);
    assert_eq!(answer.all("set-cookie"), [SESSION_LINE]);
    let lives = |token: &Value| {
        let time = |field: &str| token[field].as_u64().unwrap();
        time("expires_at") - time("issued_at")
    };
    assert_eq!(lives(&token), 60_000);
    assert_eq!(lives(&api.mint(json!({ "ttl_ms": 3_600_000 }))), 3_600_000);
}

#[test]
fn a_token_comes_in_the_frame_of_the_stream_that_will_carry_it() {
    let api = Api::start_quiet(&[]);
    assert_eq!(api.token().get("frame"), None);
    for (form, before, after) in [
        (
            "sse",
            "event: apply-cookies\ndata: {\"token\":\"",
            "\"}\n\n",
        ),
        (
            "websocket",
            "{\"type\":\"apply-cookies\",\"token\":\"",
            "\"}",
        ),
        ("html", "<apply-cookies token=\"", "\"></apply-cookies>"),
    ] {
        let token = api.mint(json!({ "frame": form }));
        let frame = [before, text(&token, "token"), after].concat();
        assert_eq!(text(&token, "frame"), frame);
    }
}

#[test]
fn a_token_is_encrypted_unless_it_is_to_be_signed() {
    let api = Api::start_quiet(&[]);
    for (fields, prefix) in [
        (json!({}), "e1."),
        (json!({ "seal": "encrypted" }), "e1."),
        (json!({ "seal": "signed" }), "s1."),
    ] {
        let token = api.mint(fields);
        assert!(text(&token, "token").starts_with(prefix));
    }
}

#[test]
fn what_has_no_room_in_one_token_becomes_several_with_the_barrier_first_and_the_action_last() {
    let api = Api::start_quiet(&[]);
    let set = |n| json!({ "op": "set", "name": format!("c{n}"), "value": "v" });
    let operations: Vec<_> = (0..45).map(set).collect();
    let request = json!([{
        "binding": binding(), "operations": operations, "barrier": true, "then": { "go": "/account" },
    }]);
    let results = api.results(&request);
    let tokens = results[0]["tokens"].as_array().unwrap();
    assert_eq!(tokens.len(), 3);
    let (ring, mut barrier_at) = (ring(), None);
    for (n, token) in tokens.iter().enumerate() {
        let mut buffer = Vec::new();
        let opened = UntrustedToken::new(text(token, "token")).open(&ring, &mut buffer);
        let opened = opened.unwrap();
        let header = opened.header();
        assert_eq!(header.barrier, n == 0);
        assert!(header.scope.is_some() && header.binding.is_some());
        let then = AfterApply::parse("go /account").filter(|_| n == 2);
        assert_eq!(header.then, then);
        let issued_at = header.issued_at.get();
        assert_eq!(token["issued_at"], issued_at);
        assert!(barrier_at.is_none_or(|barrier| issued_at > barrier));
        barrier_at.get_or_insert(issued_at);
        let each: Vec<_> = opened.operations().map(Result::unwrap).collect();
        assert_eq!(each[0].name(), format!("c{}", n * 20));
    }
    let redeem = |token: &Value| {
        let answer = api.service.post(text(token, "token"), &cookie_header(1));
        (answer.status, answer.all("set-cookie").len())
    };
    let redeemed: Vec<_> = tokens.iter().map(redeem).collect();
    assert_eq!(redeemed, [(204, 20), (204, 20), (204, 5)]);
}

#[test]
fn a_sign_in_behind_a_sign_out_is_younger_than_it_however_quickly_it_comes() {
    let api = Api::start_quiet(&[]);
    for _ in 0..30 {
        let sign_out = json!({
            "binding": binding(), "operations": [{ "op": "delete", "name": "session" }], "barrier": true,
        });
        let sign_in = json!({ "binding": binding(), "operations": [session()] });
        let both = api.results(&json!([sign_out, sign_in]));
        let next = api.token();
        let tokens = [&both[0]["tokens"][0], &both[1]["tokens"][0], &next];
        for token in tokens {
            let answer = api.service.post(text(token, "token"), &cookie_header(1));
            assert_eq!(answer.status, 204);
        }
    }
}

#[test]
fn a_request_that_breaks_a_rule_is_refused_alone_and_names_the_field() {
    let api = Api::start_quiet(&["--max-ttl", "120"]);
    let good = json!({ "id": "good", "binding": binding(), "operations": [session()] });
    let with = |fields: Value| {
        let mut request = good.clone();
        let fields = fields.as_object().unwrap().clone();
        request.as_object_mut().unwrap().extend(fields);
        request
    };
    let set = |name: &str, value: &str| json!({ "op": "set", "name": name, "value": value });
    let cases = [
        (with(json!({ "binding": null })), "binding", None),
        (with(json!({ "binding": "8f14e45f" })), "binding", None),
        (with(json!({ "ttl_ms": 0 })), "ttl_ms", None),
        (with(json!({ "ttl_ms": 120_001 })), "ttl_ms", None),
        (with(json!({ "ttl_ms": u64::MAX })), "ttl_ms", None),
        (
            with(json!({ "then": { "go": "//evil.example" } })),
            "then",
            None,
        ),
        (with(json!({ "operations": [] })), "operations", None),
        (
            with(json!({ "operations": [session(), set("theme", "a b")] })),
            "value",
            Some(1),
        ),
        (
            with(json!({ "operations": [set("apply-cookies", "v")] })),
            "name",
            Some(0),
        ),
        (
            with(json!({ "operations": [session(), set("theme", "v"), session()] })),
            "name",
            Some(2),
        ),
    ];
    let mut requests: Vec<_> = cases.iter().map(|(request, ..)| request.clone()).collect();
    requests.push(good.clone());
    let results = api.results(&Value::from(requests));
    for ((request, field, operation), result) in cases.iter().zip(&results) {
        assert_eq!(result["id"], "good", "{request}");
        assert_eq!(result.get("tokens"), None, "{request}");
        let error = &result["error"];
        assert_eq!(error["type"], "invalid", "{request}");
        assert_eq!(error["field"], *field, "{request}");
        assert_eq!(error["operation"].as_u64(), *operation, "{request}");
        assert!(!text(error, "detail").is_empty());
    }
    let last = results.last().unwrap();
    assert_eq!(last["tokens"].as_array().unwrap().len(), 1);
    assert_eq!(last.get("error"), None);
}

#[test]
fn where_bindings_are_optional_a_token_may_be_for_any_browser() {
    let api = Api::start_quiet(&["--binding", "optional"]);
    let token = api.mint(json!({ "binding": null }));
    assert_eq!(
        api.service
            .post(text(&token, "token"), "Cookie: a=b")
            .status,
        204
    );
}

#[test]
fn a_malformed_request_makes_the_document_wrong_and_is_named() {
    let api = Api::start_quiet(&[]);
    let whole = |body: &str| api.post_with("/v1/tokens", &[], body.as_bytes());
    let good = format!(r#"{{"binding":"{}","operations":[]}}"#, binding());
    for (item, field) in [
        (r#"{"operations":[],"colour":"red"}"#, "colour"),
        (r#"{"operations":[],"operations":[]}"#, "operations"),
        (r"{}", "operations"),
        (r#"{"operations":{}}"#, "operations"),
        (r#"{"operations":[],"id":1}"#, "id"),
        (r#"{"operations":[],"binding":["a"]}"#, "binding"),
        (r#"{"operations":[],"seal":"none"}"#, "seal"),
        (r#"{"operations":[],"seal":{"signed":null}}"#, "seal"),
        (r#"{"operations":[],"ttl_ms":-1}"#, "ttl_ms"),
        (r#"{"operations":[],"ttl_ms":1.5}"#, "ttl_ms"),
        (r#"{"operations":[],"barrier":null}"#, "barrier"),
        (r#"{"operations":[],"then":"go /"}"#, "then"),
        (r#"{"operations":[],"then":{"go":"/","too":1}}"#, "then"),
        (r#"{"operations":[],"then":["/"]}"#, "then"),
        (r#"{"operations":[],"frame":"SSE"}"#, "frame"),
        (
            r#"{"operations":[{"op":"set","name":"a","value":1}]}"#,
            "value",
        ),
        (r#"{"operations":[{"op":"get","name":"a"}]}"#, "op"),
        (
            r#"{"operations":[{"op":"delete","name":"a","value":""}]}"#,
            "value",
        ),
        (r#"{"operations":["a"]}"#, "operation"),
        (r"[null,null,[]]", "requests"),
    ] {
        let answer = whole(&format!(r#"{{"requests":[{good},{item}]}}"#));
        assert_eq!(answer.problem(), "invalid", "{item}");
        let problem = value(&answer);
        assert_eq!(problem["field"], field, "{item}: {problem}");
        assert_eq!(problem["item"], 1, "{item}: {problem}");
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
    for body in [
        "",
        "null",
        "[]",
        "{}",
        "{\"requests\":[]} {}",
        "{\"requests\":[",
        "{\"requests\":[],\"request\":[]}",
        "\u{feff}{\"requests\":[]}",
    ] {
        assert_eq!(whole(body).problem(), "invalid", "{body:?}");
    }
    let not_utf8 = api.post_with("/v1/tokens", &[], b"{\"requests\":[\"\xff\"]}");
    assert_eq!(not_utf8.problem(), "invalid");
    let many = |n| format!(r#"{{"requests":[{}]}}"#, vec![&*good; n].join(","));
    assert_eq!(whole(&many(64)).status, 200);
    let answer = whole(&many(65));
    assert_eq!(answer.problem(), "invalid");
    assert_eq!(value(&answer)["field"], "requests");
}

#[test]
fn the_same_key_and_body_get_the_same_bytes_and_another_body_a_conflict() {
    let api = Api::start_quiet(&[]);
    let ask = |key: &str, id: &str| {
        let body =
            json!({ "requests": [{ "id": id, "binding": binding(), "operations": [session()] }] });
        let key = format!("Idempotency-Key: {key}");
        api.post_with("/v1/tokens", &[&key], body.to_string().as_bytes())
    };
    let first = ask("a-key", "one");
    assert_eq!(first.status, 200);
    assert_eq!(ask("a-key", "one").body, first.body);
    assert_ne!(ask("another", "one").body, first.body);
    assert_eq!(ask("a-key", "two").problem(), "conflict");
    assert_eq!(ask(&"k".repeat(64), "one").status, 200);
    for key in [String::new(), "k".repeat(65), "a key".to_owned()] {
        let refused = ask(&key, "one");
        assert_eq!(refused.problem(), "invalid");
        assert_eq!(value(&refused)["field"], "idempotency-key");
    }
    let twice = ["Idempotency-Key: a", "Idempotency-Key: b"];
    let refused = api.post_with("/v1/tokens", &twice, br#"{"requests":[]}"#);
    assert_eq!(refused.problem(), "invalid");
    assert_ne!(api.token()["token"], api.token()["token"]);
}
