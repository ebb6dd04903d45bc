//! Values: signed by itsdangerous, encrypted by Fernet.

use apply_cookies_protocol::mesop::{MesopKeys, MesopValueCodec};
use apply_cookies_protocol::{Protection, Secret, Stamp, UnixMillis, UnreadableReason};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use proptest::prelude::*;
use serde_json::Value;
use sha1::{Digest, Sha1};

use super::{cases, differences, is_refused, keys, text};

/// A second signer that follows the description of the format by hand.
pub(crate) fn sign(secret: &str, salt: &str, signed: &str) -> String {
    let key = Sha1::digest(format!("{salt}signer{secret}"));
    let mut mac = Hmac::<Sha1>::new_from_slice(&key).unwrap();
    mac.update(signed.as_bytes());
    let tag = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
    format!("{signed}.{tag}")
}

/// A timed token over any JSON, compressed where that is shorter.
pub(crate) fn sign_timed(secret: &str, json: &str, seconds: u64) -> String {
    let compressed = miniz_oxide::deflate::compress_to_vec_zlib(json.as_bytes(), 6);
    let payload = if compressed.len() + 1 < json.len() {
        format!(".{}", URL_SAFE_NO_PAD.encode(compressed))
    } else {
        URL_SAFE_NO_PAD.encode(json)
    };
    let time = seconds.to_be_bytes();
    let zeros = time.iter().take_while(|byte| **byte == 0).count();
    let time = URL_SAFE_NO_PAD.encode(&time[zeros..]);
    sign(secret, "mesop-apply-cookies", &format!("{payload}.{time}"))
}

fn at(seconds: u64) -> UnixMillis {
    UnixMillis::from_secs(seconds).unwrap()
}

fn codec(case: &Value, protection: Protection) -> MesopValueCodec {
    let name = case["cookie_name"].as_str().unwrap_or("any");
    MesopValueCodec::new(&keys(case), name, protection).unwrap()
}

/// Whether a text reads as Python reads it.
fn reads_the_same(case: &Value, codec: &MesopValueCodec, value: &str) -> bool {
    match codec.decode(value.as_bytes(), at(1_760_000_000)) {
        Ok(opened) => case["decoded"] == opened.text(),
        Err(_) => is_refused(&case["decoded"]),
    }
}

#[test]
fn every_signed_value_is_that_of_itsdangerous() {
    differences::check(
        "signed_values",
        cases("signed_values").iter().map(|case| {
            let codec = codec(case, Protection::Signed);
            let signed = text(&case["signed"]);
            let mut same = reads_the_same(case, &codec, signed);
            if let Some(value) = case["value"].as_str() {
                let stamp = Stamp::new(at(1_760_000_000), [0; 16]);
                let ours = codec.encode(value, &stamp).unwrap();
                // Another zlib compresses to other bytes, which say the same.
                same &= if signed.starts_with('.') {
                    ours.starts_with('.') && reads_the_same(case, &codec, &ours)
                } else {
                    ours == signed
                };
            }
            (text(&case["what"]).to_owned(), same)
        }),
    );
}

#[test]
fn every_encrypted_value_is_that_of_fernet() {
    differences::check(
        "encrypted_values",
        cases("encrypted_values").iter().map(|case| {
            let codec = codec(case, Protection::Encrypted);
            let mut same = reads_the_same(case, &codec, text(&case["token"]));
            if let Some(plaintext) = case["plaintext"].as_str() {
                let mut iv = [0; 16];
                for (n, byte) in iv.iter_mut().enumerate() {
                    let digits = &text(&case["iv_hex"])[2 * n..2 * n + 2];
                    *byte = u8::from_str_radix(digits, 16).unwrap();
                }
                let stamp = Stamp::new(at(case["time"].as_u64().unwrap()), iv);
                same &= codec.encode(plaintext, &stamp).unwrap() == text(&case["token"]);
            }
            (text(&case["what"]).to_owned(), same)
        }),
    );
}

const SECRET: &str = "8uNnT5lZQ0zGm1rVxkPqYc3sEJfHdOaW7bKtLi2vRyA";

fn codec_of(name: &str, protection: Protection) -> MesopValueCodec {
    let keys = MesopKeys::new(&Secret::from_mesop(SECRET).unwrap());
    MesopValueCodec::new(&keys, name, protection).unwrap()
}

const PROTECTIONS: [Protection; 3] = [Protection::Plain, Protection::Signed, Protection::Encrypted];

