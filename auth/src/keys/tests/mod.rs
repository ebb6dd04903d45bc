//! Tokens against keys: every good one verifies, every other does not.

use apply_cookies::UnixMillis;
use serde_json::{Value, json};

use super::*;
use crate::jws::Algorithm;
use signer::{ED25519, P256, P384, RSA, TestKey, key_set};

mod forged;
mod jose;
mod rotation;

#[allow(dead_code, unreachable_pub, reason = "for other tests")]
#[path = "../../../tests/signer/mod.rs"]
mod signer;

const RULE: TokenRule<'_> = TokenRule {
    algorithms: Algorithm::ALL,
    types: &["jwt", ""],
};

fn now() -> UnixMillis {
    UnixMillis::from_secs(1_700_000_000).unwrap()
}

async fn verify(keys: &[Value], token: &str) -> Result<Claims, KeysError> {
    let keys = Keys::fixed(key_set(keys).as_bytes()).unwrap();
    keys.verify(token, &RULE, Budget::Open, now()).await
}

const GOOD: [(&str, TestKey); 7] = [
    ("RS256", RSA),
    ("RS384", RSA),
    ("RS512", RSA),
    ("PS256", RSA),
    ("ES256", P256),
    ("ES384", P384),
    ("EdDSA", ED25519),
];

#[tokio::test]
async fn every_algorithm_verifies() {
    for (algorithm, key) in GOOD {
        let token = key.token(algorithm, &json!({"sub": "ada"}));
        let set: Vec<_> = GOOD.iter().map(|(_, key)| key.jwk()).collect();
        let claims = verify(&[key.jwk()], &token).await.unwrap();
        assert_eq!(claims.required_text("sub").unwrap(), "ada");
        // RSA is in this set four times under one name.
        let among_all = verify(&set, &token).await;
        assert_eq!(among_all.is_ok(), key.id != "rsa", "{algorithm}");
    }
}

/// What real providers publish beside what we need (Google, Auth0, Microsoft, Keycloak), and what they
/// write in another way.
#[tokio::test]
async fn what_else_a_provider_says_does_no_harm() {
    let but = |changes: &[(&str, Value)]| {
        let mut jwk = RSA.jwk();
        for (name, value) in changes {
            jwk[name] = value.clone();
        }
        jwk
    };
    let modulus = crate::jws::base64url(RSA.jwk()["n"].as_str().unwrap()).unwrap();
    let with_zero = signer::base64url([&[0], &*modulus].concat());
    let token = RSA.token("RS256", &json!({}));
    for set in [
        vec![but(&[("use", json!("sig"))])],
        vec![but(&[("alg", json!("RS256"))])],
        vec![but(&[("key_ops", json!(["verify", "sign"]))])],
        vec![but(&[
            ("x5c", json!(["MIIB"])),
            ("x5t", json!("a")),
            ("x5t#S256", json!("b")),
        ])],
        vec![but(&[("issuer", json!("https://login.example"))])],
        vec![but(&[("n", json!(with_zero))])],
        // Beside keys that are not for us.
        vec![json!({"kty": "oct", "kid": "rsa", "k": "AQAB"}), RSA.jwk()],
        vec![
            json!({"kty": "AKP", "kid": "rsa", "alg": "ML-DSA-44"}),
            RSA.jwk(),
        ],
        vec![
            but(&[("use", json!("enc")), ("alg", json!("RSA-OAEP"))]),
            RSA.jwk(),
        ],
        vec![json!({}), RSA.jwk(), P256.jwk(), P384.jwk(), ED25519.jwk()],
        // One name for keys of several kinds (RFC 7517 §4.5).
        vec![RSA.jwk(), {
            let mut jwk = P256.jwk();
            jwk["kid"] = json!("rsa");
            jwk
        }],
    ] {
        verify(&set, &token).await.unwrap();
    }
    let set = json!({"keys": [RSA.jwk()], "issuer": "x"}).to_string();
    let keys = Keys::fixed(set.as_bytes()).unwrap();
    keys.verify(&token, &RULE, Budget::Open, now())
        .await
        .unwrap();
    for header in [
        r#"{"alg":"RS256"}"#,
        r#"{"alg":"RS256","typ":"jwt"}"#,
        r#" { "typ" : "JwT" , "alg" : "RS256", "kid" : "rsa" } "#,
        r#"{"alg":"RS256","x5t":"a","x5t#S256":"b","cty":"x","nonce":"c"}"#,
        r#"{"\u0061lg":"RS256","kid":"\u0072sa"}"#,
    ] {
        verify(&[RSA.jwk()], &RSA.sign("RS256", header, "{}"))
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn only_what_the_rule_names_is_accepted() {
    let keys = Keys::fixed(key_set(&[P256.jwk(), RSA.jwk()]).as_bytes()).unwrap();
    let verify = async |algorithms: &[Algorithm], types: &[&str], token: &str| {
        let rule = TokenRule { algorithms, types };
        keys.verify(token, &rule, Budget::Open, now()).await.is_ok()
    };
    let es256 = P256.token("ES256", &json!({}));
    assert!(verify(&[Algorithm::Es256], &["jwt"], &es256).await);
    assert!(!verify(&[Algorithm::Rs256, Algorithm::Es384], &["jwt"], &es256).await);
    assert!(!verify(&[], &["jwt"], &es256).await);
    assert!(!verify(&[Algorithm::Es256], &["logout+jwt"], &es256).await);
    assert!(!verify(&[Algorithm::Es256], &[""], &es256).await);
    let typeless = P256.sign("ES256", r#"{"alg":"ES256","kid":"p256"}"#, "{}");
    assert!(verify(&[Algorithm::Es256], &["jwt", ""], &typeless).await);
    assert!(!verify(&[Algorithm::Es256], &["jwt"], &typeless).await);
    let empty = P256.sign("ES256", r#"{"alg":"ES256","kid":"p256","typ":""}"#, "{}");
    assert!(!verify(&[Algorithm::Es256], &["jwt", ""], &empty).await);
}

#[test]
fn a_set_that_cannot_be_read_whole_is_refused() {
    let keys = |count: usize| key_set(&vec![json!({"kty": "x"}); count]);
    assert!(Keys::fixed(keys(64).as_bytes()).is_ok());
    for set in [
        &*keys(65),
        "",
        "[]",
        "{}",
        r#"{"keys":null}"#,
        r#"{"keys":{}}"#,
        r#"{"keys":[null]}"#,
        r#"{"keys":[[]]}"#,
        r#"{"keys":[],"keys":[]}"#,
        r#"{"keys":[{"kty":"RSA","kty":"RSA"}]}"#,
        r#"{"keys":[{"kty":"RSA","\u006bty":"RSA"}]}"#,
        r#"{"keys":[]}x"#,
    ] {
        assert!(Keys::fixed(set.as_bytes()).is_err(), "{set}");
    }
}
