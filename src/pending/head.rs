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

// `carrier`: one lives at that moment.
impl Head {
    /// Whether the body carries tokens.
    pub(super) const fn carries(self, carrier: bool) -> bool {
        carrier && !self.no_body
    }

    /// Whether the binding is set: only where tokens follow. A plain page's response may be slow,
    /// and would replace the binding that another tab has got and uses meanwhile. Decided under the
    /// queue's lock: a carrier that is attached later comes too late for it.
    pub(super) const fn binds(self, carrier: bool) -> bool {
        !self.has_binding && self.may_bind && self.carries(carrier)
    }

    pub(super) const fn reach(self, carrier: bool) -> Reach {
        match (self.has_binding || self.binds(carrier), self.may_bind) {
            (true, _) => Reach::Bound,
            (false, true) => Reach::Late,
            (false, false) => Reach::Foreign,
        }
    }

    /// Whether what waits travels in a token rather than with this head.
    pub(super) const fn keeps(self, carrier: bool) -> bool {
        self.handshake && self.carries(carrier) && matches!(self.reach(carrier), Reach::Bound)
    }
}

/// Whether a token of this response can be redeemed by its browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// The browser has the binding, or gets it with the headers.
    Bound,
    /// It has none, and another site's page made the request, so it got none.
    Foreign,
    /// It has none, and the headers left before anything asked for one.
    Late,
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
