//! The promises, by what somebody does.

mod sign_in;

use super::Tested;

type App = crate::harness::App<Tested>;

/// The cookie that says who is signed in.
const SIGNED_IN: &str = "__Host-signed-in";
/// The cookie by which a browser is known.
const BINDING: &str = "__Host-apply-cookies";
