//! Stores that fail, are full, or must not be reached at all.

use std::sync::Arc;

use super::{OTHER_R, R, Server, assert_refused};
use crate::harness::{Staged, memory};
use crate::support::http::{FORM, form, origin_header, post};
use crate::support::{SESSION_LINE, cookie_header, token};

#[test]
fn a_failing_store_releases_nothing_and_the_same_redemption_id_may_ask_again() {
    let store = Staged::failing();
    let server = Server::with_store(store.clone()).bare();
    let token = token();
    let response = post(server.address, &token, Some(R));
    assert_refused(&response, 503, "unavailable");
    assert_eq!(response.header("retry-after"), Some("1"));
    assert!(!response.body.contains("secret detail"));
    store.answer();
    assert_eq!(
        post(server.address, &token, Some(R)).all("set-cookie"),
        [SESSION_LINE]
    );
}

#[test]
fn a_full_store_refuses_and_never_forgets() {
    let store = Arc::new(memory().capacity(2));
    let server = Server::with_store(store.clone()).bare();
    let used = [token(), token()];
    for token in &used {
        assert_eq!(post(server.address, token, Some(R)).status, 204);
    }
    assert_refused(&post(server.address, &token(), Some(R)), 503, "unavailable");
    for token in &used {
        assert_refused(&post(server.address, token, Some(OTHER_R)), 409, "used");
        assert_eq!(
            post(server.address, token, Some(R)).status,
            204,
            "a retry needs no room"
        );
    }
    assert_eq!(store.len(), 2);
}

#[test]
fn forgeries_leave_no_trace_in_the_store() {
    let store = Arc::new(memory());
    let server = Server::with_store(store.clone()).bare();
    let mut connection = server.open();
    let good = token();
    for n in 0..500 {
        let forged = format!("{}{:03}", &good[..good.len() - 3], n);
        let headers = [&origin_header(), FORM, &cookie_header(1)];
        connection.request(
            "POST",
            "/__apply-cookies",
            &headers,
            form(&forged, Some(R)).as_bytes(),
        );
    }
    assert!(store.is_empty());
}
