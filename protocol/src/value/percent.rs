//! The plain form: percent-encoding that leaves every cookie-octet but `%` as it is, so that a
//! person can read the value and `decodeURIComponent` undoes it (SPEC §12.1).

use std::io;

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

/// The text of `bytes`.
pub(super) fn encode(bytes: &[u8]) -> String {
    let mut text = Vec::with_capacity(bytes.len() * 2);
    encode_into(bytes, &mut text);
    finish(text)
}

/// What was written by an [`Encoder`] alone.
pub(super) fn finish(text: Vec<u8>) -> String {
    String::from_utf8(text).expect("ASCII")
}

/// Appends the text of the bytes that it gets.
pub(super) struct Encoder<'t>(pub(super) &'t mut Vec<u8>);

impl io::Write for Encoder<'_> {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        encode_into(bytes, self.0);
        Ok(bytes.len())
    }

    #[inline]
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        encode_into(bytes, self.0);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Most of what `serde_json` writes is one byte that it knows: with this inlined, three others.
#[inline]
fn encode_into(bytes: &[u8], text: &mut Vec<u8>) {
    match bytes {
        [byte] if AS_IT_IS[usize::from(*byte)] => text.push(*byte),
        [byte] => text.extend_from_slice(&escape(*byte)),
        _ => encode_many(bytes, text),
    }
}

fn encode_many(bytes: &[u8], text: &mut Vec<u8>) {
    // Without an early exit: most texts of JSON stay as they are, and are short.
    let clean = (bytes.iter()).fold(true, |clean, byte| clean & AS_IT_IS[usize::from(*byte)]);
    if clean {
        text.extend_from_slice(bytes);
        return;
    }
    for run in
        bytes.chunk_by(|one, next| AS_IT_IS[usize::from(*one)] && AS_IT_IS[usize::from(*next)])
    {
        match run {
            [byte] if !AS_IT_IS[usize::from(*byte)] => text.extend_from_slice(&escape(*byte)),
            _ => text.extend_from_slice(run),
        }
    }
}

const fn escape(byte: u8) -> [u8; 3] {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    [b'%', HEX[(byte >> 4) as usize], HEX[(byte & 0xF) as usize]]
}

/// Replaces `out` with the bytes of `text`. `None` for a `%` without two hexadecimal digits.
///
/// Also accepts what `encodeURIComponent` writes, which encodes more than we do, and bytes that
/// scripts leave unencoded. A plain value may have several texts: nothing depends on there being
/// one.
pub(super) fn decode_into(text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    // What is in it gets overwritten, so only the bytes by which it grows are filled with zeros.
    out.resize(text.len(), 0);
    let mut length = text.len();
    let mut rest = text.iter();
    // By places, not by an index into them: that a byte has room is then not asked for each.
    for place in &mut *out {
        match rest.next() {
            Some(b'%') => {
                *place = byte_of(*rest.next()?, *rest.next()?)?;
                length -= 2;
            }
            Some(byte) => *place = *byte,
            None => break,
        }
    }
    out.truncate(length);
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
        let mut out = vec![b'x'; 40]; // of the value before
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
