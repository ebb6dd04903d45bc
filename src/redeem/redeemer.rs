//! Token → `Set-Cookie` lines: verify, prepare, claim, release.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

#[cfg(feature = "mesop")]
use apply_cookies_protocol::mesop::MesopKeys;
use apply_cookies_protocol::{
    AuthenticToken, BindingCookie, BindingPolicy, Grant, KeyRing, KeyRingError, Lifetime, Nonce,
    PreparedToken, Profile, RedemptionDigest, RefusedToken, SetCookieLines, TokenBody, TokenId,
    UnclaimedLines, UnixMillis, UntrustedToken,
};

use super::barrier::MissingBarrier;
use super::late::Late;
use super::rejection::Rejection;
use crate::clock_watch::ClockWatch;
use crate::metrics;
use crate::replay::{Barrier, BarrierAnswer, Claim, ClaimAnswer, Clock, ReplayStore, StoreError};
use crate::secrets::Secrets;
use crate::seldom::Seldom;

/// The keys of the tokens that a path redeems: of one profile, never both.
#[derive(Clone)]
pub(crate) enum TokenKeys {
    Native(Arc<KeyRing>),
    #[cfg(feature = "mesop")]
    Mesop(Arc<MesopKeys>),
}

impl TokenKeys {
    pub(crate) const fn profile(&self) -> Profile {
        match self {
            Self::Native(_) => Profile::Native,
            #[cfg(feature = "mesop")]
            Self::Mesop(_) => Profile::Mesop,
        }
    }
}

/// Redeems tokens: verifies, prepares, claims and releases. The endpoint uses it for requests; a
/// worker, a test or another service can use it without a request.
///
/// ```
/// use std::sync::Arc;
/// use apply_cookies::protocol::{BindingCookie, UntrustedToken};
/// use apply_cookies::replay::MemoryReplayStore;
/// use apply_cookies::{Clock, Redeemer, Secrets};
///
/// # async fn example(token: &str, browser: &BindingCookie) -> Result<(), Box<dyn std::error::Error>> {
/// let store = Arc::new(MemoryReplayStore::new(Clock::system()));
/// let redeemer = Redeemer::new(Secrets::from_env()?, store)?;
/// let redeemed = redeemer.redeem(UntrustedToken::new(token), None, Some(browser)).await?;
/// for line in redeemed.lines() {
///     println!("Set-Cookie: {line}");
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Redeemer {
    pub(crate) keys: TokenKeys,
    pub(crate) clock: Clock,
    pub(crate) store: Arc<dyn ReplayStore>,
    pub(crate) binding: BindingPolicy,
    /// The longest lifetime of a token that is redeemed. Barriers matter for as long.
    pub(crate) max_lifetime: Lifetime,
    pub(crate) watch: Arc<ClockWatch>,
    pub(crate) lost_barriers: Arc<Seldom>,
    pub(crate) late: Late,
    pub(crate) endpoint: metrics::Endpoint,
}

/// A token that only needs the answer to its claim.
pub(crate) struct Unclaimed {
    nonce: Nonce,
    age: Duration,
    lines: UnclaimedLines,
    then: Option<Cow<'static, str>>,
}

/// A token that was redeemed.
#[derive(Debug)]
pub struct Redeemed {
    pub(crate) lines: SetCookieLines,
    pub(crate) then: Option<Cow<'static, str>>,
    nonce: Nonce,
    barrier: BarrierAnswer,
}

impl Redeemed {
    /// The values of its `Set-Cookie` fields, in order. Send each in its own field.
    #[must_use]
    pub fn lines(&self) -> impl ExactSizeIterator<Item = &str> {
        self.lines.iter()
    }

    /// The action for the page: the value of the field `Apply-Cookies-Then` (SPEC §9.4).
    #[must_use]
    pub fn then(&self) -> Option<&str> {
        self.then.as_deref()
    }

    /// The token's name in logs.
    #[must_use]
    pub fn id(&self) -> TokenId {
        TokenId::from_nonce(self.nonce)
    }

