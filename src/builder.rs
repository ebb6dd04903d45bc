//! The configuration of one deployment, checked as a whole.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

#[cfg(feature = "mesop")]
use apply_cookies_protocol::limits::MESOP_LIFETIME_MS;
use apply_cookies_protocol::{BindingPolicy, KeyRing, KeyRingError, Lifetime, Seal};

use crate::browser::{Module, Origin, OriginError, OriginPolicy};
use crate::classes::Classes;
use crate::deployment::{ApplyCookies, Deployment, Losses};
use crate::mint::{InFlight, Issuer};
use crate::redeem::{Late, Redeemer, Refusals, TokenKeys};
use crate::replay::{Clock, MemoryReplayStore, ReplayStore};
#[cfg(feature = "mesop")]
use crate::secrets::MesopSecret;
use crate::secrets::Secrets;

/// The endpoint's default path.
pub const DEFAULT_PREFIX: &str = "/__apply-cookies";

impl ApplyCookies {
    /// Starts a configuration with the secrets of the deployment. [`Builder::origin`] is required
    /// as well.
    pub fn builder(secrets: Secrets) -> Builder {
        Builder {
            secrets,
            #[cfg(feature = "mesop")]
            mesop: None,
            #[cfg(feature = "mesop")]
            redeem_mesop: false,
            origins: Vec::new(),
            allow_insecure_http: false,
            prefix: DEFAULT_PREFIX.to_owned(),
            seal: Seal::default(),
            lifetime: Duration::from_millis(Lifetime::default().as_millis()),
            max_lifetime: None,
            binding: BindingPolicy::default(),
            store: None,
            clock: Clock::system(),
        }
    }

    /// For development on this machine: allows pages of any loopback origin, and makes a secret that
    /// is gone when the process ends, and with it tokens and signed and encrypted cookies. Its
    /// cookies are for plain http, also behind a proxy with https: not `Secure` unless they say so,
    /// and without prefixes in their names. Says so in the log, or on standard error where there is none.
    ///
    /// Call it once, outside `HttpServer::new(|| …)`: each call makes a new secret and a new store.
    #[must_use]
    #[expect(clippy::missing_panics_doc, reason = "nothing here can fail")]
    pub fn dev() -> Self {
        warn_loudly(
            "development mode: any loopback origin may post; cookies are written for plain http, without Secure and without prefixes such as __Host-; tokens, and signed and encrypted cookies, end with this process (in production, use ApplyCookies::builder with Secrets::from_env and the https origin of your pages)",
        );
        Self::builder(Secrets::random())
            .assemble(OriginPolicy::AnyLoopback)
            .expect("one random secret makes a ring")
    }
}

/// Collects the configuration. Made by [`ApplyCookies::builder`].
#[must_use = "a builder does nothing until it is built"]
pub struct Builder {
    secrets: Secrets,
    #[cfg(feature = "mesop")]
    mesop: Option<MesopSecret>,
    /// The endpoint redeems Mesop's tokens, and no others.
    #[cfg(feature = "mesop")]
    redeem_mesop: bool,
    origins: Vec<String>,
    allow_insecure_http: bool,
    prefix: String,
    seal: Seal,
    lifetime: Duration,
    max_lifetime: Option<Duration>,
    binding: BindingPolicy,
    store: Option<Arc<dyn ReplayStore>>,
    clock: Clock,
}

impl Builder {
    /// Allows pages of this origin to post, as in `https://app.example`. Call it again for each
    /// further origin.
    pub fn origin(mut self, origin: impl AsRef<str>) -> Self {
        self.origins.push(origin.as_ref().to_owned());
        self
    }

    /// The secret of a Mesop app, for cookie classes with `profile = "mesop"`: the two apps then
    /// share their cookies. It must differ from this deployment's own secret.
    #[cfg(feature = "mesop")]
    pub fn mesop(mut self, secret: MesopSecret) -> Self {
        self.mesop = Some(secret);
        self
    }

    /// Makes the endpoint redeem the tokens of the Mesop app whose secret was given with
    /// [`mesop`](Self::mesop), instead of this deployment's own. Building fails without that
    /// secret. Mesop's tokens carry no binding, so use [`BindingPolicy::Optional`] with it.
    ///
    /// ```
    /// use apply_cookies::{ApplyCookies, BindingPolicy, MesopSecret, Profile, Secrets};
    ///
    /// # let text = "8uNnT5lZQ0zGm1rVxkPqYc3sEJfHdOaW7bKtLi2vRyA";
    /// let mesop = ApplyCookies::builder(Secrets::random())
    ///     .mesop(MesopSecret::new(text)?)
    ///     .redeem_mesop()
    ///     .binding(BindingPolicy::Optional)
    ///     .origin("https://app.example")
    ///     .build()?;
    /// assert_eq!(mesop.profile(), Profile::Mesop);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "mesop")]
    pub fn redeem_mesop(mut self) -> Self {
        self.redeem_mesop = true;
        self
    }

