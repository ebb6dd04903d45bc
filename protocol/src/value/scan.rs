//! The structure of JSON that was received, in one pass over its bytes. It does not judge the syntax:
//! serde does, next.

use super::duplicates::has_duplicate_key;
use super::structure::{Facts, Structure, TooDeep};
use super::unreadable::UnreadableReason;

/// # Errors
///
/// [`UnreadableReason::TooDeep`], or those of [`check_keys`]: what comes first in the text.
pub(super) fn scan(json: &[u8]) -> Result<Facts, UnreadableReason> {
    let mut structure = Structure::new();
    let passed = pass(json, &mut structure);
    let keys = if structure.unsure {
        check_keys(json)
    } else {
        Ok(())
    };
    match (passed, keys) {
        (Err(TooDeep), Err(UnreadableReason::DuplicateKey)) => Err(UnreadableReason::DuplicateKey),
        (Err(TooDeep), _) => Err(UnreadableReason::TooDeep),
        (Ok(()), keys) => keys.map(|()| structure.facts),
    }
}

/// Refuses a key that an object has twice, however it is written, if that is seen before the JSON is
/// nested too deeply.
///
/// # Errors
///
/// [`UnreadableReason::DuplicateKey`], or [`UnreadableReason::NotJson`].
pub(super) fn check_keys(json: &[u8]) -> Result<(), UnreadableReason> {
    match has_duplicate_key(json) {
        Ok(false) => Ok(()),
        Ok(true) => Err(UnreadableReason::DuplicateKey),
        Err(_) => Err(UnreadableReason::NotJson),
    }
}

/// Bytes outside of texts that are not here mean nothing: digits, spaces, colons.
fn pass(json: &[u8], structure: &mut Structure) -> Result<(), TooDeep> {
    // The next text is a key.
    let mut at_key = false;
    let mut rest = json;
    while let [byte, after @ ..] = rest {
        rest = after;
        match byte {
            b'"' => {
                let (text, escaped) = text_from(rest);
                if at_key {
                    at_key = false;
                    structure.key(text);
                    // One key can be written in several ways.
                    structure.unsure |= escaped;
                }
                // Behind the quote, if there is one.
                rest = rest.get(text.len() + 1..).unwrap_or_default();
            }
            b'{' | b'[' => {
                at_key = *byte == b'{';
                structure.open(at_key)?;
            }
            b'}' | b']' => {
                at_key = false;
                if !structure.close() {
                    // More is closed than was opened.
                    break;
                }
            }
            b',' => at_key = structure.in_object(),
            // Of `null`.
            b'n' => structure.facts.null = true,
            _ => {}
        }
    }
    Ok(())
}

/// The text up to its quote, or to the end of the JSON, and whether it contains escapes.
fn text_from(json: &[u8]) -> (&[u8], bool) {
    let mut escaped = false;
    let mut at = 0;
    loop {
        // Most of a value is text: eight bytes at a time.
        while let Some(word) = json.get(at..).and_then(<[u8]>::first_chunk) {
            let word = u64::from_le_bytes(*word);
            let found = equal(word, b'"') | equal(word, b'\\');
            at += found.trailing_zeros() as usize / 8;
            if found != 0 {
                break;
            }
        }
        match json.get(at) {
            Some(b'"') => return (&json[..at], escaped),
            Some(b'\\') => {
                escaped = true;
                at += 2;
            }
            Some(_) => at += 1,
            None => return (json, escaped),
        }
    }
}

/// The highest bit of the first byte of the word that equals this one, and perhaps those of later
/// ones; none if no byte does. The first is the lowest.
const fn equal(word: u64, byte: u8) -> u64 {
    const LOW: u64 = u64::from_le_bytes([0x01; 8]);
    const HIGH: u64 = u64::from_le_bytes([0x80; 8]);
    let zero = word ^ (LOW * byte as u64);
    zero.wrapping_sub(LOW) & !zero & HIGH
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Also where the keys are not certain: by escapes, and by more than are remembered.
    #[test]
    fn of_a_key_twice_and_too_deep_the_first_in_the_text_is_named() {
        use UnreadableReason::{DuplicateKey, TooDeep};
        let keys: Vec<String> = (0..40).map(|n| format!("\"k{n}\":1,")).collect();
        let many = keys.concat();
        let deep = format!("{}1{}", "[".repeat(300), "]".repeat(300));
        for (json, first) in [
            (format!(r#"{{"a":1,"a":{deep}}}"#), DuplicateKey),
            (format!(r#"{{"a":1,"\u0061":{deep}}}"#), DuplicateKey),
            (format!(r#"{{"a":{deep},"a":1}}"#), TooDeep),
            (format!(r#"{{"a":1,"\u0062":{deep},"a":1}}"#), TooDeep),
            (format!(r#"{{{many}"x":{deep},"k1":2}}"#), TooDeep),
            (format!(r#"{{{many}"k1":2,"x":{deep}}}"#), DuplicateKey),
        ] {
            assert_eq!(scan(json.as_bytes()).unwrap_err(), first, "{json}");
        }
    }

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
    fn text_that_is_no_json_is_not_taken_for_a_key_too_many() {
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
            let scanned = scan(text.as_bytes());
            assert!(
                matches!(scanned, Ok(_) | Err(UnreadableReason::NotJson)),
                "{text}"
            );
        }
    }
}
