//! The client's answer if a handler cannot go on. The reason is for the developer, in the log.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use apply_cookies_protocol::Unreadable;

use super::answer::{Answer, Rest};
use crate::pending::PushError;
use crate::replay::Clock;
use crate::seldom::{Seldom, seldom};

/// Why an extractor failed.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExtractError {
    /// The app lacks the middleware.
    #[error("an argument of a handler, or a guard, needs the middleware: {remedy}")]
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
        // Of the whole process: there is no deployment that it could belong to.
        static LOG: Seldom = Seldom::new();
        static SAID: AtomicBool = AtomicBool::new(false);
        let error = Self::NoMiddleware { remedy };
        seldom!(LOG, Clock::system().now(), ERROR, "{error}");
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
        // Of the whole process, for an error does not know its deployment. What requests decide
        // must not silence what the app does wrong.
        static LOG: Mutex<BTreeMap<&str, Seldom>> = Mutex::new(BTreeMap::new());
        let mut log = LOG.lock().unwrap_or_else(PoisonError::into_inner);
        seldom!(
            log.entry(self.reason()).or_default(),
            Clock::system().now(),
            ERROR,
            error = %self,
            "a handler returned a PushError; the cookie was not set"
        );
        Answer::uncached(self.status(), Rest::Unasked)
    }

    pub(crate) const fn status(&self) -> u16 {
        match self {
            Self::Full { .. } => 503,
            _ => 500,
        }
    }
}
