//! Batch → token. The only place that takes the time and randomness on the way out.

use std::sync::Arc;

use apply_cookies_protocol::{
    AfterApply, Batch, Binding, BindingCookie, KeyRing, Lifetime, Nonce, Operation, SameOriginPath,
    Seal, Sealing, StoreScope, Token, TokenHeader, UnixMillis, seal,
};

use crate::Clock;
use crate::counts;
use crate::random;

/// Seals batches for the browsers of one deployment.
#[derive(Clone, Debug)]
pub(crate) struct Issuer {
    pub(crate) ring: Arc<KeyRing>,
    pub(crate) clock: Clock,
    pub(crate) seal: Seal,
    pub(crate) lifetime: Lifetime,
    /// That of the store in this process.
    pub(crate) scope: Option<StoreScope>,
}

/// What a token says beside its operations.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Manner<'a> {
    /// Older tokens of the browser are refused from its redemption on.
    pub(crate) barrier: bool,
    /// What the page does afterwards.
    pub(crate) then: Option<AfterApply<'a>>,
    /// A barrier of the same browser that this token is younger than.
    pub(crate) after: Option<UnixMillis>,
}

/// What the page does once the cookies are applied, on its way into a token.
#[derive(Clone, Debug)]
pub(crate) enum Action {
    Reconnect,
    Reload,
    GoTo(String),
}

impl Action {
    pub(crate) fn as_protocol(&self) -> Option<AfterApply<'_>> {
        match self {
            Self::Reconnect => Some(AfterApply::Reconnect),
            Self::Reload => Some(AfterApply::Reload),
            // Parsed when it was pushed.
            Self::GoTo(path) => SameOriginPath::parse(path).map(AfterApply::GoTo),
        }
    }
}

/// A sealed batch, and what its receipt and its sender must know of it.
#[derive(Debug)]
pub(crate) struct SealedBatch {
    pub(crate) token: Token,
    pub(crate) nonce: Nonce,
    pub(crate) operations: usize,
    pub(crate) barrier: bool,
    pub(crate) issued_at: UnixMillis,
    pub(crate) expires_at: UnixMillis,
}

impl Issuer {
    /// Seals one batch.
    pub(crate) fn issue(
        &self,
        batch: &Batch<'_>,
        binding: Option<&BindingCookie>,
        manner: Manner<'_>,
    ) -> SealedBatch {
        let now = self.clock.now();
        // A token of the barrier's own millisecond counts as older than the barrier (SPEC §10).
        let issued_at = manner.after.map_or(now, |barrier| now.max(barrier.plus(1)));
        let nonce = Nonce::from_random(random::bytes());
        let mut header = TokenHeader::new(nonce, issued_at, self.lifetime);
        header.scope = self.scope;
        header.binding = binding.map(|cookie| Binding::new(&self.ring, cookie));
        header.barrier = manner.barrier;
        header.then = manner.then;
        let sealing = match self.seal {
            Seal::Signed => Sealing::Signed,
            _ => Sealing::Encrypted {
                iv: random::bytes(),
            },
        };
        let token = seal(&self.ring, sealing, &header, batch);
        counts::token_issued();
        tracing::debug!(token = %token.id(), operations = batch.operations().len(), "token issued");
        SealedBatch {
            token,
            nonce,
            operations: batch.operations().len(),
            barrier: header.barrier,
            issued_at,
            expires_at: header.expires_at,
        }
    }

    /// Seals operations in as few batches as they fit into, in order. No two of them are on the
    /// same cookie. The first token is the barrier, and the last one has the action: the page
    /// acts when everything is applied.
    pub(crate) fn issue_all(
        &self,
        operations: Vec<Operation<'static>>,
        binding: &BindingCookie,
        barrier: bool,
        then: Option<&Action>,
        mut after: Option<UnixMillis>,
    ) -> Vec<SealedBatch> {
        let batches = into_batches(operations);
        let last = batches.len().saturating_sub(1);
        let mut tokens = Vec::with_capacity(batches.len());
        for (n, batch) in batches.iter().enumerate() {
            let manner = Manner {
                barrier: barrier && n == 0,
                then: then.filter(|_| n == last).and_then(Action::as_protocol),
                after,
            };
            let sealed = self.issue(batch, Some(binding), manner);
            if manner.barrier {
                after = Some(sealed.issued_at);
            }
            tokens.push(sealed);
        }
        tokens
    }
}

fn into_batches(operations: Vec<Operation<'static>>) -> Vec<Batch<'static>> {
    let mut batches: Vec<Batch<'static>> = Vec::with_capacity(1);
    for operation in operations {
        match batches.last_mut() {
            Some(batch) if batch.fits(&operation).is_ok() => {
                batch.push(operation).expect("it fits");
            }
            _ => batches.push(Batch::new(operation)),
        }
    }
    batches
}
