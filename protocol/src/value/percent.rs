//! The plain form: percent-encoding that leaves every cookie-octet but `%` as it is, so that a
//! person can read the value and `decodeURIComponent` undoes it (SPEC §12.1).

use crate::cookie::is_cookie_octet;

/// The text of `bytes`.
pub(super) fn encode(bytes: &[u8]) -> String {
    const HEX: [char; 16] = [
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F',
    ];
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        if is_cookie_octet(*byte) && *byte != b'%' {
            text.push(char::from(*byte));
        } else {
            text.push('%');
            text.push(HEX[usize::from(byte >> 4)]);
            text.push(HEX[usize::from(byte & 0xF)]);
        }
    }
    text
}

/// Replaces `out` with the bytes of `text`. `None` for a `%` without two hexadecimal digits.
///
/// Also accepts what `encodeURIComponent` writes, which encodes more than we do, and bytes that
/// scripts leave unencoded. A plain value may have several texts: nothing depends on there being
/// one.
pub(super) fn decode_into(text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    out.clear();
    out.reserve(text.len());
    let mut rest = text;
    while let [first, after @ ..] = rest {
        rest = after;
        if *first != b'%' {
            out.push(*first);
            continue;
        }
        let [high, low, after @ ..] = rest else {
            return None;
        };
        out.push(digit(*high)? << 4 | digit(*low)?);
        rest = after;
    }
    Some(())
}

fn digit(hex: u8) -> Option<u8> {
    match hex {
        b'0'..=b'9' => Some(hex - b'0'),
        b'A'..=b'F' => Some(hex - b'A' + 10),
        b'a'..=b'f' => Some(hex - b'a' + 10),
        _ => None,
    }
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
