//! A draft of a cookie to delete.

use std::borrow::Cow;
use std::fmt;

/// A draft of a cookie to delete.
///
/// A browser deletes the cookie that has this name, domain and path, so give those that it was set
/// with. A partitioned cookie needs `partitioned` again.
///
/// ```
/// use apply_cookies_protocol::{DeleteCookie, Operation};
///
/// let operation = Operation::try_from(DeleteCookie::new("session"))?;
/// assert_eq!(
///     operation.to_set_cookie(),
///     "session=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure; HttpOnly",
/// );
/// # Ok::<(), apply_cookies_protocol::OperationError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
#[must_use]
pub struct DeleteCookie<'a> {
    pub(crate) name: Cow<'a, str>,
    pub(crate) path: Option<Cow<'a, str>>,
    pub(crate) domain: Option<Cow<'a, str>>,
    /// `None` where the draft does not say.
    pub(crate) secure: Option<bool>,
    pub(crate) partitioned: bool,
}

impl<'a> DeleteCookie<'a> {
    /// Deletes the cookie of this name that was set for path `/` and this host.
    pub fn new(name: impl Into<Cow<'a, str>>) -> Self {
        Self {
            name: name.into(),
            path: Some(Cow::Borrowed("/")),
            domain: None,
            secure: None,
            partitioned: false,
        }
    }

    /// The path that the cookie was set with.
    pub fn path(mut self, path: impl Into<Cow<'a, str>>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// For a cookie that was set without a path by a response from this very directory. A token is
    /// redeemed by the endpoint, which is in another directory: give the path there.
    pub fn without_path(mut self) -> Self {
        self.path = None;
        self
    }

    /// The domain that the cookie was set with.
    pub fn domain(mut self, domain: impl Into<Cow<'a, str>>) -> Self {
        self.domain = Some(domain.into());
        self
    }

    /// Writes `Secure` on the line, or not. If you do not say, the scheme of the pages decides.
    pub fn secure(mut self, secure: bool) -> Self {
        self.secure = Some(secure);
        self
    }

    /// Deletes the cookie of a partition, or the one outside.
    pub fn partitioned(mut self, partitioned: bool) -> Self {
        self.partitioned = partitioned;
        self
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn into_owned(self) -> DeleteCookie<'static> {
        DeleteCookie {
            name: Cow::Owned(self.name.into_owned()),
            path: self.path.map(|path| Cow::Owned(path.into_owned())),
            domain: self.domain.map(|domain| Cow::Owned(domain.into_owned())),
            secure: self.secure,
            partitioned: self.partitioned,
        }
    }
}

impl fmt::Debug for DeleteCookie<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeleteCookie")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
