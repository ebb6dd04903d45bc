//! Shared by several tests: the helpers of the library's tests, without their server.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::missing_panics_doc,
    reason = "each test file uses its own part"
)]

#[path = "../../../tests/support/http.rs"]
pub mod http;

use std::sync::LazyLock;

use apply_cookies::Secrets;
use apply_cookies::protocol::{Batch, BindingCookie, KeyRing, parse_batch};

/// The program refuses every secret that the repository prints.
pub static SECRET: LazyLock<String> = LazyLock::new(Secrets::generate);
pub const ORIGIN: &str = "https://app.example";

pub const SESSION: &str = r#"{"op":"set","name":"session","value":"8f14e45f"}"#;
pub const SESSION_LINE: &str = "session=8f14e45f; Path=/; Secure; HttpOnly; SameSite=Lax";

pub fn ring() -> KeyRing {
    Secrets::new(&SECRET).unwrap().into_ring().unwrap()
}

pub fn browser(n: u8) -> BindingCookie {
    BindingCookie::from_random([n; 32])
}

pub fn cookie_header(n: u8) -> String {
    format!("Cookie: __Host-apply-cookies={}", browser(n).to_text())
}

/// A batch from its JSON form.
pub fn batch(operations: &str) -> Batch<'static> {
    parse_batch(&format!("{{\"operations\":[{operations}]}}")).unwrap()
}
