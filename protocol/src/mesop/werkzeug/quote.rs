//! The quoting of values: text in, a cookie's value out, and back.
//!
//! A value is written as it is where each character is harmless; otherwise in quotes, with octal
//! escapes for characters that may not be in a header. A reader accepts more than that.

/// Characters that need no quotes, besides letters and digits.
const HARMLESS: &[u8] = b"_!#$%&'()*+-./:<=>?@[]^`{|}~";

/// The text holds a control character that Werkzeug leaves raw (0x1A to 0x1F), which no server
/// sends and no browser keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unquotable;

/// Appends a value.
pub(crate) fn push(value: &str, out: &mut String) -> Result<(), Unquotable> {
    let bare = value
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || HARMLESS.contains(&byte));
    if bare {
        out.push_str(value);
        return Ok(());
    }
    out.push('"');
    for byte in value.bytes() {
        match byte {
            b'"' | b'\\' => {
                out.push('\\');
                out.push(char::from(byte));
            }
            0x1A..=0x1F => return Err(Unquotable),
            0..=0x19 | b',' | b';' | 0x7F..=0xFF => {
                out.push('\\');
                for shift in [6, 3, 0] {
                    out.push(char::from(b'0' + (byte >> shift & 7)));
                }
            }
            _ => out.push(char::from(byte)),
        }
    }
    out.push('"');
    Ok(())
}

/// The text of a value in a `Cookie` field, without the spaces around it. `None` where Werkzeug
/// drops the cookie.
pub(crate) fn read(value: &[u8]) -> Option<String> {
    let Some(quoted) = value.strip_prefix(b"\"") else {
        let bare = !value.iter().any(|byte| b" \t\";".contains(byte));
        return bare.then(|| latin1(value).collect());
    };
    // Escapes are undone on the UTF-8 of what the bytes are in Latin-1, and the result is read as
    // UTF-8 again, as Werkzeug does.
    let mut bytes = Vec::with_capacity(quoted.len());
    let mut rest = quoted;
    loop {
        let (first, after) = rest.split_first()?;
        rest = after;
        match *first {
            b'"' => break,
            b'\\' => {
                let (code, after) = escape(rest)?;
                bytes.extend_from_slice(code.encode(&mut [0; 4]));
                rest = after;
            }
            byte => push_latin1(byte, &mut bytes),
        }
    }
    rest.is_empty()
        .then(|| String::from_utf8_lossy(&bytes).into_owned())
}

/// The character or octal number after a backslash.
enum Escape {
    Byte(u8),
    Char(u8),
}

impl Escape {
    fn encode<'b>(&self, buffer: &'b mut [u8; 4]) -> &'b [u8] {
        match self {
            Self::Byte(byte) => {
                buffer[0] = *byte;
                &buffer[..1]
            }
            Self::Char(byte) => char::from(*byte).encode_utf8(buffer).as_bytes(),
        }
    }
}

/// Three octal digits, of which the first is at most 3; otherwise any character, which stands for
/// itself.
fn escape(rest: &[u8]) -> Option<(Escape, &[u8])> {
    if let [
        a @ b'0'..=b'3',
        b @ b'0'..=b'7',
        c @ b'0'..=b'7',
        after @ ..,
    ] = rest
    {
        let byte = (a - b'0') << 6 | (b - b'0') << 3 | (c - b'0');
        return Some((Escape::Byte(byte), after));
    }
    let (first, after) = rest.split_first()?;
    Some((Escape::Char(*first), after))
}

fn latin1(bytes: &[u8]) -> impl Iterator<Item = char> {
    bytes.iter().map(|byte| char::from(*byte))
}

fn push_latin1(byte: u8, out: &mut Vec<u8>) {
    out.extend_from_slice(char::from(byte).encode_utf8(&mut [0; 4]).as_bytes());
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn quoted(value: &str) -> Option<String> {
        let mut out = String::new();
        push(value, &mut out).ok().map(|()| out)
    }

    proptest! {
        #[test]
        fn reading_undoes_writing(value: String) {
            prop_assume!(!value.bytes().any(|byte| (0x1A..=0x1F).contains(&byte)));
            let text = quoted(&value).unwrap();
            prop_assert!(text.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b';' && byte != b','));
            prop_assert_eq!(read(text.as_bytes()), Some(value));
        }

        #[test]
        fn no_bytes_make_the_reader_panic(bytes: Vec<u8>) {
            let _ = read(&bytes);
            let _ = read(&[b"\"", bytes.as_slice()].concat());
        }
    }

    #[test]
    fn what_werkzeug_drops_is_dropped() {
        for bad in [
            "\"",
            "\"x",
            "\"x\\",
            "\"x\\\"",
            "\"x\"y",
            "x\"y",
            "a b",
            "a\tb",
            "{\"k\":1}",
        ] {
            assert_eq!(read(bad.as_bytes()), None, "{bad}");
        }
        assert_eq!(read(b""), Some(String::new()));
        assert_eq!(read(b"\"\""), Some(String::new()));
    }

    #[test]
    fn control_characters_that_werkzeug_leaves_raw_are_refused() {
        for byte in 0x1A..=0x1F_u8 {
            assert_eq!(quoted(&format!("a{}b", char::from(byte))), None);
        }
    }
}
