#![doc = include_str!("../README.md")]
#![doc = include_str!("guide.md")]
// Not in the workspace's table: tests may unwrap.
#![warn(clippy::unwrap_used)]
#![cfg_attr(
    not(feature = "actix"),
    allow(
        dead_code,
        unused_imports,
        reason = "the last steps are called by a web framework's glue"
    )
)]

mod binding;
mod classes;
mod client;
mod config;
mod cookie;
mod counts;
mod event;
mod frame;
mod issue;
mod origin;
mod outstanding;
mod pending;
mod random;
mod receipt;
mod redeem;
mod rejection;
mod secrets;

#[cfg(feature = "actix")]
mod actix;
#[cfg(feature = "service")]
pub mod service;

#[doc(inline)]
pub use apply_cookies_derive::CookieClassOfApplyCookies as CookieClass;
#[doc(inline)]
pub use apply_cookies_protocol as protocol;
#[doc(inline)]
pub use apply_cookies_protocol::for_root::CookieClass;
pub use apply_cookies_protocol::{
    Class, ClassError, DeleteCookie, Field, OperationError, Profile, Protection, ReadCookie,
    SameSite, Seal, SetCookie, UnixMillis, Unreadable, UnreadableReason,
};
#[doc(inline)]
pub use apply_cookies_replay as replay;
pub use apply_cookies_replay::Clock;
pub use classes::Classes;
pub use config::{ApplyCookies, BuildError, Builder, DEFAULT_PREFIX};
pub use cookie::Cookie;
pub use event::Event;
pub use frame::{FRAME_NAME, Frame};
pub use origin::{Origin, OriginError};
pub use pending::{
    Deletion, Frames, IntoOperation, PendingBatch, PendingCookies, PendingState, PushError,
};
pub use receipt::{Outcome, Receipt, Settled};
pub use redeem::BindingPolicy;
pub use secrets::{
    MESOP_SECRET_KEY, MesopSecret, PREVIOUS_KEYS, SECRET_KEY, SECRET_KEY_FILE, SecretError, Secrets,
};

#[cfg(feature = "actix")]
pub use actix::{Middleware, MiddlewareService, testing};
