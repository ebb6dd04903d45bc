//! The modules that browsers load from below the prefix.

use apply_cookies::web::{Answer, Fields, Rest};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::request::Request;

/// `GET /auth/sign-in.js`.
const SIGN_IN: &str = include_str!("../client/sign-in.js");
/// `GET /auth/firebase.js`.
const FIREBASE: &str = include_str!("../client/firebase.js");

/// The module at this path, for an app that has such sign-ins.
pub(crate) fn module<F: Fields>(path: &str, request: &Request<'_, F>) -> Answer {
    // As a service worker it would be the first to see every request under the prefix.
    if request.has("service-worker") {
        return Answer::uncached(403, Rest::Unasked);
    }
    let text = if path == "/firebase.js" {
        FIREBASE
    } else {
        SIGN_IN
    };
    let digest = BASE64_URL_SAFE_NO_PAD.encode(&Sha256::digest(text)[..12]);
    let tag = format!("\"{digest}\"");
    let is_known = request.only("if-none-match") == Some(tag.as_bytes());
    let answer = Answer::new(if is_known { 304 } else { 200 }, Rest::Unasked)
        .with("cache-control", &b"no-cache"[..])
        .with("etag", tag)
        .with("x-content-type-options", &b"nosniff"[..]);
    if is_known {
        return answer;
    }
    answer.with_body("text/javascript; charset=utf-8", text)
}
