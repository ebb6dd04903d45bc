//! A value as JSON: what a cookie class is written as (SPEC §12.4).
//!
//! serde alone is too kind: it takes a list for a struct, lets the last of two equal keys win in
//! a map, and writes `NaN` as `null`. So the text is looked over before serde reads it, and what
//! is written is read back before it is sent.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

use serde::Serialize;
use serde::de::{self, Deserialize, DeserializeOwned, DeserializeSeed, MapAccess, SeqAccess};

use super::unreadable::{Unreadable, UnreadableReason};
use crate::json::{Object, printable};
use crate::limits::VALUE_DEPTH_MAX;

/// Reads an object of a class.
pub(crate) fn read<T: DeserializeOwned>(json: &[u8]) -> Result<T, Unreadable> {
    check(json)?;
    // No `end()`: the check above has read to the end.
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    Object::<T>::deserialize(&mut deserializer)
        .map(|Object(value)| value)
        .map_err(|_| Unreadable::at(UnreadableReason::WrongType, field_at_fault::<T>(json)))
}

/// Where the class and the JSON disagree. A second reading, so that good cookies do not pay for
/// keeping track.
fn field_at_fault<T: DeserializeOwned>(json: &[u8]) -> Option<String> {
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let error = serde_path_to_error::deserialize::<_, Object<T>>(&mut deserializer).err()?;
    error
        .path()
        .iter()
        .next()
        .map(|_| printable(&error.path().to_string()))
}

/// Appends an object of a class as compact JSON, and makes sure that it can be read back.
pub(crate) fn write<T>(value: &T, out: &mut Vec<u8>) -> Result<(), Unreadable>
where
    T: Serialize + DeserializeOwned,
{
    let start = out.len();
    serde_json::to_writer(&mut *out, value).map_err(|_| UnreadableReason::WrongType)?;
    read::<T>(&out[start..]).map(|_| ())
}

/// Checks that a value is JSON which every reader reads alike: each key of an object once, and
/// not nested deeper than eight. For tools, which have no type to read it into.
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
    check(value)?;
    std::str::from_utf8(value).map_err(|_| UnreadableReason::NotJson.into())
}

/// The same for a value that is read as a class next.
fn check(json: &[u8]) -> Result<(), UnreadableReason> {
    let fault = Cell::new(UnreadableReason::NotJson);
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    Checked {
        depth: 0,
        fault: &fault,
    }
    .deserialize(&mut deserializer)
    .and_then(|()| deserializer.end())
    .map_err(|_| fault.get())
}

/// Reads any value and keeps nothing of it.
#[derive(Clone, Copy)]
struct Checked<'f> {
    depth: usize,
    fault: &'f Cell<UnreadableReason>,
}

impl Checked<'_> {
    fn fail<E: de::Error>(self, reason: UnreadableReason) -> E {
        self.fault.set(reason);
        E::custom(reason.as_str())
    }

    /// One level further in.
    fn enter<E: de::Error>(self) -> Result<Self, E> {
        if self.depth == VALUE_DEPTH_MAX {
            return Err(self.fail(UnreadableReason::TooDeep));
        }
        Ok(Self {
            depth: self.depth + 1,
            ..self
        })
    }
}

impl<'de> DeserializeSeed<'de> for Checked<'_> {
    type Value = ();

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> de::Visitor<'de> for Checked<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let inside = self.enter()?;
        while items.next_element_seed(inside)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let inside = self.enter()?;
        let mut keys: Vec<Key<'de>> = Vec::new();
        while let Some(key) = entries.next_key::<Key<'de>>()? {
            entries.next_value_seed(inside)?;
            keys.push(key);
        }
        // Sorted at the end: comparing each with all before it would be quadratic.
        keys.sort_unstable();
        if keys.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(self.fail(UnreadableReason::DuplicateKey));
        }
        Ok(())
    }
}

/// A key, borrowed from the text unless it holds an escape.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Key<'k>(Cow<'k, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;

        impl<'de> de::Visitor<'de> for KeyVisitor {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_borrowed_str<E>(self, key: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(key)))
            }

            fn visit_str<E>(self, key: &str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(key.to_owned())))
            }
        }

        deserializer.deserialize_str(KeyVisitor)
    }
}
