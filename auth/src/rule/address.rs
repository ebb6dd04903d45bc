//! Addresses in normal form, and patterns that they match.

use std::fmt;

use crate::percent::encoded;

/// The path that an address asks for: the query cut off, everything decoded once. What programs could
/// read in another way is refused, so the text has one meaning.
pub(super) fn normal(address: &str) -> Result<String, &'static str> {
    let path = address.split_once('?').map_or(address, |(path, _)| path);
    let path = decoded(path.as_bytes())?;
    let segments = path.strip_prefix('/').ok_or(NO_SLASH)?;
    // The last may be empty: a slash at the end.
    let (front, last) = segments.rsplit_once('/').unwrap_or(("", segments));
    if segments.starts_with('/') || (!front.is_empty() && front.split('/').any(str::is_empty)) {
        return Err(EMPTY_SEGMENT);
    }
    let is_dots = |one: &str| matches!(one, "." | "..");
    if front.split('/').any(is_dots) || is_dots(last) {
        return Err(DOTS);
    }
    Ok(path)
}

const NO_SLASH: &str = "the address does not begin with a slash";
const EMPTY_SEGMENT: &str = "the address has an empty segment";
const DOTS: &str = "the address has a segment `.` or `..`";
const SEPARATOR: &str = "the address has a `\\`, a `;` or an encoded `/`";
const CHARACTER: &str = "the address has a character that addresses do not have";
const PERCENT: &str = "the address has a `%` that encodes nothing";
const TWICE: &str = "the address is encoded twice";

fn decoded(path: &[u8]) -> Result<String, &'static str> {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path;
    while let [first, tail @ ..] = rest {
        let (byte, after) = match first {
            b'%' => encoded(tail).ok_or(PERCENT)?,
            raw => (*raw, tail),
        };
        let is_raw = *first != b'%';
        if byte.is_ascii_control() || (is_raw && (!byte.is_ascii_graphic() || byte == b'#')) {
            return Err(CHARACTER);
        }
        // A slash that is data to one program separates segments to the next. A backslash is a
        // slash to some, and what follows a semicolon is dropped by others.
        if matches!(byte, b'\\' | b';') || (byte == b'/' && !is_raw) {
            return Err(SEPARATOR);
        }
        bytes.push(byte);
        rest = after;
    }
    // Decoded a second time, it would be something else.
    let encodes = |at: usize| bytes[at] == b'%' && encoded(&bytes[at + 1..]).is_some();
    if (0..bytes.len()).any(encodes) {
        return Err(TWICE);
    }
    String::from_utf8(bytes).map_err(|_| PERCENT)
}

/// The path of a rule: segments without a slash at their end, and whether what is below them matches.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    path: String,
    folded: String,
    below: bool,
}

impl Pattern {
    /// `None` for what no address would match.
    pub(super) fn read(text: &str) -> Option<Self> {
        let (path, below) = match text.strip_suffix("/*") {
            Some(path) => (format!("{path}/"), true),
            None => (text.to_owned(), false),
        };
        let path = Some(path).filter(|path| !path.contains(['*', '?']))?;
        let path = normal(&path).ok()?;
        let path = path.strip_suffix('/').unwrap_or(&path);
        Some(Self {
            folded: folded(path),
            path: path.to_owned(),
            below,
        })
    }

    /// Whether it matches a path, or, where letters count alike, a [`folded`] one.
    pub(super) fn matches(&self, path: &str, is_folded: bool) -> bool {
        let own = if is_folded { &self.folded } else { &self.path };
        let rest = path.strip_prefix(&**own);
        rest.is_some_and(|rest| matches!(rest, "" | "/") || (self.below && rest.starts_with('/')))
    }

    /// Whether this one matches every path that the other does.
    pub(super) fn covers(&self, other: &Self) -> bool {
        (self.below || !other.below) && self.matches(&other.path, false)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = if self.below { "/*" } else { "" };
        write!(f, "{}{end}", self.path)
    }
}

/// As an app reads it that ignores case, whichever way it compares: the Kelvin sign becomes a `k` one
/// way, and the long s an `s` the other.
pub(super) fn folded(path: &str) -> String {
    path.to_uppercase().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

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
            assert_eq!(normal(text).as_deref(), Ok(path), "{text}");
        }
    }

    #[test]
    fn each_refusal_has_its_reason() {
        for (text, error) in [
            ("", NO_SLASH),
            ("?/", NO_SLASH),
            ("*", NO_SLASH),
            ("http://app.example/", NO_SLASH),
            ("//", EMPTY_SEGMENT),
            ("//a", EMPTY_SEGMENT),
            ("/a//", EMPTY_SEGMENT),
            ("/a//b", EMPTY_SEGMENT),
            ("/.", DOTS),
            ("/a/..", DOTS),
            ("/./a", DOTS),
            ("/%2e%2E/a", DOTS),
            ("/a%2fb", SEPARATOR),
            ("/a%5Cb", SEPARATOR),
            ("/a\\b", SEPARATOR),
            ("/a;b", SEPARATOR),
            ("/a%3bb", SEPARATOR),
            ("/a b", CHARACTER),
            ("/ü", CHARACTER),
            ("/a#b", CHARACTER),
            ("/a%00", CHARACTER),
            ("/a%0A", CHARACTER),
            ("/%", PERCENT),
            ("/%2", PERCENT),
            ("/%+1", PERCENT),
            ("/%u002e", PERCENT),
            ("/%c0%af", PERCENT),
            ("/%2561", TWICE),
            ("/%252e%252e/", TWICE),
            ("/%25%36%31", TWICE),
            ("/%256%31", TWICE),
        ] {
            assert_eq!(normal(text), Err(error), "{text}");
        }
    }
}
