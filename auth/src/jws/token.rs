//! A token in its compact form: header, claims and signature (RFC 7515 §7.1).

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::Fault;
use super::algorithm::Algorithm;
use super::claims::Claims;
use super::json::strict_object;

/// The longest token.
const LENGTH_MAX: usize = 16 * 1024;

/// Parameters that bring a key along, or that change what is signed or who must understand it. A
/// token's key comes from the provider's set, and nowhere else.
const FORBIDDEN: [&str; 6] = ["crit", "b64", "jku", "jwk", "x5u", "x5c"];

/// What a kind of token must look like.
#[derive(Clone, Copy)]
pub(crate) struct TokenRule<'r> {
    /// The algorithms that are accepted.
    pub(crate) algorithms: &'r [Algorithm],
    /// What `typ` may be, in lower case. An empty text means a header without it.
    pub(crate) types: &'r [&'r str],
}

/// A token that is well-formed and of the right kind. Nobody has verified it yet.
pub(crate) struct Token<'t> {
    pub(crate) algorithm: Algorithm,
    pub(crate) key_id: Option<String>,
    /// What is signed: header and claims as they stand.
    pub(crate) signed: &'t [u8],
    pub(crate) signature: Vec<u8>,
    claims: Vec<u8>,
}

impl<'t> Token<'t> {
    pub(crate) fn parse(text: &'t str, rule: &TokenRule<'_>) -> Result<Self, Fault> {
        if text.len() > LENGTH_MAX {
            return Err(Fault::new("the token is longer than 16 KiB"));
        }
        let parts = || Fault::new("the token has not three parts");
        let (signed, signature) = text.rsplit_once('.').ok_or_else(parts)?;
        let (header, claims) = signed.split_once('.').ok_or_else(parts)?;
        if claims.contains('.') || header.is_empty() || claims.is_empty() || signature.is_empty() {
            return Err(parts());
        }
        let bytes = |part: &str| base64url(part).ok_or_else(|| Fault::new("is not base64url"));
        let header = strict_object(&bytes(header)?)?;
        let (algorithm, key_id) = read_header(&header, rule)?;
        Ok(Self {
            algorithm,
            key_id,
            signed: signed.as_bytes(),
            signature: bytes(signature)?,
            claims: bytes(claims)?,
        })
    }

    /// The claims, for whoever has verified the signature.
    pub(crate) fn into_claims(self) -> Result<Claims, Fault> {
        strict_object(&self.claims).map(Claims::new)
    }
}

fn read_header(
    header: &Map<String, Value>,
    rule: &TokenRule<'_>,
) -> Result<(Algorithm, Option<String>), Fault> {
    if let Some(name) = FORBIDDEN.iter().find(|name| header.contains_key(**name)) {
        return Err(Fault::new(format!("the header has {name}")));
    }
    let text = |name: &'static str| match header.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str())),
        Some(_) => Err(Fault::new(format!("{name} is not a text"))),
    };
    let algorithm = text("alg")?.and_then(Algorithm::from_name);
    let algorithm = algorithm.filter(|algorithm| rule.algorithms.contains(algorithm));
    let algorithm =
        algorithm.ok_or_else(|| Fault::new("the algorithm is not one of those allowed"))?;
    // Compared without regard to case (RFC 7515 §4.1.9).
    let fits = match text("typ")? {
        Some("") => false,
        kind => {
            let kind = kind.unwrap_or_default();
            rule.types.iter().any(|one| one.eq_ignore_ascii_case(kind))
        }
    };
    if !fits {
        return Err(Fault::new("typ is that of another kind of token"));
    }
    Ok((algorithm, text("kid")?.map(str::to_owned)))
}

/// The bytes of base64url without padding, if the text is canonical.
pub(crate) fn base64url(text: &str) -> Option<Vec<u8>> {
    BASE64_URL_SAFE_NO_PAD.decode(text).ok()
}
