//! Why a push was refused, and what to do about it.

use apply_cookies_protocol::{ClassError, Field, OperationError};

/// An operation that was not queued. Nothing of it has reached the browser.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PushError {
    /// A browser or proxy would not take the cookie.
    #[error(transparent)]
    Invalid(#[from] OperationError),
    /// A value of a cookie class that cannot become a cookie: it is too large, or holds what could
    /// not be read back, such as `NaN`.
    #[error("cookie `{cookie}`: {error}")]
    Class {
        /// Name of the class's cookie.
        cookie: &'static str,
        /// What is wrong with the value.
        error: ClassError,
    },
    /// The browsers of the configured origins would drop the cookie.
    #[error("{field}: {reason}")]
    Origin {
        /// The field to change.
        field: Field,
        /// Why they would drop it.
        reason: &'static str,
    },
    /// A batch without an operation: there is no token that sets or deletes nothing.
    #[error("the batch has no operation; add what to set or to delete")]
    Empty,
    /// An action for a page that is still to be answered.
    #[error(
        "an action travels in a token, and the response's headers are still to be sent; answer with a redirect, or push from inside the stream"
    )]
    NoToken,
    /// The page may only be sent to a path of its own origin.
    #[error(
        "the path must start with one slash and hold visible ASCII without backslashes and encoded slashes, as in /account?tab=1; at most 1024 bytes"
    )]
    Path,
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
