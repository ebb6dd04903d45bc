//! What every answer of the demo says about itself.

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::middleware::DefaultHeaders;

macro_rules! policy {
    ($ancestors:literal) => {
        concat!(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; ",
            // In browsers 'self' covers WebSockets of the same host and port.
            "connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; ",
            "frame-ancestors ",
            $ancestors,
            "; require-trusted-types-for 'script'; trusted-types 'none'"
        )
    };
}

/// Nothing but the demo's own files, no inline code, and no frame around it.
const POLICY: &str = policy!("'none'");

/// The same for the document that the demo's page shows in a frame.
pub(super) const FRAMED: &str = policy!("'self'");

/// Headers that stand wherever a handler has not set its own.
pub(super) fn for_everything() -> DefaultHeaders {
    DefaultHeaders::new()
        .add((CONTENT_SECURITY_POLICY, POLICY))
        .add((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .add((REFERRER_POLICY, "no-referrer"))
        .add(("cross-origin-opener-policy", "same-origin"))
        .add((CACHE_CONTROL, "no-cache"))
}
