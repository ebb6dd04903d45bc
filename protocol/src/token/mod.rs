//! Tokens: a sealed batch, and the types that enforce the order of its checks.
//!
//! [`seal`] makes a [`Token`]. The way back is one type per step, each made only by the step before
//! it: [`UntrustedToken`] (a stranger's text) → [`AuthenticToken`] (made with a key of the ring) →
//! [`VerifiedToken`] (valid now, in this browser) → [`PreparedToken`] (every header line built, and
//! hidden) → `SetCookieLines`, in return for a store's [`Grant`].
//!
//! The rules of SPEC §4 are applied three times, by one function (`Parts::check`). First, when an
//! operation is made, from a draft or from JSON, so that its writer hears of a mistake while there
//! is somebody to tell. Second, when a tool shows a token. Third, when it is redeemed, because the
//! key that sealed it proves who wrote it, not how: an issuer of another version or in another
//! language, or a thief of the key, must not be able to inject an attribute.

mod action;
mod authentic;
mod body;
mod error;
#[cfg(fuzzing)]
pub(crate) mod fuzzing;
mod header;
mod ids;
mod payload;
mod prepared;
mod seal;
mod sealed;
mod untrusted;

pub use action::{AfterApply, SameOriginPath};
pub use authentic::{AuthenticToken, VerifiedToken};
pub use body::{NativeBody, TokenBody};
pub use error::{InvalidReason, InvalidToken, RefusedToken};
pub use header::{Lifetime, TokenHeader};
pub use ids::{Nonce, ReceiptId, RedemptionDigest, StoreScope, TokenId};
pub use prepared::{Grant, PreparedToken, UnclaimedLines};
pub use seal::Seal;
pub use sealed::{Sealing, Token, seal};
pub use untrusted::UntrustedToken;

#[cfg(feature = "mesop")]
pub(crate) use body::Sealed;
