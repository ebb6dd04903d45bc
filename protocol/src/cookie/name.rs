//! Cookie names: RFC 9110 tokens, their prefixes, and the reserved names.

use super::error::{Field, OperationError};
use super::rule::{Characters, Hidden, Rule};

/// Name of the binding cookie where an https origin is configured.
pub const BINDING_COOKIE: &str = "__Host-apply-cookies";

/// Name of the binding cookie where all origins are plain http: browsers refuse `__Host-` there.
pub const BINDING_COOKIE_INSECURE: &str = "apply-cookies";

/// Requirements of a name's prefix on the cookie (RFC 6265bis §4.1.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Prefix {
    /// `Secure` (all prefixes).
    pub(crate) secure: bool,
    /// No `Domain`, and `Path=/` (`__Host-`, `__Host-Http-`).
    pub(crate) host: bool,
    /// `HttpOnly` (`__Http-`, `__Host-Http-`).
    pub(crate) http_only: bool,
}

/// Checks a name and returns what its prefix requires.
pub(crate) fn check(name: &str) -> Result<Prefix, OperationError> {
    let refuse = |rule| Err(OperationError::new(Field::Name, rule));
    if name.is_empty() {
        return refuse(Rule::Empty);
    }
    // The classes that all its bytes share, in one pass.
    let common = (name.bytes()).fold(u8::MAX, |common, byte| common & CLASSES[byte as usize]);
    if common & class::TOKEN == 0 {
        return refuse(Rule::Characters {
            allowed: Characters::Token,
        });
    }
    let (prefix, bare) = split_prefix(name);
    if is_reserved(bare) {
        return refuse(Rule::Reserved);
    }
    // Some servers percent-decode names when they read them, and there `%5F%5FHost-x` becomes
    // `__Host-x` without having met that prefix's conditions in any browser.
    if common & class::NOT_PERCENT == 0 {
        let decoded = percent_decoded(name);
        let (decoded_prefix, decoded_bare) = split_prefix(&decoded);
        // Such servers also trim: a name that decodes to more than a token may be anything.
        if !decoded.bytes().all(is_token_byte) {
            return refuse(Rule::PercentEncoded {
                hidden: Hidden::OtherCharacters,
            });
        }
        if decoded_prefix != prefix {
            return refuse(Rule::PercentEncoded {
                hidden: Hidden::Prefix,
            });
        }
        if is_reserved(decoded_bare) {
            return refuse(Rule::Reserved);
        }
    }
    Ok(prefix)
}

/// `tchar` of RFC 9110 §5.6.2.
fn is_token_byte(byte: u8) -> bool {
    CLASSES[byte as usize] & class::TOKEN != 0
}

/// The classes of bytes that the check of a name distinguishes.
mod class {
    /// `tchar` of RFC 9110 §5.6.2.
    pub(super) const TOKEN: u8 = 1;
    pub(super) const NOT_PERCENT: u8 = 1 << 1;
}

/// One look-up a byte: names are checked on the way in and on the way out.
const CLASSES: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = b'!';
    while byte <= b'~' {
        if byte.is_ascii_alphanumeric()
            || matches!(
                byte,
                b'!' | b'#'
                    | b'$'
                    | b'%'
                    | b'&'
                    | b'\''
                    | b'*'
                    | b'+'
                    | b'-'
                    | b'.'
                    | b'^'
                    | b'_'
                    | b'`'
                    | b'|'
                    | b'~'
            )
        {
            table[byte as usize] = class::TOKEN;
        }
        if byte != b'%' {
            table[byte as usize] |= class::NOT_PERCENT;
        }
        byte += 1;
    }
    table
};

/// All prefixes, longest first, with what each requires.
const PREFIXES: [(&str, Prefix); 4] = [
    (
        "__Host-Http-",
        Prefix {
            secure: true,
            host: true,
            http_only: true,
        },
    ),
    (
        "__Secure-",
        Prefix {
            secure: true,
            host: false,
            http_only: false,
        },
    ),
    (
        "__Host-",
        Prefix {
            secure: true,
            host: true,
            http_only: false,
        },
    ),
    (
        "__Http-",
        Prefix {
            secure: true,
            host: false,
            http_only: true,
        },
    ),
];

/// Splits a name into what its prefix requires and the rest. Browsers compare prefixes
/// case-insensitively (RFC 6265bis §5.7, step 20).
fn split_prefix(name: &str) -> (Prefix, &str) {
    // Most names have no prefix, and end here.
    if name.starts_with("__") {
        for (prefix, demands) in PREFIXES {
            if starts_with_ignore_case(name, prefix) {
                return (demands, &name[prefix.len()..]);
            }
        }
    }
    (Prefix::default(), name)
}

