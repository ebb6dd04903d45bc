//! Batch → token. On the way out, only this file takes the time and randomness.

use std::sync::Arc;

use apply_cookies_protocol::{
    AfterApply, Batch, Binding, BindingCookie, KeyRing, KeyRingError, Lifetime, Nonce, Operation,
    ReceiptId, Seal, Sealing, StoreScope, Token, TokenHeader, TokenId, UnixMillis, seal,
};

use crate::metrics;
use crate::random;
use crate::replay::Clock;
use crate::secrets::Secrets;

/// Mints tokens outside a request: in a worker, a test or another service.
///
/// A handler does not need this: [`PendingCookies`](crate::PendingCookies) mints its tokens itself,
/// with [`ApplyCookies::issuer`](crate::ApplyCookies::issuer). An issuer in another process needs
/// the same secret as the endpoint that redeems its tokens:
///
/// ```
/// use apply_cookies::protocol::{Batch, BindingCookie, Token};
/// use apply_cookies::{Issuer, MintOptions, Secrets, SetCookie};
///
/// /// A job that a handler queued. `browser` is the visitor's binding cookie, which
/// /// [`ApplyCookies::binding_of`](apply_cookies::ApplyCookies::binding_of) reads from the request.
/// struct Export {
///     browser: BindingCookie,
///     file: String,
/// }
///
/// /// The page redeems this token, however it gets there.
/// fn finished(issuer: &Issuer, export: &Export) -> Result<Token, Box<dyn std::error::Error>> {
///     let ready = SetCookie::new("export", &export.file).try_into()?;
///     let minted = issuer.mint(
///         &Batch::new(ready),
///         Some(&export.browser),
///         &MintOptions::default(),
///     );
///     Ok(minted.into_token())
/// }
///
/// # let secrets = Secrets::new("8uNnT5lZQ0zGm1rVxkPqYc3sEJfHdOaW7bKtLi2vRyA")?;
/// let issuer = Issuer::new(secrets)?; // from Secrets::from_env()?
/// # let export = Export { browser: BindingCookie::from_random([7; 32]), file: "2026.csv".into() };
/// let token = finished(&issuer, &export)?;
/// assert!(token.as_str().starts_with("e1."));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Such a token has no [`Receipt`](crate::Receipt).
#[derive(Clone, Debug)]
pub struct Issuer {
    pub(crate) ring: Arc<KeyRing>,
    pub(crate) clock: Clock,
    pub(crate) seal: Seal,
    pub(crate) lifetime: Lifetime,
    pub(crate) max_lifetime: Lifetime,
    /// The scope of the store in this process.
    pub(crate) scope: Option<StoreScope>,
}

/// A lifetime of tokens that the deployment would refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "tokens that live for {} ms are longer-lived than the deployment takes ({} ms); set max_lifetime here and where they are redeemed",
    .lifetime.as_millis(),
    .longest.as_millis()
)]
pub struct LivesTooLong {
    lifetime: Lifetime,
    longest: Lifetime,
}

/// What a token says besides its operations: nothing by default.
///
/// ```
/// use apply_cookies::MintOptions;
/// use apply_cookies::protocol::AfterApply;
///
/// let sign_out = MintOptions::default().barrier().then(AfterApply::Reload);
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "options do nothing until a token is minted with them"]
pub struct MintOptions<'a> {
    pub(crate) barrier: bool,
    pub(crate) then: Option<AfterApply<'a>>,
    pub(crate) after: Option<UnixMillis>,
}

impl<'a> MintOptions<'a> {
    /// Makes the token a barrier, as for a sign-out: once it is redeemed, older tokens of its
    /// browser are refused. Without a binding it stops nothing.
    pub fn barrier(mut self) -> Self {
        self.barrier = true;
        self
    }

    /// The page does this once the cookies are applied.
    pub fn then(mut self, then: AfterApply<'a>) -> Self {
        self.then = Some(then);
        self
    }

    /// Makes the token younger than a barrier of the same browser; pass the barrier's
    /// [`issued_at`](Minted::issued_at). A token of the barrier's own millisecond counts as older,
    /// and would be refused once the barrier is redeemed.
    pub fn after(mut self, barrier: UnixMillis) -> Self {
        self.after = Some(barrier);
        self
    }
}

/// A token, and what its sender needs to know about it. `Debug` shows a digest of the token's
/// nonce, never the token.
#[derive(Debug)]
pub struct Minted {
    pub(crate) token: Token,
    pub(crate) nonce: Nonce,
    pub(crate) barrier: bool,
    pub(crate) issued_at: UnixMillis,
    pub(crate) expires_at: UnixMillis,
}

impl Minted {
    /// The token.
    #[must_use]
    pub const fn token(&self) -> &Token {
        &self.token
    }

    /// The token, as an owned value.
    #[must_use]
    pub fn into_token(self) -> Token {
        self.token
    }

    /// The token's name in logs.
    #[must_use]
    pub fn id(&self) -> TokenId {
        self.token.id()
    }

    /// When the token was made; later than the clock's time if [`MintOptions::after`] required it.
    #[must_use]
    pub const fn issued_at(&self) -> UnixMillis {
        self.issued_at
    }

