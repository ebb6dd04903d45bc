//! The member in values that are encrypted here: the cookie's name, and when the value ends.
//!
//! Mesop encrypts the values of all cookies under one key and without an end, so that a value can
//! be moved to another cookie and outlives its `Max-Age` (threat M17). Its reader ignores members
//! that a class has no field for; so ours comes before the others, and is enforced whenever it is
//! present. A value that Mesop wrote has none.
//!
//! ```text
//! {"__apply_cookies": ["session", 1760003600000], "username": "ada"}
//! ```

use serde::de::{self, IgnoredAny, MapAccess};
use serde_json::Value;

use crate::time::UnixMillis;

const START: &str = r#"{"__apply_cookies": ["#;
const KEY: &str = "__apply_cookies";

/// Puts the member into the text of an object; any other JSON has no room for it, and is left as it
/// is.
pub(super) fn insert(json: &str, name: &str, end: Option<UnixMillis>) -> String {
    let Some(rest) = json.strip_prefix('{') else {
        return json.to_owned();
    };
    let name = Value::from(name);
    let end = end.map_or_else(|| "null".to_owned(), |end| end.get().to_string());
    let comma = if rest.starts_with('}') { "" } else { ", " };
    format!("{START}{name}, {end}]{comma}{rest}")
}

/// A member that is not in our form, or not where we write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Misplaced;

/// The content of the member.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) name: String,
    pub(super) end: Option<UnixMillis>,
}

/// Takes the member out of a text.
pub(super) fn take(text: &str) -> Result<(Option<Member>, String), Misplaced> {
    let Some(rest) = text.strip_prefix(START) else {
        return if names_the_key(text) {
            Err(Misplaced)
        } else {
            Ok((None, text.to_owned()))
        };
    };
    // Neither names nor times contain a bracket.
    let (list, rest) = rest.split_once(']').ok_or(Misplaced)?;
    let list: Vec<Value> = serde_json::from_str(&format!("[{list}]")).map_err(|_| Misplaced)?;
    let rest = match rest.strip_prefix(", ") {
        Some(members) => format!("{{{members}"),
        None if rest == "}" => "{}".to_owned(),
        None => return Err(Misplaced),
    };
    // Two would be ambiguous, so a second one is refused.
    if names_the_key(&rest) {
        return Err(Misplaced);
    }
    let [Value::String(name), end] = list.as_slice() else {
        return Err(Misplaced);
    };
    let end = match end {
        Value::Null => None,
        end => Some(end.as_u64().and_then(UnixMillis::new).ok_or(Misplaced)?),
    };
    let name = name.clone();
    Ok((Some(Member { name, end }), rest))
}

/// Whether an object has our member at its outermost level.
fn names_the_key(text: &str) -> bool {
    // An escape could spell it too.
    (text.contains(KEY) || text.contains('\\'))
        && serde_json::from_str::<Named>(text).is_ok_and(|named| named.0)
}

struct Named(bool);

impl<'de> de::Deserialize<'de> for Named {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Keys;

        impl<'de> de::Visitor<'de> for Keys {
            type Value = Named;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Named, A::Error> {
                let mut found = false;
                while let Some((key, IgnoredAny)) = map.next_entry::<String, IgnoredAny>()? {
                    found |= key == KEY;
                }
                Ok(Named(found))
            }
        }

        deserializer.deserialize_map(Keys)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_in_is_taken_out() {
        let end = UnixMillis::from_secs(1_760_000_000);
        for json in ["{}", r#"{"a": 1}"#, r#"{"a": "]}", "b": [1]}"#] {
            for (name, end) in [("session", end), ("s", None)] {
                let text = insert(json, name, end);
                let member = Member {
                    name: name.to_owned(),
                    end,
                };
                assert_eq!(take(&text), Ok((Some(member), json.to_owned())), "{text}");
            }
        }
        assert_eq!(insert("[1]", "session", None), "[1]");
        assert_eq!(take(r#"{"a": 1}"#), Ok((None, r#"{"a": 1}"#.to_owned())));
        let value = r#"{"a": "\"__apply_cookies\""}"#;
        assert_eq!(take(value), Ok((None, value.to_owned())));
    }

    #[test]
    fn a_member_elsewhere_or_of_another_form_is_refused() {
        for text in [
            r#"{"a": 1, "__apply_cookies": ["session", null]}"#,
            r#"{"__apply_cookies":["session",null]}"#,
            r#"{"__apply_cookie\u0073": ["other", null], "a": 1}"#,
            r#"{"__apply_cookies": ["session", null], "__apply_cookies": ["other", null]}"#,
            r#"{"__apply_cookies": ["session"]}"#,
            r#"{"__apply_cookies": ["session", null, 1]}"#,
            r#"{"__apply_cookies": ["session", -1]}"#,
            r#"{"__apply_cookies": [1, null]}"#,
            r#"{"__apply_cookies": ["session", null]"#,
            r#"{"__apply_cookies": ["session", 999999999999999999]}"#,
            r#"{"__apply_cookies": null}"#,
        ] {
            assert_eq!(take(text), Err(Misplaced), "{text}");
        }
    }
}
