//! What a token is to set and delete, in the form of its profile: the seam between the steps of a
//! redemption, which are the same for all profiles, and the bytes, which are not.

use std::fmt;

use crate::cookie::{Field, Operation, OperationError, Parts, Rule, SetCookieLines};
use crate::time::UnixMillis;

use super::error::{InvalidReason, InvalidToken};

/// What the tokens of one profile carry. Implemented by this crate alone; it is here to write code
/// that takes tokens of any profile.
pub trait TokenBody: Sealed {}

/// What the steps need of a body. Not nameable outside, so nobody else can implement it.
pub trait Sealed {
    /// The `Set-Cookie` lines, of which one that cannot be emitted refuses all. Relative times
    /// count from `now`.
    #[doc(hidden)]
    fn write_lines(&self, now: UnixMillis) -> Result<SetCookieLines, OperationError>;
}

/// The operations of a token of the native profile, laid out well and not yet checked for what
/// browsers take.
pub struct NativeBody<'b>(pub(super) Vec<Parts<'b>>);

impl<'b> NativeBody<'b> {
    /// The operations in order; one that breaks the rules of SPEC §4 is an error.
    pub(super) fn checked(
        &self,
    ) -> impl ExactSizeIterator<Item = Result<Operation<'b>, InvalidToken>> {
        self.0.iter().map(|parts| {
            parts
                .to_operation()
                .map_err(|_| InvalidReason::CannotEmit.into())
        })
    }
}

impl fmt::Debug for NativeBody<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NativeBody({} operations)", self.0.len())
    }
}

impl TokenBody for NativeBody<'_> {}

impl Sealed for NativeBody<'_> {
    /// SPEC §6.5, step 9.
    fn write_lines(&self, _: UnixMillis) -> Result<SetCookieLines, OperationError> {
        let operations = &self.0;
        let mut lines = SetCookieLines::with_capacity(operations.len());
        for (n, operation) in operations.iter().enumerate() {
            operation.check()?;
            let key = operation.key();
            if operations[..n].iter().any(|earlier| earlier.key() == key) {
                return Err(OperationError::new(Field::Name, Rule::Duplicate));
            }
            lines.push(|line| {
                operation.write_set_cookie(line);
                Ok(())
            })?;
        }
        Ok(lines)
    }
}
