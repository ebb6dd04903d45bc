//! The plain form: percent-encoding that leaves every cookie-octet but `%` as it is, so that a
//! person can read the value and `decodeURIComponent` undoes it (SPEC §12.1).

use crate::cookie::is_cookie_octet;

/// Which bytes are written as they are.
const AS_IT_IS: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    while byte < 0x80 {
        table[byte as usize] = is_cookie_octet(byte) && byte != b'%';
        byte += 1;
    }
    table
};

/// The text of `bytes`. Written by index into room for the worst case: that a byte fits is then not
/// asked for each.
pub(super) fn encode(bytes: &[u8]) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut text = vec![0; bytes.len() * ESCAPE];
    let mut end = 0;
    for byte in bytes {
        if AS_IT_IS[usize::from(*byte)] {
            text[end] = *byte;
            end += 1;
        } else {
            let escape = [
                b'%',
                HEX[usize::from(byte >> 4)],
                HEX[usize::from(byte & 0xF)],
            ];
            text[end..end + ESCAPE].copy_from_slice(&escape);
            end += ESCAPE;
        }
    }
    text.truncate(end);
    String::from_utf8(text).expect("ASCII")
}

/// The length of `%22`.
const ESCAPE: usize = 3;

/// Replaces `out` with the bytes of `text`. `None` for a `%` without two hexadecimal digits.
///
/// Also accepts what `encodeURIComponent` writes, which encodes more than we do, and bytes that
/// scripts leave unencoded. A plain value may have several texts: nothing depends on there being
/// one.
pub(super) fn decode_into(text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    out.clear();
    out.resize(text.len(), 0);
    let mut end = 0;
    let mut rest = text;
    while let [first, after @ ..] = rest {
        rest = after;
        let mut byte = *first;
        if byte == b'%' {
            let [high, low, after @ ..] = rest else {
                return None;
            };
            byte = byte_of(*high, *low)?;
            rest = after;
        }
        out[end] = byte;
        end += 1;
    }
    out.truncate(end);
    Some(())
}

/// The values of hexadecimal digits; for other bytes, more than any digit has.
const DIGIT: [u8; 256] = {
    let mut table = [u8::MAX; 256];
    let mut value = 0_u8;
    while value < 16 {
        table[b"0123456789ABCDEF"[value as usize] as usize] = value;
        table[b"0123456789abcdef"[value as usize] as usize] = value;
        value += 1;
    }
    table
};

fn byte_of(high: u8, low: u8) -> Option<u8> {
    let (high, low) = (DIGIT[usize::from(high)], DIGIT[usize::from(low)]);
    ((high | low) < 16).then_some(high << 4 | low)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decode(text: &str) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        decode_into(text.as_bytes(), &mut out).map(|()| out)
    }

    proptest! {
        #[test]
        fn decoding_undoes_encoding_and_the_text_is_a_cookie_value(
            bytes in proptest::collection::vec(any::<u8>(), 0..300),
        ) {
            let text = encode(&bytes);
            prop_assert!(text.bytes().all(is_cookie_octet));
            prop_assert_eq!(decode(&text), Some(bytes));
        }
    }

    #[test]
    fn json_stays_readable() {
        assert_eq!(encode(br#"{"n":1}"#), "{%22n%22:1}");
        assert_eq!(encode("100% é".as_bytes()), "100%25%20%C3%A9");
    }

    #[test]
    fn what_scripts_write_is_read() {
        assert_eq!(decode("%7b%22n%22%3A1%7D").unwrap(), br#"{"n":1}"#);
        assert_eq!(decode(r#"{"n":1}"#).unwrap(), br#"{"n":1}"#);
    }

    #[test]
    fn a_percent_sign_without_two_digits_is_refused() {
        for text in [
            "%",
            "a%",
            "%4",
            "%G0",
            "%0G",
            "%+1",
            "%%25",
            "% 41",
            "%\u{ff10}",
        ] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
