//! What all sign-ins of one deployment share: built once, cloned into every worker.

use std::fmt;
use std::sync::Arc;

use apply_cookies::ApplyCookies;
use apply_cookies::protocol::PurposeKey;
use apply_cookies::replay::{Revocations, SessionLength};

use crate::access_token::AccessToken;
#[cfg(feature = "password")]
use crate::account::Passwords;
use crate::credential::CredentialKeys;
#[cfg(feature = "password")]
use crate::device::DeviceCookie;
use crate::forwarded::TrustedProxies;
use crate::gate::Gate;
use crate::header::Realm;
use crate::identity::Identity;
use crate::on_sign_in::OnSignIn;
use crate::pages::Pages;
#[cfg(feature = "providers")]
use crate::providers::{Providers, Step};
use crate::refusal::{Logged, Refusal};
use crate::return_to::Places;
use crate::rule::Rules;
use crate::session::SessionCookie;
use crate::throttle::Throttle;
use crate::vouching::Vouched;
use crate::watch::Watch;

/// The sign-ins of one deployment. Cheap to clone. Made by [`Auth::builder`].
#[derive(Clone)]
pub struct Auth(pub(crate) Arc<Parts>);

/// The inside of [`Auth`].
pub(crate) struct Parts {
    pub(crate) cookies: ApplyCookies,
    pub(crate) prefix: String,
    pub(crate) pages: Pages,

    // Sessions.
    pub(crate) cookie: SessionCookie,
    #[cfg(feature = "password")]
    pub(crate) device: DeviceCookie,
    pub(crate) length: SessionLength,
    pub(crate) revocations: Arc<dyn Revocations>,
    /// Of the digests of persons: the current secret's, then those of previous ones.
    pub(crate) person_keys: Vec<PurposeKey>,
    pub(crate) watch: Arc<Watch>,
    pub(crate) credentials: CredentialKeys,

    // Who may sign in, and how.
    pub(crate) has_passwords: bool,
    #[cfg(feature = "password")]
    pub(crate) passwords: Option<Passwords>,
    /// Every request brings a name and a password, and there is no page.
    pub(crate) basic: bool,
    pub(crate) realm: Realm,
    pub(crate) access_token: Option<AccessToken>,
    #[cfg(feature = "providers")]
    pub(crate) providers: Providers,
    pub(crate) vouched: Vouched,
    pub(crate) on_sign_in: Option<OnSignIn>,
    pub(crate) gate: Gate,
    pub(crate) rules: Option<Rules>,
    pub(crate) throttle: Arc<Throttle>,
    pub(crate) proxies: TrustedProxies,
    pub(crate) places: Places,
    /// The pages on which Auth0's users are managed.
    #[cfg(feature = "providers")]
    pub(crate) admin: Option<crate::auth0::Admin>,
    /// Anybody may sign in as anybody.
    pub(crate) dev: bool,
    pub(crate) logged: Logged,
}

impl Auth {
    /// The path of the pages: `/auth` unless it was set.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.0.prefix
    }

    /// The deployment whose cookies carry the sessions.
    #[must_use]
    pub fn cookies(&self) -> &ApplyCookies {
        &self.0.cookies
    }
}

impl Parts {
    /// The part of a path below the prefix.
    pub(crate) fn page<'p>(&self, path: &'p str) -> Option<&'p str> {
        apply_cookies::web::path_below(&self.prefix, path)
    }

    /// The step of a sign-in with a provider that a path stands for, if it does.
    #[cfg(feature = "providers")]
    pub(crate) fn step(&self, path: &str) -> Option<Step<'_>> {
        self.page(path).and_then(|page| self.providers.step(page))
    }

    /// Asks the gate.
    #[cfg_attr(
        not(feature = "providers"),
        expect(clippy::unused_async, reason = "no list is fetched")
    )]
    pub(crate) async fn ask_gate(&self, who: &Identity) -> Result<(), Refusal> {
        #[cfg(feature = "providers")]
        let now = self.cookies.clock().now();
        #[cfg(feature = "providers")]
        return self.vouched.gate_lists.check(&self.gate, who, now).await;
        #[cfg(not(feature = "providers"))]
        self.gate.check(who)
    }

    /// Whether people have a page to sign in on.
    pub(crate) const fn has_page(&self) -> bool {
        self.has_form() || self.pages.has_providers
    }

    /// Whether the page has a form, beside the buttons of providers.
    pub(crate) const fn has_form(&self) -> bool {
        self.takes_passwords() || self.access_token.is_some() || self.dev
    }

    /// Whether it is for this machine alone: in development, and where anybody can forge what is believed.
    pub(crate) const fn is_local(&self) -> bool {
        self.dev || self.vouched.is_local
    }

    /// The app's own page to sign in on, if this crate shows none.
    pub(crate) fn page_of_the_app(&self) -> Option<&str> {
        self.vouched.page().filter(|_| !self.has_page())
    }

    /// How a client that is not a browser, or a browser's own dialog, may prove who it is. `refused`:
    /// it has tried.
    pub(crate) fn challenge(&self, refused: bool) -> Option<String> {
        if self.basic {
            return Some(self.realm.basic());
        }
        let token = self.access_token.as_ref();
        token.map(|_| self.realm.bearer(refused))
    }

    /// Whether the page asks for a name and a password.
    pub(crate) const fn takes_passwords(&self) -> bool {
        self.has_passwords && !self.basic
    }
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Auth")
            .field("prefix", &self.0.prefix)
            .field("dev", &self.0.dev)
            .finish_non_exhaustive()
    }
}
