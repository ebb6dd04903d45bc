//! The reader of `Authorization` against a slower one, written from the standards.

use apply_cookies_auth::{Authorization, NAME_MAX, PASSWORD_MAX};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

pub fn authorization(data: &[u8]) {
    // The bytes as a field, and as what is inside of one.
    check(data);
    check(format!("Basic {}", BASE64_STANDARD.encode(data)).as_bytes());
    check(&[b"bearer ", data].concat());
}

fn check(field: &[u8]) {
    let read = Authorization::parse(field);
    // Nothing of it is ever shown.
    let shown = format!("{read:?}");
    assert!(shown.len() < 40, "{shown}");
    match (read, expected(field)) {
        (Ok(Authorization::Basic(basic)), Some(Expected::Basic(name, password))) => {
            assert_eq!(
                (basic.name, basic.password.as_bytes()),
                (name, password.as_bytes())
            );
        }
        (Ok(Authorization::Bearer(token)), Some(Expected::Bearer(text))) => {
            assert_eq!(token.as_str(), text);
        }
        (Ok(Authorization::Other), Some(Expected::Other)) | (Err(_), None) => {}
        (read, expected) => panic!("{read:?} {}", expected.is_some()),
    }
}

enum Expected {
    Basic(String, String),
    Bearer(String),
    Other,
}

fn expected(field: &[u8]) -> Option<Expected> {
    let space = field.iter().position(|byte| *byte == b' ');
    let scheme = std::str::from_utf8(&field[..space.unwrap_or(field.len())]).ok()?;
    let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    if scheme.is_empty() || !scheme.chars().all(is_token) {
        return None;
    }
    let rest = space.map_or(&b""[..], |space| &field[space..]);
    let first = rest.iter().position(|byte| *byte != b' ');
    let rest = &rest[first.unwrap_or(rest.len())..];
    match scheme.to_ascii_lowercase().as_str() {
        "basic" => {
            let bytes = BASE64_STANDARD.decode(rest).ok()?;
            // Canonical: written again, it is the same.
            assert_eq!(BASE64_STANDARD.encode(&bytes).as_bytes(), rest);
            let text = String::from_utf8(bytes).ok()?;
            let (name, password) = text.split_once(':')?;
            let fits = name.len() <= NAME_MAX && password.len() <= PASSWORD_MAX;
            let is_plain = !text.chars().any(char::is_control);
            (fits && is_plain).then(|| Expected::Basic(name.to_owned(), password.to_owned()))
        }
        "bearer" => {
            let text = std::str::from_utf8(rest).ok()?;
            let is_token = text.chars().any(|c| !c.is_whitespace())
                && !text.chars().any(char::is_control)
                && text.len() <= 16 * 1024;
            is_token.then(|| Expected::Bearer(text.to_owned()))
        }
        _ => Some(Expected::Other),
    }
}
