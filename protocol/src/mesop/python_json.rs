//! JSON as Python's `json.dumps` lays it out with its defaults: a space after each comma and colon,
//! only ASCII, and floats as Python's `repr` writes them. Mesop writes its cookie classes this way.

use std::fmt::LowerExp;
use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::Formatter;

/// Appends a value.
pub(super) fn write<T: Serialize + ?Sized>(
    value: &T,
    out: &mut Vec<u8>,
) -> Result<(), serde_json::Error> {
    value.serialize(&mut serde_json::Serializer::with_formatter(out, Python))
}

/// The text of a value.
///
/// # Errors
///
/// The errors of the value's `Serialize`.
pub fn write_text<T: Serialize + ?Sized>(value: &T) -> Result<String, serde_json::Error> {
    let mut out = Vec::new();
    write(value, &mut out)?;
    // Only ASCII: nothing is replaced.
    Ok(String::from_utf8_lossy(&out).into_owned())
}

struct Python;

impl Formatter for Python {
    fn begin_array_value<W: Write + ?Sized>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        separate(out, first)
    }

    fn begin_object_key<W: Write + ?Sized>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        separate(out, first)
    }

    fn begin_object_value<W: Write + ?Sized>(&mut self, out: &mut W) -> io::Result<()> {
        out.write_all(b": ")
    }

    fn write_f32<W: Write + ?Sized>(&mut self, out: &mut W, value: f32) -> io::Result<()> {
        out.write_all(float(value).as_bytes())
    }

    fn write_f64<W: Write + ?Sized>(&mut self, out: &mut W, value: f64) -> io::Result<()> {
        out.write_all(float(value).as_bytes())
    }

    fn write_string_fragment<W: Write + ?Sized>(
        &mut self,
        out: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        for char in fragment.chars() {
            if matches!(char, ' '..='~') {
                out.write_all(&[char as u8])?;
            } else {
                for unit in char.encode_utf16(&mut [0; 2]) {
                    write!(out, "\\u{unit:04x}")?;
                }
            }
        }
        Ok(())
    }
}

fn separate<W: Write + ?Sized>(out: &mut W, first: bool) -> io::Result<()> {
    if first { Ok(()) } else { out.write_all(b", ") }
}

/// A finite float as Python's `repr` writes it: the shortest digits that read back, in positional
/// notation from 1e-4 up to 1e16, and beyond that with an exponent of at least two digits.
pub(super) fn float(value: impl LowerExp) -> String {
    let shortest = format!("{value:e}");
    let (sign, shortest) = match shortest.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", shortest.as_str()),
    };
    let (mantissa, exponent) = shortest.split_once('e').unwrap_or((shortest, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    if !(-4..16).contains(&exponent) {
        let fraction = if fraction.is_empty() {
            String::new()
        } else {
            format!(".{fraction}")
        };
        let direction = if exponent < 0 { '-' } else { '+' };
        return format!("{sign}{whole}{fraction}e{direction}{:02}", exponent.abs());
    }
    let Ok(point) = usize::try_from(exponent + 1) else {
        return format!(
            "{sign}0.{digits:0>width$}",
            width = digits.len() + exponent.unsigned_abs() as usize - 1
        );
    };
    if point == 0 {
        return format!("{sign}0.{digits}");
    }
    if digits.len() <= point {
        return format!("{sign}{digits:0<point$}.0");
    }
    format!("{sign}{}.{}", &digits[..point], &digits[point..])
}

/// Reformats JSON as Python would, keeping the order of its keys and the spelling of its numbers.
/// The text must be JSON: see [`check_json`](crate::check_json).
///
/// ```
/// use apply_cookies_protocol::mesop::relayout;
///
/// assert_eq!(relayout(r#"{"b":[1,2],"a":"é"}"#), r#"{"b": [1, 2], "a": "\u00e9"}"#);
/// ```
#[must_use]
pub fn relayout(json: &str) -> String {
    let mut out = String::with_capacity(json.len() * 2);
    let mut rest = json;
    while let Some(char) = rest.chars().next() {
        if char == '"' {
            let (text, after) = rest.split_at(end_of_text(rest));
            match serde_json::from_str::<String>(text).map(|text| write_text(&text)) {
                Ok(Ok(written)) => out.push_str(&written),
                // Not JSON: left as it is.
                _ => out.push_str(text),
            }
            rest = after;
            continue;
        }
        rest = &rest[char.len_utf8()..];
        match char {
            ' ' | '\t' | '\n' | '\r' => {}
            ',' => out.push_str(", "),
            ':' => out.push_str(": "),
            _ => out.push(char),
        }
    }
    out
}

/// The length of the text in quotes that `json` starts with.
fn end_of_text(json: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in json.bytes().enumerate().skip(1) {
        match byte {
            b'"' if !escaped => return at + 1,
            b'\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    json.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn floats_are_those_of_python() {
        for (value, text) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (0.1, "0.1"),
            (1.5, "1.5"),
            (-2.25, "-2.25"),
            (100.0, "100.0"),
            (123.456, "123.456"),
            (0.0001, "0.0001"),
            (0.000_123, "0.000123"),
            (0.000_01, "1e-05"),
            (1.5e-7, "1.5e-07"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e+16"),
            (9_007_199_254_740_993.0, "9007199254740992.0"),
            (123_456_789_012_345_680.0, "1.2345678901234568e+17"),
            (1e100, "1e+100"),
            (f64::MAX, "1.7976931348623157e+308"),
            (5e-324, "5e-324"),
        ] {
            assert_eq!(float(value), text);
        }
    }

    proptest! {
        #[test]
        fn a_float_reads_back(bits: u64) {
            let value = f64::from_bits(bits);
            prop_assume!(value.is_finite());
            prop_assert_eq!(float(value).parse::<f64>().unwrap().to_bits(), bits);
        }

        #[test]
        fn values_read_back_and_are_ascii(text: String, key: String, n: i64, f in -1e300..1e300_f64) {
            let value = json!({ "text": text, "list": [n, null, true, {}], key: [[]], "f": f });
            let written = write_text(&value).unwrap();
            prop_assert!(written.is_ascii());
            prop_assert!(!written.bytes().any(|byte| byte.is_ascii_control()));
            let again: Value = serde_json::from_str(&written).unwrap();
            prop_assert_eq!(&again["text"], &value["text"]);
            prop_assert_eq!(&again["list"], &value["list"]);
            prop_assert_eq!(relayout(&value.to_string()), relayout(&written));
        }
    }

    #[test]
    fn a_new_layout_keeps_order_and_numbers() {
        assert_eq!(
            relayout("{ \"z\" :1.50,\n\"a\":[\"\\u00e9\u{1f600}, :\\\"\",-1e5 ] }"),
            r#"{"z": 1.50, "a": ["\u00e9\ud83d\ude00, :\"", -1e5]}"#,
        );
    }
}
