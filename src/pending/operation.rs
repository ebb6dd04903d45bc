//! What can be pushed.

use apply_cookies_protocol::{DeleteCookie, Operation, OperationError, SetCookie};

use super::error::PushError;

/// Anything that sets a cookie: [`SetCookie`], and the web framework's own cookie type.
pub trait IntoOperation {
    /// The checked operation.
    ///
    /// # Errors
    ///
    /// Names the field that a browser would not take.
    fn into_operation(self) -> Result<Operation<'static>, PushError>;
}

impl IntoOperation for SetCookie<'_> {
    fn into_operation(self) -> Result<Operation<'static>, PushError> {
        Ok(Operation::try_from(self)?.into_owned())
    }
}

/// A cookie to delete, given by name or in full.
#[derive(Debug)]
pub struct Deletion<'a>(DeleteCookie<'a>);

impl Deletion<'_> {
    pub(super) fn into_operation(self) -> Result<Operation<'static>, OperationError> {
        Operation::try_from(self.0).map(Operation::into_owned)
    }
}

impl<'a> From<&'a str> for Deletion<'a> {
    fn from(name: &'a str) -> Self {
        Self(DeleteCookie::new(name))
    }
}

impl<'a> From<DeleteCookie<'a>> for Deletion<'a> {
    fn from(cookie: DeleteCookie<'a>) -> Self {
        Self(cookie)
    }
}
