#![doc = include_str!("../README.md")]
#![doc = include_str!("guide.md")]
// Not in the workspace's table: tests may unwrap.
#![warn(clippy::unwrap_used)]

// In reading order: a module uses those above it, never one below (scripts/check-house).

// The basics that everything else uses.
pub mod limits;

mod base64url;
mod bytes;

mod time;
pub use time::UnixMillis;

mod crypto;

// Cookies: those that may be written, and those in a request.
mod cookie;
pub use cookie::{
    BINDING_COOKIE, BINDING_COOKIE_INSECURE, Characters, CookieHeader, CookieKey, DeleteCookie,
    Demand, Draft, Field, Hidden, Lookup, Operation, OperationError, Rule, SameSite, Scheme,
    SecureFor, SetCookie, SetCookieLines,
};

mod batch;
pub use batch::Batch;

mod json;
pub use json::{BatchError, parse_batch, parse_batch_over, parse_operation, parse_operation_over};

// Secrets, and the browser that a token belongs to.
mod keys;
pub use keys::{
    KeyId, KeyRing, KeyRingError, Purpose, PurposeKey, Secret, SecretList, SecretListError,
    WeakSecret, is_stand_in, is_unfilled,
};

mod binding;
pub use binding::{Binding, BindingCookie, BindingDigest, BindingPolicy};

// The two things that are sealed: the value of a cookie, and a batch in a token.
mod value;
pub use value::{
    OpenedValue, Protection, Stamp, Unreadable, UnreadableReason, ValueCodec, check_json,
};

mod token;
pub use token::{
    AfterApply, AuthenticToken, Grant, InvalidReason, InvalidToken, Lifetime, NativeBody, Nonce,
    PreparedToken, ReceiptId, RedemptionDigest, RefusedToken, SameOriginPath, Seal, Sealing,
    StoreScope, Token, TokenBody, TokenHeader, TokenId, UnclaimedLines, UntrustedToken,
    VerifiedToken, seal,
};

// Both of them again, in Mesop's format.
#[cfg(feature = "mesop")]
pub mod mesop;

// Rust types as cookies, of either profile.
mod class;
#[doc(inline)]
pub use apply_cookies_derive::CookieClass;
pub use class::{Class, ClassCodec, ClassError, CookieClass, Profile, ReadCookie};

// What other implementations are checked with.
#[cfg(feature = "vectors")]
pub mod vectors;

/// Access to what is under the seal, for the fuzzers.
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing {
    #[cfg(feature = "mesop")]
    pub use crate::mesop::sign_mesop;
    pub use crate::token::fuzzing::{OpenedPayload, open_payload};
}

/// How JSON is read strictly, for the service, which reads more of it.
#[doc(hidden)]
pub mod strict_json {
    pub use crate::json::{Object, printable, word};
}

/// The trait without the macro of the same name. The crate `apply-cookies` exports its own macro
/// next to it, whose output names that crate: its users would otherwise have to depend on this one
/// by name, or write `#[cookie(crate = "…")]` on every class.
#[doc(hidden)]
pub mod for_root {
    pub use crate::class::CookieClass;
}
