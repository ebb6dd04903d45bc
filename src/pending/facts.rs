//! The facts that decide how cookies leave with a response.

/// The facts of request and response when the headers leave.
#[derive(Clone, Copy, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, and named where it is given"
)]
pub(crate) struct ResponseFacts {
    /// The browser sent a binding.
    pub(crate) has_binding: bool,
    /// The response may give it one.
    pub(crate) may_bind: bool,
    /// The response is a WebSocket handshake. Not every browser takes cookies from its headers
    /// reliably, so a carrier takes them.
    pub(crate) handshake: bool,
    /// The request's method is HEAD: no body, and so no carrier, reaches the browser.
    pub(crate) no_body: bool,
}

// `carrier`: one is attached at that moment.
impl ResponseFacts {
    /// Whether the body carries tokens.
    pub(super) const fn carries(self, carrier: bool) -> bool {
        carrier && !self.no_body
    }

    /// Whether the binding is set: only if tokens follow. A plain page's response may be slow, and
    /// would replace the binding that another tab has since got and uses. Decided under the queue's
    /// lock: a carrier attached after that comes too late for it.
    pub(super) const fn binds(self, carrier: bool) -> bool {
        !self.has_binding && self.may_bind && self.carries(carrier)
    }

    pub(super) const fn deliverability(self, carrier: bool) -> Deliverability {
        match (self.has_binding || self.binds(carrier), self.may_bind) {
            (true, _) => Deliverability::Bound,
            (false, true) => Deliverability::Late,
            (false, false) => Deliverability::Foreign,
        }
    }

    /// Whether waiting operations travel in a token rather than with this head.
    pub(super) const fn keeps(self, carrier: bool) -> bool {
        self.handshake
            && self.carries(carrier)
            && matches!(self.deliverability(carrier), Deliverability::Bound)
    }
}

/// Whether a token of this response can be redeemed by its browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deliverability {
    /// The browser has the binding, or gets it with the headers.
    Bound,
    /// It has none, and another site's page made the request, so it was given none.
    Foreign,
    /// It has none, and the headers left before anything asked for one.
    Late,
}
