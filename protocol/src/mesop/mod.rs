//! The profile `mesop`: byte-compatible with Mesop 1.3, and so with Python's itsdangerous,
//! Werkzeug and Fernet, as MESOP.md says. Feature `mesop`.
//!
//! Two frameworks can share one sign-in cookie, and each can redeem the other's tokens:
//! [`UntrustedToken::open_mesop`](crate::UntrustedToken::open_mesop) is the counterpart of `open`,
//! and the same types and the same order of checks follow it. HMAC-SHA1 and zlib are used only
//! here.
//!
//! ```
//! use apply_cookies_protocol::mesop::{MesopKeys, parse_batch, seal};
//! use apply_cookies_protocol::{
//!     BindingPolicy, Grant, Nonce, Secret, UnixMillis, UntrustedToken,
//! };
//!
//! # fn random<const N: usize>() -> [u8; N] { [4; N] } // your generator
//! let keys = MesopKeys::new(&Secret::from_mesop("8uNnT5lZQ0zGm1rVxkPqYc3sEJfHdOaW7bKtLi2vRyA")?);
//! let now = UnixMillis::from_secs(1_760_000_000).unwrap();
//! let batch = parse_batch(
//!     r#"{"operations":[{"op":"set","name":"greeting","value":"say \"hi\"","max_age":60}]}"#,
//!     now,
//! )?;
//! let token = seal(&keys, Nonce::from_random(random()), now, None, &batch)?;
//!
//! let mut buffer = Vec::new();
//! let prepared = UntrustedToken::new(token.as_str())
//!     .open_mesop(&keys, &mut buffer)?
//!     .verify(now, BindingPolicy::Optional, None)?
//!     .prepare()?;
//! assert_eq!(
//!     prepared.release(Grant::First).iter().collect::<Vec<_>>(),
//!     ["greeting=\"say \\\"hi\\\"\"; Expires=Thu, 09 Oct 2025 08:54:20 GMT; Max-Age=60; Secure; HttpOnly; Path=/; SameSite=Lax"],
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod cookie;
mod domain;
mod http_date;
mod itsdangerous;
mod json;
mod max_age;
mod member;
mod nonce;
mod python_json;
mod token;
mod value;
mod werkzeug;
mod zlib;

pub use crate::keys::MesopKeys;
pub use cookie::MesopCookie;
pub use json::{parse_batch, parse_batch_over, parse_operation, parse_operation_over};
pub use python_json::relayout;
pub use token::{MesopBody, seal};
pub use value::{MesopValueCodec, OpenedText};

#[cfg(fuzzing)]
pub use token::sign_mesop;

/// Functions that the vectors need besides the public ones.
#[doc(hidden)]
pub mod for_tests {
    pub use super::python_json::write_text as write_python_json;
}
