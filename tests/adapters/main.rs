//! The promises that every web framework's adapter must keep, over real sockets.
//!
//! `suite/` contains the tests, and each adapter includes all of it, so that no test exists for one
//! adapter only. Handlers are written once, as a [`Script`](harness::Script), without a framework.
//! Where frameworks differ, the difference is a value of the [`harness::Adapter`].
//!
//! Another framework needs one more file next to `actix.rs`, and one more line here.

#![allow(
    clippy::duplicate_mod,
    reason = "the suite is compiled once for each adapter"
)]

mod harness;
#[path = "../support/mod.rs"]
mod support;

mod actix;
mod axum;
