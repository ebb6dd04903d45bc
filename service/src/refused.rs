//! Why a command ends with a nonzero exit code.

use std::fmt;

/// A command that did not do what it was asked to.
#[derive(Debug)]
pub(crate) enum Refused {
    /// Every reason has already been printed, as by tools that answer line by line.
    Reported,
    /// The reason has not been printed yet.
    Because(String),
    /// Its arguments do not fit together, which clap cannot know.
    Usage(String),
}

impl Refused {
    pub(crate) fn usage(reason: impl fmt::Display) -> Self {
        Self::Usage(reason.to_string())
    }
}

impl<E: fmt::Display> From<E> for Refused {
    fn from(error: E) -> Self {
        Self::Because(error.to_string())
    }
}

impl Refused {
    /// The reason, where nobody has printed it yet.
    pub(crate) fn reason(&self) -> &str {
        match self {
            Self::Reported => "the reason stands above",
            Self::Because(reason) | Self::Usage(reason) => reason,
        }
    }
}
