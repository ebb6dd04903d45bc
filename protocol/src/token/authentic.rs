//! An authentic token → one of this browser, now.

use std::fmt;

use crate::binding::{Binding, BindingCookie};
use crate::cookie::{Operation, Parts};
use crate::keys::MacKey;
use crate::limits::SKEW_MS;
use crate::mesop::{Body, MesopCookie, write_lines};
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
    binding_key: &'b MacKey,
    header: TokenHeader<'b>,
    operations: Operations<'b>,
}

/// What the token is to set and delete, in the form of its profile.
enum Operations<'b> {
    Native(Vec<Parts<'b>>),
    Mesop(Body),
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
    pub(super) fn new(seal: Seal, binding_key: &'b MacKey, payload: Payload<'b>) -> Self {
        Self {
            seal,
            binding_key,
            header: payload.header,
            operations: Operations::Native(payload.operations),
        }
    }

    pub(crate) fn of_mesop(header: TokenHeader<'b>, body: Body, binding_key: &'b MacKey) -> Self {
        Self {
            seal: Seal::Signed,
            binding_key,
            header,
            operations: Operations::Mesop(body),
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
        &self.header
    }

    /// What logs call the token.
    #[must_use]
    pub fn id(&self) -> TokenId {
        TokenId::of(self.header.nonce)
    }

    /// The operations in order, for tools that show a token without redeeming it. One that
    /// breaks the rules of SPEC §4 is an error.
    #[must_use]
    pub fn operations(&self) -> impl ExactSizeIterator<Item = Result<Operation<'b>, InvalidToken>> {
        let operations: &[Parts<'b>] = match &self.operations {
            Operations::Native(operations) => operations,
            Operations::Mesop(_) => &[],
        };
        operations.iter().map(|parts| {
            parts
                .to_operation()
                .map_err(|_| InvalidReason::CannotEmit.into())
        })
    }

    /// The cookies of a token of the profile `mesop`, for tools that show a token without
    /// redeeming it. None for a native one.
    ///
    /// # Errors
    ///
    /// When they could not be emitted now, each by itself or all together.
    pub fn mesop_cookies(&self, now: UnixMillis) -> Result<&[MesopCookie], InvalidToken> {
        match &self.operations {
            Operations::Native(_) => Ok(&[]),
            Operations::Mesop(body) => {
                write_lines(&body.cookies, now, &mut String::new(), |_| ())
                    .map_err(|_| InvalidReason::CannotEmit)?;
                Ok(&body.cookies)
            }
        }
    }

    /// The nonce as the token writes it: 22 characters, unless somebody else made a token of the
    /// profile `mesop` with another.
    #[must_use]
    pub fn nonce_text(&self) -> String {
        match &self.operations {
            Operations::Native(_) => self.header.nonce.to_text(),
            Operations::Mesop(body) => body.nonce.clone(),
        }
    }

    /// Whether the token's time is now. First of the two steps of [`verify`](Self::verify).
    ///
    /// # Errors
    ///
    /// [`RefusedToken::Expired`] from `expires_at` on; [`RefusedToken::NotYetValid`] when it was
    /// issued more than five seconds from now.
    pub fn check_time(&self, now: UnixMillis) -> Result<(), RefusedToken> {
        let header = &self.header;
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
        match (self.header.binding, cookie) {
            (None, _) if !required => {}
            (Some(binding), Some(cookie))
                if binding.matches(&Binding::of_cookie(self.binding_key, cookie)) => {}
            _ => return Err(RefusedToken::WrongBrowser),
        }
        Ok(VerifiedToken {
            header: self.header,
            operations: self.operations,
            now,
        })
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
pub struct VerifiedToken<'b> {
    header: TokenHeader<'b>,
    operations: Operations<'b>,
    /// What the times in the lines of a Mesop token count from.
    now: UnixMillis,
}

impl<'b> VerifiedToken<'b> {
    /// What the token says of itself.
    #[must_use]
    pub fn header(&self) -> &TokenHeader<'b> {
        &self.header
    }

    /// Builds every `Set-Cookie` line, and hides them until the nonce is claimed.
    ///
    /// # Errors
    ///
    /// When a cookie cannot be emitted. Found out here, before the claim, so that no token is
    /// spent on an answer that cannot be given.
    pub fn prepare(self) -> Result<PreparedToken<'b>, InvalidToken> {
        match &self.operations {
            Operations::Native(operations) => PreparedToken::build(&self.header, operations),
            Operations::Mesop(body) => PreparedToken::of_mesop(&self.header, body, self.now),
        }
        .map_err(|_| InvalidReason::CannotEmit.into())
    }
}

impl fmt::Debug for VerifiedToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifiedToken({})", TokenId::of(self.header.nonce))
    }
}