    /// What became of its barrier, if it is a sign-out: without one, a sign-in that is on its way
    /// can undo it.
    #[must_use]
    pub fn barrier(&self) -> BarrierAnswer {
        self.barrier
    }
}

impl Redeemer {
    /// A redeemer of the tokens made under these secrets, each once as far as this store remembers.
    /// They live for 60 seconds at most.
    ///
    /// # Errors
    ///
    /// If two of the secrets cannot be told apart.
    pub fn new(secrets: Secrets, store: Arc<dyn ReplayStore>) -> Result<Self, KeyRingError> {
        Ok(Self {
            keys: TokenKeys::Native(Arc::new(secrets.into_ring()?)),
            clock: Clock::system(),
            store,
            binding: BindingPolicy::default(),
            max_lifetime: Lifetime::default(),
            watch: Arc::default(),
            lost_barriers: Arc::default(),
            late: Late::default(),
            endpoint: None,
        })
    }

    /// Sets the longest lifetime of a token that is redeemed; a longer one is refused as invalid.
    /// The barrier of a sign-out is kept for as long.
    #[must_use]
    pub fn max_lifetime(mut self, max_lifetime: Lifetime) -> Self {
        self.max_lifetime = max_lifetime;
        self
    }

    /// Sets whether tokens must carry a binding; they must by default.
    #[must_use]
    pub fn binding(mut self, binding: BindingPolicy) -> Self {
        self.binding = binding;
        self
    }

    /// Uses another clock, for tests.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Redeems a token for the browser that has this binding cookie.
    ///
    /// `redemption` is the digest of the id that the client drew for the token: the same id may ask
    /// again, and gets the same answer, until the token expires. Without an id the token works
    /// strictly once.
    ///
    /// # Errors
    ///
    /// Why nothing is released. [`Rejection::problem_for`] is what the client may be told. The
    /// rejections that are about HTTP never come from here.
    pub async fn redeem(
        &self,
        token: UntrustedToken<'_>,
        redemption: Option<RedemptionDigest>,
        binding: Option<&BindingCookie>,
    ) -> Result<Redeemed, Rejection> {
        let (claim, unclaimed) = self.prepare(token, redemption, binding)?;
        let answer = self.store.claim(claim).await;
        self.settle(answer, unclaimed).await
    }

    /// Every check that needs no store: the claim is the last step that can fail.
    pub(crate) fn prepare(
        &self,
        token: UntrustedToken<'_>,
        redemption: Option<RedemptionDigest>,
        binding: Option<&BindingCookie>,
    ) -> Result<(Claim, Unclaimed), Rejection> {
        let mut buffer = Vec::new();
        let now = self.clock.now();
        let token = match &self.keys {
            TokenKeys::Native(ring) => {
                let token = token.open(ring, &mut buffer)?;
                if let Some(key) = token.key_id() {
                    metrics::key_used(key, key == ring.current_id());
                }
                self.check(token, binding, now)?
            }
            #[cfg(feature = "mesop")]
            TokenKeys::Mesop(keys) => {
                self.check(token.open_mesop(keys, &mut buffer)?, binding, now)?
            }
        };
        let (header, lines) = token.into_parts();
        let mut claim = Claim::new(
            header.nonce,
            header.issued_at,
            header.expires_at,
            self.max_lifetime,
            now,
        );
        claim.redemption = redemption;
        // The digest, not the token's MAC: it stays the same when keys rotate, so a barrier still
        // works after a rotation.
        claim.binding = header.binding.and(binding).map(BindingCookie::digest);
        claim.scope = header.scope;
        claim.barrier = header.barrier;
        let unclaimed = Unclaimed {
            nonce: header.nonce,
            age: Duration::from_millis(now.get().saturating_sub(header.issued_at.get())),
            lines,
            then: header.then.map(|then| then.to_header()),
        };
        Ok((claim, unclaimed))
    }

