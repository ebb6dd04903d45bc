//! A verified token → its header lines, for who has claimed it.

use std::fmt;

use crate::cookie::{Field, LINE_OVERHEAD, OperationError, Problem};
use crate::limits::{OPERATIONS_MAX, SET_COOKIE_LINES_MAX};

use super::ids::TokenId;
use super::payload::{CannotEmit, Payload, TokenHeader};

/// What a replay store answered to a claim that may go on.
///
/// Exhaustive: every other answer of a store is a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the doc comment says why")]
pub enum Claimed {
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
    pub(super) fn build(payload: Payload<'b>) -> Result<Self, CannotEmit> {
        let mut text = String::with_capacity(128 * payload.operations.count());
        let mut ends = [0_u16; OPERATIONS_MAX];
        let mut earlier = Vec::with_capacity(payload.operations.count());
        let mut line_bytes = 0;
        for (operation, end) in payload.operations.checked().zip(&mut ends) {
            let operation = operation?;
            if earlier.iter().any(|other| operation.is_same_cookie(other)) {
                let error = OperationError::new(Field::Name, Problem::Duplicate);
                return Err(CannotEmit::Operation(error));
            }
            let start = text.len();
            operation.write_set_cookie(&mut text);
            line_bytes += text.len() - start + LINE_OVERHEAD;
            if line_bytes > SET_COOKIE_LINES_MAX {
                let error = OperationError::new(
                    Field::Operations,
                    Problem::TooLong {
                        actual: line_bytes,
                        max: SET_COOKIE_LINES_MAX,
                    },
                );
                return Err(CannotEmit::Operation(error));
            }
            *end = u16::try_from(text.len()).map_err(|_| CannotEmit::Wire)?;
            earlier.push(operation);
        }
        Ok(Self {
            header: payload.header,
            lines: SetCookieLines {
                text,
                ends,
                count: payload.operations.count(),
            },
        })
    }

    /// What the token says of itself: all that a claim needs.
    #[must_use]
    pub fn header(&self) -> &TokenHeader<'b> {
        &self.header
    }

    /// Gives the lines out to who holds a store's answer.
    #[must_use]
    pub fn release(self, _: Claimed) -> SetCookieLines {
        self.lines
    }
}

impl fmt::Debug for PreparedToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PreparedToken({})", TokenId::of(self.header.nonce))
    }
}

/// The values of `Set-Cookie` fields, one per operation, in order. Send each in a line of its
/// own; joining them breaks every one (RFC 6265bis §3).
#[derive(Clone, PartialEq, Eq)]
pub struct SetCookieLines {
    /// All values one after the other, so that a server can slice one shared buffer.
    text: String,
    ends: [u16; OPERATIONS_MAX],
    count: usize,
}

impl SetCookieLines {
    /// The values, in order.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        self.ranges().map(|range| &self.text[range])
    }

    /// The bytes of all values in one buffer, and where each of them stands in it.
    #[must_use]
    pub fn into_parts(self) -> (String, Vec<std::ops::Range<usize>>) {
        let ranges = self.ranges().collect();
        (self.text, ranges)
    }

    fn ranges(&self) -> impl ExactSizeIterator<Item = std::ops::Range<usize>> {
        (0..self.count).map(|n| {
            let start = if n == 0 { 0 } else { self.ends[n - 1] };
            usize::from(start)..usize::from(self.ends[n])
        })
    }
}

impl fmt::Debug for SetCookieLines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SetCookieLines({})", self.count)
    }
}
