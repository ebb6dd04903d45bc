//! One key of a set (RFC 7517 §4), if it can verify signatures.

use jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER;
use jsonwebtoken::{Algorithm as Name, DecodingKey};
use serde_json::{Map, Value};

use crate::jws::{Algorithm, Token, base64url};

/// The sizes of RSA keys, in bits.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// The members of keys that sign, or that both sides share (RFC 7518 §6.2.2, §6.3.2, §6.4.1).
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// A public key.
pub(super) struct Key {
    pub(super) id: Option<String>,
    kind: Kind,
    /// The only algorithm that it is for, if the set says so.
    algorithm: Option<Algorithm>,
    public: DecodingKey,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Rsa,
    P256,
    P384,
    Ed25519,
}

/// Why a key of a set is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unusable {
    /// Of a kind, for a use or in a form that is not supported.
    Other,
    /// Whoever reads the set can sign with it.
    Private,
}

impl Key {
    pub(super) fn read(jwk: &Map<String, Value>) -> Result<Self, Unusable> {
        let kty = text(jwk, "kty")?;
        if kty == Some("oct") || PRIVATE.iter().any(|name| jwk.contains_key(*name)) {
            return Err(Unusable::Private);
        }
        let verifies = |list: &Value| {
            let list = list.as_array();
            list.is_some_and(|list| list.iter().any(|one| one == "verify"))
        };
        if text(jwk, "use")?.is_some_and(|one| one != "sig")
            || jwk.get("key_ops").is_some_and(|list| !verifies(list))
        {
            return Err(Unusable::Other);
        }
        let algorithm = match text(jwk, "alg")? {
            Some(name) => Some(Algorithm::from_name(name).ok_or(Unusable::Other)?),
            None => None,
        };
        let (kind, public) = match (kty, text(jwk, "crv")?) {
            (Some("RSA"), _) => (Kind::Rsa, rsa(jwk)?),
            (Some("EC"), Some("P-256")) => (Kind::P256, point(jwk, 32)?),
            (Some("EC"), Some("P-384")) => (Kind::P384, point(jwk, 48)?),
            (Some("OKP"), Some("Ed25519")) => {
                let x = DecodingKey::from_ed_der(&bytes(jwk, "x", 32)?);
                (Kind::Ed25519, x)
            }
            _ => return Err(Unusable::Other),
        };
        if algorithm.is_some_and(|algorithm| kind_of(algorithm) != kind) {
            return Err(Unusable::Other);
        }
        Ok(Self {
            id: text(jwk, "kid")?.map(str::to_owned),
            kind,
            algorithm,
            public,
        })
    }

    /// Whether signatures of this algorithm are made with such a key.
    pub(super) fn fits(&self, algorithm: Algorithm) -> bool {
        kind_of(algorithm) == self.kind && self.algorithm.is_none_or(|only| only == algorithm)
    }

    /// Whether the token was signed with this key.
    pub(super) fn verifies(&self, token: &Token<'_>) -> bool {
        let name = match token.algorithm {
            Algorithm::Rs256 => Name::RS256,
            Algorithm::Rs384 => Name::RS384,
            Algorithm::Rs512 => Name::RS512,
            Algorithm::Ps256 => Name::PS256,
            Algorithm::Es256 => Name::ES256,
            Algorithm::Es384 => Name::ES384,
            Algorithm::EdDsa => Name::EdDSA,
        };
        // Taken directly, not as the provider of the process, which panics where none or two were
        // compiled in, and which the app may have chosen for something else.
        let verifier = (DEFAULT_PROVIDER.verifier_factory)(&name, &self.public);
        verifier.is_ok_and(|verifier| verifier.verify(token.signed, &token.signature).is_ok())
    }
}

const fn kind_of(algorithm: Algorithm) -> Kind {
    match algorithm {
        Algorithm::Rs256 | Algorithm::Rs384 | Algorithm::Rs512 | Algorithm::Ps256 => Kind::Rsa,
        Algorithm::Es256 => Kind::P256,
        Algorithm::Es384 => Kind::P384,
        Algorithm::EdDsa => Kind::Ed25519,
    }
}

fn text<'k>(jwk: &'k Map<String, Value>, name: &str) -> Result<Option<&'k str>, Unusable> {
    match jwk.get(name) {
        None => Ok(None),
        Some(value) => value.as_str().map(Some).ok_or(Unusable::Other),
    }
}

fn octets(jwk: &Map<String, Value>, name: &str) -> Result<Vec<u8>, Unusable> {
    let text = text(jwk, name)?.ok_or(Unusable::Other)?;
    base64url(text).ok_or(Unusable::Other)
}

/// Exactly this many bytes (RFC 7518 §6.2.1.2).
fn bytes(jwk: &Map<String, Value>, name: &str, length: usize) -> Result<Vec<u8>, Unusable> {
    let bytes = octets(jwk, name)?;
    (bytes.len() == length)
        .then_some(bytes)
        .ok_or(Unusable::Other)
}

fn rsa(jwk: &Map<String, Value>) -> Result<DecodingKey, Unusable> {
    let (modulus, exponent) = (octets(jwk, "n")?, octets(jwk, "e")?);
    // Some libraries write a zero in front (RFC 7518 §6.3.1.1).
    let zeros = modulus.iter().take_while(|byte| **byte == 0).count();
    let modulus = modulus.get(zeros..).unwrap_or_default();
    let unused = modulus.first().map_or(0, |byte| byte.leading_zeros());
    let bits = (8 * modulus.len()).saturating_sub(unused as usize);
    if !RSA_BITS.contains(&bits) {
        return Err(Unusable::Other);
    }
    Ok(DecodingKey::from_rsa_raw_components(modulus, &exponent))
}

/// A point in the uncompressed form of X9.62. Whether it is on the curve is checked when it is used.
fn point(jwk: &Map<String, Value>, length: usize) -> Result<DecodingKey, Unusable> {
    let (x, y) = (bytes(jwk, "x", length)?, bytes(jwk, "y", length)?);
    Ok(DecodingKey::from_ec_der(&[&[4], &*x, &*y].concat()))
}
