//! The path of a rule.

use std::fmt;

use super::address::Address;
use super::error::RuleError;

/// Segments without a slash at their end, and whether what is below them matches.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    path: String,
    folded: String,
    below: bool,
}

impl Pattern {
    pub(super) fn read(text: &str) -> Result<Self, RuleError> {
        let wrong = || RuleError::Pattern(text.to_owned());
        let (path, below) = match text.strip_suffix("/*") {
            Some(path) => (format!("{path}/"), true),
            None => (text.to_owned(), false),
        };
        if path.contains(['*', '?']) {
            return Err(wrong());
        }
        let address = Address::read(&path).map_err(|_| wrong())?;
        let path = address.path();
        let path = path.strip_suffix('/').unwrap_or(path);
        Ok(Self {
            path: path.to_owned(),
            folded: folded(path),
            below,
        })
    }

    pub(super) fn matches(&self, path: &str) -> bool {
        self.ends_after(path.strip_prefix(&*self.path))
    }

    pub(super) fn matches_folded(&self, path: &str) -> bool {
        self.ends_after(path.strip_prefix(&*self.folded))
    }

    fn ends_after(&self, rest: Option<&str>) -> bool {
        rest.is_some_and(|rest| matches!(rest, "" | "/") || (self.below && rest.starts_with('/')))
    }

    /// Whether this one matches every path that the other does.
    pub(super) fn covers(&self, other: &Self) -> bool {
        (self.below || !other.below) && self.matches(&other.path)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = if self.below { "/*" } else { "" };
        write!(f, "{}{end}", self.path)
    }
}

/// As an app reads it that ignores case, whichever way it compares: the Kelvin sign becomes a `k` one
/// way, and the long s an `s` the other.
pub(super) fn folded(path: &str) -> String {
    path.to_uppercase().to_lowercase()
}
