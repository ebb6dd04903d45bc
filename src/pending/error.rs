//! Why a push was refused, and what to do about it.

use apply_cookies_protocol::{ClassError, Field, OperationError, Unreadable, UnreadableReason};

/// An operation that was not queued. Nothing of it has reached the browser.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PushError {
    /// A browser or proxy would not take the cookie.
    #[error(transparent)]
    Invalid(#[from] OperationError),
    /// The value of a class could not be read back: it holds what JSON cannot say, such as `NaN`,
    /// is nested too deep, or its `Serialize` and `Deserialize` disagree.
    #[error("the value could not be read back: {0}")]
    Unwritable(Unreadable),
    /// The class has the profile `mesop`: it has no keys here, or its values stand in quotes.
    #[error("{0}")]
    Mesop(ClassError),
    /// The browsers of the configured origins would drop the cookie.
    #[error("{field}: {reason}")]
    Origin {
        /// The field to change.
        field: Field,
        /// Why they would drop it.
        reason: &'static str,
    },
    /// The headers have left and nothing can carry a token.
    #[error(
        "the response's headers have left and no carrier lives; return pending.sse(..) or pending.html(..), or attach pending.frames() before the handler returns"
    )]
    NoCarrier,
    /// The carrier has ended: the stream is over or the browser has gone.
    #[error("the stream to the browser has ended; set the cookie on another response")]
    Closed,
    /// The carrier was attached after the headers had left, and the browser has no binding: its
    /// tokens could not be redeemed.
    #[error(
        "the carrier was attached after the headers had left, and this browser has no binding; attach pending.frames() before the handler returns, or let the page await ready() first"
    )]
    LateCarrier,
    /// The response's headers hold as many bytes of cookies as proxies take.
    #[error(
        "the response's headers hold as many cookies as proxies take (6144 bytes); push the rest from inside a stream"
    )]
    HeadersFull,
    /// Another site's page opened the stream, so the browser has no binding and could not redeem
    /// a token.
    #[error(
        "another site's page opened this stream, so its browser could not redeem a token; open the stream from a page of your own origin"
    )]
    Unbound,
    /// Too many operations wait for the carrier.
    #[error(
        "{waiting} operations wait for the stream already; await its progress before pushing more"
    )]
    Full {
        /// Operations that wait.
        waiting: usize,
    },
}

impl From<ClassError> for PushError {
    fn from(error: ClassError) -> Self {
        match error {
            ClassError::Unreadable(why) => Self::Unwritable(why),
            ClassError::Invalid(error) => Self::Invalid(error),
            error @ (ClassError::NoMesopKeys | ClassError::QuotedByMesop) => Self::Mesop(error),
            // The codec's list may grow; the two crates are released together.
            _ => Self::Unwritable(UnreadableReason::WrongType.into()),
        }
    }
}
