//! An answer of the endpoint, as data.

use std::fmt;

use apply_cookies_protocol::Profile;
use bytes::Bytes;

use crate::redeem::{Problem, Redeemed, Rejection};

/// The state of the request's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "adapters must handle each")]
pub enum Rest {
    /// It was read to its end.
    Read,
    /// The request needed none, and it was not read.
    Unasked,
    /// Reading was given up: the connection must end with the answer. Nothing that still arrives
    /// is kept; a framework may read it for a moment, so that a reset does not destroy the answer.
    GivenUp,
}

/// An answer of the endpoint. An adapter sends it as it is.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The header fields; a name may occur several times.
    pub fields: Vec<(&'static str, Bytes)>,
    /// The body. The framework adds `Content-Length` if one is needed.
    pub body: Bytes,
    /// The state of the request's body.
    pub rest: Rest,
}

const CACHE_CONTROL: &str = "cache-control";
const NO_STORE: Bytes = Bytes::from_static(b"no-store");

impl Answer {
    /// An answer without fields or a body, for packages that answer paths of their own.
    #[must_use]
    pub fn new(status: u16, rest: Rest) -> Self {
        Self {
            status,
            fields: Vec::with_capacity(4),
            body: Bytes::new(),
            rest,
        }
    }

    /// An answer that no cache keeps.
    #[must_use]
    pub fn uncached(status: u16, rest: Rest) -> Self {
        Self::new(status, rest).with(CACHE_CONTROL, NO_STORE)
    }

    /// The same with another field, whose name is in lower case.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Bytes>) -> Self {
        self.fields.push((name, value.into()));
        self
    }

    /// The same with this body.
    #[must_use]
    pub fn with_body(mut self, media_type: &'static str, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self.with("content-type", media_type.as_bytes())
    }

    /// 204 with the cookies of a token.
    pub(super) fn applied(redeemed: Redeemed) -> Self {
        tracing::debug!(token = %redeemed.id(), "token redeemed");
        let mut answer = Self::uncached(204, Rest::Read);
        let (text, ranges) = redeemed.lines.into_parts();
        // All lines share one buffer.
        let text = Bytes::from(text);
        let lines = ranges.into_iter().map(|line| text.slice(line));
        answer.fields.extend(lines.map(|line| ("set-cookie", line)));
        if let Some(then) = redeemed.then {
            answer.fields.push((THEN, then.into_owned().into()));
        }
        answer
    }

    /// The answer to a method that the client module does not have.
    pub(super) fn not_a_read() -> Self {
        Self::problem(Problem::NOT_A_READ, Rest::Unasked).with("allow", &b"GET, HEAD"[..])
    }

    fn problem(problem: Problem, rest: Rest) -> Self {
        Self::uncached(problem.status, rest)
            .with_body("application/problem+json", problem.body.as_bytes())
    }

    /// The answer that the client gets; the operator's log says more.
    pub(super) fn refused(rejection: &Rejection, profile: Profile, rest: Rest) -> Self {
        let mut answer = Self::problem(rejection.problem_for(profile), rest);
        if matches!(rejection, Rejection::Method) {
            answer = answer.with("allow", &b"POST"[..]);
        }
        match rejection.retry_after() {
            Some(seconds) => answer.with("retry-after", seconds.as_bytes()),
            None => answer,
        }
    }
}

// The values may be cookies, so Debug names the fields and stops there.
impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.fields.iter().map(|(name, _)| *name).collect();
        f.debug_struct("Answer")
            .field("status", &self.status)
            .field("fields", &names)
            .field("rest", &self.rest)
            .finish_non_exhaustive()
    }
}

/// The field with the page's action once the cookies are applied (SPEC §9.4).
pub(super) const THEN: &str = "apply-cookies-then";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_cookie() {
        let answer = Answer::uncached(204, Rest::Read).with("set-cookie", &b"session=8f14e45f"[..]);
        let text = format!("{answer:?}");
        assert!(
            text.contains("204") && text.contains("set-cookie"),
            "{text}"
        );
        assert!(!text.contains("8f14e45f"), "{text}");
    }
}
