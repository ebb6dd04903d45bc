//! A verified token → its header lines, once it is claimed.

use std::fmt;

use crate::cookie::SetCookieLines;

use super::ids::TokenId;
use super::payload::TokenHeader;

/// A replay store's leave to release a token's cookies.
///
/// Exhaustive: every other answer of a store is a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the doc comment says why")]
pub enum Grant {
    /// Nobody had claimed the nonce before.
    First,
    /// The same redemption id had claimed it: the answer was lost on its way.
    Retry,
}

/// A token whose answer is ready. The lines come out by [`release`](Self::release) alone.
pub struct PreparedToken<'b> {
    header: TokenHeader<'b>,
    lines: SetCookieLines,
}

impl<'b> PreparedToken<'b> {
    pub(super) const fn new(header: TokenHeader<'b>, lines: SetCookieLines) -> Self {
        Self { header, lines }
    }

    /// What the token says of itself: all that a claim needs.
    #[must_use]
    pub fn header(&self) -> &TokenHeader<'b> {
        &self.header
    }

    /// Gives the lines out for a store's grant.
    #[must_use]
    pub fn release(self, _: Grant) -> SetCookieLines {
        self.lines
    }
}

impl fmt::Debug for PreparedToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "PreparedToken({})",
            TokenId::from_nonce(self.header.nonce)
        )
    }
}
