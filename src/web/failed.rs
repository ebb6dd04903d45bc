//! The client's answer if a handler cannot go on. The reason is for the developer, in the log.

use std::sync::atomic::{AtomicBool, Ordering};

use apply_cookies_protocol::Unreadable;

use super::answer::{Answer, Rest};
use crate::pending::PushError;

/// Why an extractor failed.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExtractError {
    /// The app lacks the middleware.
    #[error("PendingCookies and Cookie<..> need the middleware: {remedy}")]
    NoMiddleware {
        /// The call that adds it.
        remedy: &'static str,
    },
    /// The request has no cookie of this class that can be read.
    #[error("cookie `{cookie}`: {why}")]
    NoCookie {
        /// Name of the class's cookie.
        cookie: &'static str,
        /// Why it counts as absent.
        why: Unreadable,
    },
}

impl ExtractError {
    /// There is no slot: the middleware is missing, and `remedy` adds it. Logged at once, because
    /// some frameworks swallow the error of an optional argument.
    #[must_use]
    pub fn no_middleware(remedy: &'static str) -> Self {
        static SAID: AtomicBool = AtomicBool::new(false);
        let error = Self::NoMiddleware { remedy };
        tracing::error!("{error}");
        // Once where it is seen without a subscriber too: all that the client gets is a 500.
        if !SAID.swap(true, Ordering::Relaxed) {
            eprintln!("apply-cookies: {error}");
        }
        error
    }

    /// The answer: 401 without the cookie, 500 without the middleware, with no body.
    #[must_use]
    pub fn to_answer(&self) -> Answer {
        match self {
            Self::NoMiddleware { .. } => Answer::uncached(500, Rest::Unasked),
            Self::NoCookie { cookie, why } => {
                tracing::debug!(cookie, %why, "a handler needs this cookie; answered 401");
                Answer::uncached(401, Rest::Unasked)
            }
        }
    }
}

impl PushError {
    /// The answer if a handler returns it: 503 if a stream is not read fast enough, otherwise 500.
    /// Both count as failed, so nothing that the handler pushed is sent.
    #[must_use]
    pub fn to_answer(&self) -> Answer {
        tracing::error!(error = %self, "a handler returned a PushError; the cookie was not set");
        let status = match self {
            Self::Full { .. } => 503,
            _ => 500,
        };
        Answer::uncached(status, Rest::Unasked)
    }
}
