//! An authentic token → one of this browser, now.

use std::fmt;

use crate::binding::{Binding, BindingCookie};
use crate::cookie::Operation;
use crate::keys::DerivedKeys;
use crate::limits::SKEW_MS;
use crate::time::UnixMillis;

use super::ids::TokenId;
use super::payload::{Payload, TokenHeader};
use super::prepared::PreparedToken;
use super::sealed::Seal;
use super::untrusted::{InvalidReason, InvalidToken};

/// A token that was made with a key of the ring. Whether it may be used, here and now, is still
/// open.
pub struct AuthenticToken<'b> {
    seal: Seal,
    keys: &'b DerivedKeys,
    payload: Payload<'b>,
}

/// What the redeemer knows of the browser, and how much it asks for.
#[derive(Clone, Copy, Debug)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a binding is required or it is not"
)]
pub enum BindingRule<'c> {
    /// The token must carry a binding, and it must be this browser's.
    Required(Option<&'c BindingCookie>),
    /// A token without a binding passes; one that carries a binding must match all the same.
    Optional(Option<&'c BindingCookie>),
}

impl<'b> AuthenticToken<'b> {
    pub(super) fn new(seal: Seal, keys: &'b DerivedKeys, payload: Payload<'b>) -> Self {
        Self {
            seal,
            keys,
            payload,
        }
    }

    /// How the token was sealed.
    #[must_use]
    pub fn seal(&self) -> Seal {
        self.seal
    }

    /// What the token says of itself.
    #[must_use]
    pub fn header(&self) -> &TokenHeader<'b> {
        &self.payload.header
    }

    /// What logs call the token.
    #[must_use]
    pub fn id(&self) -> TokenId {
        TokenId::of(self.payload.header.nonce)
    }

    /// The operations in order, for tools that show a token without redeeming it. One that
    /// breaks the rules of SPEC §4 is an error.
    #[must_use]
    pub fn operations(&self) -> impl ExactSizeIterator<Item = Result<Operation<'b>, InvalidToken>> {
        self.payload.operations.iter().map(|parts| {
            parts
                .to_operation()
                .map_err(|_| InvalidReason::CannotEmit.into())
        })
    }

    /// Whether the token's time is now. First of the two steps of [`verify`](Self::verify).
    ///
    /// # Errors
    ///
    /// [`RefusedToken::Expired`] from `expires_at` on; [`RefusedToken::NotYetValid`] when it was
    /// issued more than five seconds from now.
    pub fn check_time(&self, now: UnixMillis) -> Result<(), RefusedToken> {
        let header = &self.payload.header;
        if now >= header.expires_at {
            return Err(RefusedToken::Expired);
        }
        if header.issued_at > now.plus(SKEW_MS) {
            return Err(RefusedToken::NotYetValid);
        }
        Ok(())
    }

    /// Checks lifetime, then binding.
    ///
    /// # Errors
    ///
    /// A reason that may be told to whoever posted the token: only holders of an authentic one
    /// get here.
    pub fn verify(
        self,
        now: UnixMillis,
        rule: BindingRule<'_>,
    ) -> Result<VerifiedToken<'b>, RefusedToken> {
        self.check_time(now)?;
        let (required, cookie) = match rule {
            BindingRule::Required(cookie) => (true, cookie),
            BindingRule::Optional(cookie) => (false, cookie),
        };
        match (self.payload.header.binding, cookie) {
            (None, _) if !required => {}
            (Some(binding), Some(cookie))
                if binding.matches(&Binding::under(self.keys, cookie)) => {}
            _ => return Err(RefusedToken::WrongBrowser),
        }
        Ok(VerifiedToken(self.payload))
    }
}

impl fmt::Debug for AuthenticToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AuthenticToken({})", self.id())
    }
}

/// An authentic token that may not be used, here or now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RefusedToken {
    /// Its time is over.
    #[error("the token has expired")]
    Expired,
    /// It was issued further in the future than clocks may differ.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// It carries another browser's binding, or none where one is required.
    #[error("the token belongs to another browser")]
    WrongBrowser,
}

/// A token that this browser may redeem now, if it is the first to.
pub struct VerifiedToken<'b>(Payload<'b>);

impl<'b> VerifiedToken<'b> {
    /// What the token says of itself.
    #[must_use]
    pub fn header(&self) -> &TokenHeader<'b> {
        &self.0.header
    }

    /// Builds every `Set-Cookie` line, and hides them until the nonce is claimed.
    ///
    /// # Errors
    ///
    /// When a cookie cannot be emitted. Found out here, before the claim, so that no token is
    /// spent on an answer that cannot be given.
    pub fn prepare(self) -> Result<PreparedToken<'b>, InvalidToken> {
        PreparedToken::build(&self.0).map_err(|_| InvalidReason::CannotEmit.into())
    }
}

impl fmt::Debug for VerifiedToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifiedToken({})", TokenId::of(self.0.header.nonce))
    }
}
