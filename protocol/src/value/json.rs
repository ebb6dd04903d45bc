//! A value as JSON, which is how a cookie class is written (SPEC §12.4).
//!
//! serde alone is too lenient: it accepts a list for a struct, lets the last of two equal keys win
//! in a map, and writes `NaN` as `null`. So the text is scanned before serde reads it, and watched
//! while serde writes it; anything that may have gone wrong in writing is read back before it is sent.

use std::borrow::Cow;
use std::io;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use serde_path_to_error::Segment;

use super::formatter::Watching;
use super::percent::{Encoder, decode_into, finish};
use super::scan::{check_keys, scan};
use super::structure::{Facts, Structure};
use super::unreadable::{Unreadable, UnreadableReason};
use crate::json::printable;

/// Reads an object of a class.
pub(crate) fn read<T: DeserializeOwned>(json: &[u8]) -> Result<T, Unreadable> {
    let facts = scan(json)?;
    deserialize(json, facts)
}

fn deserialize<T: DeserializeOwned>(json: &[u8], facts: Facts) -> Result<T, Unreadable> {
    let text = std::str::from_utf8(json).map_err(|_| UnreadableReason::NotJson)?;
    let error = match serde_json::from_str(text) {
        Ok(value) if facts.object => return Ok(value),
        Ok(_) => return Err(UnreadableReason::WrongType.into()),
        Err(error) => error,
    };
    Err(match error.classify() {
        Category::Data => Unreadable::at(UnreadableReason::WrongType, field_at_fault::<T>(text)),
        Category::Io | Category::Syntax | Category::Eof => UnreadableReason::NotJson.into(),
    })
}

/// The field where the class and the JSON disagree. Found by reading again, so that good cookies do
/// not pay for keeping track.
fn field_at_fault<T: DeserializeOwned>(json: &str) -> Option<String> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let error = serde_path_to_error::deserialize::<_, T>(&mut deserializer).err()?;
    let mut segments = error.path().iter();
    // The outermost key is a field that the class declares. Deeper keys may be a map's own, and so
    // part of the value.
    let Segment::Map { key } = segments.next()? else {
        return None;
    };
    let mut field = printable(key);
    for segment in segments {
        let Segment::Seq { index } = segment else {
            break;
        };
        field = format!("{field}[{index}]");
    }
    Some(field)
}

/// Appends an object of a class as compact JSON, if that can be read back.
pub(super) fn write<T>(value: &T, out: &mut Vec<u8>) -> Result<(), Unreadable>
where
    T: Serialize + DeserializeOwned,
{
    let start = out.len();
    let mut structure = Structure::new();
    serialize(value, &mut *out, &mut structure)?;
    judge::<T>(&structure, || Cow::Borrowed(&out[start..]))
}

/// The same in the plain form: escaped while it is written, without a buffer for the JSON.
pub(super) fn write_plain<T>(value: &T) -> Result<String, Unreadable>
where
    T: Serialize + DeserializeOwned,
{
    let mut text = Vec::with_capacity(256);
    let mut structure = Structure::new();
    serialize(value, Encoder(&mut text), &mut structure)?;
    judge::<T>(&structure, || {
        let mut json = Vec::new();
        decode_into(&text, &mut json).expect("encoded here");
        Cow::Owned(json)
    })?;
    Ok(finish(text))
}

fn serialize<T: Serialize>(
    value: &T,
    out: impl io::Write,
    structure: &mut Structure,
) -> Result<(), Unreadable> {
    let watching = Watching::new(structure);
    let mut serializer = serde_json::Serializer::with_formatter(out, watching);
    let written = value.serialize(&mut serializer);
    // A type may go on after an error, and leave half a value.
    if structure.too_deep {
        return Err(UnreadableReason::TooDeep.into());
    }
    written.map_err(|_| UnreadableReason::WrongType.into())
}

/// Judges the object of a class that was written with this structure. Its JSON is looked at only
/// where something may have gone wrong.
fn judge<'j, T: DeserializeOwned>(
    structure: &Structure,
    json: impl Fn() -> Cow<'j, [u8]>,
) -> Result<(), Unreadable> {
    let facts = if structure.raw {
        scan(&json())?
    } else {
        if structure.unsure {
            check_keys(&json())?;
        }
        structure.facts
    };
    if !facts.object {
        return Err(UnreadableReason::WrongType.into());
    }
    // `null` may have been `NaN`. A class whose `Serialize` and `Deserialize` disagree is a bug,
    // and the first debug build that writes it finds it.
    if facts.null || cfg!(debug_assertions) {
        deserialize::<T>(&json(), facts)?;
    }
    Ok(())
}

