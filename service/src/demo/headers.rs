//! The header fields of every answer of the demo.

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::middleware::DefaultHeaders;

macro_rules! policy {
    ($ancestors:literal) => {
        concat!(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; ",
            // In browsers 'self' includes WebSockets on the same host and port.
            "connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; ",
            "frame-ancestors ",
            $ancestors,
            "; require-trusted-types-for 'script'; trusted-types 'none'"
        )
    };
}

/// Nothing but the demo's own files, no inline code, and no frame around it.
const POLICY: &str = policy!("'none'");

/// The same policy, for the document that the demo's page shows in a frame.
pub(super) const FRAMED: &str = policy!("'self'");

/// Headers that are added unless a handler has set its own.
pub(super) fn for_everything() -> DefaultHeaders {
    DefaultHeaders::new()
        .add((CONTENT_SECURITY_POLICY, POLICY))
        .add((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .add((REFERRER_POLICY, "no-referrer"))
        .add(("cross-origin-opener-policy", "same-origin"))
        .add((CACHE_CONTROL, "no-cache"))
}
