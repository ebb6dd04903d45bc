//! Every task that awaits a receipt is woken, whatever the others do.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Wake, Waker};

use apply_cookies::Outcome;

use super::{R, Server, signs};
use crate::harness::{one_token, outcome};
use crate::support::NOW;
use crate::support::http::post;

/// A waker that panics, as foreign code may.
struct Panics;

impl Wake for Panics {
    fn wake(self: Arc<Self>) {
        panic!("on purpose");
    }
}

#[test]
fn a_waker_that_panics_does_not_stop_other_receipts() {
    let server = Server::start(signs());
    server.get_bound("/sign-in");
    let mut bad = pin!(server.notes.receipt().settled());
    let waker = Waker::from(Arc::new(Panics));
    let mut context = Context::from_waker(&waker);
    assert!(bad.as_mut().poll(&mut context).is_pending());
    server.get_bound("/sign-in");
    let receipt = server.notes.receipt();
    server.set_clock(NOW + 61_000);
    assert_eq!(outcome(&receipt), Outcome::Expired);
    server.get_bound("/sign-in");
    let next = server.notes.receipt();
    server.set_clock(NOW + 200_000);
    assert_eq!(outcome(&next), Outcome::Expired);
}

struct Heard(AtomicBool);

impl Wake for Heard {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[test]
fn every_task_that_awaits_a_receipt_is_woken_and_one_that_gave_up_is_forgotten() {
    let server = Server::start(signs());
    let token = one_token(&server.get_bound("/sign-in"));
    let receipt = server.notes.receipt();
    let heard: Vec<_> = (0..3).map(|_| Arc::new(Heard(false.into()))).collect();
    let mut waiting: Vec<_> = heard
        .iter()
        .map(|heard| {
            let mut settled = Box::pin(receipt.clone().settled());
            let waker = Waker::from(heard.clone());
            let mut context = Context::from_waker(&waker);
            assert!(settled.as_mut().poll(&mut context).is_pending());
            // A second look does not keep a second waker.
            assert!(settled.as_mut().poll(&mut context).is_pending());
            settled
        })
        .collect();
    assert_eq!(Arc::strong_count(&heard[1]), 2);
    drop(waiting.remove(1));
    assert_eq!(Arc::strong_count(&heard[1]), 1);
    assert_eq!(post(server.address, &token, Some(R)).status, 204);
    assert_eq!(outcome(&receipt), Outcome::Released);
    let heard: Vec<bool> = heard
        .iter()
        .map(|heard| heard.0.load(Ordering::SeqCst))
        .collect();
    assert_eq!(heard, [true, false, true]);
}
