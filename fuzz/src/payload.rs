//! Under the seal, through the codec's entrance: a payload that decodes has one encoding, and lines
//! that can be emitted are what a browser stores.

use apply_cookies_protocol::limits::SET_COOKIE_LINES_MAX;

use crate::browser::parse;

pub fn payload(data: &[u8]) {
    let Some(opened) = apply_cookies_protocol::fuzzing::open_payload(data) else {
        return;
    };
    assert_eq!(opened.encoded, data);
    let Some(lines) = opened.lines else {
        return;
    };
    let bytes: usize = lines
        .iter()
        .map(|line| format!("Set-Cookie: {line}\r\n").len())
        .sum();
    assert!(bytes <= SET_COOKIE_LINES_MAX);
    assert!((1..=20).contains(&lines.len()));
    for line in lines {
        parse(&line).expect("a browser stores it");
    }
}
