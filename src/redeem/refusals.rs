//! Refusals in the log. Whoever can post causes them, some with a token and some without, so each
//! kind is said at most once a minute.

use std::error::Error;

use apply_cookies_protocol::{InvalidReason, UnixMillis};

use super::rejection::Rejection;
use crate::browser::OriginRejection;
use crate::metrics::{self, Endpoint};
use crate::seldom::{Seldom, seldom};

/// The kinds of refusals that one deployment logs above DEBUG.
#[derive(Default)]
pub(crate) struct Refusals {
    unlisted: Seldom,
    no_origin: Seldom,
    other_secret: Seldom,
    made_wrong: Seldom,
    expired: Seldom,
    not_yet_valid: Seldom,
    wrong_browser: Seldom,
    unbound: Seldom,
    before_horizon: Seldom,
    behind_barrier: Seldom,
    lives_too_long: Seldom,
    used: Seldom,
    store: Seldom,
}

impl Refusals {
    /// Logs and counts what the operator needs to know. Tokens are named by a digest; nothing that
    /// the client sent is repeated.
    pub(crate) fn log(&self, rejection: &Rejection, endpoint: &Endpoint, now: UnixMillis) {
        let problem = rejection.problem();
        metrics::redemption(endpoint, problem.kind);
        match rejection {
            Rejection::Store(error, token) => {
                let source = Error::source(error).map(ToString::to_string);
                seldom!(
                    self.store,
                    now,
                    ERROR,
                    %token,
                    %error,
                    source,
                    "redemption failed"
                );
            }
            Rejection::Origin(OriginRejection::Unlisted) => seldom!(
                self.unlisted,
                now,
                WARN,
                "request refused: its page is not of a configured origin, though the browser says that it is of this very site; compare the address in the browser with the configured origins"
            ),
            Rejection::Origin(OriginRejection::BothAbsent) => seldom!(
                self.no_origin,
                now,
                WARN,
                "request refused: it has neither Origin nor Sec-Fetch-Site; does a proxy drop them?"
            ),
            Rejection::Origin(refusal) => {
                tracing::debug!(reason = refusal.as_str(), "redemption refused: origin");
            }
            Rejection::WrongBrowser(token) => seldom!(
                self.wrong_browser,
                now,
                WARN,
                %token,
                "redemption refused: another browser's token"
            ),
            Rejection::Unbound(token) => seldom!(
                self.unbound,
                now,
                WARN,
                %token,
                "redemption refused: a token without a binding, and this endpoint requires one; mint it for the browser's binding cookie, or allow it with BindingPolicy::Optional (serve --binding optional)"
            ),
            Rejection::AlreadyUsed(token) => seldom!(
                self.used,
                now,
                WARN,
                %token,
                "redemption refused: already used"
            ),
            // It was made with our own key, so the fault is ours.
            Rejection::Invalid(reason @ (InvalidReason::CannotEmit | InvalidReason::Payload)) => {
                seldom!(
                    self.made_wrong,
                    now,
                    WARN,
                    reason = reason.as_str(),
                    "redemption refused: a token sealed with our own key is malformed or cannot be emitted; its cookies are lost"
                );
            }
            // A forger's, or the sign of a wrong configuration.
            Rejection::Invalid(reason @ (InvalidReason::Mac | InvalidReason::KeyId)) => seldom!(
                self.other_secret,
                now,
                WARN,
                reason = reason.as_str(),
                "redemption refused: the token was not made with this secret; do the app and the service use the same one?"
            ),
            Rejection::Invalid(reason) => {
                tracing::debug!(
                    reason = reason.as_str(),
                    "redemption refused: invalid token"
                );
            }
            Rejection::Expired(_)
            | Rejection::NotYetValid(_)
            | Rejection::BeforeHorizon(_)
            | Rejection::BehindBarrier(_)
            | Rejection::LivesTooLong { .. } => self.log_time(rejection, now),
            Rejection::Method
            | Rejection::MediaType
            | Rejection::TooLarge
            | Rejection::Timeout
            | Rejection::Form => {
                tracing::debug!(status = problem.status, "request refused");
            }
        }
    }

    /// The refusals of tokens that are good, at another time.
    fn log_time(&self, rejection: &Rejection, now: UnixMillis) {
        match rejection {
            Rejection::Expired(token) => {
                seldom!(self.expired, now, INFO, %token, "redemption refused: expired");
            }
            Rejection::NotYetValid(token) => seldom!(
                self.not_yet_valid,
                now,
                WARN,
                %token,
                "redemption refused: issued in the future; compare the clocks"
            ),
            Rejection::BeforeHorizon(token) => seldom!(
                self.before_horizon,
                now,
                INFO,
                %token,
                "redemption refused: older than the store remembers; one that has just started takes other processes' tokens after five seconds"
            ),
            Rejection::BehindBarrier(token) => seldom!(
                self.behind_barrier,
                now,
                INFO,
                %token,
                "redemption refused: older than a sign-out"
            ),
            Rejection::LivesTooLong {
                token,
                lives,
                longest,
            } => seldom!(
                self.lives_too_long,
                now,
                WARN,
                %token,
                lives,
                longest = longest.as_millis(),
                "a token was refused because it lives longer than this deployment takes, both in milliseconds; mint it for a shorter time, or raise max_lifetime (serve --max-ttl) here"
            ),
            _ => {}
        }
    }
}
