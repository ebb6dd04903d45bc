//! The client of the library's own tests, which writes its requests byte by byte.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::missing_panics_doc,
    reason = "these tests use a part of it"
)]

#[path = "../../../../replay/tests/support/folder.rs"]
pub mod folder;
#[path = "../../../../tests/support/http.rs"]
pub mod http;

use apply_cookies::protocol::BindingCookie;

pub const ORIGIN: &str = "https://app.example";

pub fn cookie_header(n: u8) -> String {
    let binding = BindingCookie::from_random([n; 32]);
    format!("Cookie: __Host-apply-cookies={}", binding.to_text())
}
