//! Tokens against a slower reader, written from RFC 7515. What is signed and well-formed verifies, and
//! nothing else does.

use std::sync::LazyLock;

use apply_cookies_auth::fuzzing::{self, Set};

use crate::signer::{ED25519, P256, base64url, key_set};
use crate::strict_json::{Json, get};

const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static SET: LazyLock<Set> = LazyLock::new(|| {
    let set = key_set(&[ED25519.jwk(), P256.jwk()]);
    Set::read(set.as_bytes()).unwrap()
});

pub fn jws(data: &[u8]) {
    // The bytes as a token.
    if let Ok(text) = std::str::from_utf8(data) {
        assert_eq!(fuzzing::token(text), expected(text), "{text}");
        assert_eq!(SET.verify(text), None, "nobody has signed {text}");
    }
    // As header and claims; few inputs would find the name of the algorithm.
    let middle = data
        .iter()
        .position(|byte| *byte == b'\n')
        .unwrap_or(data.len());
    let (header, claims) = data.split_at(middle);
    let claims = claims.get(1..).unwrap_or_default();
    for start in [
        &b""[..],
        b"{\"alg\":\"EdDSA\"",
        b"{\"kid\":\"ed25519\",\"typ\":\"JWT\",\"alg\":\"EdDSA\"",
    ] {
        let header = [start, header].concat();
        let signed = format!("{}.{}", base64url(&header), base64url(claims));
        let unsigned = format!("{signed}.AA");
        let read = fuzzing::token(&unsigned);
        assert_eq!(read, expected(&unsigned), "{signed}");
        assert_eq!(SET.verify(&unsigned), None, "{signed}");
        let Some((algorithm, kid)) = read else {
            continue;
        };
        // To sign takes longer than all the rest, so it is done for some.
        if data.iter().fold(0, |sum, byte| sum ^ byte) % 16 != 0 {
            continue;
        }
        let signature = ED25519.signature("EdDSA", signed.as_bytes());
        let token = format!("{signed}.{}", base64url(signature));
        let is_ours = algorithm == "EdDSA" && kid.is_none_or(|kid| kid == "ed25519");
        let verified = SET.verify(&token).is_some();
        assert_eq!(
            verified,
            is_ours && Json::object(claims).is_some(),
            "{token}"
        );
    }
    // As the set.
    if let Some(set) = Set::read(data) {
        assert!(Json::object(data).is_some());
        assert_eq!(
            set.verify(&format!("{}.e30.AA", base64url(r#"{"alg":"EdDSA"}"#))),
            None
        );
    }
}

fn expected(text: &str) -> Option<(&'static str, Option<String>)> {
    let parts: Vec<&str> = text.split('.').collect();
    if text.len() > 16 * 1024 || parts.len() != 3 {
        return None;
    }
    let parts: Option<Vec<Vec<u8>>> = parts.into_iter().map(bytes).collect();
    let header = Json::object(&parts?[0])?;
    let has = |name: &str| header.iter().any(|(other, _)| other == name);
    if ["crit", "b64", "jku", "jwk", "x5u", "x5c"]
        .iter()
        .any(|name| has(name))
    {
        return None;
    }
    let text = |name: &str| match get(&header, name) {
        None if has(name) => None,
        None => Some(None),
        Some(Json::Text(text)) => Some(Some(text.as_str())),
        Some(_) => None,
    };
    let names = [
        "RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA",
    ];
    let algorithm = text("alg")??;
    let algorithm = names.into_iter().find(|name| *name == algorithm)?;
    match text("typ")? {
        None => {}
        Some(kind) if kind.eq_ignore_ascii_case("JWT") => {}
        Some(_) => return None,
    }
    Some((algorithm, text("kid")?.map(str::to_owned)))
}

/// Bit by bit (RFC 4648 §5): no padding, and what is left over is zero.
fn bytes(text: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut held, mut bits) = (Vec::new(), 0_u32, 0);
    for character in text.chars() {
        held = held << 6 | u32::try_from(ALPHABET.find(character)?).unwrap();
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits & 0xFF) as u8);
            held &= (1 << bits) - 1;
        }
    }
    (bits < 6 && held == 0 && !text.is_empty()).then_some(bytes)
}
