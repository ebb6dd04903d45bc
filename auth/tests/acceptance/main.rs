//! The promises of the crate to the people who sign in and to the apps that they sign in to, over
//! real sockets and on both frameworks.
//!
//! `suite/` contains the tests, and each framework's file includes all of it, so that no test exists
//! for one framework only. The app of the tests is written once, in `harness/pages.rs`.

#![allow(
    clippy::duplicate_mod,
    reason = "the suite is compiled once for each framework"
)]

mod harness;
#[path = "../hostile/mod.rs"]
#[allow(dead_code, unreachable_pub, reason = "these tests use a part of it")]
mod hostile;
mod support;

mod actix;
mod axum;
