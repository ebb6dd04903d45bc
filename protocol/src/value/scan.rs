//! Two facts about JSON that serde does not report, in one pass over its bytes: how deeply it is
//! nested, and whether an object has a key twice. It does not judge the syntax: serde does, next.

use std::borrow::Cow;

use super::unreadable::UnreadableReason;
use crate::limits::VALUE_DEPTH_MAX;

/// The result of a pass over text that is not nested too deeply and has each key once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Scanned {
    /// The text begins as an object.
    pub(super) object: bool,
    /// `null` occurs somewhere. `NaN` is written so too.
    pub(super) null: bool,
}

/// An object or a list that is open.
#[derive(Clone, Copy, Default)]
struct Open {
    object: bool,
    /// The next text is a key.
    at_key: bool,
    /// Where its keys begin in the list of all that are open.
    keys: usize,
}

/// # Errors
///
/// [`UnreadableReason::TooDeep`] or [`UnreadableReason::DuplicateKey`].
pub(super) fn scan(json: &[u8]) -> Result<Scanned, UnreadableReason> {
    let first = json.iter().find(|byte| !byte.is_ascii_whitespace());
    let mut scanned = Scanned {
        object: first == Some(&b'{'),
        null: false,
    };
    let mut open = [Open::default(); VALUE_DEPTH_MAX];
    let mut depth: usize = 0;
    let mut keys: Vec<&[u8]> = Vec::new();
    let mut at = 0;
    while let Some(byte) = json.get(at) {
        match byte {
            b'"' => {
                let text = text_from(&json[at..]);
                at += text.len();
                if let Some(innermost) = depth.checked_sub(1).map(|last| &mut open[last])
                    && innermost.at_key
                {
                    innermost.at_key = false;
                    keys.push(text);
                }
                continue;
            }
            b'{' | b'[' => {
                let object = *byte == b'{';
                *open.get_mut(depth).ok_or(UnreadableReason::TooDeep)? = Open {
                    object,
                    at_key: object,
                    keys: keys.len(),
                };
                depth += 1;
            }
            b'}' | b']' => {
                let Some(last) = depth.checked_sub(1) else {
                    // More is closed than was opened.
                    return Ok(scanned);
                };
                depth = last;
                let own = open[last].keys;
                if has_duplicate(&mut keys[own..]) {
                    return Err(UnreadableReason::DuplicateKey);
                }
                keys.truncate(own);
            }
            b',' => {
                if let Some(innermost) = depth.checked_sub(1).map(|last| &mut open[last]) {
                    innermost.at_key = innermost.object;
                }
            }
            b'n' => scanned.null = true,
            _ => {}
        }
        at += 1;
    }
    Ok(scanned)
}

/// The text at the beginning of `json`, with its quotes, or all of it when the text never ends.
fn text_from(json: &[u8]) -> &[u8] {
    let mut at = 1;
    while let Some(rest) = json.get(at..) {
        match rest.iter().position(|byte| matches!(byte, b'"' | b'\\')) {
            Some(next) if rest[next] == b'"' => return &json[..=at + next],
            Some(next) => at += next + 2,
            None => break,
        }
    }
    json
}

/// Up to this many keys are compared pairwise: nearly every object has no more, and needs no
/// sorting. For more, that would be quadratic.
const FEW: usize = 8;

fn has_duplicate(keys: &mut [&[u8]]) -> bool {
    if keys.iter().any(|key| key.contains(&b'\\')) {
        // With escapes, one key can be written in several ways.
        let mut keys: Vec<Cow<'_, [u8]>> = keys.iter().map(|key| unescaped(key)).collect();
        keys.sort_unstable();
        return keys.windows(2).any(|pair| pair[0] == pair[1]);
    }
    if keys.len() <= FEW {
        return (1..keys.len()).any(|later| keys[..later].contains(&keys[later]));
    }
    keys.sort_unstable();
    keys.windows(2).any(|pair| pair[0] == pair[1])
}

fn unescaped(key: &[u8]) -> Cow<'_, [u8]> {
    match serde_json::from_slice::<String>(key) {
        Ok(text) => Cow::Owned(format!("\"{text}\"").into_bytes()),
        // Not JSON, as serde will say.
        Err(_) => Cow::Borrowed(key),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_and_keys_within_texts_do_not_count() {
        for json in [
            r#"{"a":"{[{[{[{[{[","b":"\"{\"a\":1,\"a\":2}"}"#,
            r#"{"a":["a","a"],"b":{"a":"a"}}"#,
            r#"[{"a":1},{"a":1}]"#,
            r#"{"a\"":1,"a":2}"#,
            r#"{"a":1,"b":[{"c":1}],"c":{}}"#,
        ] {
            assert!(scan(json.as_bytes()).is_ok(), "{json}");
        }
    }

    #[test]
    fn null_and_the_outermost_object_are_seen() {
        let seen = |json: &str| {
            let scanned = scan(json.as_bytes()).unwrap();
            (scanned.object, scanned.null)
        };
        assert_eq!(seen(r#" {"a":null}"#), (true, true));
        assert_eq!(seen(r#"{"null":"null"}"#), (true, false));
        assert_eq!(seen("[null]"), (false, true));
        assert_eq!(seen(""), (false, false));
    }

    #[test]
    fn text_that_is_no_json_is_left_to_serde() {
        for text in [
            "}",
            "]]",
            "\"",
            "\"\\",
            "{\"a\":1,\"a",
            "{\"a\",\"b\"",
            "{,,,",
            "\\\"",
            "{\"\\u\":1}",
        ] {
            assert!(scan(text.as_bytes()).is_ok(), "{text}");
        }
    }
}
