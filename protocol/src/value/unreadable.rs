//! The reasons why a cookie reads as absent.

use std::fmt;

/// A cookie that a reader treats as absent, and why. Names the field of the value at fault if it is
/// known; never shows a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    reason: UnreadableReason,
    field: Option<String>,
}

impl Unreadable {
    pub(crate) fn at(reason: UnreadableReason, field: Option<String>) -> Self {
        Self { reason, field }
    }

    /// Why.
    #[must_use]
    pub const fn reason(&self) -> UnreadableReason {
        self.reason
    }

    /// The field of the class that cannot hold what the cookie has there, as in `roles[2]`.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        self.field.as_deref()
    }
}

impl From<UnreadableReason> for Unreadable {
    fn from(reason: UnreadableReason) -> Self {
        Self {
            reason,
            field: None,
        }
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.reason {
            UnreadableReason::Absent => "the request has no cookie of this name",
            UnreadableReason::Duplicate => "the request has several cookies of this name",
            UnreadableReason::TooLong => "the cookie is larger than any that browsers keep",
            UnreadableReason::Malformed => {
                "the cookie's value does not have the form of its protection"
            }
            UnreadableReason::UnknownKey => "no key of the ring has the cookie's key id",
            UnreadableReason::Forged => "the cookie was not made with the key of its name",
            UnreadableReason::Expired => "the cookie has expired",
            UnreadableReason::NotJson => "the cookie's value is not JSON",
            UnreadableReason::DuplicateKey => "an object of the cookie's JSON has a key twice",
            UnreadableReason::TooDeep => "the cookie's JSON is nested too deeply",
            UnreadableReason::WrongType => "the cookie's JSON does not fit the class",
        })?;
        match &self.field {
            Some(field) => write!(f, " (field {field})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Unreadable {}

/// The reason why a cookie reads as absent, in the order of the checks (SPEC §12.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UnreadableReason {
    /// The request has none.
    Absent,
    /// The request has two or more: a neighbour's trick, or a broken client.
    Duplicate,
    /// Name and value are longer than browsers keep.
    TooLong,
    /// Not the form of its protection.
    Malformed,
    /// No key of the ring has its key id.
    UnknownKey,
    /// Not made with that key for this name.
    Forged,
    /// It has expired.
    Expired,
    /// Not JSON. `NaN`, a number out of range and text that ends early are not JSON either.
    NotJson,
    /// An object has a key twice. Readers differ in which one they take, so none is taken.
    DuplicateKey,
    /// Nested deeper than eight.
    TooDeep,
    /// JSON that the class cannot hold: a missing field, another type, `null`, a list.
    WrongType,
}

impl UnreadableReason {
    /// A short stable name, as the tools print it and the vectors have it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Duplicate => "duplicate",
            Self::TooLong => "too-long",
            Self::Malformed => "malformed",
            Self::UnknownKey => "unknown-key",
            Self::Forged => "forged",
            Self::Expired => "expired",
            Self::NotJson => "not-json",
            Self::DuplicateKey => "duplicate-key",
            Self::TooDeep => "too-deep",
            Self::WrongType => "wrong-type",
        }
    }
}
