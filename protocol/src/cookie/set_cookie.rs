//! A draft of a cookie to set. Nothing is checked yet: see [`Operation`](super::Operation).

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use super::attributes::SameSite;

/// A draft of a cookie to set, in the low-level form: a raw name and a raw value.
///
/// The defaults are the safe ones: `Path=/`, `HttpOnly`, `SameSite=Lax`, this host only, until the
/// browser closes, and `Secure` unless it is for pages on plain http (see [`Scheme`](crate::Scheme)).
/// The value must consist of cookie-octets (RFC 6265bis §4.1.1);
/// a draft becomes an [`Operation`](crate::Operation) only if every field is valid.
///
/// `Debug` does not show the value.
///
/// ```
/// use std::time::Duration;
/// use apply_cookies_protocol::{Operation, SameSite, SetCookie};
///
/// let draft = SetCookie::new("session", "8f14e45f")
///     .max_age(Duration::from_secs(3600))
///     .same_site(SameSite::Strict);
/// let operation = Operation::try_from(draft)?;
/// assert_eq!(
///     operation.to_set_cookie(),
///     "session=8f14e45f; Path=/; Max-Age=3600; Secure; HttpOnly; SameSite=Strict",
/// );
/// # Ok::<(), apply_cookies_protocol::OperationError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
#[must_use]
pub struct SetCookie<'a> {
    pub(crate) name: Cow<'a, str>,
    pub(crate) value: Cow<'a, str>,
    pub(crate) path: Option<Cow<'a, str>>,
    pub(crate) domain: Option<Cow<'a, str>>,
    pub(crate) max_age: Option<u64>,
    /// `None` where the draft does not say.
    pub(crate) secure: Option<bool>,
    pub(crate) http_only: bool,
    pub(crate) same_site: Option<SameSite>,
    pub(crate) partitioned: bool,
}

impl<'a> SetCookie<'a> {
    /// A session cookie with the safe defaults.
    pub fn new(name: impl Into<Cow<'a, str>>, value: impl Into<Cow<'a, str>>) -> Self {
        Self {
            name: name.into(),
            value: value.into(),
            path: Some(Cow::Borrowed("/")),
            domain: None,
            max_age: None,
            secure: None,
            http_only: true,
            same_site: Some(SameSite::Lax),
            partitioned: false,
        }
    }

    /// Sends the cookie to this path and those below it.
    pub fn path(mut self, path: impl Into<Cow<'a, str>>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// Leaves `Path` out: browsers then take the directory of the request that set the cookie,
    /// which is the endpoint's. Rarely what you want.
    pub fn without_path(mut self) -> Self {
        self.path = None;
        self
    }

    /// Sends the cookie to this domain and all below it, instead of this host alone.
    pub fn domain(mut self, domain: impl Into<Cow<'a, str>>) -> Self {
        self.domain = Some(domain.into());
        self
    }

    /// Keeps the cookie for this long, counted in whole seconds from the moment the browser
    /// receives it; at most 400 days.
    pub fn max_age(mut self, age: Duration) -> Self {
        self.max_age = Some(age.as_secs());
        self
    }

    /// Sends the cookie over secure connections only, or over any, whatever the pages' scheme. Some
    /// browsers keep no `Secure` cookie over plain http, not even on this machine: rather do not
    /// say.
    pub fn secure(mut self, secure: bool) -> Self {
        self.secure = Some(secure);
        self
    }

    /// Hides the cookie from JavaScript, or not.
    pub fn http_only(mut self, http_only: bool) -> Self {
        self.http_only = http_only;
        self
    }

    /// On which cross-site requests the cookie is sent. `None` leaves the attribute out, which
    /// most browsers read as `Lax`.
    pub fn same_site(mut self, same_site: impl Into<Option<SameSite>>) -> Self {
        self.same_site = same_site.into();
        self
    }

    /// Puts the cookie in the partition of the top-level site (CHIPS), or not.
    pub fn partitioned(mut self, partitioned: bool) -> Self {
        self.partitioned = partitioned;
        self
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether a browser deletes the cookie as soon as it receives it: its age is zero.
    #[must_use]
    pub const fn is_removal(&self) -> bool {
        matches!(self.max_age, Some(0))
    }

    /// The value, which is often a secret.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }

    pub(crate) fn into_owned(self) -> SetCookie<'static> {
        SetCookie {
            name: Cow::Owned(self.name.into_owned()),
            value: Cow::Owned(self.value.into_owned()),
            path: self.path.map(|path| Cow::Owned(path.into_owned())),
            domain: self.domain.map(|domain| Cow::Owned(domain.into_owned())),
            max_age: self.max_age,
            secure: self.secure,
            http_only: self.http_only,
            same_site: self.same_site,
            partitioned: self.partitioned,
        }
    }
}

// Values are secrets, so Debug names the cookie and stops there.
impl fmt::Debug for SetCookie<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SetCookie")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
