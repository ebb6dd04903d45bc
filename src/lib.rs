// Their examples use both frameworks, so they are tested only when both features are on.
#![cfg_attr(
    any(not(doctest), all(feature = "actix", feature = "axum")),
    doc = include_str!("../README.md"),
    doc = include_str!("guide.md")
)]
// Not in the workspace's lint table, because tests may unwrap.
#![warn(clippy::unwrap_used)]

// The map. A module uses only those above it.

// What everything else uses.
#[doc(inline)]
pub use apply_cookies_replay as replay;
pub use apply_cookies_replay::Clock;

mod error_text;
mod metrics;
mod random;

mod seldom;
pub use seldom::Seldom;
mod clock_watch;

mod secrets;
#[cfg(feature = "mesop")]
pub use secrets::{MESOP_SECRET_KEY, MesopSecret};
pub use secrets::{
    PREVIOUS_KEYS, PREVIOUS_KEYS_FILE, SECRET_KEY, SECRET_KEY_FILE, SecretError, SecretFiles,
    Secrets,
};

mod classes;
pub use classes::{ClassRefused, Classes};

mod browser;
pub use browser::{Origin, OriginError, OriginRejection};

// A handler pushes: batch → token → frame, and the receipt.
mod mint;
pub use mint::{
    FRAME_NAME, Frame, FrameForm, Issuer, LivesTooLong, MintOptions, Minted, Outcome, Receipt,
    Settled,
};

// A page posts: token → `Set-Cookie` lines.
mod redeem;
pub use redeem::{LateListener, Problem, Redeemed, Redeemer, Rejection};

// What all parts of one deployment share.
mod deployment;
pub use deployment::ApplyCookies;

mod readiness;
pub use readiness::Readiness;

mod builder;
pub use builder::{BuildError, Builder, DEFAULT_PREFIX};

// What handlers use.
mod pending;
pub use pending::{
    Deletion, Frames, IntoOperation, PendingBatch, PendingCookies, PendingState, PushError,
};

#[cfg(any(feature = "actix", feature = "cookie"))]
mod convert;

// HTTP without a framework.
pub mod web;
pub use web::{Event, ExtractError, Html, Sse, Streamed};

mod cookie;
pub use cookie::{Cookie, CookieOrDefault};

pub mod testing;

// Frameworks: translation only.
#[cfg(feature = "actix")]
pub mod actix;
#[cfg(feature = "tower")]
pub mod tower;

#[cfg(feature = "axum")]
mod axum;

// The parts of the codec that apps name.
#[doc(inline)]
pub use apply_cookies_derive::CookieClassOfApplyCookies as CookieClass;
#[doc(inline)]
pub use apply_cookies_protocol as protocol;
#[doc(inline)]
pub use apply_cookies_protocol::for_root::CookieClass;
pub use apply_cookies_protocol::{
    BindingPolicy, Class, ClassError, DeleteCookie, Field, OperationError, Profile, Protection,
    ReadCookie, SameSite, Scheme, Seal, SetCookie, UnixMillis, Unreadable, UnreadableReason,
};