    /// What follows from the store's answer.
    pub(crate) async fn settle(
        &self,
        answer: Result<ClaimAnswer, StoreError>,
        Unclaimed {
            nonce,
            age,
            lines,
            then,
        }: Unclaimed,
    ) -> Result<Redeemed, Rejection> {
        // A digest, and only refusals are logged at every level.
        let id = || TokenId::from_nonce(nonce);
        match answer {
            Ok(ClaimAnswer::Granted { grant, barrier }) => {
                let result = match grant {
                    Grant::First => "released",
                    Grant::Retry => "retried",
                };
                metrics::redemption(&self.endpoint, result);
                if grant == Grant::First {
                    metrics::token_age(age);
                }
                // Deleting the cookies matters more than the race that the barrier closes.
                if barrier == BarrierAnswer::NoRoom {
                    self.report_missing(&MissingBarrier::NoRoom);
                }
                Ok(Redeemed {
                    lines: lines.release(grant),
                    then,
                    nonce,
                    barrier,
                })
            }
            Ok(ClaimAnswer::AlreadyUsed) => Err(Rejection::AlreadyUsed(id())),
            Ok(ClaimAnswer::BehindBarrier) => Err(Rejection::BehindBarrier(id())),
            Ok(ClaimAnswer::BeforeHorizon) => {
                self.look_at_clocks().await;
                Err(Rejection::BeforeHorizon(id()))
            }
            Err(error) => Err(Rejection::Store(error, id())),
        }
    }

    /// The token's own checks, in the same order for every profile.
    fn check<'b, B: TokenBody>(
        &self,
        authentic: AuthenticToken<'b, B>,
        binding: Option<&BindingCookie>,
        now: UnixMillis,
    ) -> Result<PreparedToken<'b>, Rejection> {
        let header = authentic.header();
        let nonce = header.nonce;
        let expires_at = header.expires_at;
        let bound = header.binding.is_some();
        let lives = header
            .expires_at
            .get()
            .saturating_sub(header.issued_at.get());
        // Its barriers would be forgotten while it lives.
        if lives > self.max_lifetime.as_millis() {
            return Err(Rejection::LivesTooLong {
                token: TokenId::from_nonce(nonce),
                lives,
                longest: self.max_lifetime,
            });
        }
        let verified = authentic
            .verify(now, self.binding, binding)
            .map_err(|refused| {
                if refused == RefusedToken::Expired {
                    self.late.tell(nonce, expires_at);
                }
                match Rejection::from_refused(refused, TokenId::from_nonce(nonce)) {
                    Rejection::WrongBrowser(id) if !bound => Rejection::Unbound(id),
                    rejection => {
                        // It is refused for its age: what a clock that was set looks like.
                        if !matches!(rejection, Rejection::WrongBrowser(_)) {
                            self.watch.clock_set_back(self.clock.set_back());
                        }
                        rejection
                    }
                }
            })?;
        Ok(verified.prepare()?)
    }

    /// Raises the barrier of a sign-out that needs no token, because the response's headers have
    /// not left yet: every token of this browser issued up to `now` is refused from here on.
    pub(crate) async fn raise_barrier(
        &self,
        binding: &BindingCookie,
        now: UnixMillis,
    ) -> Result<(), MissingBarrier> {
        let barrier = Barrier::new(binding.digest(), now, self.max_lifetime);
        match self.store.raise_barrier(barrier).await? {
            BarrierAnswer::Raised => Ok(()),
            BarrierAnswer::NoRoom | BarrierAnswer::NotAsked => Err(MissingBarrier::NoRoom),
        }
    }

    /// Logs and counts a sign-out that leaves without its barrier.
    pub(crate) fn report_missing(&self, barrier: &MissingBarrier) {
        barrier.report(&self.lost_barriers, self.clock.now());
    }

    /// A token older than the store remembers is what a clock that was set looks like.
    async fn look_at_clocks(&self) {
        self.watch.clock_set_back(self.clock.set_back());
        if let Ok(since) = self.store.horizon().await {
            self.watch.store_ahead(since, self.clock.now());
        }
    }
}

impl fmt::Debug for Redeemer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redeemer")
            .field("profile", &self.keys.profile().as_str())
            .field("binding", &self.binding)
            .finish_non_exhaustive()
    }
}
