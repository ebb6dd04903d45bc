//! Tokens: a batch, sealed, and the types that hold the order of its checks.
//!
//! [`seal`] makes a [`Token`]. The way back is one type per step, each made only by the step
//! before it: [`UntrustedToken`] (a stranger's text) → [`AuthenticToken`] (made with a key of
//! the ring) → [`VerifiedToken`] (of this browser, now) → [`PreparedToken`] (every header line
//! built, and hidden) → [`SetCookieLines`], for a store's [`Grant`].

mod action;
mod authentic;
#[cfg(fuzzing)]
pub(crate) mod door;
mod fernet;
mod ids;
mod payload;
mod prepared;
mod sealed;
mod untrusted;

pub use action::{AfterApply, SameOriginPath};
pub use authentic::{AuthenticToken, BindingRule, RefusedToken, VerifiedToken};
pub use ids::{Nonce, RedemptionDigest, StoreScope, TokenId};
pub use payload::{Lifetime, TokenHeader};
pub use prepared::{Grant, PreparedToken, SetCookieLines};
pub use sealed::{Seal, Sealing, Token, seal};
pub use untrusted::{InvalidReason, InvalidToken, UntrustedToken};

pub(crate) use fernet::FernetKey;
pub(crate) use ids::digest16;
