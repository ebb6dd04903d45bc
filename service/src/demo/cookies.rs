//! The demo's cookies: their names, and how they are read from a request.

use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::http::header::{COOKIE, HeaderValue};
use apply_cookies::protocol::{BINDING_COOKIE_INSECURE, CookieHeader, Lookup};

pub(super) const SESSION: &str = "session";
pub(super) const ACCENT: &str = "accent";
pub(super) const VISITS: &str = "visits";

/// Set when the page tries a replay.
pub(super) const PRACTICE: &str = "practice";

/// All of them, and the binding cookie of a deployment for development.
pub(super) const ALL: [&str; 5] = [BINDING_COOKIE_INSECURE, SESSION, ACCENT, VISITS, PRACTICE];

/// How long a sign-in lasts.
pub(super) const SIGNED_IN: Duration = Duration::from_secs(60 * 60);

/// How long a setting is kept.
pub(super) const KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// The value of the one cookie of this name. Other programs on this machine share the browser's
/// cookies, whatever their port, so the value is not trusted, only checked to be text.
pub(super) fn read<'r>(request: &'r HttpRequest, name: &str) -> Option<&'r str> {
    let fields = request.headers().get_all(COOKIE).map(HeaderValue::as_bytes);
    match CookieHeader::new(fields).find(name) {
        Lookup::One(value) => std::str::from_utf8(value).ok(),
        Lookup::Absent | Lookup::Duplicate => None,
    }
}
