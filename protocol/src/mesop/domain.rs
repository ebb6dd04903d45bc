//! The `Domain` attribute as Werkzeug makes it from an app's text: cut at a port, without leading
//! dots, and international names in their `xn--` form.
//!
//! Werkzeug leaves anything else as it is, and `evil.example; Path=/x` becomes two attributes
//! (threat M11). Here only a host name passes.

use std::borrow::Cow;

use crate::cookie::{Characters, Field, OperationError, Rule};
use crate::limits::DOMAIN_MAX;

/// The longest label of a host name (RFC 1035 §2.3.4).
const LABEL_MAX: usize = 63;

/// The attribute's value. An empty one means this host alone, to browsers as well.
pub(super) fn domain(text: &str) -> Result<Cow<'_, str>, OperationError> {
    let refuse = |rule| Err(OperationError::new(Field::Domain, rule));
    let host = text
        .split(':')
        .next()
        .unwrap_or(text)
        .trim_start_matches('.');
    if host.is_empty() {
        return Ok(Cow::Borrowed(""));
    }
    let ascii = if host.is_ascii() {
        Cow::Borrowed(host)
    } else {
        let labels: Option<Vec<String>> = host.split('.').map(to_ascii).collect();
        let Some(labels) = labels else {
            return refuse(Rule::Characters {
                allowed: Characters::SimpleIdn,
            });
        };
        Cow::Owned(labels.join("."))
    };
    if ascii.len() > DOMAIN_MAX {
        return refuse(Rule::TooLong {
            actual: ascii.len(),
            max: DOMAIN_MAX,
        });
    }
    if !ascii.split('.').all(is_label) {
        return refuse(Rule::Characters {
            allowed: Characters::WerkzeugHost,
        });
    }
    Ok(ascii)
}

