//! What is wrong with an operation: which field, and which rule. Never the offending bytes.

use std::fmt;

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

/// The rule that a field breaks. SPEC §4 lists the rules in the same order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// Nothing stands where something must.
    #[error("must not be empty")]
    Empty,
    /// A byte that this field may not hold.
    #[error("{0}")]
    Forbidden(&'static str),
    /// More bytes than a browser or proxy takes.
    #[error("{actual} bytes are too many, at most {max} fit")]
    TooLong {
        /// Bytes that were given.
        actual: usize,
        /// Bytes that fit.
        max: usize,
    },
    /// A number above the largest allowed.
    #[error("{actual} is too large, at most {max} is kept by browsers")]
    TooLarge {
        /// The number given.
        actual: u64,
        /// The largest allowed.
        max: u64,
    },
    /// The field contradicts the name's prefix.
    #[error("{0}")]
    Prefix(&'static str),
    /// `Secure` is missing where another attribute demands it.
    #[error("must be set, because {0} demands it")]
    NeedsSecure(&'static str),
    /// A name that belongs to this library.
    #[error("is reserved for apply-cookies itself")]
    Reserved,
    /// The same cookie (name, domain, path) is already in the batch.
    #[error("the same cookie stands in this batch already")]
    Duplicate,
}

/// An operation that is refused. Names the field and the rule, never the value.
///
/// ```
/// use apply_cookies_protocol::{Operation, SetCookie};
///
/// let error = Operation::try_from(SetCookie::new("bad name", "v")).unwrap_err();
/// assert_eq!(error.field().as_str(), "name");
/// assert!(error.to_string().starts_with("name: may hold only"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}{}", self.note())]
pub struct OperationError {
    field: Field,
    problem: Problem,
}

impl OperationError {
    pub(crate) const fn new(field: Field, problem: Problem) -> Self {
        Self { field, problem }
    }

    const fn note(&self) -> &'static str {
        match (self.field, self.problem) {
            (Field::Value, Problem::TooLong { .. }) => " (of name and encoded value together)",
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
    pub const fn problem(&self) -> Problem {
        self.problem
    }
}
