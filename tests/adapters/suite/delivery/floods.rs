//! Strangers who sign out browsers that they make up: honest sign-outs go on, and what is lost is
//! said.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use apply_cookies::protocol::BindingCookie;
use apply_cookies::replay::MemoryReplayStore;
use apply_cookies::{Clock, Outcome};

use super::{R, Server, signs};
use crate::harness::{one_token, outcome, tokens};
use crate::support::http::{Response, post};
use crate::support::{NOW, at, cookie_header};

/// A binding cookie that nobody was given.
fn invented(n: u64) -> String {
    let mut bytes = [9; 32];
    bytes[..8].copy_from_slice(&n.to_be_bytes());
    let cookie = BindingCookie::from_random(bytes).to_text();
    format!("Cookie: __Host-apply-cookies={cookie}")
}

fn deletes_session(answer: &Response) -> bool {
    let lines = answer.all("set-cookie");
    lines.iter().any(|line| line.starts_with("session=;"))
}

#[test]
fn a_stranger_who_signs_out_invented_browsers_stops_no_sign_out_and_no_sign_in() {
    let hands = Arc::new(AtomicU64::new(NOW - 60_000));
    let shown = hands.clone();
    let clock = Clock::from_fn(move || at(shown.load(Ordering::SeqCst)));
    let store = Arc::new(MemoryReplayStore::new(clock).capacity(1_000));
    hands.store(NOW, Ordering::SeqCst);
    let server = Server::with_store(store.clone()).start(signs());
    let set_clock = |millis| {
        hands.store(millis, Ordering::SeqCst);
        server.set_clock(millis);
    };
    let mut connection = server.open();
    for n in 0..600 {
        let answer = connection.request("GET", "/plain-sign-out", &[&invented(n)], b"");
        assert!(deletes_session(&answer));
        let expected = match n {
            0..500 => Outcome::Released,
            _ => Outcome::ReleasedWithoutBarrier,
        };
        assert_eq!(outcome(&server.notes.receipt()), expected, "{n}");
    }
    assert_eq!(store.len(), 500, "they took no claim's place");

    for after in [0, 1_000, 30_000, 59_000] {
        set_clock(NOW + after);
        // An honest sign-out, on an ordinary response …
        let answer = server.get_bound("/plain-sign-out");
        assert!(deletes_session(&answer));
        let said = outcome(&server.notes.receipt());
        assert_eq!(said, Outcome::ReleasedWithoutBarrier, "+{after} ms");
        // … and by a token …
        let out = server.get_bound("/sign-out");
        let barrier = tokens(&out.body)[0];
        let answer = post(server.address, barrier, Some(R));
        assert!(deletes_session(&answer), "+{after} ms: {}", answer.status);
        let said = outcome(&server.notes.receipt());
        assert_eq!(said, Outcome::ReleasedWithoutBarrier, "+{after} ms");
        drop(server.notes.receipt());
        // … and a sign-in.
        let sign_in = one_token(&server.get_bound("/sign-in"));
        assert_eq!(post(server.address, &sign_in, Some(R)).status, 204);
        assert_eq!(outcome(&server.notes.receipt()), Outcome::Released);
    }

    // The flood passes with the tokens that it could refuse: two lifetimes, and the grace.
    set_clock(NOW + 128_000);
    let delayed = one_token(&server.get_bound("/sign-in"));
    drop(server.notes.receipt());
    assert!(deletes_session(&server.get_bound("/plain-sign-out")));
    assert_eq!(outcome(&server.notes.receipt()), Outcome::Released);
    assert_eq!(post(server.address, &delayed, Some(R)).status, 410);
    let theirs = server.get("/plain-sign-out", &[&cookie_header(2)]);
    assert!(deletes_session(&theirs));
    assert_eq!(outcome(&server.notes.receipt()), Outcome::Released);
}
