//! A refused operation: the field and the rule, never the offending bytes.

use std::fmt;

use super::rule::Rule;

/// A field of an operation, named as in its JSON form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Field {
    /// The `Domain` attribute.
    Domain,
    /// The `HttpOnly` attribute.
    HttpOnly,
    /// The `Max-Age` attribute.
    MaxAge,
    /// The cookie's name.
    Name,
    /// The list of operations itself.
    Operations,
    /// The `Partitioned` attribute.
    Partitioned,
    /// The `Path` attribute.
    Path,
    /// The `SameSite` attribute.
    SameSite,
    /// The `Secure` attribute.
    Secure,
    /// The cookie's value.
    Value,
}

impl Field {
    /// The name of the field in a JSON batch.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Domain => "domain",
            Self::HttpOnly => "http_only",
            Self::MaxAge => "max_age",
            Self::Name => "name",
            Self::Operations => "operations",
            Self::Partitioned => "partitioned",
            Self::Path => "path",
            Self::SameSite => "same_site",
            Self::Secure => "secure",
            Self::Value => "value",
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A refused operation. Names the field and the rule, never the value.
///
/// ```
/// use apply_cookies_protocol::{Operation, SetCookie};
///
/// let error = Operation::try_from(SetCookie::new("bad name", "v")).unwrap_err();
/// assert_eq!(error.field().as_str(), "name");
/// assert!(error.to_string().starts_with("name: may hold only"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {rule}{}", self.note())]
pub struct OperationError {
    field: Field,
    rule: Rule,
}

impl OperationError {
    pub(crate) const fn new(field: Field, rule: Rule) -> Self {
        Self { field, rule }
    }

    const fn note(&self) -> &'static str {
        match (self.field, self.rule) {
            (Field::Value, Rule::TooLong { .. }) => " (of name and encoded value together)",
            _ => "",
        }
    }

    /// The field to change.
    #[must_use]
    pub const fn field(&self) -> Field {
        self.field
    }

    /// The rule that it breaks.
    #[must_use]
    pub const fn rule(&self) -> Rule {
        self.rule
    }
}
