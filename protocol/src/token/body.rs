//! The cookies that a token sets and deletes, in the form of its profile: the seam between the
//! steps of a redemption, which are the same for all profiles, and the bytes, which are not.

use std::fmt;

use crate::cookie::{Field, Operation, OperationError, Parts, Rule, SetCookieLines};
use crate::time::UnixMillis;

use super::error::{InvalidReason, InvalidToken};

/// The body that tokens of one profile carry. Only this crate implements it; it is public so that
/// code can take tokens of any profile.
pub trait TokenBody: Sealed {}

/// The methods that the steps need. Outside code cannot name this trait, so nobody else can
/// implement it.
pub trait Sealed {
    /// The `Set-Cookie` lines. If one of them cannot be emitted, all are refused. Relative times
    /// count from `now`.
    #[doc(hidden)]
    fn write_lines(&self, now: UnixMillis) -> Result<SetCookieLines, OperationError>;
}

/// The operations of a token of the native profile. Their layout is valid; the rules of browsers
/// are not checked yet.
pub struct NativeBody<'b>(pub(super) Vec<Parts<'b>>);

impl<'b> NativeBody<'b> {
    /// The operations in order. An operation that breaks the rules of SPEC §4 is an error.
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
