//! Why a value of a class does not become a cookie.

use crate::cookie::OperationError;
use crate::value::Unreadable;

/// A value of a class that cannot become a cookie.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClassError {
    /// A browser or proxy would not take the cookie.
    #[error(transparent)]
    Invalid(#[from] OperationError),
    /// The value could not be read back: it holds what JSON cannot say, is nested too deep, or
    /// its `Serialize` and `Deserialize` disagree.
    #[error("the value could not be read back: {0}")]
    Unreadable(#[from] Unreadable),
    /// The class is shared with a Mesop app, whose secret is not known here.
    #[cfg(feature = "mesop")]
    #[error(
        "the class has the profile mesop and the key ring no keys of it; add the secret of the Mesop app: KeyRing::with_mesop, or ApplyCookies::builder(..).mesop(..)"
    )]
    NoMesopKeys,
    /// A plain class of the profile `mesop` can be read, not written.
    #[cfg(feature = "mesop")]
    #[error(
        "a plain value of the profile mesop stands in quotes, which no token can carry; make the class `signed` or `encrypted`, or let the Mesop app write it"
    )]
    QuotedByMesop,
}
