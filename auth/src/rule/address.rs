//! An address in normal form, or a reason.

use crate::percent::encoded;

/// The path that a request asks for, with everything decoded once. What could be read in another way
/// has been refused, so the text has one meaning.
pub(super) struct Address(String);

impl Address {
    /// Cuts the query off, decodes `%`, and refuses what programs disagree about.
    pub(super) fn read(text: &str) -> Result<Self, AddressError> {
        let path = text.split_once('?').map_or(text, |(path, _)| path);
        let path = decoded(path.as_bytes())?;
        let segments = path.strip_prefix('/').ok_or(AddressError::NoSlash)?;
        // The last may be empty: a slash at the end.
        let (front, last) = segments.rsplit_once('/').unwrap_or(("", segments));
        if segments.starts_with('/') || (!front.is_empty() && front.split('/').any(str::is_empty)) {
            return Err(AddressError::EmptySegment);
        }
        if front
            .split('/')
            .chain([last])
            .any(|one| matches!(one, "." | ".."))
        {
            return Err(AddressError::Dots);
        }
        Ok(Self(path))
    }

    pub(super) fn path(&self) -> &str {
        &self.0
    }
}

fn decoded(path: &[u8]) -> Result<String, AddressError> {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path;
    while let [first, tail @ ..] = rest {
        let (byte, after) = match first {
            b'%' => {
                let (byte, after) = encoded(tail).ok_or(AddressError::Percent)?;
                if byte.is_ascii_control() {
                    return Err(AddressError::Character);
                }
                (byte, after)
            }
            b'#' => return Err(AddressError::Character),
            raw if !raw.is_ascii_graphic() => return Err(AddressError::Character),
            raw => (*raw, tail),
        };
        // A slash that is data to one program separates segments to the next. A backslash is a
        // slash to some, and what follows a semicolon is dropped by others.
        let separates = matches!(byte, b'\\' | b';') || (byte == b'/' && *first == b'%');
        if separates {
            return Err(AddressError::Separator);
        }
        bytes.push(byte);
        rest = after;
    }
    // Decoded a second time, it would be something else.
    let encodes = |at: usize| bytes[at] == b'%' && encoded(&bytes[at + 1..]).is_some();
    if (0..bytes.len()).any(encodes) {
        return Err(AddressError::Twice);
    }
    String::from_utf8(bytes).map_err(|_| AddressError::Percent)
}

/// Why an address is not in normal form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// It does not begin with a slash.
    #[error("the address does not begin with a slash")]
    NoSlash,
    /// Two slashes without anything between.
    #[error("the address has an empty segment")]
    EmptySegment,
    /// A segment `.` or `..`.
    #[error("the address has a segment `.` or `..`")]
    Dots,
    /// `\`, `;`, or an encoded `/`.
    #[error("the address has a `\\`, a `;` or an encoded `/`")]
    Separator,
    /// A character that addresses do not have, also encoded.
    #[error("the address has a character that addresses do not have")]
    Character,
    /// A `%` without two digits, or digits that are not UTF-8.
    #[error("the address has a `%` that encodes nothing")]
    Percent,
    /// An encoded `%` that would encode something in turn.
    #[error("the address is encoded twice")]
    Twice,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, AddressError> {
        Address::read(text).map(|address| address.0)
    }

    #[test]
    fn one_meaning_is_read() {
        for (text, path) in [
            ("/", "/"),
            ("/a/b/", "/a/b/"),
            ("/%61%2D%7e?x=//../", "/a-~"),
            ("/%C3%BC%20%3F%21", "/ü ?!"),
            ("/100%25", "/100%"),
            ("/100%25zz", "/100%zz"),
            ("/a..b/.c/d.", "/a..b/.c/d."),
            ("/?", "/"),
        ] {
            assert_eq!(read(text).as_deref(), Ok(path), "{text}");
        }
    }

    #[test]
    fn each_refusal_has_its_reason() {
        for (text, error) in [
            ("", AddressError::NoSlash),
            ("?/", AddressError::NoSlash),
            ("*", AddressError::NoSlash),
            ("http://app.example/", AddressError::NoSlash),
            ("//", AddressError::EmptySegment),
            ("//a", AddressError::EmptySegment),
            ("/a//", AddressError::EmptySegment),
            ("/a//b", AddressError::EmptySegment),
            ("/.", AddressError::Dots),
            ("/a/..", AddressError::Dots),
            ("/./a", AddressError::Dots),
            ("/%2e%2E/a", AddressError::Dots),
            ("/a%2fb", AddressError::Separator),
            ("/a%5Cb", AddressError::Separator),
            ("/a\\b", AddressError::Separator),
            ("/a;b", AddressError::Separator),
            ("/a%3bb", AddressError::Separator),
            ("/a b", AddressError::Character),
            ("/ü", AddressError::Character),
            ("/a#b", AddressError::Character),
            ("/a%00", AddressError::Character),
            ("/a%0A", AddressError::Character),
            ("/%", AddressError::Percent),
            ("/%2", AddressError::Percent),
            ("/%+1", AddressError::Percent),
            ("/%u002e", AddressError::Percent),
            ("/%c0%af", AddressError::Percent),
            ("/%2561", AddressError::Twice),
            ("/%252e%252e/", AddressError::Twice),
            ("/%25%36%31", AddressError::Twice),
            ("/%256%31", AddressError::Twice),
        ] {
            assert_eq!(read(text), Err(error), "{text}");
        }
    }
}
