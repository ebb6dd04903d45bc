//! JSON that is not a batch or an operation: the field and the rule, never the content.

use std::fmt;

use serde_path_to_error::Segment;

use crate::cookie::{Field, OperationError};

/// A refused JSON batch: `field: reason`, with the operation's number where it helps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchError {
    field: String,
    operation: Option<usize>,
    reason: String,
    is_rule: bool,
}

impl BatchError {
    /// The field to change, named as in JSON; `operations` for the list as a whole, `batch` or
    /// `operation` when the text is not JSON.
    #[must_use]
    pub fn field(&self) -> &str {
        &self.field
    }

    /// Position of the operation in the batch, counted from 0.
    #[must_use]
    pub fn operation(&self) -> Option<usize> {
        self.operation
    }

    /// The rule that it breaks.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// Whether it breaks a rule for cookies (SPEC §4). Otherwise it does not have the form of §7.
    #[must_use]
    pub fn is_rule(&self) -> bool {
        self.is_rule
    }

    pub(crate) fn whole(reason: &str) -> Self {
        Self {
            field: Field::Operations.as_str().to_owned(),
            operation: None,
            reason: reason.to_owned(),
            is_rule: false,
        }
    }

    pub(super) fn at(operation: Option<usize>, field: &str, reason: impl fmt::Display) -> Self {
        Self {
            field: field.to_owned(),
            operation,
            reason: reason.to_string(),
            is_rule: false,
        }
    }

    pub(crate) fn from_operation(index: Option<usize>, error: OperationError) -> Self {
        Self {
            is_rule: true,
            ..Self::at(index, error.field().as_str(), error.rule())
        }
    }

    /// serde's messages quote the input, which may be a cookie's value, so only their kind is kept.
    pub(super) fn from_json(
        error: &serde_path_to_error::Error<serde_json::Error>,
        text: &str,
        outermost: &str,
    ) -> Self {
        let mut field = outermost.to_owned();
        let mut operation = None;
        for segment in error.path() {
            match segment {
                Segment::Seq { index } => operation = Some(*index),
                Segment::Map { key } => field.clone_from(key),
                Segment::Enum { .. } | Segment::Unknown => {}
            }
        }
        let inner = error.inner();
        let message = inner.to_string();
        // The name in a message of serde's own, if it is one of ours: another is the input's text.
        let named = |start: &str| {
            let rest = message.strip_prefix(start)?;
            NAMES.into_iter().find(|name| {
                rest.strip_prefix(name)
                    .is_some_and(|rest| rest.starts_with('`'))
            })
        };
        let reason = if !inner.is_data() {
            return Self {
                field: text.to_owned(),
                operation: None,
                reason: format!("is not valid JSON (column {})", inner.column()),
                is_rule: false,
            };
        } else if message.starts_with("missing field") {
            field = named("missing field `").unwrap_or(&field).to_owned();
            "is missing"
        } else if message.starts_with("unknown field") {
            "is not a known field"
        } else if message.starts_with("duplicate field") {
            field = named("duplicate field `").unwrap_or(&field).to_owned();
            "appears twice"
        } else if matches!(error.path().iter().next_back(), Some(Segment::Seq { .. })) {
            "must be an object"
        } else {
            expected(&field, &message)
        };
        Self {
            field: printable(&field),
            operation,
            reason: reason.to_owned(),
            is_rule: false,
        }
    }
}

/// Every field of a batch.
const NAMES: [&str; 11] = [
    "op",
    "name",
    "value",
    "max_age",
    "path",
    "domain",
    "secure",
    "http_only",
    "same_site",
    "partitioned",
    "operations",
];

/// What a field takes, with its words and its range.
fn expected(field: &str, message: &str) -> &'static str {
    match field {
        "op" => r#"must be "set" or "delete""#,
        "name" | "value" => "must be text",
        "path" | "domain" => "must be text, or null",
        "max_age" if message.starts_with(MESOP_AGE) => MESOP_AGE,
        "max_age" => "must be a whole number of seconds from 0 to 34560000, or null",
        "secure" | "http_only" | "partitioned" => "must be true or false",
        "same_site" => r#"must be "Strict", "Lax" or "None", or null"#,
        "operations" => "must be a list of operations, in an object",
        _ => "must be an object",
    }
}

/// The profile `mesop` takes other ages, and says so itself.
pub(crate) const MESOP_AGE: &str =
    "must be a number of seconds that ends in the years 1 to 9999, or null";

/// A field's name in a form/// A field's name in a form that may be shown: an unknown one is the input's own text.
#[must_use]
pub fn printable(field: &str) -> String {
    if !field.is_empty() && field.len() <= 40 && field.bytes().all(|b| b.is_ascii_graphic()) {
        field.to_owned()
    } else {
        "field".to_owned()
    }
}

impl From<OperationError> for BatchError {
    fn from(error: OperationError) -> Self {
        Self::from_operation(None, error)
    }
}

impl fmt::Display for BatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.field)?;
        if let Some(index) = self.operation {
            write!(f, "operation {}: ", index + 1)?;
        }
        f.write_str(&self.reason)
    }
}

impl std::error::Error for BatchError {}
