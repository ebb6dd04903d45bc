//! The reader finds a cookie if and only if a slower, simpler reading does.
#![no_main]

use apply_cookies_protocol::{CookieHeader, Found};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&[u8], &[u8])| {
    let (first, second) = input;
    let mut values = Vec::new();
    for field in [first, second] {
        for pair in field.split(|byte| *byte == b';') {
            let start = pair.iter().position(|b| *b != b' ' && *b != b'\t');
            let pair = &pair[start.unwrap_or(pair.len())..];
            if let Some(value) = pair.strip_prefix(b"sid=") {
                let value: &[u8] = value;
                let from = value.iter().position(|b| *b != b' ' && *b != b'\t');
                let to = value.iter().rposition(|b| *b != b' ' && *b != b'\t');
                values.push(match (from, to) {
                    (Some(from), Some(to)) => &value[from..=to],
                    _ => b"",
                });
            }
        }
    }
    let expected = match values[..] {
        [] => Found::Absent,
        [one] => Found::One(one),
        _ => Found::Duplicate,
    };
    assert_eq!(CookieHeader::new([first, second]).find("sid"), expected);
});
