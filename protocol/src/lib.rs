#![doc = include_str!("../README.md")]
#![doc = include_str!("guide.md")]
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
pub mod mesop;
mod profile;
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
pub use profile::Profile;
pub use time::UnixMillis;
pub use token::{
    AfterApply, AuthenticToken, BindingRule, Grant, InvalidReason, InvalidToken, Lifetime, Nonce,
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
    pub use crate::mesop::sign_mesop;
    pub use crate::token::door::{OpenedPayload, open_payload};
}

/// The trait without the macro of the same name: the crate `apply-cookies` exports a macro of its
/// own beside it, whose output names that crate.
#[doc(hidden)]
pub mod for_root {
    pub use crate::class::CookieClass;
}
