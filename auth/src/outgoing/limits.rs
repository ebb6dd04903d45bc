//! How far a request may go, and how much may come back.

use std::time::Duration;

use apply_cookies::Origin;
use url::Url;

/// The longest body that is read.
pub(super) const BODY_MAX: usize = 64 * 1024;
pub(super) const TOO_LONG: &str = "the answer is longer than 64 KiB";

/// How long a whole exchange may take.
pub(super) const TIME_MAX: Duration = Duration::from_secs(5);

/// Only https, except to this machine. No name or password, which would be shown wherever addresses are.
pub(crate) fn is_allowed(url: &Url) -> bool {
    let is_secure = url.scheme() == "https" || url.scheme() == "http" && is_loopback(url);
    is_secure && url.username().is_empty() && url.password().is_none()
}

pub(super) fn is_loopback(url: &Url) -> bool {
    Origin::parse(&url.origin().ascii_serialization()).is_ok_and(|origin| origin.is_loopback())
}