/// The name without its prefix, nor any that was behind it.
pub(super) fn without_prefix(name: &str) -> &str {
    let (_, bare) = split_prefix(name);
    if bare.len() == name.len() {
        name
    } else {
        without_prefix(bare)
    }
}

/// Our own cookies, and room for more of them: `apply-cookies`, with or without a prefix, alone
/// or followed by a hyphen.
fn is_reserved(bare: &str) -> bool {
    starts_with_ignore_case(bare, BINDING_COOKIE_INSECURE)
        && matches!(
            bare.as_bytes().get(BINDING_COOKIE_INSECURE.len()),
            None | Some(b'-')
        )
}

fn starts_with_ignore_case(text: &str, prefix: &str) -> bool {
    text.as_bytes()
        .get(..prefix.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(prefix.as_bytes()))
}

/// The name as a careless server would read it.
fn percent_decoded(name: &str) -> String {
    let mut decoded = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(at) = rest.find('%') {
        decoded.push_str(&rest[..at]);
        let code = rest
            .get(at + 1..at + 3)
            .filter(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        if let Some(code) = code {
            decoded.push(char::from(code));
            rest = &rest[at + 3..];
        } else {
            decoded.push('%');
            rest = &rest[at + 1..];
        }
    }
    decoded.push_str(rest);
    decoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(name: &str) -> Option<Rule> {
        check(name).err().map(|error| error.rule())
    }

    #[test]
    fn ordinary_names_pass() {
        for name in [
            "a", "session", "user_id", "a.b", "100%", "%", "%5", "__host",
        ] {
            assert_eq!(rule(name), None, "{name}");
        }
    }

    #[test]
    fn names_outside_the_token_alphabet_are_refused() {
        assert_eq!(rule(""), Some(Rule::Empty));
        for name in [
            "a b",
            "a=b",
            "a;b",
            "a,b",
            "a\"b",
            "é",
            "a\u{2000}",
            "a\0",
            "a(b",
        ] {
            let allowed = Characters::Token;
            assert_eq!(rule(name), Some(Rule::Characters { allowed }), "{name:?}");
        }
    }

    #[test]
    fn a_name_that_percent_decodes_to_a_prefix_is_refused() {
        for name in [
            "%5F%5FHost-x",
            "_%5fHost-x",
            "__Host%2Dx",
            "__%48ost-x",
            "%5f%5fsecure-x",
        ] {
            let hidden = Hidden::Prefix;
            assert_eq!(rule(name), Some(Rule::PercentEncoded { hidden }), "{name}");
        }
    }

    #[test]
    fn a_name_that_percent_decodes_to_more_than_a_token_is_refused() {
        for name in [
            "%20__Host-x",
            "%09__Host-x",
            "%E2%80%80__Host-x",
            "%00__Host-x",
            "%20apply-cookies",
            "a%3Db",
            "a%3B",
        ] {
            let hidden = Hidden::OtherCharacters;
            assert_eq!(rule(name), Some(Rule::PercentEncoded { hidden }), "{name}");
        }
    }

    #[test]
    fn our_own_names_are_reserved() {
        for name in [
            "apply-cookies",
            "Apply-Cookies",
            "__Host-apply-cookies",
            "__HOST-apply-cookies-oidc-1",
            "__Host-Http-apply-cookies",
            "apply-cookies-x",
            "apply%2Dcookies",
        ] {
            assert_eq!(rule(name), Some(Rule::Reserved), "{name}");
        }
        assert_eq!(rule("apply-cookiesx"), None);
        assert_eq!(rule("my-apply-cookies"), None);
    }

    #[test]
    fn no_prefix_is_left_of_a_name_without_prefix() {
        for (name, bare) in [
            ("cart", "cart"),
            ("__Host-cart", "cart"),
            ("__secure-cart", "cart"),
            ("__HTTP-cart", "cart"),
            ("__Host-Http-cart", "cart"),
            ("__Host-__Secure-__Host-cart", "cart"),
            ("__Http-Host-cart", "Host-cart"),
            ("cart__Host-", "cart__Host-"),
            ("__Host-", ""),
            ("__", "__"),
        ] {
            assert_eq!(without_prefix(name), bare, "{name}");
        }
    }

    #[test]
    fn prefixes_are_found_without_case() {
        let all = |name: &str| check(name).map(|p| (p.secure, p.host, p.http_only));
        assert_eq!(all("__hOsT-x"), Ok((true, true, false)));
        assert_eq!(all("__SECURE-x"), Ok((true, false, false)));
        assert_eq!(all("__http-x"), Ok((true, false, true)));
        assert_eq!(all("__Host-HTTP-x"), Ok((true, true, true)));
        assert_eq!(all("x__Host-"), Ok((false, false, false)));
    }
}
