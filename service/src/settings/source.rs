//! Where a setting is from, and what is wrong with it.

use std::fmt;
use std::path::PathBuf;

/// Sections of the file, and how settings of each begin.
const SECTIONS: [(&str, &str); 5] = [
    ("api", "api_"),
    ("limits", "limits_"),
    ("log", "log_"),
    ("metrics", "metrics_"),
    ("tls", "tls_"),
];

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Flag(String),
    Environment(String),
    File(PathBuf, usize),
    Default,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) => write!(f, "--{name}"),
            Self::Environment(name) => f.write_str(name),
            Self::File(path, line) => write!(f, "{}:{line}", path.display()),
            Self::Default => f.write_str("default"),
        }
    }
}

/// A setting's key in the file, as `api.listen`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key(pub(crate) String);

impl Key {
    /// The key of the argument with this id.
    pub(crate) fn of(id: &str) -> Self {
        let in_section = SECTIONS.iter().find_map(|(section, prefix)| {
            let name = id.strip_prefix(prefix)?;
            Some(format!("{section}.{name}"))
        });
        Self(in_section.unwrap_or_else(|| id.to_owned()))
    }

    /// The section, and the name in it.
    pub(crate) fn parts(&self) -> (Option<&str>, &str) {
        match self.0.split_once('.') {
            Some((section, name)) => (Some(section), name),
            None => (None, &self.0),
        }
    }

    pub(crate) fn flag(&self) -> String {
        self.0.replace(['.', '_'], "-")
    }

    pub(crate) fn variable(&self) -> String {
        format!(
            "APPLY_COOKIES_{}",
            self.0.replace('.', "_").to_ascii_uppercase()
        )
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A setting that cannot be used. Its value is not shown: secrets end up in the wrong one.
#[derive(Debug)]
pub(crate) struct Mistake {
    pub(crate) source: Option<Source>,
    pub(crate) key: Option<Key>,
    pub(crate) reason: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(source) = &self.source {
            write!(f, "{source}: ")?;
        }
        // A flag and a variable say it by their own name.
        if let (Some(key), None | Some(Source::File(..))) = (&self.key, &self.source) {
            write!(f, "{key} ")?;
        }
        f.write_str(&self.reason)
    }
}