    /// Puts the endpoint at a path other than `/__apply-cookies`.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Sets how tokens protect their operations; they are encrypted by default.
    pub fn seal(mut self, seal: Seal) -> Self {
        self.seal = seal;
        self
    }

    /// Sets how long tokens live: 60 seconds by default, at most a day.
    pub fn lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime;
        self
    }

    /// Sets the longest lifetime of the tokens that the endpoint redeems; the default is that of the
    /// tokens made here ([`lifetime`](Self::lifetime)). Raise it for other issuers whose tokens live
    /// longer: those are refused as invalid otherwise.
    ///
    /// The barrier of a sign-out is kept for as long, so a shorter lifetime leaves less room to those
    /// who sign out browsers that they make up. Mesop's tokens always live for a minute, and are
    /// redeemed whatever is set here.
    pub fn max_lifetime(mut self, max_lifetime: Duration) -> Self {
        self.max_lifetime = Some(max_lifetime);
        self
    }

    /// Sets whether tokens must carry a binding; they must by default.
    pub fn binding(mut self, binding: BindingPolicy) -> Self {
        self.binding = binding;
        self
    }

    /// Sets the store that makes tokens single-use; the default is in memory. Several processes
    /// behind one origin need a shared store, or one `apply-cookies serve` that redeems for all.
    pub fn replay_store(mut self, store: Arc<dyn ReplayStore>) -> Self {
        self.store = Some(store);
        self
    }

    /// Uses another clock, for tests.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Accepts `http` origins outside this machine. Anyone on the network can then read and plant
    /// every cookie; browsers refuse `__Host-` names and `Secure` there, so cookies have neither.
    pub fn allow_insecure_http(mut self) -> Self {
        self.allow_insecure_http = true;
        self
    }

    /// Checks the configuration as a whole. Call it once, outside `HttpServer::new(|| …)`, and
    /// clone the result: each call makes a new store.
    ///
    /// # Errors
    ///
    /// Says which setting to change.
    pub fn build(self) -> Result<ApplyCookies, BuildError> {
        if self.origins.is_empty() {
            return Err(BuildError::NoOrigin);
        }
        let origins = self
            .origins
            .iter()
            .map(|origin| Origin::parse(origin))
            .collect::<Result<Vec<_>, _>>()?;
        if let Some(insecure) = origins.iter().find(|origin| !origin.is_trustworthy()) {
            if !self.allow_insecure_http {
                return Err(BuildError::InsecureOrigin(insecure.as_str().to_owned()));
            }
            // The cookies of a deployment are all for one scheme. Of https no browser keeps any here.
            if origins.iter().any(Origin::is_https) {
                return Err(BuildError::MixedOrigins);
            }
            warn_loudly(
                "plain HTTP outside this machine: anyone on the network can read and plant cookies",
            );
        }
        let (https, http): (Vec<_>, Vec<_>) = origins.iter().partition(|origin| origin.is_https());
        if let (Some(https), Some(http)) = (https.first(), http.first()) {
            tracing::warn!(
                https = https.as_str(),
                http = http.as_str(),
                "cookies are Secure because an https origin is configured; some browsers, such as Safari, keep none of them for the pages on plain http"
            );
        }
        self.assemble(OriginPolicy::Listed(origins))
    }

    fn assemble(self, origins: OriginPolicy) -> Result<ApplyCookies, BuildError> {
        if !is_prefix(&self.prefix) {
            return Err(BuildError::Prefix(self.prefix));
        }
        let lifetime = lifetime_from(self.lifetime)?;
        let max_lifetime = self.max_lifetime.map_or(Ok(lifetime), lifetime_from)?;
        if lifetime > max_lifetime {
            return Err(BuildError::LifetimeTooLong {
                lifetime: self.lifetime,
                max_lifetime: self.max_lifetime.unwrap_or_default(),
            });
        }
        let ring = self.secrets.into_ring()?;
        #[cfg(feature = "mesop")]
        if self.redeem_mesop && self.mesop.is_none() {
            return Err(BuildError::NoMesopSecret);
        }
        #[cfg(feature = "mesop")]
        let ring = match &self.mesop {
            Some(secret) => ring.with_mesop(secret.to_keys())?,
            None => ring,
        };
        let ring: Arc<KeyRing> = Arc::new(ring);
        let redeemed = TokenKeys::Native(ring.clone());
        #[cfg(feature = "mesop")]
        let redeemed = match &self.mesop {
            Some(secret) if self.redeem_mesop => TokenKeys::Mesop(Arc::new(secret.to_keys())),
            _ => redeemed,
        };
        // The profile fixes how long they live.
        #[cfg(feature = "mesop")]
        let redeemed_max = match redeemed {
            TokenKeys::Mesop(_) => max_lifetime.max(MESOP_LIFETIME),
            TokenKeys::Native(_) => max_lifetime,
        };
        #[cfg(not(feature = "mesop"))]
        let redeemed_max = max_lifetime;
        let store = self
            .store
            .unwrap_or_else(|| Arc::new(MemoryReplayStore::new(self.clock.clone())));
        let in_flight = InFlight::new(self.clock.clone(), lifetime);
        store.listen(in_flight.listener());
        let scheme = origins.scheme();
        Ok(ApplyCookies {
            deployment: Arc::new(Deployment {
                in_flight,
                classes: Classes::new(ring.clone(), self.clock.clone(), scheme),
                issuer: Issuer {
                    ring,
                    clock: self.clock.clone(),
                    seal: self.seal,
                    lifetime,
                    max_lifetime,
                    scope: store.scope(),
                },
                redeemer: Redeemer {
                    keys: redeemed,
                    clock: self.clock,
                    store,
                    binding: self.binding,
                    max_lifetime: redeemed_max,
                    watch: Arc::default(),
                    lost_barriers: Arc::default(),
                    late: Late::default(),
                    endpoint: Some(self.prefix.clone().into()),
                },
                binding_name: scheme.into(),
                origins,
                prefix: self.prefix,
                client: Module::client(lifetime),
                refusals: Refusals::default(),
                losses: Losses::default(),
            }),
        })
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("origins", &self.origins)
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

fn lifetime_from(time: Duration) -> Result<Lifetime, BuildError> {
    u64::try_from(time.as_millis())
        .ok()
        .and_then(Lifetime::from_millis)
        .ok_or(BuildError::Lifetime)
}

/// How long Mesop's tokens live.
#[cfg(feature = "mesop")]
const MESOP_LIFETIME: Lifetime = match Lifetime::from_millis(MESOP_LIFETIME_MS) {
    Some(lifetime) => lifetime,
    None => panic!("less than a day"),
};

/// Segments of unreserved characters (RFC 3986 §2.3), each after a slash: nothing that a router
/// would read as a pattern or a proxy would rewrite.
fn is_prefix(prefix: &str) -> bool {
    prefix.strip_prefix('/').is_some_and(|rest| {
        rest.split('/').all(|segment| {
            !segment.is_empty()
                && segment != "."
                && segment != ".."
                && segment
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~'))
        })
    })
}

/// Warns where nobody can miss it: in the log, or on standard error where no log takes it.
fn warn_loudly(warning: &str) {
    if tracing::enabled!(tracing::Level::WARN) {
        tracing::warn!("{warning}");
    } else {
        eprintln!("apply-cookies: {warning}");
    }
}

/// A configuration that cannot work or is not safe.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// An `http` origin that is not this machine.
    #[error(
        "{0} is plain HTTP outside this machine, where anyone on the network can take over; serve https, or call allow_insecure_http() (on the command line --allow-insecure-http) and accept that"
    )]
    InsecureOrigin(String),
    /// Zero, or more than a day.
    #[error("the lifetime of tokens must be between a millisecond and a day")]
    Lifetime,
    /// Tokens would be made that the deployment itself refuses.
    #[error(
        "tokens that live for {lifetime:?} are longer-lived than max_lifetime allows ({max_lifetime:?}); shorten lifetime or raise max_lifetime"
    )]
    LifetimeTooLong {
        /// The lifetime of the tokens made here.
        lifetime: Duration,
        /// The longest lifetime of tokens that are redeemed.
        max_lifetime: Duration,
    },
    /// An https origin together with an `http` one that is not this machine.
    #[error(
        "origins on https and on plain HTTP outside this machine need different cookies; run two deployments"
    )]
    MixedOrigins,
    /// The endpoint is to redeem Mesop's tokens, and the secret they are made with was not given.
    #[cfg(feature = "mesop")]
    #[error(
        "redeem_mesop() needs the secret of the Mesop app; call .mesop(MesopSecret::from_env()?)"
    )]
    NoMesopSecret,
    /// No origin was given.
    #[error("give the origin that serves your pages, as in .origin(\"https://app.example\")")]
    NoOrigin,
    /// Text that is not an origin.
    #[error(transparent)]
    Origin(#[from] OriginError),
    /// A path that the endpoint cannot have.
    #[error(
        "`{0}` cannot be the endpoint's path; write segments of letters, digits, - . _ ~, as in /__apply-cookies"
    )]
    Prefix(String),
    /// Secrets that cannot be used together.
    #[error(transparent)]
    Ring(#[from] KeyRingError),
}

crate::debug_as_text!(BuildError);

#[cfg(test)]
mod tests;
