//! A verified token → its header lines, for who has claimed it.

use std::fmt;

use crate::cookie::{Field, LINE_OVERHEAD, OperationError, Parts, Problem};
use crate::limits::{OPERATIONS_MAX, SET_COOKIE_LINES_MAX};
use crate::mesop::{Body, write_lines};
use crate::time::UnixMillis;

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
    /// SPEC §6.5, step 9.
    pub(super) fn build(
        header: &TokenHeader<'b>,
        operations: &[Parts<'_>],
    ) -> Result<Self, OperationError> {
        let mut text = String::with_capacity(128 * operations.len());
        let mut ends = [0_u16; OPERATIONS_MAX];
        for (n, (operation, end)) in operations.iter().zip(&mut ends).enumerate() {
            operation.check()?;
            if operations[..n]
                .iter()
                .any(|earlier| earlier.is_same_cookie(operation))
            {
                return Err(OperationError::new(Field::Name, Problem::Duplicate));
            }
            operation.write_set_cookie(&mut text);
            let line_bytes = text.len() + (n + 1) * LINE_OVERHEAD;
            *end = u16::try_from(text.len())
                .ok()
                .filter(|_| line_bytes <= SET_COOKIE_LINES_MAX)
                .ok_or_else(|| {
                    OperationError::new(
                        Field::Operations,
                        Problem::TooLong {
                            actual: line_bytes,
                            max: SET_COOKIE_LINES_MAX,
                        },
                    )
                })?;
        }
        Ok(Self {
            header: *header,
            lines: SetCookieLines {
                text,
                ends,
                count: operations.len(),
            },
        })
    }

    /// The same for a token of the profile `mesop`, whose times count from now.
    pub(super) fn of_mesop(
        header: &TokenHeader<'b>,
        body: &Body,
        now: UnixMillis,
    ) -> Result<Self, OperationError> {
        let mut text = String::with_capacity(128 * body.cookies.len());
        let mut ends = [0_u16; OPERATIONS_MAX];
        let mut slots = ends.iter_mut();
        write_lines(&body.cookies, now, &mut text, |end| {
            if let Some(slot) = slots.next() {
                *slot = end;
            }
        })?;
        Ok(Self {
            header: *header,
            lines: SetCookieLines {
                text,
                ends,
                count: body.cookies.len(),
            },
        })
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
