//! Every failure of the endpoint → status, body, log line. Only this file knows statuses.

use std::sync::atomic::{AtomicBool, Ordering};

use apply_cookies_protocol::{InvalidReason, InvalidToken, Profile, RefusedToken, TokenId};

use crate::counts;
use crate::origin::OriginRefusal;
use crate::replay::StoreError;

/// Why a request to the endpoint is refused.
#[derive(Debug)]
pub(crate) enum Rejection {
    Method,
    Origin(OriginRefusal),
    MediaType,
    TooLarge,
    Timeout,
    Form,
    Invalid(InvalidReason),
    Expired(TokenId),
    NotYetValid(TokenId),
    BeforeHorizon(TokenId),
    AlreadyUsed(TokenId),
    WrongBrowser(TokenId),
    Store(StoreError, TokenId),
}

/// What a client is told: a status and a problem document (RFC 9457) that depends on nothing
/// else, so no two failures of one kind can be told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) status: u16,
    pub(crate) kind: &'static str,
    pub(crate) body: &'static str,
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

impl Rejection {
    pub(crate) fn refused(refused: RefusedToken, id: TokenId) -> Self {
        match refused {
            RefusedToken::Expired => Self::Expired(id),
            RefusedToken::NotYetValid => Self::NotYetValid(id),
            // WrongBrowser, and the strictest answer for whatever a later version adds.
            _ => Self::WrongBrowser(id),
        }
    }

    /// What the client is told on a path of this profile. Mesop answers 400 to whatever a token
    /// may suffer from, and its client knows nothing else (MESOP.md).
    pub(crate) const fn told(&self, profile: Profile) -> Problem {
        match (profile, self) {
            (
                Profile::Mesop,
                Self::Expired(_)
                | Self::NotYetValid(_)
                | Self::BeforeHorizon(_)
                | Self::AlreadyUsed(_),
            ) => Self::Form.problem(),
            _ => self.problem(),
        }
    }

    const fn problem(&self) -> Problem {
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
            // One answer for all: a forger learns nothing from it.
            Self::Form | Self::Invalid(_) => problem!(400, "invalid", "Invalid request"),
            Self::Expired(_) | Self::NotYetValid(_) | Self::BeforeHorizon(_) => {
                problem!(410, "expired", "The token has expired")
            }
            Self::AlreadyUsed(_) => problem!(409, "used", "The token was used already"),
            Self::WrongBrowser(_) => {
                problem!(403, "wrong-browser", "The token belongs to another browser")
            }
            Self::Store(..) => problem!(503, "unavailable", "Try again in a moment"),
        }
    }

    /// Seconds after which to try again.
    pub(crate) const fn retry_after(&self) -> Option<&'static str> {
        match self {
            Self::Store(..) => Some("1"),
            _ => None,
        }
    }

    /// Writes and counts what the operator needs to know. Tokens are named by a digest; nothing that the
    /// client sent is repeated.
    pub(crate) fn log(&self) {
        counts::redemption(self.problem().kind);
        match self {
            Self::Store(error, token) => {
                let source = std::error::Error::source(error).map(ToString::to_string);
                tracing::error!(%token, %error, source, "redemption failed");
            }
            Self::Origin(OriginRefusal::Unlisted) => {
                tracing::warn!(
                    "request refused: its page is of this very origin, and of none that is configured; add the address that the app is served from"
                );
            }
            Self::Origin(refusal) => {
                // Anyone can cause these two, at any rate.
                tracing::debug!(reason = refusal.as_str(), "redemption refused: origin");
            }
            Self::WrongBrowser(token) => {
                tracing::warn!(%token, "redemption refused: another browser's token");
            }
            Self::AlreadyUsed(token) => {
                tracing::warn!(%token, "redemption refused: already used");
            }
            Self::Invalid(reason @ (InvalidReason::CannotEmit | InvalidReason::Payload)) => {
                // Nobody else's: it was made with our key.
                tracing::warn!(
                    reason = reason.as_str(),
                    "redemption refused: a token of an app of ours; its cookies are lost"
                );
            }
            Self::Invalid(reason) => {
                if matches!(reason, InvalidReason::Mac | InvalidReason::KeyId) {
                    warn_of_other_secret();
                }
                tracing::debug!(
                    reason = reason.as_str(),
                    "redemption refused: invalid token"
                );
            }
            Self::Expired(token) => tracing::info!(%token, "redemption refused: expired"),
            Self::NotYetValid(token) => {
                tracing::warn!(%token, "redemption refused: issued in the future; compare the clocks");
            }
            Self::BeforeHorizon(token) => {
                tracing::info!(%token, "redemption refused: older than the store or a sign-out");
            }
            Self::Method | Self::MediaType | Self::TooLarge | Self::Timeout | Self::Form => {
                tracing::debug!(status = self.problem().status, "request refused");
            }
        }
    }
}

/// Said once: anyone can cause it, but it is also what a mistake looks like.
fn warn_of_other_secret() {
    static SAID: AtomicBool = AtomicBool::new(false);
    if !SAID.swap(true, Ordering::Relaxed) {
        tracing::warn!(
            "a token was refused that is not made with our secret; do app and service have the same one? (said once; RUST_LOG=apply_cookies=debug tells every one)"
        );
    }
}

impl From<InvalidToken> for Rejection {
    fn from(invalid: InvalidToken) -> Self {
        Self::Invalid(invalid.reason())
    }
}
