//! JSON of one type, read strictly.

use apply_cookies::protocol::strict_json::{Object, printable};
use serde::de::DeserializeOwned;
use serde_path_to_error::Segment;

/// What is wrong with a text: where and why, never what stands there.
pub(crate) struct Fault {
    pub(crate) field: Option<String>,
    /// Position in the outermost list, counted from 0.
    pub(crate) item: Option<usize>,
    pub(crate) detail: String,
}

/// Reads an object: each field known, and once.
pub(crate) fn read<T: DeserializeOwned>(json: &str) -> Result<T, Fault> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let read: Result<Object<T>, _> = serde_path_to_error::deserialize(&mut deserializer);
    let Object(value) = read.map_err(|error| fault(&error))?;
    deserializer.end().map_err(|_| Fault {
        field: None,
        item: None,
        detail: "text follows after the JSON".to_owned(),
    })?;
    Ok(value)
}

/// serde's messages quote the input, so only their kind is kept.
fn fault(error: &serde_path_to_error::Error<serde_json::Error>) -> Fault {
    let (mut field, mut item) = (None, None);
    for segment in error.path() {
        match segment {
            Segment::Seq { index } => item = item.or(Some(*index)),
            Segment::Map { key } => field = Some(printable(key)),
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    let inner = error.inner();
    let message = inner.to_string();
    // serde's own messages have the names of our types there.
    let named = || message.split('`').nth(1).map(printable);
    let detail = if !inner.is_data() {
        let (line, column) = (inner.line(), inner.column());
        return Fault {
            field: None,
            item: None,
            detail: format!("not valid JSON (line {line}, column {column})"),
        };
    } else if message.starts_with("unknown field") {
        "is not a known field"
    } else if message.starts_with("missing field") {
        field = named().or(field);
        "is missing"
    } else if message.starts_with("duplicate field") {
        field = named().or(field);
        "appears twice"
    } else {
        "has the wrong type, or is not one of its words"
    };
    Fault {
        field,
        item,
        detail: detail.to_owned(),
    }
}
