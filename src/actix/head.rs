//! Response heads whose fields stand in one fixed order.
//!
//! A retry gets the same answer byte for byte, and so do all forgeries (SPEC §9.3). actix's
//! header map orders its fields by hashes that are seeded anew in every map, so the same answer
//! would come out in another order each time. A clone keeps the seed, and with it the order: one
//! map is made for each kind of answer, and cloned ever after. The order may differ from process
//! to process; field order has no meaning (RFC 9110 §5.3).

use std::sync::LazyLock;

use actix_web::http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER, SET_COOKIE,
};
use bytes::Bytes;

use crate::redeem::Redeemed;
use crate::rejection::Rejection;

/// What the page does after the cookies are applied (SPEC §9.4).
const THEN: HeaderName = HeaderName::from_static("apply-cookies-then");

const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

static APPLIED: LazyLock<HeaderMap> =
    LazyLock::new(|| template(&[CACHE_CONTROL, SET_COOKIE, THEN]));
static REFUSED: LazyLock<HeaderMap> =
    LazyLock::new(|| template(&[CACHE_CONTROL, CONTENT_TYPE, ALLOW, RETRY_AFTER]));

/// The fields of a 204 that applies cookies.
pub(super) fn applied(redeemed: Redeemed) -> HeaderMap {
    let mut head = APPLIED.clone();
    head.insert(CACHE_CONTROL, NO_STORE);
    let (text, ranges) = redeemed.lines.into_parts();
    // All lines share one buffer.
    let text = Bytes::from(text);
    // Not reached with an error: an operation is visible ASCII by construction.
    let mut lines = ranges
        .into_iter()
        .filter_map(|range| HeaderValue::from_maybe_shared(text.slice(range)).ok());
    if let Some(first) = lines.next() {
        head.insert(SET_COOKIE, first);
    }
    for line in lines {
        head.append(SET_COOKIE, line);
    }
    let then = redeemed
        .then
        .and_then(|then| HeaderValue::try_from(then).ok());
    put(&mut head, THEN, then);
    head
}

/// The fields of a refusal.
pub(super) fn refused(rejection: &Rejection) -> HeaderMap {
    let mut head = REFUSED.clone();
    head.insert(CACHE_CONTROL, NO_STORE);
    head.insert(CONTENT_TYPE, PROBLEM_JSON);
    let allow = matches!(rejection, Rejection::Method).then(|| HeaderValue::from_static("POST"));
    put(&mut head, ALLOW, allow);
    let retry_after = rejection.retry_after().map(HeaderValue::from_static);
    put(&mut head, RETRY_AFTER, retry_after);
    head
}

fn put(head: &mut HeaderMap, name: HeaderName, value: Option<HeaderValue>) {
    match value {
        Some(value) => drop(head.insert(name, value)),
        None => drop(head.remove(name)),
    }
}

/// A map of these fields, without values.
fn template(names: &[HeaderName]) -> HeaderMap {
    let mut map = HeaderMap::with_capacity(names.len());
    for name in names {
        map.insert(name.clone(), HeaderValue::from_static(""));
    }
    map
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_the_same_in_every_clone() {
        for _ in 0..100 {
            let map = template(&[CACHE_CONTROL, CONTENT_TYPE, ALLOW, RETRY_AFTER]);
            let mut clone = map.clone();
            clone.insert(CACHE_CONTROL, NO_STORE);
            assert!(clone.keys().eq(map.keys()));
        }
    }
}
