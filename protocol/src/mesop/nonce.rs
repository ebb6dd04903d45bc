//! The nonce in a token's JSON → the sixteen bytes that a replay store keeps.
//!
//! Mesop keeps nonces in a Python dictionary, so two are the same when Python says so: 5 and 5.0
//! and, since booleans are numbers there, 1 and true. A token without a nonce has the empty one. If
//! Python distinguishes two numbers beyond 64 bits and this module does not, the second is refused
//! as used, which is the safe side.

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::crypto::digest16;
use crate::token::Nonce;

/// `None` for a list or an object, which cannot be a key of a Python dictionary.
pub(super) fn from_json(nonce: Option<&Value>) -> Option<Nonce> {
    match nonce {
        None => Some(from_text("")),
        Some(Value::Null) => Some(digest(b"null", &[])),
        Some(Value::Bool(flag)) => Some(from_integer(i128::from(*flag))),
        Some(Value::String(text)) => Some(from_text(text)),
        Some(Value::Number(number)) => {
            let integer = number
                .as_i64()
                .map(i128::from)
                .or_else(|| number.as_u64().map(i128::from));
            match (integer, number.as_f64()) {
                (Some(integer), _) => Some(from_integer(integer)),
                (None, Some(float)) => Some(from_float(float)),
                (None, None) => None,
            }
        }
        Some(Value::Array(_) | Value::Object(_)) => None,
    }
}

/// The nonce of a text, which is the kind that tokens made here have.
pub(super) fn from_text(text: &str) -> Nonce {
    digest(b"text", text.as_bytes())
}

fn from_integer(integer: i128) -> Nonce {
    digest(b"int", &integer.to_be_bytes())
}

#[expect(clippy::cast_possible_truncation, reason = "in range, and whole")]
fn from_float(float: f64) -> Nonce {
    // Every whole float below 2^120 is exactly an integer of 128 bits.
    if float.fract() == 0.0 && float.abs() < 2.0_f64.powi(120) {
        from_integer(float as i128)
    } else {
        digest(b"float", &float.to_bits().to_be_bytes())
    }
}

/// Each kind has its own prefix, and a native nonce is not a digest at all.
fn digest(kind: &[u8], value: &[u8]) -> Nonce {
    Nonce::from_random(digest16(
        Sha256::new()
            .chain_update(b"apply-cookies/v1/mesop-nonce/")
            .chain_update(kind)
            .chain_update(b"/")
            .chain_update(value),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(json: &str) -> Option<Nonce> {
        from_json(Some(&serde_json::from_str(json).unwrap()))
    }

    #[test]
    fn equal_values_of_python_are_one_nonce() {
        assert_eq!(from_json(None), of(r#""""#));
        for equal in [
            ["5", "5.0"],
            ["1", "true"],
            ["0", "false"],
            ["0", "-0.0"],
            ["1e16", "10000000000000000"],
            ["0", "-0"],
            ["1e2", "100"],
            ["18446744073709551615", "18446744073709551615"],
            ["18446744073709551616", "18446744073709551616.0"],
            ["1e300", "1e300"],
            [r#""a""#, r#""\u0061""#],
        ] {
            assert!(
                of(equal[0]).is_some() && of(equal[0]) == of(equal[1]),
                "{equal:?}"
            );
        }
    }

    #[test]
    fn different_values_are_different_nonces() {
        let different = [
            r#""""#,
            "null",
            "0",
            "1",
            "5",
            r#""5""#,
            r#""null""#,
            "0.5",
            "-5",
            "5.5",
            "1e300",
            "18446744073709551615",
            "9007199254740993",
            "9007199254740992",
            r#""1""#,
            r#""true""#,
        ];
        for (n, one) in different.iter().enumerate() {
            for other in &different[..n] {
                assert!(of(one).is_some() && of(one) != of(other), "{one} {other}");
            }
        }
        assert_eq!(of("[1]"), None);
        assert_eq!(of("{}"), None);
    }
}
