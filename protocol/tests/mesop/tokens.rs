//! Apply tokens: real posts to Mesop's route.

use apply_cookies_protocol::mesop::{MesopKeys, parse_batch, seal};
use apply_cookies_protocol::{
    BindingCookie, BindingPolicy, Grant, InvalidReason, Nonce, RefusedToken, Secret, UnixMillis,
    UntrustedToken,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{cases, differences, keys, now, text};

/// The lines that a token releases; `None` when it is refused at whatever step.
fn redeem(keys: &MesopKeys, token: &str, now: UnixMillis) -> Option<Vec<String>> {
    let mut buffer = Vec::new();
    let prepared = UntrustedToken::new(token)
        .open_mesop(keys, &mut buffer)
        .ok()?
        .verify(now, BindingPolicy::Optional, None)
        .ok()?
        .prepare()
        .ok()?;
    let lines = prepared.release(Grant::First);
    Some(lines.iter().map(str::to_owned).collect())
}

#[test]
fn every_token_is_redeemed_or_refused_as_by_mesop() {
    differences::check(
        "apply_tokens",
        cases("apply_tokens").iter().map(|case| {
            let lines = redeem(&keys(case), text(&case["token"]), now(case));
            let expected = &case["expect"];
            let same = match expected["status"].as_u64().unwrap() {
                204 => lines.is_some_and(|lines| json!(lines) == expected["set_cookie"]),
                // 500 is a crash, and counts as a refusal.
                _ => lines.is_none(),
            };
            (text(&case["what"]).to_owned(), same)
        }),
    );
}

/// The JSON under a token's signature. zlib's own bytes differ from one library to the next, and
/// say the same.
fn json_of(token: &str) -> String {
    let payload = token.rsplitn(3, '.').nth(2).unwrap();
    let json = match payload.strip_prefix('.') {
        Some(compressed) => {
            let bytes = URL_SAFE_NO_PAD.decode(compressed).unwrap();
            miniz_oxide::inflate::decompress_to_vec_zlib(&bytes).unwrap()
        }
        None => URL_SAFE_NO_PAD.decode(payload).unwrap(),
    };
    String::from_utf8(json).unwrap()
}

/// The same token again, made here: Mesop's JSON to the byte, and Mesop's answer.
#[test]
fn every_token_of_mesop_can_be_made_here() {
    let mut made = 0;
    for case in cases("apply_tokens") {
        let payload = &case["payload"];
        let nonce = payload["n"]
            .as_str()
            .and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
        let (Some(204), Some(Ok(nonce))) = (
            case["expect"]["status"].as_u64(),
            nonce.map(<[u8; 16]>::try_from),
        ) else {
            continue;
        };
        if payload["c"] == json!([])
            || payload.get("extra").is_some()
            || payload["c"][0].get("path").is_none()
        {
            continue;
        }
        let keys = keys(&case);
        let mut buffer = Vec::new();
        let token = UntrustedToken::new(text(&case["token"]))
            .open_mesop(&keys, &mut buffer)
            .unwrap();
        assert_eq!(token.nonce_text(), text(&payload["n"]));
        let issued_at = UnixMillis::from_secs(case["issued_at"].as_u64().unwrap()).unwrap();
        let nonce = Nonce::from_random(nonce);
        let again = seal(
            &keys,
            nonce,
            issued_at,
            None,
            token.cookies(issued_at).unwrap(),
        )
        .unwrap();
        assert_eq!(again.id(), token.id());
        assert_eq!(
            json!(redeem(&keys, again.as_str(), now(&case)).unwrap()),
            case["expect"]["set_cookie"]
        );
        assert_eq!(json_of(again.as_str()), json_of(text(&case["token"])));
        made += 1;
    }
    assert!(made > 20, "{made} made");
}

const SECRET: &str = "8uNnT5lZQ0zGm1rVxkPqYc3sEJfHdOaW7bKtLi2vRyA";

fn our_keys() -> MesopKeys {
    MesopKeys::new(&Secret::from_mesop(SECRET).unwrap())
}

fn at(millis: u64) -> UnixMillis {
    UnixMillis::new(millis).unwrap()
}

const ISSUED: u64 = 1_760_000_000_000;

fn mint(browser: Option<&BindingCookie>, operations: &Value) -> String {
    let batch = json!({ "operations": operations }).to_string();
    let cookies = parse_batch(&batch, at(ISSUED)).unwrap();
    let nonce = Nonce::from_random([7; 16]);
    seal(&our_keys(), nonce, at(ISSUED), browser, &cookies)
        .unwrap()
        .into_string()
}

/// A token over any JSON.
fn signed(json: &str) -> String {
    super::values::sign_timed(SECRET, json, ISSUED / 1000)
}

/// Where no binding is asked for, and none is there.
fn opened(token: &str, now: u64) -> Result<(), Option<RefusedToken>> {
    opened_by(token, now, BindingPolicy::Optional, None)
}

fn opened_by(
    token: &str,
    now: u64,
    policy: BindingPolicy,
    browser: Option<&BindingCookie>,
) -> Result<(), Option<RefusedToken>> {
    let keys = our_keys();
    let mut buffer = Vec::new();
    UntrustedToken::new(token)
        .open_mesop(&keys, &mut buffer)
        .map_err(|_| None)?
        .verify(at(now), policy, browser)
        .map_err(Some)?
        .prepare()
        .map(|_| ())
        .map_err(|_| None)
}

#[test]
fn a_token_lives_for_the_seconds_that_mesop_gives_it_and_the_skew_before() {
    let token = mint(None, &json!([{"op": "set", "name": "a", "value": "1"}]));
    let at = |now| opened(&token, now);
    assert_eq!(at(ISSUED), Ok(()));
    assert_eq!(at(ISSUED + 60_999), Ok(()));
    assert_eq!(at(ISSUED + 61_000), Err(Some(RefusedToken::Expired)));
    assert_eq!(at(ISSUED - 5_000), Ok(()));
    assert_eq!(at(ISSUED - 5_001), Err(Some(RefusedToken::NotYetValid)));
}

#[test]
fn times_are_cut_to_the_second_so_that_the_horizon_refuses_in_doubt() {
    let cookies =
        parse_batch(r#"{"operations":[{"op":"delete","name":"a"}]}"#, at(ISSUED)).unwrap();
    let nonce = Nonce::from_random([7; 16]);
    let token = seal(&our_keys(), nonce, at(ISSUED + 999), None, &cookies).unwrap();
    let (keys, mut buffer) = (our_keys(), Vec::new());
    let token = UntrustedToken::new(token.as_str())
        .open_mesop(&keys, &mut buffer)
        .unwrap();
    assert_eq!(token.header().issued_at, at(ISSUED));
    assert_eq!(token.header().expires_at, at(ISSUED + 61_000));
}

#[test]
fn a_binding_that_is_there_is_enforced_and_may_be_demanded() {
    let (ours, other) = (
        BindingCookie::from_random([1; 32]),
        BindingCookie::from_random([2; 32]),
    );
    let operations = json!([{"op": "set", "name": "a", "value": "1"}]);
    let bound = mint(Some(&ours), &operations);
    let refused = Err(Some(RefusedToken::WrongBrowser));
    for (token, policy, browser, expected) in [
        (&bound, BindingPolicy::Optional, Some(&ours), Ok(())),
        (&bound, BindingPolicy::Required, Some(&ours), Ok(())),
        (&bound, BindingPolicy::Optional, Some(&other), refused),
        (&bound, BindingPolicy::Optional, None, refused),
        (
            &mint(None, &operations),
            BindingPolicy::Required,
            Some(&ours),
            refused,
        ),
        (
            &mint(None, &operations),
            BindingPolicy::Optional,
            Some(&ours),
            Ok(()),
        ),
    ] {
        assert_eq!(opened_by(token, ISSUED, policy, browser), expected);
    }
    // A value that is not a binding does not count as none.
    for bad in ["null", "5", r#""""#, r#""AAAA""#, "[]"] {
        let token = signed(&format!(r#"{{"n":"a","c":[],"b":{bad}}}"#));
        assert_eq!(opened(&token, ISSUED), Err(None), "{bad}");
    }
}

#[test]
fn a_payload_that_makes_python_crash_or_a_browser_drop_a_cookie_is_invalid() {
    let cookie = |fields: &str| format!(r#"{{"n":"a","c":[{{"name":"a",{fields}}}]}}"#);
    let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
    for json in [
        String::new(),
        "5".to_owned(),
        "[]".to_owned(),
        "{}".to_owned(),
        "\u{feff}{\"n\":\"a\",\"c\":[]}".to_owned(),
        r#"{"n":{},"c":[]}"#.to_owned(),
        r#"{"n":"a","c":[]} x"#.to_owned(),
        format!(r#"{{"n":"a","c":[],"x":{deep}}}"#),
        r#"{"n":"a","c":[{"name":5}]}"#.to_owned(),
        r#"{"n":"a","c":[{"name":"a; Domain=evil"}]}"#.to_owned(),
        r#"{"n":"a","c":[{"name":"a\r\nSet-Cookie: b"}]}"#.to_owned(),
        r#"{"n":"a","c":[{"name":"__Host-apply-cookies"}]}"#.to_owned(),
        r#"{"n":"a","c":[{"name":"__Host-a","path":"/x"}]}"#.to_owned(),
        r#"{"n":"a","c":[{"name":"__Host-a","domain":"a.example"}]}"#.to_owned(),
        r#"{"n":"a","c":[{"name":"__Host-a","domain":""}]}"#.to_owned(),
        r#"{"n":"a","c":[{"name":"__Secure-a","secure":false}]}"#.to_owned(),
        cookie(r#""value":null"#),
        cookie(r#""value":"\ud800""#),
        cookie(r#""value":"\u001a""#),
        cookie(&format!(r#""value":"{}""#, "v".repeat(4096))),
        cookie(r#""max_age":"5""#),
        cookie(r#""max_age":1000000000000"#),
        cookie(r#""max_age":-1000000000000"#),
        cookie(r#""max_age":1e20"#),
        cookie(r#""max_age":1e400"#),
        cookie(r#""max_age":NaN"#),
        cookie(r#""max_age":[]"#),
        cookie(r#""path":5"#),
        cookie(&format!(r#""path":"/{}""#, "p".repeat(1024))),
        cookie(r#""domain":5"#),
        cookie(r#""domain":"evil.example; Path=/x""#),
        cookie(r#""secure":"; Domain=evil""#),
        cookie(r#""secure":false,"samesite":"None""#),
        cookie(r#""samesite":"""#),
        cookie(r#""samesite":5"#),
        cookie(r#""partitioned":true"#),
    ] {
        let answer = opened(&signed(&json), ISSUED);
        assert_eq!(answer, Err(None), "{json}");
    }
}

#[test]
fn ages_are_written_as_python_writes_them() {
    for (age, attributes) in [
        (
            "1.5",
            "Expires=Thu, 09 Oct 2025 08:53:21 GMT; Max-Age=1.5; ",
        ),
        ("true", "Expires=Thu, 09 Oct 2025 08:53:21 GMT; Max-Age; "),
        ("false", "Expires=Thu, 09 Oct 2025 08:53:20 GMT; "),
        ("-5", "Expires=Thu, 09 Oct 2025 08:53:15 GMT; Max-Age=-5; "),
        ("null", ""),
    ] {
        let token = signed(&format!(
            r#"{{"n":"a","c":[{{"name":"a","max_age":{age}}}]}}"#
        ));
        let lines = redeem(&our_keys(), &token, at(ISSUED)).unwrap();
        let expected = format!("a=; {attributes}Secure; HttpOnly; Path=/; SameSite=Lax");
        assert_eq!(lines, [expected]);
    }
}

#[test]
fn our_limits_hold() {
    let cookies = |count: usize, size: usize| {
        let cookie = json!({"name": "a", "value": "v".repeat(size)});
        signed(&json!({"n": "a", "c": vec![cookie; count]}).to_string())
    };
    let open = |token: &str| opened(token, ISSUED);
    assert_eq!(open(&cookies(20, 1)), Ok(()));
    assert_eq!(open(&cookies(21, 1)), Err(None));
    assert_eq!(open(&cookies(1, 4095)), Ok(()));
    assert_eq!(open(&cookies(2, 4095)), Err(None));
    // The lines, to the byte: each is counted with its field's name and its end.
    let overhead = "Set-Cookie: a=; Secure; HttpOnly; Path=/; SameSite=Lax\r\n".len();
    let exactly = (6144 - 2 * overhead) / 2;
    assert_eq!(open(&cookies(2, exactly)), Ok(()));
    assert_eq!(open(&cookies(2, exactly + 1)), Err(None));
    // A path, too.
    let path = |length: usize| {
        let path = format!("/{}", "p".repeat(length - 1));
        signed(&json!({"n": "a", "c": [{"name": "a", "path": path}]}).to_string())
    };
    assert_eq!(open(&path(1024)), Ok(()));
    assert_eq!(open(&path(1025)), Err(None));
    // `null` is no `Secure`, as in Python.
    let none = signed(r#"{"n":"a","c":[{"name":"__Host-a","secure":null}]}"#);
    assert_eq!(open(&none), Err(None));
    // A bomb: 12 KiB of token, megabytes of JSON.
    let bomb = signed(&format!(
        r#"{{"n":"a","c":[],"x":"{}"}}"#,
        "x".repeat(4 << 20)
    ));
    assert!(bomb.len() < 12_288);
    assert_eq!(open(&bomb), Err(None));
    let padded = signed(&format!(
        r#"{{"n":"a","c":[],"x":"{}"}}"#,
        "x".repeat(60 << 10)
    ));
    assert_eq!(open(&padded), Ok(()));
    let (keys, mut buffer) = (our_keys(), Vec::new());
    let long = "a".repeat(12_289);
    let error = UntrustedToken::new(&long)
        .open_mesop(&keys, &mut buffer)
        .unwrap_err();
    assert_eq!(error.reason(), InvalidReason::TooLong);
}

proptest! {
    #[test]
    fn what_is_minted_is_redeemed(
        values in proptest::collection::vec("[^\u{1a}-\u{1f}]{0,30}", 1..20),
        age in proptest::option::of(-100_000_000..100_000_000_i64),
        path in proptest::option::of(any::<String>()),
        browser in proptest::option::of(any::<[u8; 32]>()),
    ) {
        let path = path.filter(|path| path.len() < 300);
        let operations: Vec<Value> = values.iter().enumerate().map(|(n, value)| json!({
            "op": "set", "name": format!("c{}", n % 3), "value": value, "max_age": age, "path": path,
        })).collect();
        let batch = json!({ "operations": operations }).to_string();
        // Some are too many bytes.
        if let Ok(cookies) = parse_batch(&batch, at(ISSUED)) {
            let browser = browser.map(BindingCookie::from_random);
            let nonce = Nonce::from_random([7; 16]);
            let token = seal(&our_keys(), nonce, at(ISSUED), browser.as_ref(), &cookies).unwrap();
            let (keys, mut buffer) = (our_keys(), Vec::new());
            let opened = UntrustedToken::new(token.as_str()).open_mesop(&keys, &mut buffer).unwrap();
            prop_assert_eq!(opened.cookies(at(ISSUED)).unwrap(), &cookies[..]);
            prop_assert_eq!(opened.nonce_text(), nonce.to_text());
            prop_assert_eq!(opened.id(), token.id());
            prop_assert!(opened.verify(at(ISSUED), BindingPolicy::Optional, browser.as_ref()).unwrap().prepare().is_ok());
        }
    }
}
