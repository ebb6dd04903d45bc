//! Why a push was refused, and what to do about it.

use apply_cookies_protocol::OperationError;

use crate::classes::ClassRefused;

/// Why an operation was not queued. Nothing of it has reached the browser.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PushError {
    /// A browser or proxy would not accept the cookie.
    #[error(transparent)]
    Invalid(#[from] OperationError),
    /// A value of a cookie class that cannot become a cookie.
    #[error(transparent)]
    Class(#[from] ClassRefused),
    /// A cookie that says it is `Secure`, on plain HTTP outside this machine.
    #[error(
        "Secure: browsers drop a Secure cookie over plain HTTP; serve https, or leave `secure` out, and it will be Secure where your pages are on https"
    )]
    SecureOverHttp,
    /// A `Domain` that contains no configured origin.
    #[error("Domain: browsers drop the cookie, because no configured origin is in this domain")]
    ForeignDomain,
    /// A batch without an operation: a token must set or delete something.
    #[error("the batch has no operation; add a cookie to set or to delete")]
    Empty,
    /// The page may only be sent to a path of its own origin.
    #[error(
        "the path must start with one slash and contain only visible ASCII without backslashes or encoded slashes, as in /account?tab=1; at most 1024 bytes"
    )]
    Path,
    /// The headers have left, and there is no carrier for a token.
    #[error(
        "the response's headers have left and there is no carrier; return cookies.sse(..) or cookies.html(..), or attach cookies.frames() before the handler returns"
    )]
    NoCarrier,
    /// The carrier has ended: the stream is over or the browser has gone.
    #[error("the stream to the browser has ended; set the cookie on another response")]
    Closed,
    /// The carrier was attached after the headers had left, and the browser has no binding: its
    /// tokens could not be redeemed.
    #[error(
        "the carrier was attached after the headers had left, and this browser has no binding; attach cookies.frames() before the handler returns, or let the page await ready() first"
    )]
    LateCarrier,
    /// The response's headers would contain more bytes of cookies than proxies accept.
    #[error(
        "the response's headers would contain more cookies than proxies accept (6144 bytes); push the rest from inside a stream"
    )]
    HeadersFull,
    /// The browser has no binding, or several, and this response must not give it one: a token
    /// could not be redeemed.
    #[error(
        "this browser has no binding, or several, and the response to a request of another site must not set one; open the stream from a page of your own origin"
    )]
    Unbound,
    /// Somebody else than a page of a configured origin made the request and could read the stream,
    /// and with it the token. [`ApplyCookies::is_own_page`](crate::ApplyCookies::is_own_page) finds
    /// such requests.
    #[error(
        "the request was not made by a page of a configured origin (see its Origin and Sec-Fetch-Site), and whoever made it could read the token; open the stream from a page of your own"
    )]
    Foreign,
    /// The response was asked for ahead of a visit (`Sec-Purpose: prefetch`, prerendering too). By
    /// the time somebody comes, if anybody does, its tokens would have expired.
    #[error(
        "the browser fetches this page ahead of a visit, and a token would have expired by then; answer such a request (Sec-Purpose: prefetch) with 503, and the page is loaded when somebody comes"
    )]
    Prefetch,
    /// The response has a `Content-Encoding`, so a token between its chunks could not be read, or
    /// would be compressed together with them.
    #[error(
        "the response has a Content-Encoding, so its body cannot carry tokens; leave this response out of what compresses"
    )]
    Encoded,
    /// The deployment redeems the tokens of a Mesop app
    /// ([`redeem_mesop`](crate::Builder#method.redeem_mesop)), so its own would be refused.
    #[error(
        "this deployment's endpoint redeems Mesop's tokens and would refuse a stream's own; set the cookie on an ordinary response, or serve the stream by a deployment of its own"
    )]
    OtherProfile,
    /// Too many operations are waiting for the carrier.
    #[error(
        "{waiting} operations are already waiting for the stream; await its progress before pushing more"
    )]
    Full {
        /// How many operations are waiting.
        waiting: usize,
    },
}

impl PushError {
    /// Its kind, for counting.
    pub(crate) const fn reason(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "invalid",
            Self::Class(_) => "class",
            Self::SecureOverHttp => "secure-over-http",
            Self::ForeignDomain => "foreign-domain",
            Self::Empty => "empty",
            Self::Path => "path",
            Self::NoCarrier => "no-carrier",
            Self::Closed => "closed",
            Self::LateCarrier => "late-carrier",
            Self::HeadersFull => "headers-full",
            Self::Unbound => "unbound",
            Self::Foreign => "foreign",
            Self::Prefetch => "prefetch",
            Self::Encoded => "encoded",
            Self::OtherProfile => "other-profile",
            Self::Full { .. } => "full",
        }
    }
}
