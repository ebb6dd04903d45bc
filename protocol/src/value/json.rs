//! A value as JSON, which is how a cookie class is written (SPEC §12.4).
//!
//! serde alone is too lenient: it accepts a list for a struct, lets the last of two equal keys win
//! in a map, and writes `NaN` as `null`. So the text is scanned before serde reads it, and anything
//! that may have gone wrong in writing is read back before it is sent.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use serde_path_to_error::Segment;

use super::scan::{Scanned, scan};
use super::unreadable::{Unreadable, UnreadableReason};
use crate::json::printable;

/// Reads an object of a class.
pub(crate) fn read<T: DeserializeOwned>(json: &[u8]) -> Result<T, Unreadable> {
    let scanned = scan(json)?;
    deserialize(json, scanned)
}

fn deserialize<T: DeserializeOwned>(json: &[u8], scanned: Scanned) -> Result<T, Unreadable> {
    let text = std::str::from_utf8(json).map_err(|_| UnreadableReason::NotJson)?;
    let error = match serde_json::from_str(text) {
        Ok(value) if scanned.object => return Ok(value),
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
pub(crate) fn write<T>(value: &T, out: &mut Vec<u8>) -> Result<(), Unreadable>
where
    T: Serialize + DeserializeOwned,
{
    let start = out.len();
    serde_json::to_writer(&mut *out, value).map_err(|_| UnreadableReason::WrongType)?;
    let json = &out[start..];
    let scanned = scan(json)?;
    if !scanned.object {
        return Err(UnreadableReason::WrongType.into());
    }
    // `null` may have been `NaN`. A class whose `Serialize` and `Deserialize` disagree is a bug,
    // and the first debug build that writes it finds it.
    if scanned.null || cfg!(debug_assertions) {
        deserialize::<T>(json, scanned)?;
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
