//! What all parts of one deployment share: built once, cloned into every worker.

use std::fmt;
use std::sync::{Arc, Weak};

use apply_cookies_protocol::{
    BindingPolicy, KeyId, Lifetime, Profile, Purpose, PurposeKey, Scheme, UnixMillis,
};

use crate::browser::{BindingName, Module, Origin, OriginPolicy};
use crate::classes::Classes;
use crate::mint::{InFlight, Issuer};
use crate::redeem::{LateListener, Redeemer, Refusals};
use crate::replay::{Clock, ReplayStore};
use crate::seldom::Seldom;

/// Everything that the handlers, middleware and endpoint of one deployment share. Cheap to clone.
///
/// ```
/// use apply_cookies::{ApplyCookies, Secrets};
///
/// # let text = "8uNnT5lZQ0zGm1rVxkPqYc3sEJfHdOaW7bKtLi2vRyA";
/// let cookies = ApplyCookies::builder(Secrets::new(text)?)
///     .origin("https://app.example")
///     .build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct ApplyCookies {
    pub(crate) deployment: Arc<Deployment>,
}

/// The inside of [`ApplyCookies`].
pub(crate) struct Deployment {
    pub(crate) classes: Classes,
    pub(crate) issuer: Issuer,
    pub(crate) in_flight: InFlight,
    pub(crate) redeemer: Redeemer,
    pub(crate) origins: OriginPolicy,
    pub(crate) binding_name: BindingName,
    pub(crate) prefix: String,
    pub(crate) client: Module,
    pub(crate) refusals: Refusals,
    pub(crate) losses: Losses,
}

/// Losses that a client can cause at any rate, and how seldom each is logged.
#[derive(Default)]
pub(crate) struct Losses {
    pub(crate) handler_failed: Seldom,
    pub(crate) stream_ended: Seldom,
    pub(crate) encoded: Seldom,
    pub(crate) secure: Seldom,
}

impl Deployment {
    pub(crate) fn now(&self) -> UnixMillis {
        self.issuer.clock.now()
    }

    /// The part of the path below the endpoint's prefix: empty for the endpoint itself, `/bind`,
    /// `/client.js`. `None` for the app's own paths.
    pub(crate) fn own_path<'p>(&self, path: &'p str) -> Option<&'p str> {
        path_below(&self.prefix, path)
    }
}

/// The part of a path below a prefix, as the endpoint's paths are judged: empty for the prefix
/// itself. `None` where the path is elsewhere, as `/__apply-cookies-too` is.
#[must_use]
pub fn path_below<'p>(prefix: &str, path: &'p str) -> Option<&'p str> {
    path.strip_prefix(prefix)
        .filter(|rest| rest.is_empty() || rest.starts_with('/'))
}

impl ApplyCookies {
    /// The path of the endpoint.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.deployment.prefix
    }

    /// The profile of the tokens that the endpoint redeems: Mesop's after
    /// [`Builder::redeem_mesop`](crate::Builder::redeem_mesop), otherwise the protocol's own.
    #[must_use]
    pub fn profile(&self) -> Profile {
        self.deployment.redeemer.keys.profile()
    }

    /// The scheme that this deployment's cookies are for: https where an https origin is configured.
    /// A cookie that does not say otherwise is `Secure` there, and only there.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        self.deployment.classes.scheme()
    }

    /// The configured origins; none in development, where any port of this machine is one.
    #[must_use]
    pub fn origins(&self) -> &[Origin] {
        self.deployment.origins.listed()
    }

    /// The store that makes tokens single-use.
    #[must_use]
    pub fn replay_store(&self) -> &Arc<dyn ReplayStore> {
        &self.deployment.redeemer.store
    }

    /// Reads and writes cookie classes with the keys of this deployment, for code outside handlers.
    #[must_use]
    pub fn classes(&self) -> &Classes {
        &self.deployment.classes
    }

    /// Mints this deployment's tokens, for code outside requests. The tokens have no
    /// [`Receipt`](crate::Receipt).
    #[must_use]
    pub fn issuer(&self) -> &Issuer {
        &self.deployment.issuer
    }

    /// Redeems this deployment's tokens, for code outside requests.
    #[must_use]
    pub fn redeemer(&self) -> &Redeemer {
        &self.deployment.redeemer
    }

    /// The keys of a purpose outside cookies and tokens, as
    /// [`Secrets::purpose_keys`](crate::Secrets::purpose_keys) gives them.
    #[must_use]
    pub fn purpose_keys(&self, purpose: Purpose, name: &str) -> Vec<PurposeKey> {
        self.deployment.issuer.ring.purpose_keys(purpose, name)
    }

    /// The ids of the keys that the secrets derive, that of the current secret first. Whoever mints
    /// for this deployment in another process has the same.
    pub fn key_ids(&self) -> impl Iterator<Item = KeyId> {
        self.deployment.issuer.ring.ids()
    }

    /// Whether tokens must carry a binding.
    #[must_use]
    pub fn binding(&self) -> BindingPolicy {
        self.deployment.redeemer.binding
    }

    /// The name of the binding cookie.
    #[must_use]
    pub fn binding_cookie(&self) -> &'static str {
        self.deployment.binding_name.as_str()
    }

    /// The longest lifetime of a token that is redeemed.
    #[must_use]
    pub fn max_lifetime(&self) -> Lifetime {
        self.deployment.redeemer.max_lifetime
    }

    /// Adds the one listener that hears of tokens which are posted too late. What is claimed, the
    /// [store](Self::replay_store) tells.
    pub fn listen_for_late(&self, listener: Weak<dyn LateListener>) {
        self.deployment.redeemer.late.listen(listener);
    }

    /// The clock that tokens are judged by.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.deployment.issuer.clock
    }
}

impl fmt::Debug for ApplyCookies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApplyCookies")
            .field("origins", &self.deployment.origins.to_string())
            .field("prefix", &self.deployment.prefix)
            .field("profile", &self.deployment.redeemer.keys.profile().as_str())
            .field("binding", &self.deployment.redeemer.binding)
            .finish_non_exhaustive()
    }
}
