//! Forged tokens: each is a good one with one change.

use serde_json::{Value, json};

use crate::hostile::signer::{P384, TestKey, base64url, sign_with_secret, signed};

/// What was changed, and the token.
pub(super) type Forged = (String, String);

/// Forged by somebody who has `key`'s public half, a `stranger`'s key and a good token, but not the key.
#[expect(clippy::too_many_lines, reason = "a table")]
pub(super) fn without_the_key(
    key: &TestKey,
    stranger: &TestKey,
    algorithm: &str,
    claims: &Value,
) -> Vec<Forged> {
    let header = |more: Value| {
        let mut header = json!({"alg": algorithm, "typ": "JWT", "kid": key.id});
        header
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        header.to_string()
    };
    let (plain, text) = (header(json!({})), claims.to_string());
    let good = key.sign(algorithm, &plain, &text);
    let [head, body, signature] = *good.split('.').collect::<Vec<_>>() else {
        panic!("three parts");
    };
    let mut eve = claims.clone();
    eve["sub"] = "eve".into();
    let eve = eve.to_string();
    let none = signed(r#"{"alg":"none","typ":"JWT"}"#, &text);
    let public = key.jwk().to_string();
    let twice = format!("{},\"sub\":\"eve\"}}", text.strip_suffix('}').unwrap());
    let escaped = format!(
        "{},\"s\\u0075b\":\"eve\"}}",
        text.strip_suffix('}').unwrap()
    );
    let rest = |header: String| key.sign(algorithm, &header, &text);
    [
        (
            "another key with the same kid",
            stranger.sign(algorithm, &plain, &text),
        ),
        (
            "another key with its own kid",
            stranger.token(algorithm, claims),
        ),
        (
            "another key that the header brings",
            stranger.sign(algorithm, &header(json!({"jwk": stranger.jwk()})), &text),
        ),
        (
            "a kid that nobody has",
            rest(header(json!({"kid": "nobody"}))),
        ),
        ("a kid that is a number", rest(header(json!({"kid": 1})))),
        (
            "an address of keys",
            rest(header(json!({"jku": "https://evil.example/keys"}))),
        ),
        ("a certificate", rest(header(json!({"x5c": ["AAAA"]})))),
        ("crit", rest(header(json!({"crit": ["exp"]})))),
        ("b64", rest(header(json!({"b64": false, "crit": ["b64"]})))),
        ("another kind", rest(header(json!({"typ": "logout+jwt"})))),
        ("an access token", rest(header(json!({"typ": "at+jwt"})))),
        (
            "ES384",
            P384.sign("ES384", &header(json!({"alg": "ES384"})), &text),
        ),
        (
            "an algorithm that there is not",
            rest(header(json!({"alg": "XS256"}))),
        ),
        (
            "an algorithm in small letters",
            rest(header(json!({"alg": algorithm.to_lowercase()}))),
        ),
        ("no algorithm", rest(header(json!({"alg": null})))),
        ("none", format!("{none}.")),
        ("none with a signature", format!("{none}.{signature}")),
        (
            "NONE",
            format!("{}.", signed(r#"{"alg":"NONE","typ":"JWT"}"#, &text)),
        ),
        (
            "HS256 with the public key",
            sign_with_secret(public.as_bytes(), &header(json!({"alg": "HS256"})), &text),
        ),
        (
            "HS256 with nothing",
            sign_with_secret(b"", &header(json!({"alg": "HS256"})), &text),
        ),
        (
            "other claims under a good signature",
            format!("{head}.{}.{signature}", base64url(&eve)),
        ),
        ("no signature", format!("{head}.{body}.")),
        ("two parts", format!("{head}.{body}")),
        ("four parts", format!("{good}.{signature}")),
        ("a signature that is cut", good[..good.len() - 4].to_owned()),
        ("padding", format!("{good}=")),
        ("a space", format!("{head}. {body}.{signature}")),
        ("two of them", format!("{good},{good}")),
        ("a name twice", key.sign(algorithm, &plain, twice)),
        (
            "a name twice, once escaped",
            key.sign(algorithm, &plain, escaped),
        ),
        (
            "a list of claims",
            key.sign(algorithm, &plain, format!("[{text}]")),
        ),
        (
            "claims that are no JSON",
            key.sign(algorithm, &plain, "sub=eve"),
        ),
        ("nothing", String::new()),
    ]
    .map(|(what, token)| (what.to_owned(), token))
    .into()
}

/// Signed with the right key, each with one claim that is another; `null` leaves it out.
pub(super) fn with_claims(
    key: &TestKey,
    algorithm: &str,
    claims: &Value,
    changes: impl IntoIterator<Item = (&'static str, Value)>,
) -> Vec<Forged> {
    let change = |(name, value): (&'static str, Value)| {
        let mut claims = claims.clone();
        let what = format!("{name}: {value}");
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value;
        }
        (what, key.token(algorithm, &claims))
    };
    changes.into_iter().map(change).collect()
}
