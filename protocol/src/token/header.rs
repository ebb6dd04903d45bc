//! Everything in a token besides its operations.

use crate::binding::Binding;
use crate::limits::{LIFETIME_DEFAULT_MS, LIFETIME_MAX_MS};
use crate::time::UnixMillis;

use super::action::AfterApply;
use super::ids::{Nonce, StoreScope};

/// How long a token lives: from one millisecond to one day, one minute by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lifetime(u64);

impl Lifetime {
    /// A lifetime in milliseconds. `None` for zero and for more than a day.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Option<Self> {
        if millis >= 1 && millis <= LIFETIME_MAX_MS {
            Some(Self(millis))
        } else {
            None
        }
    }

    /// The number of milliseconds.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.0
    }
}

impl Default for Lifetime {
    fn default() -> Self {
        Self(LIFETIME_DEFAULT_MS)
    }
}

/// Everything in a token besides its operations.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TokenHeader<'a> {
    /// The identity of the token.
    pub nonce: Nonce,
    /// When it was issued.
    pub issued_at: UnixMillis,
    /// When it ends: from this millisecond on it is expired. A token that ends more than a day after
    /// it was issued, or not after, can be sealed and never be opened.
    pub expires_at: UnixMillis,
    /// The store that it was issued for, if issuer and store share a process.
    pub scope: Option<StoreScope>,
    /// The browser that it belongs to.
    pub binding: Option<Binding>,
    /// Whether older tokens of the same browser are refused once it is redeemed.
    pub barrier: bool,
    /// The page's action afterwards.
    pub then: Option<AfterApply<'a>>,
}

impl TokenHeader<'_> {
    /// A header with only an identity and times.
    #[must_use]
    pub const fn new(nonce: Nonce, issued_at: UnixMillis, lifetime: Lifetime) -> Self {
        Self {
            nonce,
            issued_at,
            expires_at: issued_at.plus(lifetime.0),
            scope: None,
            binding: None,
            barrier: false,
            then: None,
        }
    }
}
