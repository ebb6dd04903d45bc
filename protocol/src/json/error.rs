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

    pub(crate) fn whole(reason: &str) -> Self {
        Self {
            field: Field::Operations.as_str().to_owned(),
            operation: None,
            reason: reason.to_owned(),
        }
    }

    pub(super) fn at(operation: Option<usize>, field: &str, reason: impl fmt::Display) -> Self {
        Self {
            field: field.to_owned(),
            operation,
            reason: reason.to_string(),
        }
    }

    pub(crate) fn from_operation(index: Option<usize>, error: OperationError) -> Self {
        Self::at(index, error.field().as_str(), error.rule())
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
        let known_names = [
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
        let reason = if !inner.is_data() {
            return Self {
                field: text.to_owned(),
                operation: None,
                reason: format!("is not valid JSON (column {})", inner.column()),
            };
        } else if let Some(rest) = message.strip_prefix("missing field `") {
            if let Some(name) = known_names
                .into_iter()
                .find(|name| rest.starts_with(&format!("{name}`")))
            {
                name.clone_into(&mut field);
            }
            "is missing"
        } else if message.starts_with("unknown field") {
            "is not a known field"
        } else if let Some(rest) = message.strip_prefix("duplicate field `") {
            if let Some(name) = known_names
                .into_iter()
                .find(|name| rest.starts_with(&format!("{name}`")))
            {
                name.clone_into(&mut field);
            }
            "appears twice"
        } else if message.starts_with("unknown variant") {
            "is not one of the words allowed"
        } else {
            "has the wrong type"
        };
        Self {
            field: printable(&field),
            operation,
            reason: reason.to_owned(),
        }
    }
}

/// A field's name in a form that may be shown: an unknown one is the input's own text.
pub(crate) fn printable(field: &str) -> String {
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
