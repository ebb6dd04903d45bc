//! A rejection → status and body.

use apply_cookies_protocol::{
    InvalidReason, InvalidToken, Lifetime, Profile, RefusedToken, TokenId,
};

use crate::browser::OriginRejection;
use crate::replay::StoreError;

/// Why a token is not redeemed, or a request to the endpoint is refused, in the order of the
/// checks.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Rejection {
    /// The method is not POST.
    #[error("the method is not POST")]
    Method,
    /// The page that posted it is not allowed to.
    #[error("{}", .0.as_str())]
    Origin(OriginRejection),
    /// The body is not a form.
    #[error("the body is not application/x-www-form-urlencoded")]
    MediaType,
    /// The body is larger than any body with a token.
    #[error("the body is too large")]
    TooLarge,
    /// The body did not arrive in time.
    #[error("the body did not arrive in time")]
    Timeout,
    /// A field of the form is missing, malformed or repeated.
    #[error("the form is malformed")]
    Form,
    /// The token is malformed or forged, or its cookies cannot be emitted. The client is not told
    /// which.
    #[error("invalid token: {}", .0.as_str())]
    Invalid(InvalidReason),
    /// The token lives longer than this deployment takes. The client is told no more than that it
    /// is invalid.
    #[error(
        "token {token} lives for {lives} ms, longer than this deployment takes ({} ms)",
        .longest.as_millis()
    )]
    LivesTooLong {
        /// The token's name in logs.
        token: TokenId,
        /// How long it lives, in milliseconds.
        lives: u64,
        /// The deployment's longest lifetime.
        longest: Lifetime,
    },
    /// The token has expired.
    #[error("token {0} has expired")]
    Expired(TokenId),
    /// The token was issued further in the future than clocks may differ.
    #[error("token {0} was issued in the future")]
    NotYetValid(TokenId),
    /// The token carries another browser's binding.
    #[error("token {0} belongs to another browser")]
    WrongBrowser(TokenId),
    /// The token carries no binding, and one is required. The client is told the same as for
    /// [`WrongBrowser`](Self::WrongBrowser).
    #[error("token {0} carries no binding, and one is required")]
    Unbound(TokenId),
    /// The token is older than the store's memory.
    #[error("token {0} is older than the replay store remembers")]
    BeforeHorizon(TokenId),
    /// The token is older than a sign-out of its browser.
    #[error("token {0} is older than a sign-out of its browser")]
    BehindBarrier(TokenId),
    /// The token was redeemed under another redemption id, or without one.
    #[error("token {0} was already used")]
    AlreadyUsed(TokenId),
    /// The store cannot answer. The same redemption id may ask again.
    #[error("token {1} could not be claimed")]
    Store(#[source] StoreError, TokenId),
}

/// An HTTP status and a problem document (RFC 9457). It depends only on the kind of rejection, so
/// two rejections of one kind look the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// The status.
    pub status: u16,
    /// The document's `type`.
    pub kind: &'static str,
    /// The document, as JSON.
    pub body: &'static str,
}

macro_rules! problem {
    ($status:literal, $type:literal, $title:literal) => {
        Problem {
            status: $status,
            kind: $type,
            body: concat!(
                r#"{"type":""#,
                $type,
                r#"","title":""#,
                $title,
                r#"","status":"#,
                $status,
                "}"
            ),
        }
    };
}

impl Problem {
    /// A method that the client module's path does not have.
    pub(crate) const NOT_A_READ: Self = problem!(
        405,
        "method-not-allowed",
        "Only GET and HEAD are answered here"
    );
}

impl Rejection {
    pub(super) fn from_refused(refused: RefusedToken, id: TokenId) -> Self {
        match refused {
            RefusedToken::Expired => Self::Expired(id),
            RefusedToken::NotYetValid => Self::NotYetValid(id),
            // WrongBrowser, and the strictest answer for anything a later version adds.
            _ => Self::WrongBrowser(id),
        }
    }

    /// The problem that the client is told about on a path of this profile. Mesop answers 400 to
    /// everything that can be wrong with a token, and its client knows nothing else (MESOP.md).
    #[must_use]
    pub const fn problem_for(&self, profile: Profile) -> Problem {
        match (profile, self) {
            #[cfg(feature = "mesop")]
            (
                Profile::Mesop,
                Self::Expired(_)
                | Self::NotYetValid(_)
                | Self::BeforeHorizon(_)
                | Self::BehindBarrier(_)
                | Self::AlreadyUsed(_),
            ) => Self::Form.problem(),
            _ => self.problem(),
        }
    }

    pub(super) const fn problem(&self) -> Problem {
        match self {
            Self::Method => problem!(405, "method-not-allowed", "Only POST is answered here"),
            Self::Origin(_) => problem!(403, "origin", "This origin may not post here"),
            Self::MediaType => problem!(
                415,
                "unsupported-media-type",
                "The body must be application/x-www-form-urlencoded"
            ),
            Self::TooLarge => problem!(413, "too-large", "The body is too large"),
            Self::Timeout => problem!(408, "unavailable", "The body did not arrive in time"),
            // The same answer for all, so that a forger learns nothing from it.
            Self::Form | Self::Invalid(_) | Self::LivesTooLong { .. } => {
                problem!(400, "invalid", "Invalid request")
            }
            Self::Expired(_)
            | Self::NotYetValid(_)
            | Self::BeforeHorizon(_)
            | Self::BehindBarrier(_) => {
                problem!(410, "expired", "The token has expired")
            }
            Self::AlreadyUsed(_) => problem!(409, "used", "The token was already used"),
            Self::WrongBrowser(_) | Self::Unbound(_) => {
                problem!(403, "wrong-browser", "The token belongs to another browser")
            }
            Self::Store(..) => problem!(503, "unavailable", "Try again in a moment"),
        }
    }

    /// Seconds after which to try again.
    #[must_use]
    pub const fn retry_after(&self) -> Option<&'static str> {
        match self {
            Self::Store(..) => Some("1"),
            _ => None,
        }
    }
}

impl From<InvalidToken> for Rejection {
    fn from(invalid: InvalidToken) -> Self {
        Self::Invalid(invalid.reason())
    }
}