#[test]
fn an_object_that_is_encrypted_here_is_bound_to_its_name_and_its_time() {
    let (session, admin) = (
        codec_of("session", Protection::Encrypted),
        codec_of("admin_session", Protection::Encrypted),
    );
    let now = at(1_760_000_000);
    let stamp = Stamp::new(now, [1; 16]).expires_at(now.plus(1000));
    let reason = |codec: &MesopValueCodec, value: &str, now| {
        codec
            .decode(value.as_bytes(), now)
            .map(|opened| opened.text().to_owned())
            .map_err(|error| error.reason())
    };
    let value = session
        .encode_json_text(r#"{"user":"ada"}"#, &stamp)
        .unwrap();
    assert_eq!(
        reason(&session, &value, now),
        Ok(r#"{"user": "ada"}"#.to_owned())
    );
    assert_eq!(reason(&admin, &value, now), Err(UnreadableReason::Forged));
    // Names are compared with case.
    let other_case = codec_of("Session", Protection::Encrypted);
    assert_eq!(
        reason(&other_case, &value, now),
        Err(UnreadableReason::Forged)
    );
    assert_eq!(
        reason(&session, &value, now.plus(1000)),
        Err(UnreadableReason::Expired)
    );
    let opened = session.decode(value.as_bytes(), now).unwrap();
    assert_eq!(opened.expires_at(), Some(now.plus(1000)));

    // One of Mesop's own is bound to nothing, and read.
    let theirs = session.encode(r#"{"user": "ada"}"#, &stamp).unwrap();
    assert_eq!(
        reason(&admin, &theirs, now),
        Ok(r#"{"user": "ada"}"#.to_owned())
    );
    // What Mesop reads: an object with one member more, in front.
    let plaintext = fernet_of(SECRET).decrypt(&value).unwrap();
    let json: Value = serde_json::from_slice(&plaintext).unwrap();
    assert_eq!(json["user"], "ada");
    assert_eq!(json.as_object().unwrap().len(), 2);
}

fn fernet_of(secret: &str) -> fernet::Fernet {
    use base64::engine::general_purpose::URL_SAFE;
    fernet::Fernet::new(&URL_SAFE.encode(sha2::Sha256::digest(secret))).unwrap()
}

#[test]
fn values_of_another_name_secret_or_protection_are_refused() {
    let now = at(1_760_000_000);
    let stamp = Stamp::new(now, [1; 16]);
    let signed = codec_of("a", Protection::Signed)
        .encode("text", &stamp)
        .unwrap();
    let encrypted = codec_of("a", Protection::Encrypted)
        .encode("text", &stamp)
        .unwrap();
    let refused = |name: &str, protection, value: &str| {
        codec_of(name, protection)
            .decode(value.as_bytes(), now)
            .unwrap_err()
            .reason()
    };
    assert_eq!(
        refused("b", Protection::Signed, &signed),
        UnreadableReason::Forged
    );
    assert_eq!(
        refused("a", Protection::Signed, &encrypted),
        UnreadableReason::Malformed
    );
    assert_eq!(
        refused("a", Protection::Encrypted, &signed),
        UnreadableReason::Malformed
    );
    let stranger = fernet_of("another").encrypt(b"text");
    assert_eq!(
        refused("a", Protection::Encrypted, &stranger),
        UnreadableReason::Forged
    );
    // Signed, and no JSON string.
    for json in ["5", "{}", "null", "\"a", "[\"a\"]"] {
        let value = sign(SECRET, "mesop-cookie-a", &URL_SAFE_NO_PAD.encode(json));
        assert_eq!(
            refused("a", Protection::Signed, &value),
            UnreadableReason::Malformed
        );
    }
}

proptest! {
    #[test]
    fn text_comes_back_at_every_protection(value in "[^\u{1a}-\u{1f}]{0,200}", iv: [u8; 16]) {
        for protection in PROTECTIONS {
            let codec = codec_of("session", protection);
            let now = at(1_760_000_000);
            let text = codec.encode(&value, &Stamp::new(now, iv)).unwrap();
            let opened = codec.decode(text.as_bytes(), now).unwrap();
            prop_assert_eq!(opened.text(), &value);
        }
    }

    #[test]
    fn nothing_but_what_was_made_here_is_authentic(text: Vec<u8>, ascii in "[ -~]{0,120}") {
        for protection in [Protection::Signed, Protection::Encrypted] {
            for text in [text.as_slice(), ascii.as_bytes()] {
                prop_assert!(codec_of("session", protection).decode(text, at(1)).is_err());
            }
        }
    }
}
