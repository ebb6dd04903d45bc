//! The content of a cookie's value: JSON, or any text. For the internal API and the tools.

use apply_cookies::protocol::check_json;
use apply_cookies::{Unreadable, UnreadableReason};
use serde_json::json;

/// What is written into a value: the text itself, or JSON in its shortest form.
pub(crate) fn written(content: &[u8], is_text: bool) -> Result<String, Unreadable> {
    if is_text {
        let text = std::str::from_utf8(content);
        return text
            .map(str::to_owned)
            .map_err(|_| UnreadableReason::Malformed.into());
    }
    check_json(content).map(compact)
}

/// What was read from a value, as JSON.
pub(crate) fn shown(content: &[u8], is_text: bool) -> Result<String, Unreadable> {
    let content = written(content, is_text)?;
    // JSON not through a JSON value, which would rewrite its numbers and the order of its keys.
    Ok(if is_text {
        json!(content).to_string()
    } else {
        content
    })
}

/// JSON without the spaces between its tokens, so that it fits on one line and takes little room in
/// a cookie. The order of keys and the form of numbers stay.
fn compact(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let (mut in_text, mut escaped) = (false, false);
    for char in json.chars() {
        if !in_text && char.is_ascii_whitespace() {
            continue;
        }
        in_text ^= char == '"' && !escaped;
        escaped = in_text && char == '\\' && !escaped;
        out.push(char);
    }
    out
}
