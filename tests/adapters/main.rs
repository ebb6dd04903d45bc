//! The promises that every web framework's adapter must keep, over real sockets.
//!
//! `suite/` holds the tests, and each adapter includes it whole: a test cannot exist for one
//! adapter only. Handlers are written once, as a [`Script`](harness::Script), and belong to no
//! framework. Where frameworks differ, the difference is a value of the [`harness::Adapter`].
//!
//! Another framework is one more file beside `actix.rs`, and one more line here.

#![allow(
    clippy::duplicate_mod,
    reason = "the suite is compiled once for each adapter"
)]

mod harness;
#[path = "../support/mod.rs"]
mod support;

mod actix;
mod axum;
