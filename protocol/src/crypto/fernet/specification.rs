//! The vectors of the Fernet specification, through the functions that seal and open tokens.

use serde::Deserialize;

use super::*;
use crate::base64url;
use crate::{
    Batch, KeyRing, Lifetime, Nonce, RefusedToken, Sealing, Secret, SetCookie, TokenHeader,
    UnixMillis, UntrustedToken,
};

/// One vector of `tests/data/fernet`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    desc: Option<String>,
    token: String,
    now: String,
    iv: Option<[u8; IV]>,
    ttl_sec: Option<u64>,
    src: Option<String>,
    secret: String,
}

impl Vector {
    fn key(&self) -> FernetKey {
        FernetKey::new(&unpadded(&self.secret).unwrap().try_into().unwrap())
    }

    /// Seconds since 1970. All vectors are of one day, in one time zone.
    fn now(&self) -> u64 {
        let time = self.now.strip_prefix("1985-10-26T").unwrap();
        let time = time.strip_suffix("-07:00").unwrap();
        let since_midnight = time
            .split(':')
            .fold(0, |sum, part| sum * 60 + part.parse::<u64>().unwrap());
        499_158_000 + since_midnight
    }
}

fn vectors(json: &str) -> Vec<Vector> {
    serde_json::from_str(json).unwrap()
}

fn generate() -> Vec<Vector> {
    vectors(include_str!("../../../tests/data/fernet/generate.json"))
}

fn verify() -> Vec<Vector> {
    vectors(include_str!("../../../tests/data/fernet/verify.json"))
}

fn invalid() -> Vec<Vector> {
    vectors(include_str!("../../../tests/data/fernet/invalid.json"))
}

/// Our base64url has no padding (SPEC, introduction); Fernet's has exactly as much as it needs.
fn unpadded(text: &str) -> Option<Vec<u8>> {
    let bare = text.trim_end_matches('=');
    if text.len() != bare.len().next_multiple_of(4) {
        return None;
    }
    let mut bytes = Vec::new();
    base64url::decode_into(bare.as_bytes(), &mut bytes)?;
    Some(bytes)
}

fn padded(bytes: &[u8]) -> String {
    let mut text = base64url::encode(bytes);
    text.extend(std::iter::repeat_n(
        '=',
        text.len().next_multiple_of(4) - text.len(),
    ));
    text
}

/// The check that refuses a vector.
#[derive(Debug, PartialEq)]
enum RefusedBy {
    Base64,
    Mac,
    /// Authentic, but the ciphertext is not whole blocks or its padding is wrong (SPEC §6.2).
    Decryption,
    /// Only the specification refuses it, by its time to live, which we do not check.
    Clock,
}

fn refused_by(vector: &Vector) -> RefusedBy {
    let Some(mut token) = unpadded(&vector.token) else {
        return RefusedBy::Base64;
    };
    let key = vector.key();
    let authentic = token
        .split_last_chunk::<TAG>()
        .is_some_and(|(signed, tag)| key.mac.verify(signed, tag).is_ok());
    match (key.open(&mut token), authentic) {
        (Err(NotOurs), false) => RefusedBy::Mac,
        (Err(NotOurs), true) => RefusedBy::Decryption,
        (Ok(_), _) => RefusedBy::Clock,
    }
}

#[test]
fn we_seal_what_the_specification_generates() {
    let all = generate();
    assert_eq!(all.len(), 1);
    for vector in all {
        let mut token = Vec::new();
        let (iv, source) = (vector.iv.unwrap(), vector.src.as_deref().unwrap());
        vector
            .key()
            .seal_into(&mut token, vector.now(), &iv, |out| {
                out.extend_from_slice(source.as_bytes());
            });
        assert_eq!(padded(&token), vector.token);
    }
}

#[test]
fn we_open_what_the_specification_verifies() {
    let all = verify();
    assert_eq!(all.len(), 1);
    for vector in all {
        let mut token = unpadded(&vector.token).unwrap();
        let plaintext = vector.key().open(&mut token).unwrap().to_vec();
        assert_eq!(plaintext, vector.src.unwrap().into_bytes());
    }
}

/// Two of them are authentic: only the clock is wrong with them, and Fernet's timestamp is ignored
/// (SPEC §6.2), because `expires at` decides, to the millisecond and after the MAC. The next test
/// shows that their times are refused there. No other may join these two.
#[test]
fn we_refuse_what_the_specification_calls_invalid() {
    let found = invalid()
        .iter()
        .map(|vector| (vector.desc.clone().unwrap(), refused_by(vector)))
        .collect::<Vec<_>>();
    let expected = [
        ("incorrect mac", RefusedBy::Mac),
        ("too short", RefusedBy::Mac),
        ("invalid base64", RefusedBy::Base64),
        (
            "payload size not multiple of block size",
            RefusedBy::Decryption,
        ),
        ("payload padding error", RefusedBy::Decryption),
        ("far-future TS (unacceptable clock skew)", RefusedBy::Clock),
        ("expired TTL", RefusedBy::Clock),
        ("incorrect IV (causes padding error)", RefusedBy::Decryption),
    ]
    .map(|(name, by)| (name.to_owned(), by));
    assert_eq!(found, expected);
}

/// Our own token with a vector's time, time to live and clock: step 7 of SPEC §6.5 refuses what the
/// specification refuses for its time, and accepts what it verifies.
#[test]
fn our_own_expiry_refuses_what_only_the_clock_makes_invalid() {
    let ring = KeyRing::new(
        &Secret::new("8uNnT5lZQ0zGm1rVxkPqYc3sEJfHdOaW7bKtLi2vRyA").unwrap(),
        &[],
    )
    .unwrap();
    let batch = Batch::new(SetCookie::new("name", "value").try_into().unwrap());
    let checked = |vector: &Vector| {
        let fernet = unpadded(&vector.token).unwrap();
        let seconds = u64::from_be_bytes(fernet[1..9].try_into().unwrap());
        let header = TokenHeader::new(
            Nonce::from_random([1; 16]),
            UnixMillis::from_secs(seconds).unwrap(),
            Lifetime::from_millis(vector.ttl_sec.unwrap() * 1000).unwrap(),
        );
        let token = crate::seal(&ring, Sealing::Encrypted { iv: [2; IV] }, &header, &batch);
        let mut buffer = Vec::new();
        UntrustedToken::new(token.as_str())
            .open(&ring, &mut buffer)
            .unwrap()
            .check_time(UnixMillis::from_secs(vector.now()).unwrap())
    };
    let found = invalid()
        .into_iter()
        .chain(verify())
        .filter(|vector| refused_by(vector) == RefusedBy::Clock)
        .map(|vector| checked(&vector))
        .collect::<Vec<_>>();
    assert_eq!(
        found,
        [
            Err(RefusedToken::NotYetValid), // far-future TS
            Err(RefusedToken::Expired),     // expired TTL
            Ok(()),                         // the one to verify
        ]
    );
}

/// One token has one text: a text with missing or extra padding is not read, and our own texts have
/// none at all.
#[test]
fn incorrect_base64_padding_is_refused() {
    for Vector { token, .. } in generate() {
        assert!(token.ends_with("==") && unpadded(&token).is_some());
        for wrong in [&token[..token.len() - 1], token.trim_end_matches('=')] {
            assert_eq!(unpadded(wrong), None);
        }
        assert_eq!(unpadded(&format!("{token}=")), None);
        assert_eq!(base64url::decode_into(token.as_bytes(), &mut vec![]), None);
    }
}
