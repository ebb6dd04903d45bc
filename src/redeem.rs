//! Token → `Set-Cookie` lines: verify, prepare, claim, release. Knows no web framework.

use std::sync::Arc;

use apply_cookies_protocol::mesop::MesopKeys;
use apply_cookies_protocol::{
    AfterApply, AuthenticToken, BindingCookie, BindingRule, Grant, InvalidToken, KeyRing, Lifetime,
    Nonce, Profile, RedemptionDigest, SetCookieLines, TokenId, UnixMillis, UntrustedToken,
};

use crate::Clock;
use crate::counts;
use crate::random;
use crate::rejection::Rejection;
use crate::replay::{Claim, ClaimAnswer, ReplayStore, StoreError};

/// Whether tokens must carry a binding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum BindingPolicy {
    /// A token without a binding is refused. The default.
    #[default]
    Required,
    /// A token without a binding is redeemed for whoever posts it from an allowed origin: a
    /// stranger who holds one can sign a visitor in as somebody else. A binding that is present
    /// is enforced all the same.
    Optional,
}

/// Whose tokens a path redeems: of one profile, and never of both.
#[derive(Clone)]
pub(crate) enum TokenKeys {
    Native(Arc<KeyRing>),
    Mesop(Arc<MesopKeys>),
}

impl TokenKeys {
    fn open<'b>(
        &'b self,
        token: UntrustedToken<'_>,
        buffer: &'b mut Vec<u8>,
    ) -> Result<AuthenticToken<'b>, InvalidToken> {
        match self {
            Self::Native(ring) => token.open(ring, buffer),
            Self::Mesop(keys) => token.open_mesop(keys, buffer),
        }
    }

    pub(crate) const fn profile(&self) -> Profile {
        match self {
            Self::Native(_) => Profile::Native,
            Self::Mesop(_) => Profile::Mesop,
        }
    }
}

/// Redeems the tokens of one deployment.
#[derive(Clone)]
pub(crate) struct Redeemer {
    pub(crate) keys: TokenKeys,
    pub(crate) clock: Clock,
    pub(crate) store: Arc<dyn ReplayStore>,
    pub(crate) binding: BindingPolicy,
}

/// What the request brought.
#[derive(Debug)]
pub(crate) struct Posted<'r> {
    pub(crate) token: UntrustedToken<'r>,
    pub(crate) redemption: Option<RedemptionDigest>,
    pub(crate) binding: Option<BindingCookie>,
}

/// What the browser gets.
#[derive(Debug)]
pub(crate) struct Redeemed {
    pub(crate) lines: SetCookieLines,
    pub(crate) then: Option<String>,
    pub(crate) id: TokenId,
}

impl Redeemer {
    /// Every check that can fail comes before the claim; the claim is the last step that can.
    pub(crate) async fn redeem(&self, posted: Posted<'_>) -> Result<Redeemed, Rejection> {
        let mut buffer = Vec::new();
        let authentic = self.keys.open(posted.token, &mut buffer)?;
        let id = authentic.id();
        let rule = match self.binding {
            BindingPolicy::Required => BindingRule::Required(posted.binding.as_ref()),
            BindingPolicy::Optional => BindingRule::Optional(posted.binding.as_ref()),
        };
        let prepared = authentic
            .verify(self.clock.now(), rule)
            .map_err(|refused| Rejection::refused(refused, id))?
            .prepare()?;
        let header = prepared.header();
        let then = header.then.and_then(after_apply);
        let mut claim = Claim::new(header.nonce, header.issued_at, header.expires_at);
        claim.redemption = posted.redemption;
        // The digest, not the token's MAC: it stays the same when keys rotate, so a barrier holds
        // across a rotation.
        claim.binding = header
            .binding
            .and(posted.binding.as_ref())
            .map(BindingCookie::digest);
        claim.scope = header.scope;
        claim.barrier = header.barrier;
        match self.store.claim(claim).await {
            Ok(ClaimAnswer::Granted(grant)) => {
                counts::redemption(match grant {
                    Grant::First => "released",
                    Grant::Retry => "retried",
                });
                Ok(Redeemed {
                    lines: prepared.release(grant),
                    then,
                    id,
                })
            }
            Ok(ClaimAnswer::AlreadyUsed) => Err(Rejection::AlreadyUsed(id)),
            Ok(ClaimAnswer::BeforeHorizon) => Err(Rejection::BeforeHorizon(id)),
            Err(error) => Err(Rejection::Store(error, id)),
        }
    }
}

impl Redeemer {
    /// No token of this browser that was issued by `now` is redeemed any more: the barrier of a
    /// sign-out that needs no token, because the response's headers are still to be sent.
    ///
    /// `lifetime` is that of the tokens it is to stop.
    pub(crate) async fn raise_barrier(
        &self,
        binding: &BindingCookie,
        lifetime: Lifetime,
        now: UnixMillis,
    ) -> Result<(), StoreError> {
        let nonce = Nonce::from_random(random::bytes());
        let mut claim = Claim::new(nonce, now, now.plus(lifetime.as_millis()));
        claim.binding = Some(binding.digest());
        claim.scope = self.store.scope();
        claim.barrier = true;
        // An answer that this is before the horizon is as good: so is every older token.
        self.store.claim(claim).await?;
        Ok(())
    }
}

/// The header that tells the page what to do next (SPEC §9.4).
pub(crate) fn after_apply(action: AfterApply<'_>) -> Option<String> {
    match action {
        AfterApply::Reconnect => Some("reconnect".to_owned()),
        AfterApply::Reload => Some("reload".to_owned()),
        AfterApply::GoTo(path) => Some(format!("go {}", path.as_str())),
        _ => None,
    }
}
