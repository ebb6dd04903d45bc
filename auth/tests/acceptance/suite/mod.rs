//! The promises, by what somebody does.

mod access_token;
mod admin;
mod basic;
mod credentials;
mod dev;
mod ended;
mod firebase;
mod fixation;
mod foreign;
mod forged;
mod gate_lists;
mod guessing;
mod inside_streams;
mod logged;
mod nested;
mod origins;
mod provider_callback;
mod provider_popup;
mod provider_sign_in;
mod provider_sign_out;
mod provider_step_up;
mod provider_tokens;
mod refusals;
mod renewal;
mod rotation;
mod rules;
mod sign_in;
mod sign_out;
mod signed_header;
mod unavailable;

use super::Tested;

type App = crate::harness::App<Tested>;

/// The cookie that says who is signed in.
const SIGNED_IN: &str = "__Host-signed-in";
/// The cookie by which a browser is known.
const BINDING: &str = "__Host-apply-cookies";
