//! Shared by several tests: one deployment's secret and clock, its tokens, and a client that writes
//! its requests byte by byte.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::missing_panics_doc,
    reason = "each test file uses its own part"
)]

pub mod http;

use std::sync::atomic::{AtomicU64, Ordering};

use apply_cookies::protocol::{
    Batch, Binding, BindingCookie, KeyRing, Lifetime, Nonce, Sealing, Secret as RootSecret,
    TokenHeader, UnixMillis, seal,
};

pub const SECRET: &str = "8uNnT5lZQ0zGm1rVxkPqYc3sEJfHdOaW7bKtLi2vRyA";
pub const ORIGIN: &str = "https://app.example";

/// The time of most tests, long after the store's horizon.
pub const NOW: u64 = 1_795_000_000_000;

pub fn at(millis: u64) -> UnixMillis {
    UnixMillis::new(millis).unwrap()
}

pub fn ring() -> KeyRing {
    KeyRing::new(&RootSecret::new(SECRET).unwrap(), &[]).unwrap()
}

pub fn browser(n: u8) -> BindingCookie {
    BindingCookie::from_random([n; 32])
}

pub fn cookie_header(n: u8) -> String {
    format!("Cookie: __Host-apply-cookies={}", browser(n).to_text())
}

/// A batch from its JSON form.
pub fn batch(operations: &str) -> Batch<'static> {
    apply_cookies::protocol::parse_batch(&format!("{{\"operations\":[{operations}]}}")).unwrap()
}

/// An encrypted token of another process, for browser 1, with changes.
pub fn token_with(operations: &str, change: impl FnOnce(&mut TokenHeader<'_>)) -> String {
    let nonce: [u8; 16] = rand();
    let mut header = TokenHeader::new(Nonce::from_random(nonce), at(NOW), Lifetime::default());
    header.binding = Some(Binding::new(&ring(), &browser(1)));
    change(&mut header);
    let sealing = Sealing::Encrypted { iv: rand() };
    seal(&ring(), sealing, &header, &batch(operations)).into_string()
}

/// An ordinary token for browser 1.
pub fn token() -> String {
    token_with(SESSION, |_| {})
}

pub const SESSION: &str = r#"{"op":"set","name":"session","value":"8f14e45f"}"#;
pub const SESSION_LINE: &str = "session=8f14e45f; Path=/; Secure; HttpOnly; SameSite=Lax";

/// Numbers that differ from call to call; the tests need no more.
fn rand() -> [u8; 16] {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::SeqCst);
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    bytes[8..].copy_from_slice(&number.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes());
    bytes
}
