//! JSON that all readers read alike.

use apply_cookies::protocol::check_json;
use serde_json::{Map, Value};

use super::Fault;

/// An object in which no name comes twice, at any depth and however it is escaped, nested at most eight
/// deep.
pub(crate) fn strict_object(json: &[u8]) -> Result<Map<String, Value>, Fault> {
    let text = check_json(json).map_err(|error| Fault::new(error.to_string()))?;
    serde_json::from_str(text).map_err(|_| Fault::new("is not a JSON object"))
}
