//! The reasons why a value of a class cannot become a cookie.

use crate::cookie::OperationError;
use crate::value::Unreadable;

/// A value of a class that cannot become a cookie.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClassError {
    /// A browser or proxy would not accept the cookie.
    #[error(transparent)]
    Invalid(#[from] OperationError),
    /// The value could not be read back: it contains something that JSON cannot express, is nested
    /// too deeply, or its `Serialize` and `Deserialize` disagree.
    #[error("the value could not be read back: {0}")]
    Unreadable(#[from] Unreadable),
    /// The class is shared with a Mesop app whose secret is not known here.
    #[cfg(feature = "mesop")]
    #[error(
        "the class has the profile mesop, but the key ring has no keys for it; add the Mesop app's secret: KeyRing::with_mesop, or ApplyCookies::builder(..).mesop(..)"
    )]
    NoMesopKeys,
    /// A plain class of the profile `mesop` can be read, not written.
    #[cfg(feature = "mesop")]
    #[error(
        "a plain value of the profile mesop is in quotes, which no token can carry; make the class `signed` or `encrypted`, or let the Mesop app write it"
    )]
    QuotedByMesop,
}
