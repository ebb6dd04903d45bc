//! The reader finds a cookie if and only if a slower, simpler reading does.

use apply_cookies_protocol::{CookieHeader, Lookup};

pub fn cookie_header(data: &[u8]) {
    let Some((first, second)) = crate::input::<(&[u8], &[u8])>(data) else {
        return;
    };
    for name in ["sid", "__Host-sid"] {
        let mut values = Vec::new();
        for pair in [first, second].iter().flat_map(|f| f.split(|b| *b == b';')) {
            let pair = trimmed_at_start(pair);
            if let Some(value) = pair.strip_prefix(format!("{name}=").as_bytes()) {
                let end = value
                    .iter()
                    .rposition(|byte| !is_space(*byte))
                    .map_or(0, |last| last + 1);
                values.push(trimmed_at_start(&value[..end]));
            }
        }
        let expected = match values[..] {
            [] => Lookup::Absent,
            [one] => Lookup::One(one),
            _ => Lookup::Duplicate,
        };
        assert_eq!(CookieHeader::new([first, second]).find(name), expected);
    }
}

fn is_space(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

fn trimmed_at_start(bytes: &[u8]) -> &[u8] {
    let start = bytes.iter().position(|byte| !is_space(*byte));
    &bytes[start.unwrap_or(bytes.len())..]
}
