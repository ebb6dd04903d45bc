//! The strict reader of a request's `Cookie` fields.
//!
//! Common readers forgive: they trim Unicode spaces, percent-decode names and take the first of two
//! cookies. Each of these lets a neighbour's cookie pass as a `__Host-` one (threats A4 and T22).
//! This one compares bytes, strips only spaces and tabs, and reports a second cookie of the same
//! name instead of choosing. It looks at each byte once.

use memchr::memchr;

/// The result of a lookup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "none, one and several are all there is"
)]
pub enum Lookup<'h> {
    /// No cookie of this name.
    Absent,
    /// Exactly one, with this value.
    One(&'h [u8]),
    /// Two or more. They come only from a neighbour's trick or a broken client; trust none.
    Duplicate,
}

/// The `Cookie` fields of one request, unparsed.
///
/// ```
/// use apply_cookies_protocol::{CookieHeader, Lookup};
///
/// let header = CookieHeader::new([b"a=1; __Host-sid=good; %5F%5FHost-sid=evil".as_slice()]);
/// assert_eq!(header.find("__Host-sid"), Lookup::One(b"good"));
/// assert_eq!(header.find("b"), Lookup::Absent);
/// ```
#[derive(Clone, Debug)]
pub struct CookieHeader<I>(I);

impl<'h, I> CookieHeader<I>
where
    I: Iterator<Item = &'h [u8]> + Clone,
{
    /// Reads the values of all `Cookie` fields (HTTP/2 may split them, RFC 9113 §8.2.3).
    pub fn new(fields: impl IntoIterator<IntoIter = I>) -> Self {
        Self(fields.into_iter())
    }

    /// The value of the cookie of exactly this name.
    pub fn find(&self, name: &str) -> Lookup<'h> {
        let mut found = Lookup::Absent;
        for field in self.0.clone() {
            let mut rest = Some(field);
            while let Some(pairs) = rest {
                // Values are long: looking for the end of a pair is most of the work.
                let (pair, after) = match memchr(b';', pairs) {
                    Some(end) => (&pairs[..end], Some(&pairs[end + 1..])),
                    None => (pairs, None),
                };
                rest = after;
                let Some(value) = value_of(pair, name.as_bytes()) else {
                    continue;
                };
                if found != Lookup::Absent {
                    return Lookup::Duplicate;
                }
                found = Lookup::One(value);
            }
        }
        found
    }
}

/// The value when `pair` is `name=value`, with spaces and tabs around either.
fn value_of<'h>(pair: &'h [u8], name: &[u8]) -> Option<&'h [u8]> {
    let rest = trim_start(pair).strip_prefix(name)?;
    // Browsers send no space before the equals sign, so a name followed by one is another name.
    let value = rest.strip_prefix(b"=")?;
    Some(trim_end(trim_start(value)))
}

fn trim_start(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = bytes {
        bytes = rest;
    }
    bytes
}

fn trim_end(mut bytes: &[u8]) -> &[u8] {
    while let [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find<'h>(header: &'h [u8], name: &str) -> Lookup<'h> {
        CookieHeader::new([header]).find(name)
    }

    #[test]
    fn nothing_but_the_exact_bytes_is_the_name() {
        for forged in [
            "\u{2000}__Host-sid=evil",
            "\u{85}__Host-sid=evil",
            "%5F%5FHost-sid=evil",
            "__host-sid=evil",
            "__Host-sid =evil",
            "\"__Host-sid\"=evil",
            "=__Host-sid=evil",
            "__Host-sidx=evil",
            "x__Host-sid=evil",
            "\u{b}__Host-sid=evil",
            "\r\n__Host-sid=evil",
            "__Host-sid",
            "$Version=1, __Host-sid=evil",
        ] {
            assert_eq!(
                find(forged.as_bytes(), "__Host-sid"),
                Lookup::Absent,
                "{forged:?}"
            );
            let both = format!("{forged}; __Host-sid=good");
            assert_eq!(
                find(both.as_bytes(), "__Host-sid"),
                Lookup::One(b"good"),
                "{both:?}"
            );
        }
    }

    #[test]
    fn a_second_cookie_of_the_name_is_reported() {
        assert_eq!(find(b"a=1; a=1", "a"), Lookup::Duplicate);
        let fields = [b"a=1".as_slice(), b"b=2; a=3"];
        assert_eq!(CookieHeader::new(fields).find("a"), Lookup::Duplicate);
        assert_eq!(CookieHeader::new(fields).find("b"), Lookup::One(b"2"));
    }

    #[test]
    fn spaces_and_tabs_are_stripped_and_equals_signs_kept() {
        assert_eq!(find(b" \ta= x=y \t;b=2", "a"), Lookup::One(b"x=y"));
        assert_eq!(find(b"a=", "a"), Lookup::One(b""));
        assert_eq!(find(b"", "a"), Lookup::Absent);
        assert_eq!(find(b"a=\xff\xfe", "a"), Lookup::One(b"\xff\xfe"));
    }
}