/// Checks that a value is JSON that all readers read alike: each key of an object once, and not
/// nested deeper than eight. For tools, which have no type to read it into.
///
/// ```
/// use apply_cookies_protocol::{UnreadableReason, check_json};
///
/// assert_eq!(check_json(br#"{"n":1}"#), Ok(r#"{"n":1}"#));
/// let error = check_json(br#"{"n":1,"n":2}"#).unwrap_err();
/// assert_eq!(error.reason(), UnreadableReason::DuplicateKey);
/// ```
///
/// # Errors
///
/// Says which of these it is not.
pub fn check_json(value: &[u8]) -> Result<&str, Unreadable> {
    scan(value)?;
    let text = std::str::from_utf8(value).map_err(|_| UnreadableReason::NotJson)?;
    match serde_json::from_str::<serde_json::Value>(text) {
        Ok(_) => Ok(text),
        Err(_) => Err(UnreadableReason::NotJson.into()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde::ser::SerializeMap;
    use serde::{Deserialize, Serializer};
    use serde_json::{Value, json};

    use super::super::percent::encode;
    use super::*;

    fn nested() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            "[a-c\"\\\\\u{e9}{}\\[\\],:n]{0,20}".prop_map(Value::from),
        ];
        leaf.prop_recursive(12, 40, 2, |inner| {
            let key = "[a-c\"\\\\\u{e9}n]{0,9}";
            prop_oneof![
                proptest::collection::vec(inner.clone(), 1..3).prop_map(Value::from),
                proptest::collection::btree_map(key, inner, 1..5)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    fn depth(value: &Value) -> usize {
        let deepest = match value {
            Value::Object(map) => map.values().map(depth).max(),
            Value::Array(list) => list.iter().map(depth).max(),
            _ => return 0,
        };
        1 + deepest.unwrap_or(0)
    }

    proptest! {
        /// What is watched while it is written is what is found in it when it is read.
        #[test]
        fn writing_and_reading_agree_on_depth_and_keys(value in nested()) {
            let mut out = Vec::new();
            let written = write(&value, &mut out).map_err(|error| error.reason());
            let expected = match &value {
                _ if depth(&value) > crate::limits::VALUE_DEPTH_MAX => Err(UnreadableReason::TooDeep),
                Value::Object(_) => Ok(()),
                _ => Err(UnreadableReason::WrongType),
            };
            prop_assert_eq!(written, expected);
            let text = serde_json::to_string(&value).unwrap();
            if written.is_ok() {
                prop_assert_eq!(&out, text.as_bytes());
            }
            let plain = write_plain(&value).map_err(|error| error.reason());
            prop_assert_eq!(plain, written.map(|()| encode(&out)));
            let read = read::<Value>(text.as_bytes()).map_err(|error| error.reason());
            prop_assert_eq!(read.map(|_| ()), expected);
        }
    }

    #[test]
    fn an_object_is_nested_eight_deep_and_no_deeper() {
        for inner in [json!([]), json!({})] {
            for outside in [|inner| json!([inner]), |inner| json!({"a": inner, "b": 1})] {
                let mut value = inner.clone();
                for _ in 2..crate::limits::VALUE_DEPTH_MAX {
                    value = outside(value);
                }
                let good = json!({"b": value, "c": [[[]]], "d": {}});
                let deeper = json!({"b": outside(value)});
                for (value, expected) in [(good, Ok(())), (deeper, Err(UnreadableReason::TooDeep))]
                {
                    let written = write(&value, &mut Vec::new());
                    assert_eq!(written.map_err(|error| error.reason()), expected, "{value}");
                    let read = check_json(value.to_string().as_bytes()).map(|_| ());
                    assert_eq!(read.map_err(|error| error.reason()), expected, "{value}");
                }
            }
        }
    }

    #[test]
    fn a_type_cannot_hide_how_deep_it_goes() {
        #[derive(Deserialize)]
        struct Hides {}
        impl Serialize for Hides {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut map = serializer.serialize_map(None)?;
                map.serialize_entry("user", &1)?;
                let _ = map.serialize_entry("deep", &json!([[[[[[[[]]]]]]]]));
                map.end()
            }
        }
        let reason = |written: Result<(), Unreadable>| written.unwrap_err().reason();
        let sealed = write(&Hides {}, &mut Vec::new());
        assert_eq!(reason(sealed), UnreadableReason::TooDeep);
        let plain = write_plain(&Hides {}).map(|_| ());
        assert_eq!(reason(plain), UnreadableReason::TooDeep);
    }

    #[test]
    fn a_type_that_cannot_read_what_it_writes_is_found_by_a_debug_build() {
        #[derive(Deserialize)]
        struct Disagrees {
            #[expect(dead_code, reason = "never there")]
            user: String,
        }
        impl Serialize for Disagrees {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_map(Some(0))?.end()
            }
        }
        let user = String::new();
        let written = write(&Disagrees { user }, &mut Vec::new());
        assert_eq!(written.is_err(), cfg!(debug_assertions));
    }

    /// What a type does not know, serde skips, and takes for JSON what is not.
    #[test]
    fn nothing_in_an_unknown_field_hides_a_key_that_occurs_twice() {
        #[derive(Debug, Deserialize)]
        struct Known {
            #[expect(dead_code, reason = "only read")]
            perms: BTreeMap<String, bool>,
        }
        for hidden in [
            r#""\ud800""#,
            "1e999",
            r#"{"\ud800":1}"#,
            r#"["\udc00\ud800"]"#,
            "-1e400",
            r#"{"b":"\ud800","c":1}"#,
        ] {
            for json in [
                format!(r#"{{"zz":{hidden},"perms":{{"a":true,"a":false}}}}"#),
                format!(r#"{{"perms":{{"a":true,"a":false}},"zz":{hidden}}}"#),
                format!(r#"{{"perms":{{}},"zz":{{"y":{hidden},"a":1,"a":2}}}}"#),
                format!(r#"{{"perms":{{}},"zz":{hidden},"perms":{{}}}}"#),
            ] {
                let reason = read::<Known>(json.as_bytes()).unwrap_err().reason();
                let told = [UnreadableReason::DuplicateKey, UnreadableReason::NotJson];
                assert!(told.contains(&reason), "{json}: {reason:?}");
            }
        }
    }

    /// An object with these pairs, also if a key occurs twice.
    #[derive(Debug)]
    struct Pairs<K>(Vec<(K, u32)>);

    impl<K: Serialize> Serialize for Pairs<K> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut map = serializer.serialize_map(None)?;
            for (key, value) in &self.0 {
                map.serialize_entry(key, value)?;
            }
            map.end()
        }
    }

    impl<'de, K> Deserialize<'de> for Pairs<K> {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            BTreeMap::<String, u32>::deserialize(deserializer).map(|_| Self(Vec::new()))
        }
    }

    #[test]
    fn a_key_that_is_written_twice_is_refused_however_it_is_written() {
        fn check<K: Serialize>(keys: Vec<K>, duplicate: bool) {
            let pairs = Pairs(keys.into_iter().map(|key| (key, 1)).collect());
            let mut out = Vec::new();
            let expected = if duplicate {
                Err(UnreadableReason::DuplicateKey)
            } else {
                Ok(())
            };
            let written = write(&pairs, &mut out).map_err(|error| error.reason());
            assert_eq!(written, expected, "{}", String::from_utf8_lossy(&out));
        }
        let many = |n: u32| (0..n).collect::<Vec<_>>();
        check(vec!["a", "b", "a"], true);
        check(vec!["", ""], true);
        check(vec!["\n", "a", "\n"], true);
        check(vec!["a\"b", "a\"b"], true);
        check(vec!["longer than a word", "longer than a word"], true);
        check(vec![7_i64, -7, 7], true);
        check(vec![true, false, true], true);
        check(vec!['x', 'y', 'x'], true);
        check([many(100), vec![99]].concat(), true);
        check(
            ["a\"b", "ab", "a", "b", "", "\"", "aa", "a\0"].to_vec(),
            false,
        );
        check(many(100), false);
        check(vec![true, false], false);
    }
}
