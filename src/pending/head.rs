//! What middleware and queue tell one another when the response's headers leave.

use super::waiting::Waiting;

/// What the middleware knows of request and response when the headers leave.
#[derive(Clone, Copy, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, and named where it is given"
)]
pub(crate) struct Head {
    /// The browser sent a binding.
    pub(crate) has_binding: bool,
    /// The response may give it one.
    pub(crate) may_bind: bool,
    /// The response is a WebSocket handshake. Its headers are not a safe way for cookies in
    /// every browser, so a carrier takes them.
    pub(crate) handshake: bool,
    /// The request's method is HEAD: no body, and so no carrier, reaches the browser.
    pub(crate) no_body: bool,
}

/// What the middleware does with the response's headers.
#[derive(Default)]
pub(crate) struct HeadersSent {
    /// What becomes `Set-Cookie` lines.
    pub(crate) waiting: Waiting,
    /// Whether the binding is set.
    pub(crate) bind: bool,
    /// Whether the body carries tokens.
    pub(crate) carried: bool,
}
