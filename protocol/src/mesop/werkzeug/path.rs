//! The `Path` attribute: percent-encoded, so that it cannot contain anything else.

/// Characters that Werkzeug leaves as they are, besides letters and digits. `%` is one of them, so
/// that an encoded path stays as it is.
const SAFE: &[u8] = b"%!$&'()*+,/:=@-._~";

/// Appends a path.
pub(crate) fn push(path: &str, out: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || SAFE.contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(char::from(HEX[usize::from(byte >> 4)]));
            out.push(char::from(HEX[usize::from(byte & 0xF)]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_end_the_attribute_is_encoded() {
        let mut out = String::new();
        push("/a b;c\r\n\0\"é%41?#~", &mut out);
        assert_eq!(out, "/a%20b%3Bc%0D%0A%00%22%C3%A9%41%3F%23~");
    }
}
