//! Batch → token. The only place that takes the time and randomness on the way out.

use std::sync::Arc;

use apply_cookies_protocol::{
    Batch, Binding, BindingCookie, KeyRing, Lifetime, Nonce, Operation, Seal, Sealing, StoreScope,
    Token, TokenHeader, seal,
};

use crate::clock::Clock;
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

impl Issuer {
    /// Seals one batch.
    pub(crate) fn issue(&self, batch: &Batch<'_>, binding: Option<&BindingCookie>) -> Token {
        let nonce = Nonce::from_random(random::bytes());
        let mut header = TokenHeader::new(nonce, self.clock.now(), self.lifetime);
        header.scope = self.scope;
        header.binding = binding.map(|cookie| Binding::new(&self.ring, cookie));
        let sealing = match self.seal {
            Seal::Signed => Sealing::Signed,
            _ => Sealing::Encrypted {
                iv: random::bytes(),
            },
        };
        let token = seal(&self.ring, sealing, &header, batch);
        tracing::debug!(token = %token.id(), operations = batch.operations().len(), "token issued");
        token
    }

    /// Seals operations in as few batches as they fit into, in order. No two of them are on the
    /// same cookie.
    pub(crate) fn issue_all(
        &self,
        operations: Vec<Operation<'static>>,
        binding: &BindingCookie,
    ) -> Vec<Token> {
        let mut tokens = Vec::with_capacity(1);
        let mut open: Option<Batch<'static>> = None;
        for operation in operations {
            match &mut open {
                Some(batch) if batch.fits(&operation).is_ok() => {
                    batch.push(operation).expect("it fits");
                }
                _ => {
                    if let Some(full) = open.replace(Batch::new(operation)) {
                        tokens.push(self.issue(&full, Some(binding)));
                    }
                }
            }
        }
        if let Some(last) = open {
            tokens.push(self.issue(&last, Some(binding)));
        }
        tokens
    }
}
