//! Signs anything: headers and claims are taken as they are, right or wrong. The keys beside it are made
//! for these tests and open to everybody.

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER;
use jsonwebtoken::jwk::EllipticCurve;
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};

/// A key for tests.
#[derive(Clone, Copy, Debug)]
pub struct TestKey {
    /// Its `kid`.
    pub id: &'static str,
    pem: &'static str,
    kind: Kind,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Rsa,
    Ec(Algorithm),
    Ed,
}

pub const RSA: TestKey = TestKey {
    id: "rsa",
    pem: include_str!("rsa.pem"),
    kind: Kind::Rsa,
};
/// What a provider changes to.
pub const RSA_NEXT: TestKey = TestKey {
    id: "rsa-next",
    pem: include_str!("rsa-next.pem"),
    kind: Kind::Rsa,
};
pub const P256: TestKey = TestKey {
    id: "p256",
    pem: include_str!("p256.pem"),
    kind: Kind::Ec(Algorithm::ES256),
};
pub const P256_NEXT: TestKey = TestKey {
    id: "p256-next",
    pem: include_str!("p256-next.pem"),
    kind: Kind::Ec(Algorithm::ES256),
};
pub const P384: TestKey = TestKey {
    id: "p384",
    pem: include_str!("p384.pem"),
    kind: Kind::Ec(Algorithm::ES384),
};
pub const ED25519: TestKey = TestKey {
    id: "ed25519",
    pem: include_str!("ed25519.pem"),
    kind: Kind::Ed,
};

impl TestKey {
    fn der(&self) -> Vec<u8> {
        let lines = self.pem.lines().filter(|line| !line.starts_with('-'));
        BASE64_STANDARD.decode(lines.collect::<String>()).unwrap()
    }

    /// A signature of this message, with an algorithm that the key is made for.
    pub fn signature(&self, algorithm: &str, message: &[u8]) -> Vec<u8> {
        let key = match self.kind {
            Kind::Rsa => EncodingKey::from_rsa_der(&self.der()),
            Kind::Ec(_) => EncodingKey::from_ec_der(&self.der()),
            Kind::Ed => EncodingKey::from_ed_der(&self.der()),
        };
        signature(algorithm, &key, message)
    }

    /// A token of this header and these claims.
    pub fn sign(&self, algorithm: &str, header: &str, claims: impl AsRef<[u8]>) -> String {
        let signed = signed(header, claims);
        let signature = self.signature(algorithm, signed.as_bytes());
        format!("{signed}.{}", base64url(signature))
    }

    /// A token with an ordinary header and these claims.
    pub fn token(&self, algorithm: &str, claims: &Value) -> String {
        let header = json!({"alg": algorithm, "typ": "JWT", "kid": self.id});
        self.sign(algorithm, &header.to_string(), claims.to_string())
    }

    /// The public key, as sets have it: `kty`, `kid` and the key itself.
    pub fn jwk(&self) -> Value {
        let (utils, der) = (&DEFAULT_PROVIDER.key_utils, self.der());
        match self.kind {
            Kind::Rsa => {
                let (n, e) = (utils.rsa_pub_components_from_private_key)(&der).unwrap();
                json!({"kty": "RSA", "kid": self.id, "n": base64url(n), "e": base64url(e)})
            }
            Kind::Ec(algorithm) => {
                let parts = utils.ec_pub_components_from_private_key;
                let (curve, x, y) = parts(&der, algorithm).unwrap();
                let (x, y) = (base64url(x), base64url(y));
                json!({"kty": "EC", "kid": self.id, "crv": curve, "x": x, "y": y})
            }
            Kind::Ed => {
                let part = utils.ed_pub_components_from_private_key;
                let x = part(&der, &EllipticCurve::Ed25519).unwrap();
                json!({"kty": "OKP", "kid": self.id, "crv": "Ed25519", "x": base64url(x)})
            }
        }
    }
}

/// A token with a shared secret, which nobody should accept.
pub fn sign_with_secret(secret: &[u8], header: &str, claims: impl AsRef<[u8]>) -> String {
    let signed = signed(header, claims);
    let key = EncodingKey::from_secret(secret);
    let signature = signature("HS256", &key, signed.as_bytes());
    format!("{signed}.{}", base64url(signature))
}

fn signature(algorithm: &str, key: &EncodingKey, message: &[u8]) -> Vec<u8> {
    let algorithm = algorithm.parse().unwrap();
    let signer = (DEFAULT_PROVIDER.signer_factory)(&algorithm, key).unwrap();
    signer.try_sign(message).unwrap()
}

/// Header and claims, as they are signed.
pub fn signed(header: &str, claims: impl AsRef<[u8]>) -> String {
    format!("{}.{}", base64url(header), base64url(claims))
}

/// A key set of these keys.
pub fn key_set(keys: &[Value]) -> String {
    json!({"keys": keys}).to_string()
}

pub fn base64url(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}
