//! Why a command ends with an exit code other than 0.

use std::fmt;

/// A command that did not do what it was asked to.
#[derive(Debug)]
pub(crate) enum Refused {
    /// Every reason has been printed already, as by tools that answer line by line.
    Reported,
    /// The reason is still to be printed.
    Because(String),
    /// Its arguments do not go together, which clap cannot know.
    Usage(String),
}

impl<E: fmt::Display> From<E> for Refused {
    fn from(error: E) -> Self {
        Self::Because(error.to_string())
    }
}
