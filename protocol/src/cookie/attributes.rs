//! The values of a cookie and of its attributes, and what each may contain.

use super::error::{Field, OperationError};
use super::rule::{Characters, Rule};
use crate::limits::{ATTRIBUTE_MAX, DOMAIN_MAX, MAX_AGE_MAX};

/// The `SameSite` attribute (RFC 6265bis §4.1.2.7).
///
/// Exhaustive: the specification has these three values, and a fourth would change the wire format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the doc comment says why")]
pub enum SameSite {
    /// Sent with requests of the same site only.
    Strict,
    /// Also with top-level navigations from elsewhere.
    Lax,
    /// With every request; requires `Secure`.
    None,
}

impl SameSite {
    /// The attribute's value as written in `Set-Cookie` and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Strict => "Strict",
            Self::Lax => "Lax",
            Self::None => "None",
        }
    }

    /// The value for this text, spelled exactly as [`as_str`](Self::as_str) spells it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "Strict" => Some(Self::Strict),
            "Lax" => Some(Self::Lax),
            "None" => Some(Self::None),
            _ => None,
        }
    }
}

/// The two bits of `SameSite` in a payload (SPEC §5.3).
pub(crate) struct SameSiteCode;

impl SameSiteCode {
    pub(crate) const fn encode(same_site: Option<SameSite>) -> u32 {
        match same_site {
            None => 0,
            Some(SameSite::Strict) => 1,
            Some(SameSite::Lax) => 2,
            Some(SameSite::None) => 3,
        }
    }

    pub(crate) const fn decode(code: u32) -> Option<SameSite> {
        match code & 0b11 {
            1 => Some(SameSite::Strict),
            2 => Some(SameSite::Lax),
            3 => Some(SameSite::None),
            _ => None,
        }
    }
}

/// A value: cookie-octets of RFC 6265bis §4.1.1, without the optional quotes, which every browser
/// would make part of the value and some servers would strip.
pub(super) fn check_value(value: &str) -> Result<(), OperationError> {
    // Without an early exit, so that the compiler handles many bytes at a time: values are the
    // longest texts that are checked, and good ones are read to the end anyway.
    let bad = value
        .bytes()
        .fold(false, |bad, byte| bad | !is_cookie_octet(byte));
    if bad {
        Err(OperationError::new(
            Field::Value,
            Rule::Characters {
                allowed: Characters::CookieOctets,
            },
        ))
    } else {
        Ok(())
    }
}

/// `cookie-octet` of RFC 6265bis §4.1.1.
pub(crate) const fn is_cookie_octet(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'"' | b',' | b';' | b'\\')
}

/// A path: starts with a slash, visible ASCII without semicolons (av-octets of RFC 6265bis §4.1.1
/// except the space, which browsers would trim at the end).
pub(super) fn check_path(path: &str) -> Result<(), OperationError> {
    let refuse = |rule| Err(OperationError::new(Field::Path, rule));
    if path == "/" {
        return Ok(()); // nearly every path
    }
    if path.len() > ATTRIBUTE_MAX {
        return refuse(Rule::TooLong {
            actual: path.len(),
            max: ATTRIBUTE_MAX,
        });
    }
    if !path.starts_with('/') {
        return refuse(Rule::NoSlash);
    }
    if !path
        .bytes()
        .all(|byte| matches!(byte, 0x21..=0x3A | 0x3C..=0x7E))
    {
        return refuse(Rule::Characters {
            allowed: Characters::Path,
        });
    }
    Ok(())
}

/// A domain: lower-case LDH labels with at least one dot; not an address, and no dot at either end.
/// Write international names in their `xn--` form.
pub(super) fn check_domain(domain: &str) -> Result<(), OperationError> {
    let refuse = |rule| Err(OperationError::new(Field::Domain, rule));
    if domain.is_empty() {
        return refuse(Rule::Empty);
    }
    if domain.len() > DOMAIN_MAX {
        return refuse(Rule::TooLong {
            actual: domain.len(),
            max: DOMAIN_MAX,
        });
    }
    if !domain.split('.').all(is_label) {
        return refuse(Rule::Characters {
            allowed: Characters::Host,
        });
    }
    let (_, last) = domain.rsplit_once('.').unwrap_or(("", domain));
    if last.bytes().all(|byte| byte.is_ascii_digit()) {
        return refuse(Rule::IpAddress);
    }
    if !domain.contains('.') {
        return refuse(Rule::NoDot);
    }
    Ok(())
}

fn is_label(label: &str) -> bool {
    !label.is_empty()
        && label.len() <= 63
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

pub(super) fn check_max_age(seconds: u64) -> Result<(), OperationError> {
    if seconds <= u64::from(MAX_AGE_MAX) {
        Ok(())
    } else {
        Err(OperationError::new(
            Field::MaxAge,
            Rule::TooLarge {
                actual: seconds,
                max: u64::from(MAX_AGE_MAX),
            },
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains() {
        for good in [
            "example.com",
            "a.b.c",
            "xn--mnchen-3ya.de",
            "1.example",
            "a-b.co",
        ] {
            assert_eq!(check_domain(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "localhost",
            "com",
            "Example.com",
            ".example.com",
            "example.com.",
            "a..b",
            "127.0.0.1",
            "1.2",
            "[::1]",
            "::1",
            "-a.com",
            "a-.com",
            "a_b.com",
            "a b.com",
            "exa;mple.com",
            "é.com",
            "example.com:80",
        ] {
            assert_eq!(
                check_domain(bad).map_err(|error| error.field()),
                Err(Field::Domain),
                "{bad}"
            );
        }
    }

    #[test]
    fn limits_hold_exactly() {
        let path = |length: usize| "/".repeat(length);
        assert!(check_path(&path(ATTRIBUTE_MAX)).is_ok());
        assert!(check_path(&path(ATTRIBUTE_MAX + 1)).is_err());
        assert!(check_max_age(u64::from(MAX_AGE_MAX)).is_ok());
        assert!(check_max_age(u64::from(MAX_AGE_MAX) + 1).is_err());
        let label = "a".repeat(63);
        let domain = [label.as_str(); 4].join(".");
        assert!(check_domain(&domain[..DOMAIN_MAX]).is_ok());
        assert!(check_domain(&domain).is_err());
    }
}
