//! The reasons why a server gave no answer.

use std::fmt;
use std::sync::Arc;

use crate::answer::StoreError;

/// A reason in words, for the log, `readyz` and errors. Contains no secret.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Why(Arc<str>);

impl Why {
    pub(crate) fn new(words: impl fmt::Display) -> Self {
        Self(words.to_string().into())
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Why {}

impl From<Why> for StoreError {
    fn from(why: Why) -> Self {
        Self::Unavailable(Box::new(why))
    }
}

/// What to do about a question that was not answered.
#[derive(Clone, Debug)]
pub(crate) enum Trouble {
    /// Ask again, on the same connection.
    Busy(Why),
    /// The connection is broken, or leads to a server that may not answer: ask again on another.
    Lost(Why),
    /// The server answers and will not do it, as a standby: ask again on another connection, which
    /// may lead to another server.
    Elsewhere(Why),
    /// Asking again does not help, until somebody changes the server or the configuration.
    Refused(Why),
    /// There is no connecting with the configuration as it is. Nobody was asked.
    Here(Why),
    /// The server has no room.
    Full,
}

impl Trouble {
    pub(crate) fn busy(words: impl fmt::Display) -> Self {
        Self::Busy(Why::new(words))
    }

    pub(crate) fn lost(words: impl fmt::Display) -> Self {
        Self::Lost(Why::new(words))
    }

    pub(crate) fn elsewhere(words: impl fmt::Display) -> Self {
        Self::Elsewhere(Why::new(words))
    }

    pub(crate) fn refused(words: impl fmt::Display) -> Self {
        Self::Refused(Why::new(words))
    }

    pub(crate) fn here(words: impl fmt::Display) -> Self {
        Self::Here(Why::new(words))
    }

    pub(crate) fn why(&self) -> Why {
        match self {
            Self::Busy(why)
            | Self::Lost(why)
            | Self::Elsewhere(why)
            | Self::Refused(why)
            | Self::Here(why) => why.clone(),
            Self::Full => Why::new("the server is full"),
        }
    }
}
