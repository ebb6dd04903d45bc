//! Tokens against keys: every good one verifies, every other does not.

use apply_cookies::UnixMillis;
use serde_json::{Value, json};

use super::*;
use crate::jws::Algorithm;
use signer::{ED25519, P256, P384, RSA, TestKey, key_set};

#[allow(dead_code, unreachable_pub, reason = "for other tests")]
#[path = "../../tests/signer/mod.rs"]
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
    keys.verify(token, &RULE, Door::Open, now()).await
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
