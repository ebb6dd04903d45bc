//! A verified token → its header lines, once it is claimed.

use std::fmt;

use crate::cookie::SetCookieLines;

use super::header::TokenHeader;
use super::ids::TokenId;

/// A replay store's permission to release a token's cookies.
///
/// Exhaustive: every other answer from a store is a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the doc comment says why")]
pub enum Grant {
    /// Nobody had claimed the nonce before.
    First,
    /// The same redemption id had already claimed it: the answer was lost on the way.
    Retry,
}

/// A token whose answer is ready. Only [`release`](Self::release) gives out the lines.
pub struct PreparedToken<'b> {
    header: TokenHeader<'b>,
    lines: UnclaimedLines,
}

/// The lines of a [`PreparedToken`], which outlive its text. Only [`release`](Self::release) gives
/// them out.
pub struct UnclaimedLines(SetCookieLines);

impl<'b> PreparedToken<'b> {
    pub(super) const fn new(header: TokenHeader<'b>, lines: SetCookieLines) -> Self {
        Self {
            header,
            lines: UnclaimedLines(lines),
        }
    }

    /// The token's header, which is all that a claim needs.
    #[must_use]
    pub fn header(&self) -> &TokenHeader<'b> {
        &self.header
    }

    /// The header, and the lines apart from it, for a claim that takes a while.
    #[must_use]
    pub fn into_parts(self) -> (TokenHeader<'b>, UnclaimedLines) {
        (self.header, self.lines)
    }

    /// Gives out the lines in return for a store's grant.
    #[must_use]
    pub fn release(self, grant: Grant) -> SetCookieLines {
        self.lines.release(grant)
    }
}

impl UnclaimedLines {
    /// Gives out the lines in return for a store's grant.
    #[must_use]
    pub fn release(self, _: Grant) -> SetCookieLines {
        self.0
    }
}

impl fmt::Debug for UnclaimedLines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UnclaimedLines(..)")
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