fn is_label(label: &str) -> bool {
    (1..=LABEL_MAX).contains(&label.len())
        && label
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// A label in its `xn--` form (RFC 3490), for characters whose preparation (RFC 3491) only changes
/// them to lower case: letters of Latin, Greek and Cyrillic scripts, kana, ideographs and Hangul
/// syllables. Others would need Unicode tables, and those differ between Python's standard and that
/// of browsers; the app can write their `xn--` form itself.
fn to_ascii(label: &str) -> Option<String> {
    if label.is_ascii() {
        return Some(label.to_owned());
    }
    let mut small = Vec::new();
    for char in label.chars() {
        let mut lower = char.to_lowercase();
        let only = lower.next().filter(|_| lower.next().is_none())?;
        if !only.is_ascii() && !is_simple(only) {
            return None;
        }
        small.push(only);
    }
    // U+212A, the kelvin sign, is a k in lower case.
    if small.iter().all(char::is_ascii) {
        return Some(small.into_iter().collect());
    }
    // Such a label is already encoded, and can contain only ASCII.
    if small.starts_with(&['x', 'n', '-', '-']) {
        return None;
    }
    Some(format!("xn--{}", punycode(&small)?))
}

/// Characters that stay as they are in a prepared label. Those missing in between are mapped to
/// something else (ĳ, ŀ, ŉ, ſ, ς) or are capitals.
fn is_simple(char: char) -> bool {
    matches!(char,
        'à'..='ö' | 'ø'..='ÿ' | 'ά'..='ρ' | 'σ'..='ώ' | 'а'..='џ'
        | 'ぁ'..='ゖ' | 'ゝ'..='ゞ' | 'ァ'..='ヺ' | 'ー'..='ヾ'
        | '\u{4e00}'..='\u{9fa5}' | '가'..='힣')
        || (matches!(char, 'ā'..='ž') && char.is_lowercase() && !matches!(char, 'ĳ' | 'ŀ' | 'ŉ'))
}

/// Punycode (RFC 3492 §6.3), with the parameters of §5.
fn punycode(label: &[char]) -> Option<String> {
    const BASE: u32 = 36;
    const T_MIN: u32 = 1;
    const T_MAX: u32 = 26;
    let digit = |value: u32| {
        let first = if value < 26 { b'a' } else { b'0' - 26 };
        u8::try_from(value)
            .map(|value| char::from(first + value))
            .ok()
    };
    let mut out: String = label.iter().filter(|char| char.is_ascii()).collect();
    let basic = u32::try_from(out.len()).ok()?;
    if basic > 0 {
        out.push('-');
    }
    let (mut n, mut delta, mut bias, mut handled) = (128_u32, 0_u32, 72_u32, basic);
    let total = u32::try_from(label.len()).ok()?;
    while handled < total {
        let next = label
            .iter()
            .map(|char| u32::from(*char))
            .filter(|code| *code >= n)
            .min()?;
        delta = delta.checked_add((next - n).checked_mul(handled + 1)?)?;
        n = next;
        for code in label.iter().map(|char| u32::from(*char)) {
            if code < n {
                delta = delta.checked_add(1)?;
            }
            if code != n {
                continue;
            }
            let mut rest = delta;
            let mut k = BASE;
            loop {
                let threshold = k.saturating_sub(bias).clamp(T_MIN, T_MAX);
                if rest < threshold {
                    break;
                }
                out.push(digit(threshold + (rest - threshold) % (BASE - threshold))?);
                rest = (rest - threshold) / (BASE - threshold);
                k += BASE;
            }
            out.push(digit(rest)?);
            // §6.1: the next character is likely to be as far away as this one.
            let mut step = if handled == basic {
                delta / 700
            } else {
                delta / 2
            };
            step += step / (handled + 1);
            bias = 0;
            while step > (BASE - T_MIN) * T_MAX / 2 {
                step /= BASE - T_MIN;
                bias += BASE;
            }
            bias += (BASE - T_MIN + 1) * step / (step + 38);
            delta = 0;
            handled += 1;
        }
        delta = delta.checked_add(1)?;
        n += 1;
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_are_those_of_werkzeug() {
        // From Python's codec `idna`, version 2003.
        for (text, written) in [
            ("example.com", "example.com"),
            (".Ex.com:8080", "Ex.com"),
            ("..a.example", "a.example"),
            ("localhost", "localhost"),
            ("127.0.0.1:80", "127.0.0.1"),
            ("", ""),
            (":80", ""),
            ("bücher.example", "xn--bcher-kva.example"),
            ("BÜCHER.Example", "xn--bcher-kva.Example"),
            ("münchen.grün.de", "xn--mnchen-3ya.xn--grn-ioa.de"),
            ("привет.рф", "xn--b1agh1afp.xn--p1ai"),
            ("αθήνα.gr", "xn--jxafb0a0a.gr"),
            ("日本語.jp", "xn--wgv71a119e.jp"),
            ("ひらがな.jp", "xn--v8j0cwa6g.jp"),
            ("한국.kr", "xn--3e0b707e.kr"),
            ("ŵales.wales", "xn--ales-98a.wales"),
            ("\u{212a}elvin.example", "kelvin.example"),
        ] {
            assert_eq!(domain(text).as_deref(), Ok(written), "{text}");
        }
    }

    #[test]
    fn nothing_but_a_host_name_passes() {
        for bad in [
            "a;b",
            "evil.example; Path=/x",
            "a b",
            "a..b",
            "a.b.",
            "a\r\nb",
            "a\0b",
            "a,b",
            "a=b",
            "[::1]",
            "straße.de",
            "İ.example",
            "ŀ.example",
            "ﬁ.example",
            "a\u{301}.example",
            "שלום.example",
            "a\u{3002}é.example",
            "xn--é.example",
            "😀.example",
        ] {
            assert!(domain(bad).is_err(), "{bad:?}");
        }
        let label = "a".repeat(63);
        assert!(domain(&label).is_ok());
        assert!(domain(&format!("{label}a")).is_err());
        let long = [label.as_str(); 4].join(".");
        assert!(domain(&long[..DOMAIN_MAX]).is_ok());
        assert!(domain(&long).is_err());
    }
}
