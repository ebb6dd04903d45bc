//! The `Set-Cookie` lines that one answer may carry.

use std::fmt;
use std::ops::Range;

use super::error::{Field, OperationError};
use super::rule::Rule;
use crate::limits::{OPERATIONS_MAX, SET_COOKIE_LINES_MAX};

/// The cost of each line besides its value: the field's name, colon, space, and the line end.
pub(super) const LINE_OVERHEAD: usize = "Set-Cookie: \r\n".len();

/// The number of lines and of their bytes: the one place where both limits are applied, to lines
/// that are written ([`SetCookieLines`]) and to those that will be ([`Batch`](crate::Batch)).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LineBudget {
    lines: usize,
    bytes: usize,
}

impl LineBudget {
    /// One line, which fits: the limits of its fields ensure it.
    pub(crate) const fn one(line_len: usize) -> Self {
        Self {
            lines: 1,
            bytes: line_len,
        }
    }

    /// With one more line, of this many bytes in all.
    pub(crate) fn with(self, line_len: usize) -> Result<Self, OperationError> {
        let refuse = |rule| Err(OperationError::new(Field::Operations, rule));
        let spent = Self {
            lines: self.lines + 1,
            bytes: self.bytes + line_len,
        };
        if spent.lines > OPERATIONS_MAX {
            return refuse(Rule::TooLarge {
                actual: spent.lines as u64,
                max: OPERATIONS_MAX as u64,
            });
        }
        if spent.bytes > SET_COOKIE_LINES_MAX {
            return refuse(Rule::TooLong {
                actual: spent.bytes,
                max: SET_COOKIE_LINES_MAX,
            });
        }
        Ok(spent)
    }
}

/// The values of `Set-Cookie` fields, one per operation, in order. Send each in its own field line;
/// joining them breaks every one (RFC 6265bis §3).
#[derive(Clone, PartialEq, Eq)]
pub struct SetCookieLines {
    /// All values one after the other. A `Vec<String>` would be simpler, but would allocate for
    /// every line of every redemption, where a server can slice this one buffer.
    text: String,
    ends: [u16; OPERATIONS_MAX],
    spent: LineBudget,
}

impl SetCookieLines {
    /// No lines yet, and room for this many of ordinary length.
    pub(crate) fn with_capacity(lines: usize) -> Self {
        Self {
            text: String::with_capacity(128 * lines.min(OPERATIONS_MAX)),
            ends: [0; OPERATIONS_MAX],
            spent: LineBudget::default(),
        }
    }

    /// Appends the line whose value `write` writes.
    pub(crate) fn push(
        &mut self,
        write: impl FnOnce(&mut String) -> Result<(), OperationError>,
    ) -> Result<(), OperationError> {
        let start = self.text.len();
        write(&mut self.text)?;
        let index = self.spent.lines;
        self.spent = self.spent.with(self.text.len() - start + LINE_OVERHEAD)?;
        // Both within bounds, because the budget is: 20 lines of 6 KiB.
        self.ends[index] = u16::try_from(self.text.len()).unwrap_or(u16::MAX);
        Ok(())
    }

    /// The values, in order.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        self.ranges().map(|range| &self.text[range])
    }

    /// The bytes of all values in one buffer, and the position of each.
    #[must_use]
    pub fn into_parts(self) -> (String, Vec<Range<usize>>) {
        let ranges = self.ranges().collect();
        (self.text, ranges)
    }

    fn ranges(&self) -> impl ExactSizeIterator<Item = Range<usize>> {
        (0..self.spent.lines).map(|n| {
            let start = if n == 0 { 0 } else { self.ends[n - 1] };
            usize::from(start)..usize::from(self.ends[n])
        })
    }
}

impl fmt::Debug for SetCookieLines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SetCookieLines({})", self.spent.lines)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(lines: &mut SetCookieLines, bytes: usize) -> Result<(), Rule> {
        let pushed = lines.push(|line| {
            line.push_str(&"v".repeat(bytes));
            Ok(())
        });
        pushed.map_err(|error| error.rule())
    }

    #[test]
    fn lines_fill_six_kibibytes_to_the_byte() {
        let room = SET_COOKIE_LINES_MAX - 2 * LINE_OVERHEAD - 3000;
        for (second, fits) in [(room, true), (room + 1, false)] {
            let mut lines = SetCookieLines::with_capacity(2);
            push(&mut lines, 3000).unwrap();
            assert_eq!(push(&mut lines, second).is_ok(), fits);
        }
    }

    #[test]
    fn twenty_lines_fit_and_no_more() {
        let mut lines = SetCookieLines::with_capacity(OPERATIONS_MAX);
        for n in 0..OPERATIONS_MAX {
            push(&mut lines, n).unwrap();
        }
        let lengths: Vec<usize> = lines.iter().map(str::len).collect();
        assert_eq!(lengths, (0..OPERATIONS_MAX).collect::<Vec<_>>());
        let rule = Rule::TooLarge {
            actual: 21,
            max: 20,
        };
        assert_eq!(push(&mut lines, 1), Err(rule));
    }
}
