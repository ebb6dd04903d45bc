//! An authentic token → one that this browser may use now.

use std::fmt;

use crate::binding::{Binding, BindingCookie, BindingPolicy};
use crate::cookie::Operation;
use crate::crypto::MacKey;
use crate::keys::KeyId;
use crate::limits::SKEW_MS;
use crate::time::UnixMillis;

use super::body::{NativeBody, TokenBody};
use super::error::{InvalidReason, InvalidToken, RefusedToken};
use super::header::TokenHeader;
use super::ids::TokenId;
use super::prepared::PreparedToken;
use super::seal::Seal;

/// A token that was made with a key of the ring. It is still open whether it may be used here and
/// now.
///
/// `B` is the body that tokens of its profile carry: native operations, unless the token was opened
/// in another profile.
pub struct AuthenticToken<'b, B = NativeBody<'b>> {
    seal: Seal,
    key_id: Option<KeyId>,
    binding_key: &'b MacKey,
    header: TokenHeader<'b>,
    body: B,
}

impl<'b> AuthenticToken<'b> {
    /// The operations in order, for tools that show a token without redeeming it. An operation that
    /// breaks the rules of SPEC §4 is an error.
    #[must_use]
    pub fn operations(&self) -> impl ExactSizeIterator<Item = Result<Operation<'b>, InvalidToken>> {
        self.body.checked()
    }
}

impl<'b, B: TokenBody> AuthenticToken<'b, B> {
    pub(crate) const fn new(
        seal: Seal,
        key_id: Option<KeyId>,
        binding_key: &'b MacKey,
        header: TokenHeader<'b>,
        body: B,
    ) -> Self {
        Self {
            seal,
            key_id,
            binding_key,
            header,
            body,
        }
    }

    #[cfg(feature = "mesop")]
    pub(crate) const fn body(&self) -> &B {
        &self.body
    }

    /// How the token was sealed.
    #[must_use]
    pub fn seal(&self) -> Seal {
        self.seal
    }

    /// The id of the key that sealed the token; `None` in the profile `mesop`, whose tokens have
    /// none.
    #[must_use]
    pub fn key_id(&self) -> Option<KeyId> {
        self.key_id
    }

    /// The token's header.
    #[must_use]
    pub fn header(&self) -> &TokenHeader<'b> {
        &self.header
    }

    /// The name of the token in logs.
    #[must_use]
    pub fn id(&self) -> TokenId {
        TokenId::from_nonce(self.header.nonce)
    }

    /// Checks that the token is valid now. The first of the two steps of [`verify`](Self::verify).
    ///
    /// # Errors
    ///
    /// [`RefusedToken::Expired`] from `expires_at` on; [`RefusedToken::NotYetValid`] when it was
    /// issued more than five seconds in the future.
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

    /// Checks lifetime, then binding: `browser` is the binding cookie that came with the token.
    /// A binding that the token carries must match, whatever the policy is.
    ///
    /// # Errors
    ///
    /// The reason. The client that posted the token may see it: only holders of an authentic token
    /// get here.
    pub fn verify(
        self,
        now: UnixMillis,
        policy: BindingPolicy,
        browser: Option<&BindingCookie>,
    ) -> Result<VerifiedToken<'b, B>, RefusedToken> {
        self.check_time(now)?;
        match (self.header.binding, browser) {
            (None, _) if policy == BindingPolicy::Optional => {}
            (Some(binding), Some(cookie))
                if binding.matches(&Binding::from_cookie(self.binding_key, cookie)) => {}
            _ => return Err(RefusedToken::WrongBrowser),
        }
        Ok(VerifiedToken {
            header: self.header,
            body: self.body,
            now,
        })
    }
}

impl<B: TokenBody> fmt::Debug for AuthenticToken<'_, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AuthenticToken({})", self.id())
    }
}

/// A token that this browser may redeem now, if it is the first to.
pub struct VerifiedToken<'b, B = NativeBody<'b>> {
    header: TokenHeader<'b>,
    body: B,
    now: UnixMillis,
}

impl<'b, B: TokenBody> VerifiedToken<'b, B> {
    /// The token's header.
    #[must_use]
    pub fn header(&self) -> &TokenHeader<'b> {
        &self.header
    }

    /// Builds every `Set-Cookie` line, and hides the lines until the nonce is claimed.
    ///
    /// # Errors
    ///
    /// When a cookie cannot be emitted. This is found out before the claim, so that no token is
    /// spent on an answer that cannot be given.
    pub fn prepare(self) -> Result<PreparedToken<'b>, InvalidToken> {
        let lines = self
            .body
            .write_lines(self.now)
            .map_err(|_| InvalidReason::CannotEmit)?;
        Ok(PreparedToken::new(self.header, lines))
    }
}

impl<B> fmt::Debug for VerifiedToken<'_, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "VerifiedToken({})",
            TokenId::from_nonce(self.header.nonce)
        )
    }
}
