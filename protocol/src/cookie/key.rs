//! The identity of a cookie in a browser's jar.

/// The identity of a cookie in a browser: its name, domain, path and partition (RFC 6265bis §5.7,
/// step 23). Two operations with equal keys are about one cookie.
///
/// ```
/// use apply_cookies_protocol::{DeleteCookie, Operation, SetCookie};
///
/// let set = Operation::try_from(SetCookie::new("theme", "dark"))?;
/// let delete = Operation::try_from(DeleteCookie::new("theme"))?;
/// let elsewhere = Operation::try_from(SetCookie::new("theme", "dark").path("/app"))?;
/// assert_eq!(set.key(), delete.key());
/// assert_ne!(set.key(), elsewhere.key());
/// # Ok::<(), apply_cookies_protocol::OperationError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct CookieKey<'k> {
    /// The cookie's name.
    pub name: &'k str,
    /// The `Domain` attribute; `None` is this host alone.
    pub domain: Option<&'k str>,
    /// The `Path` attribute.
    pub path: Option<&'k str>,
    /// Whether the cookie lives in a partition.
    pub partitioned: bool,
}