    /// The time from which the token is refused.
    #[must_use]
    pub const fn expires_at(&self) -> UnixMillis {
        self.expires_at
    }

    /// The name of its receipt, which says what became of it without showing it.
    #[must_use]
    pub fn receipt_id(&self) -> ReceiptId {
        ReceiptId::from_nonce(self.nonce)
    }

    /// Whether older tokens of the browser are refused once this one is redeemed.
    #[must_use]
    pub const fn is_barrier(&self) -> bool {
        self.barrier
    }
}

impl Issuer {
    /// An issuer of encrypted tokens that live for 60 seconds.
    ///
    /// # Errors
    ///
    /// If the secrets cannot be used together.
    pub fn new(secrets: Secrets) -> Result<Self, KeyRingError> {
        Ok(Self {
            ring: Arc::new(secrets.into_ring()?),
            clock: Clock::system(),
            seal: Seal::default(),
            lifetime: Lifetime::default(),
            max_lifetime: Lifetime::default(),
            // The store is in another process, which judges these tokens by its horizon alone.
            scope: None,
        })
    }

    /// Sets how tokens protect their operations.
    #[must_use]
    pub fn seal(mut self, seal: Seal) -> Self {
        self.seal = seal;
        self
    }

    /// Sets the longest lifetime of the tokens that the endpoint takes: that of its deployment
    /// ([`Builder::max_lifetime`](crate::Builder::max_lifetime), `serve --max-ttl`), 60 seconds
    /// unless it is set there. Tokens of this issuer live no longer.
    #[must_use]
    pub fn max_lifetime(mut self, max_lifetime: Lifetime) -> Self {
        self.max_lifetime = max_lifetime;
        self.lifetime = self.lifetime.min(max_lifetime);
        self
    }

    /// Sets how long tokens live.
    ///
    /// # Errors
    ///
    /// If that is longer than [`max_lifetime`](Self::max_lifetime): the endpoint would refuse them.
    pub fn lifetime(mut self, lifetime: Lifetime) -> Result<Self, LivesTooLong> {
        if lifetime > self.max_lifetime {
            return Err(LivesTooLong {
                lifetime,
                longest: self.max_lifetime,
            });
        }
        self.lifetime = lifetime;
        Ok(self)
    }

    /// The longest that its tokens may live.
    #[must_use]
    pub const fn longest_lifetime(&self) -> Lifetime {
        self.max_lifetime
    }

    /// The time by which its tokens are dated.
    #[must_use]
    pub fn now(&self) -> UnixMillis {
        self.clock.now()
    }

    /// Uses another clock, for tests.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Mints a token of one batch, for the browser that has this binding cookie.
    ///
    /// Without a binding any browser on an allowed origin can post the token, and an endpoint with
    /// [`BindingPolicy::Required`](crate::BindingPolicy::Required), the default, refuses it.
    #[must_use]
    pub fn mint(
        &self,
        batch: &Batch<'_>,
        binding: Option<&BindingCookie>,
        options: &MintOptions<'_>,
    ) -> Minted {
        let now = self.clock.now();
        // A token of the barrier's own millisecond counts as older than the barrier (SPEC §10).
        let issued_at = (options.after).map_or(now, |barrier| now.max(barrier.plus(1)));
        let nonce = Nonce::from_random(random::bytes());
        let mut header = TokenHeader::new(nonce, issued_at, self.lifetime);
        header.scope = self.scope;
        header.binding = binding.map(|cookie| Binding::new(&self.ring, cookie));
        header.barrier = options.barrier;
        header.then.clone_from(&options.then);
        let sealing = match self.seal {
            Seal::Signed => Sealing::Signed,
            _ => Sealing::Encrypted {
                iv: random::bytes(),
            },
        };
        let token = seal(&self.ring, sealing, &header, batch);
        metrics::token_issued();
        tracing::debug!(token = %token.id(), operations = batch.operations().len(), "token issued");
        Minted {
            token,
            nonce,
            barrier: header.barrier,
            issued_at,
            expires_at: header.expires_at,
        }
    }

    /// Mints operations, in order, as tokens of as few batches as possible (SPEC §9.6). No two of them
    /// are on the same cookie. The first token is the barrier, and the last one has the action: the
    /// page acts once everything is applied. Each token comes with its batch.
    #[must_use]
    pub fn mint_all(
        &self,
        operations: Vec<Operation<'static>>,
        binding: Option<&BindingCookie>,
        options: &MintOptions<'_>,
    ) -> Vec<(Minted, Batch<'static>)> {
        let mut after = options.after;
        let batches = into_batches(operations);
        let last = batches.len().saturating_sub(1);
        let mut tokens = Vec::with_capacity(batches.len());
        for (n, batch) in batches.into_iter().enumerate() {
            let options = MintOptions {
                barrier: options.barrier && n == 0,
                then: options.then.clone().filter(|_| n == last),
                after,
            };
            let minted = self.mint(&batch, binding, &options);
            if minted.barrier {
                after = Some(minted.issued_at);
            }
            tokens.push((minted, batch));
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
