//! Signing as Python's itsdangerous does it with Mesop's settings: one key for each salt, HMAC-SHA1
//! over the exact bytes before the last dot.
//!
//! ```text
//! untimed = P "." S            timed = P "." T "." S
//! key     = SHA1(salt ‖ "signer" ‖ secret)
//! S       = base64url(HMAC-SHA1(key, all in front of the last dot))
//! T       = base64url(seconds, big-endian, without leading zeros)
//! P       = base64url(J)  or  "." base64url(zlib(J)), whichever is shorter
//! ```

use super::zlib;
use crate::base64url;
use crate::crypto::{MacSha1, TAG_SHA1};

const DOT: u8 = b'.';

/// The reason why this key did not make a text. If the MAC is wrong, nothing it covers is looked
/// at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unsigned {
    /// It does not have the form of a signed text.
    Form,
    /// Not signed with this key.
    Mac,
    /// Authentic, but not as the writer of such texts makes it.
    Payload,
}

impl MacSha1 {
    /// The signed text for some JSON.
    pub(super) fn sign(&self, json: &[u8]) -> String {
        let mut text = encode_payload(json);
        self.finish(&mut text);
        into_text(text)
    }

    /// Like `sign`, with a time.
    pub(super) fn sign_timed(&self, json: &[u8], seconds: u64) -> String {
        let mut text = encode_payload(json);
        text.push(DOT);
        let time = seconds.to_be_bytes();
        let zeros = time.iter().take_while(|byte| **byte == 0).count();
        base64url::encode_into(&time[zeros..], &mut text);
        self.finish(&mut text);
        into_text(text)
    }

    fn finish(&self, text: &mut Vec<u8>) {
        let tag = self.tag(text);
        text.push(DOT);
        base64url::encode_into(&tag, text);
    }

    /// Replaces `json` with the JSON that the text carries.
    pub(super) fn open(&self, text: &[u8], json: &mut Vec<u8>) -> Result<(), Unsigned> {
        let signed = self.signed(text)?;
        decode_payload(signed, json)
    }

    /// Like `open`, for a timed text; returns the time in seconds.
    pub(super) fn open_timed(&self, text: &[u8], json: &mut Vec<u8>) -> Result<u64, Unsigned> {
        let signed = self.signed(text)?;
        let (payload, time) = split_last(signed).ok_or(Unsigned::Payload)?;
        let time = decode_time(time).ok_or(Unsigned::Payload)?;
        decode_payload(payload, json)?;
        Ok(time)
    }

    /// The signed part, if the signature is right.
    fn signed<'t>(&self, text: &'t [u8]) -> Result<&'t [u8], Unsigned> {
        let (signed, tag) = split_last(text).ok_or(Unsigned::Form)?;
        // One text for one tag: Python also accepts padding, other low bits, and any byte outside
        // the alphabet in between (threat M18).
        let tag: [u8; TAG_SHA1] = base64url::decode_array(tag).ok_or(Unsigned::Form)?;
        self.verify(signed, &tag).map_err(|_| Unsigned::Mac)?;
        Ok(signed)
    }
}

fn split_last(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = text.iter().rposition(|byte| *byte == DOT)?;
    Some((&text[..at], &text[at + 1..]))
}

/// One to eight bytes; leading zeros are allowed, as in Python.
fn decode_time(text: &[u8]) -> Option<u64> {
    let mut bytes = Vec::new();
    base64url::decode_into(text, &mut bytes)?;
    if bytes.is_empty() || bytes.len() > 8 {
        return None;
    }
    Some(
        bytes
            .iter()
            .fold(0, |time, byte| time << 8 | u64::from(*byte)),
    )
}

fn encode_payload(json: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(base64url::encoded_len(json.len()) + 48);
    let compressed = zlib::compress(json).filter(|bytes| bytes.len() + 1 < json.len());
    if let Some(compressed) = compressed {
        text.push(DOT);
        base64url::encode_into(&compressed, &mut text);
    } else {
        base64url::encode_into(json, &mut text);
    }
    text
}

fn decode_payload(payload: &[u8], json: &mut Vec<u8>) -> Result<(), Unsigned> {
    let Some(payload) = payload.strip_prefix(&[DOT]) else {
        return base64url::decode_into(payload, json).ok_or(Unsigned::Payload);
    };
    let mut compressed = Vec::new();
    base64url::decode_into(payload, &mut compressed).ok_or(Unsigned::Payload)?;
    *json = zlib::inflate(&compressed).ok_or(Unsigned::Payload)?;
    Ok(())
}

fn into_text(text: Vec<u8>) -> String {
    String::from_utf8(text).expect("base64 and dots are ASCII")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn signer() -> MacSha1 {
        MacSha1::new(b"a secret", b"a salt")
    }

    proptest! {
        #[test]
        fn what_is_signed_comes_back(
            json in proptest::collection::vec(any::<u8>(), 0..400), repeated in 1..20_usize, time: u64,
        ) {
            let json = json.repeat(repeated);
            let mut out = Vec::new();
            signer().open(signer().sign(&json).as_bytes(), &mut out).unwrap();
            prop_assert_eq!(&out, &json);
            let timed = signer().sign_timed(&json, time.max(1));
            prop_assert_eq!(signer().open_timed(timed.as_bytes(), &mut out), Ok(time.max(1)));
            prop_assert_eq!(&out, &json);
        }

        #[test]
        fn one_changed_byte_is_refused(
            json in "[ -~]{0,80}", at in any::<prop::sample::Index>(), byte: u8,
        ) {
            let mut text = signer().sign(json.as_bytes()).into_bytes();
            let at = at.index(text.len());
            prop_assume!(text[at] != byte);
            text[at] = byte;
            prop_assert!(signer().open(&text, &mut Vec::new()).is_err());
        }
    }

    #[test]
    fn a_time_has_from_one_to_eight_bytes() {
        for (bytes, time) in [
            (&[5][..], Some(5)),
            (&[0, 5], Some(5)),
            (&[0, 0, 0, 0, 0, 0, 0, 5], Some(5)),
            (&[0, 0, 0, 0, 0, 0, 0, 0, 5], None),
            (&[0xFF; 8], Some(u64::MAX)),
            (&[], None),
        ] {
            let text = base64url::encode(bytes);
            assert_eq!(decode_time(text.as_bytes()), time, "{bytes:?}");
        }
        for text in ["A", "AB", "AA==", "+w", "A A"] {
            assert_eq!(decode_time(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn a_mac_under_another_salt_or_secret_is_refused() {
        let text = signer().sign(b"{}");
        for other in [
            MacSha1::new(b"a secret", b"a sals"),
            MacSha1::new(b"a secreu", b"a salt"),
        ] {
            let opened = other.open(text.as_bytes(), &mut Vec::new());
            assert_eq!(opened, Err(Unsigned::Mac));
        }
    }
}
