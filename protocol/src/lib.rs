//! The codec of apply-cookies.
//!
//! It checks cookie operations, seals them into short-lived single-use tokens, opens such tokens
//! again and writes the `Set-Cookie` lines that they stand for. It has no I/O, reads no clock and
//! draws no randomness: times and random bytes are arguments, so every function is a function.
//! `SPEC.md` beside this crate draws each byte.
//!
//! The replay store that makes a token single-use, the endpoint and the web framework glue are
//! in the crate `apply-cookies`.

// Not in the workspace's table: tests may unwrap.
#![warn(clippy::unwrap_used)]

mod base64url;
mod batch;
mod binding;
mod bytes;
mod class;
mod cookie;
mod json;
mod keys;
pub mod limits;
mod time;
mod token;
mod value;

#[doc(inline)]
pub use apply_cookies_derive::CookieClass;
pub use batch::Batch;
pub use binding::{Binding, BindingCookie, BindingDigest};
pub use class::{Class, ClassCodec, ClassError, CookieClass, ReadCookie};
pub use cookie::{
    BINDING_COOKIE, BINDING_COOKIE_INSECURE, CookieHeader, DeleteCookie, Draft, Field, Found,
    Operation, OperationError, Problem, SameSite, SetCookie,
};
pub use json::{BatchError, parse_batch, parse_operation};
pub use keys::{KeyId, KeyRing, KeyRingError, Secret, WeakSecret};
pub use time::UnixMillis;
pub use token::{
    AfterApply, AuthenticToken, BindingRule, Claimed, InvalidReason, InvalidToken, Lifetime, Nonce,
    PreparedToken, RedemptionDigest, RefusedToken, SameOriginPath, Seal, Sealing, SetCookieLines,
    StoreScope, Token, TokenHeader, TokenId, UntrustedToken, VerifiedToken, seal,
};
pub use value::{
    OpenedValue, Protection, Stamp, Unreadable, UnreadableReason, ValueCodec, check_json,
};

/// What lies under the seal, for the fuzzers.
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing {
    pub use crate::token::door::{OpenedPayload, open_payload};
}

/// The trait without the macro of the same name: the crate `apply-cookies` exports a macro of its
/// own beside it, whose output names that crate.
#[doc(hidden)]
pub mod for_root {
    pub use crate::class::CookieClass;
}
