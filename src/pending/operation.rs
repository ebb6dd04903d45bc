//! The types that can be pushed.

use apply_cookies_protocol::for_root::CookieClass;
use apply_cookies_protocol::{DeleteCookie, Operation, SetCookie};

use super::error::PushError;
use crate::classes::Classes;

/// Anything that sets a cookie: a reference to a value of a cookie class, [`SetCookie`], and the
/// web framework's own cookie type.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not set a cookie",
    note = "pass a value of a cookie class by reference, as in `cookies.set(&session)`, where the struct has `#[derive(CookieClass, Serialize, Deserialize)]`; or a `SetCookie`"
)]
pub trait IntoOperation {
    /// The checked operation. `classes` writes cookie classes with the deployment's keys, and knows
    /// whether its cookies are `Secure`.
    ///
    /// # Errors
    ///
    /// Names the field that a browser would not accept.
    fn into_operation(self, classes: &Classes) -> Result<Operation<'static>, PushError>;
}

impl IntoOperation for SetCookie<'_> {
    fn into_operation(self, classes: &Classes) -> Result<Operation<'static>, PushError> {
        Ok(classes.operation(self)?.into_owned())
    }
}

impl<C: CookieClass + 'static> IntoOperation for &C {
    fn into_operation(self, classes: &Classes) -> Result<Operation<'static>, PushError> {
        Ok(classes.set(self)?)
    }
}

/// A cookie to delete, given by name or in full.
#[derive(Debug)]
pub struct Deletion<'a>(DeleteCookie<'a>);

impl Deletion<'_> {
    pub(super) fn into_operation(self, classes: &Classes) -> Result<Operation<'static>, PushError> {
        Ok(classes.operation(self.0)?.into_owned())
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
