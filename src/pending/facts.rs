//! The facts that decide how cookies leave with a response.

use super::error::PushError;

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
    /// What keeps tokens out of this response, whatever the browser's binding.
    pub(crate) obstacle: Option<Obstacle>,
}

// `carrier`: one is attached at that moment.
impl ResponseFacts {
    /// Whether the body reaches the browser through a carrier.
    pub(super) const fn carries(self, carrier: bool) -> bool {
        carrier && !self.no_body
    }

    /// Whether the binding is set: only if tokens follow. A plain page's response may be slow, and
    /// would replace the binding that another tab has since got and uses. Decided under the queue's
    /// lock: a carrier attached after that comes too late for it.
    pub(super) const fn binds(self, carrier: bool) -> bool {
        !self.has_binding && self.may_bind && self.obstacle.is_none() && self.carries(carrier)
    }

    /// Whether the binding is set for what leaves with this head.
    pub(super) const fn may_be_bound(self) -> bool {
        !self.has_binding && self.may_bind
    }

    /// What keeps a token from being redeemed by the browser of this response.
    pub(super) const fn obstacle(self, carrier: bool) -> Option<Obstacle> {
        if self.obstacle.is_some() || self.has_binding || self.binds(carrier) {
            self.obstacle
        } else if self.may_bind {
            Some(Obstacle::Late)
        } else {
            Some(Obstacle::Unbound)
        }
    }

    /// Whether waiting operations travel in a token rather than with this head.
    pub(super) const fn keeps(self, carrier: bool) -> bool {
        self.handshake && self.carries(carrier) && self.obstacle(carrier).is_none()
    }
}

/// Why no token may travel in a response's body. Cookies still leave with its headers: a page
/// cannot read those.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Obstacle {
    /// The endpoint redeems tokens of another profile.
    Profile,
    /// Nobody visits the page yet, and perhaps nobody will.
    Prefetch,
    /// Somebody else than the app's own pages may read the body.
    Foreign,
    /// The body is encoded.
    Encoded,
    /// The browser has no binding, and must not be given one here.
    Unbound,
    /// The browser has none, and the headers left before anything asked for one.
    Late,
}

impl From<Obstacle> for PushError {
    fn from(obstacle: Obstacle) -> Self {
        match obstacle {
            Obstacle::Profile => Self::OtherProfile,
            Obstacle::Prefetch => Self::Prefetch,
            Obstacle::Foreign => Self::Foreign,
            Obstacle::Encoded => Self::Encoded,
            Obstacle::Unbound => Self::Unbound,
            Obstacle::Late => Self::LateCarrier,
        }
    }
}
