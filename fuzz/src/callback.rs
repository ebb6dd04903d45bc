//! The query of a callback against a slower reader: each name stands once, and has what it says
//! (application/x-www-form-urlencoded, WHATWG URL §5.1).

use std::collections::BTreeMap;

use apply_cookies_auth::fuzzing::Parameters;

/// One text of a query, byte by byte.
fn decoded(text: &str) -> String {
    let (bytes, mut out, mut at) = (text.as_bytes(), Vec::new(), 0);
    while at < bytes.len() {
        let digits = bytes
            .get(at + 1..at + 3)
            .and_then(|two| std::str::from_utf8(two).ok());
        let digits = digits.filter(|two| two.bytes().all(|byte| byte.is_ascii_hexdigit()));
        match (bytes[at], digits) {
            (b'%', Some(two)) => {
                out.push(u8::from_str_radix(two, 16).unwrap());
                at += 2;
            }
            (b'+', _) => out.push(b' '),
            (byte, _) => out.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// `None` if a name stands twice, or there are too many.
fn expected(query: &str) -> Option<BTreeMap<String, String>> {
    let mut all = BTreeMap::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        if all.insert(decoded(name), decoded(value)).is_some() {
            return None;
        }
    }
    (query.len() <= 8 * 1024 && all.len() <= 32).then_some(all)
}

pub fn callback(data: &[u8]) {
    let query = String::from_utf8_lossy(data);
    let read = Parameters::read(&query);
    let expected = expected(&query);
    assert_eq!(read.is_some(), expected.is_some(), "{query}");
    let Some((read, expected)) = read.zip(expected) else {
        return;
    };
    for (name, value) in [
        ("state", &read.state),
        ("code", &read.code),
        ("iss", &read.iss),
        ("error", &read.error),
        ("error_description", &read.error_description),
    ] {
        assert_eq!(
            value.as_deref(),
            expected.get(name).map(String::as_str),
            "{name}"
        );
    }
}
