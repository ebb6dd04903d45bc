//! What a request asks for, and what it needs for that.

use super::address::AddressError;
use crate::identity::Identity;

/// What a request asks for.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    pub(super) address: &'a str,
    pub(super) method: &'a str,
    pub(super) preflight: bool,
}

impl<'a> Asked<'a> {
    /// The address as the client wrote it, with path and query, and the method.
    #[must_use]
    pub const fn new(address: &'a str, method: &'a str) -> Self {
        Self {
            address,
            method,
            preflight: false,
        }
    }

    /// Whether the request has `Origin` and `Access-Control-Request-Method`.
    #[must_use]
    pub const fn preflight(mut self, preflight: bool) -> Self {
        self.preflight = preflight;
        self
    }
}

/// What a request needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Demand<'r> {
    pub(super) anyone: bool,
    pub(super) bearer: bool,
    /// Of each that is not empty, one role.
    pub(super) roles: [&'r [String]; 2],
}

impl Demand<'_> {
    pub(super) const SIGNED_IN: Self = Self {
        anyone: false,
        bearer: false,
        roles: [&[], &[]],
    };

    pub(super) const fn and(self, other: Self) -> Self {
        Self {
            anyone: self.anyone && other.anyone,
            bearer: self.bearer && other.bearer,
            roles: [self.roles[0], other.roles[0]],
        }
    }

    /// Whether anybody may make the request, so that nobody needs to be looked up.
    #[must_use]
    pub const fn is_public(&self) -> bool {
        self.anyone
    }

    /// Whether `Authorization` is read, and nobody is sent to a page.
    #[must_use]
    pub const fn takes_bearer(&self) -> bool {
        self.bearer
    }

    /// Whether this person, or nobody, may make the request.
    ///
    /// # Errors
    ///
    /// If somebody must be signed in, or lacks the role.
    pub fn check(&self, who: Option<&Identity>) -> Result<(), RuleRefusal> {
        if self.anyone {
            return Ok(());
        }
        let who = who.ok_or(RuleRefusal::SignedOut)?;
        let has =
            |roles: &[String]| roles.is_empty() || roles.iter().any(|role| who.has_role(role));
        if self.roles.into_iter().all(has) {
            Ok(())
        } else {
            Err(RuleRefusal::RoleMissing)
        }
    }
}

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RuleRefusal {
    /// Programs could disagree about the address.
    #[error(transparent)]
    Address(AddressError),
    /// The rule for this path does not allow the method.
    #[error("the method is not allowed there")]
    Method,
    /// Somebody must be signed in.
    #[error("nobody is signed in")]
    SignedOut,
    /// The person has none of the roles.
    #[error("none of the roles is there")]
    RoleMissing,
}
