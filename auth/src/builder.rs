//! What an app says about its sign-ins.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use apply_cookies::replay::Revocations;
use apply_cookies::{ApplyCookies, Origin, SameSite};

use crate::access_token::AccessToken;
#[cfg(feature = "password")]
use crate::account::Accounts;
#[cfg(feature = "providers")]
use crate::attempt::CLAIMS_MAX;
use crate::auth::Auth;
use crate::auth_error::AuthError;
#[cfg(feature = "providers")]
use crate::firebase::Firebase;
use crate::gate::Gate;
use crate::identity::Identity;
#[cfg(feature = "providers")]
use crate::oidc::Oidc;
use crate::on_sign_in::{OnSignIn, SignInCookies};
#[cfg(feature = "providers")]
use crate::outgoing::HttpClient;
use crate::refusal::Refusal;
use crate::rule::Rules;
#[cfg(feature = "providers")]
use crate::signed_header::SignedHeader;
use crate::vouching::Vouching;

/// How long a session lasts unless it is set: half a day.
const LENGTH: Duration = Duration::from_secs(12 * 3600);

/// Builds [`Auth`]. Made by [`Auth::builder`].
#[must_use = "nothing happens until `build`"]
pub struct AuthBuilder {
    pub(crate) cookies: ApplyCookies,
    pub(crate) name: Option<String>,
    pub(crate) prefix: String,
    pub(crate) length: Duration,
    pub(crate) idle: Option<Duration>,
    pub(crate) same_site: SameSite,
    pub(crate) revocations: Option<Arc<dyn Revocations>>,
    #[cfg(feature = "password")]
    pub(crate) accounts: Option<Accounts>,
    pub(crate) basic: Option<String>,
    pub(crate) access_token: Option<AccessToken>,
    pub(crate) vouching: Vouching,
    pub(crate) on_sign_in: Option<OnSignIn>,
    pub(crate) gate: Gate,
    pub(crate) rules: Option<Rules>,
    pub(crate) proxies: Vec<String>,
    pub(crate) return_to: Vec<Origin>,
    #[cfg(feature = "providers")]
    pub(crate) attempts_in_store: usize,
    #[cfg(feature = "providers")]
    pub(crate) admin: Option<crate::auth0::Admin>,
    pub(crate) dev: bool,
}

impl Auth {
    /// Sign-ins whose sessions travel in the cookies of this deployment: one secret, one list of
    /// origins, one clock.
    pub fn builder(cookies: &ApplyCookies) -> AuthBuilder {
        AuthBuilder {
            cookies: cookies.clone(),
            name: None,
            prefix: "/auth".to_owned(),
            length: LENGTH,
            idle: None,
            same_site: SameSite::Lax,
            revocations: None,
            #[cfg(feature = "password")]
            accounts: None,
            basic: None,
            access_token: None,
            vouching: Vouching::default(),
            on_sign_in: None,
            gate: Gate::new(),
            rules: None,
            proxies: Vec::new(),
            return_to: Vec::new(),
            #[cfg(feature = "providers")]
            attempts_in_store: CLAIMS_MAX,
            #[cfg(feature = "providers")]
            admin: None,
            dev: false,
        }
    }

    /// Sign-ins for development on this machine: the page asks for any name and any roles. Requests
    /// of other machines, those that a proxy has forwarded, and those to another `Host` are refused. Says
    /// so at start.
    ///
    /// # Errors
    ///
    /// [`AuthError::NotDevelopment`] if the deployment has an origin on another machine.
    pub fn dev(cookies: &ApplyCookies) -> Result<Self, AuthError> {
        let mut builder = Self::builder(cookies);
        builder.dev = true;
        let auth = builder.build()?;
        tracing::warn!("Auth::dev(): anybody on this machine may sign in as anybody");
        Ok(auth)
    }
}

impl AuthBuilder {
    /// Lets people sign in with a name and a password.
    #[cfg(feature = "password")]
    pub fn passwords(mut self, accounts: Accounts) -> Self {
        self.accounts = Some(accounts);
        self
    }

    /// Asks for name and password by HTTP Basic instead of a page: the browser's own dialog, for the
    /// whole app, without a cookie. `realm` is what the dialog calls it.
    pub fn basic(mut self, realm: impl Into<String>) -> Self {
        self.basic = Some(realm.into());
        self
    }

    /// Lets people in who have this token: by a link with `?access_token=`, on a page, or in
    /// `Authorization`, as Bearer or as the password of Basic.
    pub fn access_token(mut self, token: AccessToken) -> Self {
        self.access_token = Some(token);
        self
    }

    /// Lets people sign in with a provider. Called several times, people choose one on the page.
    ///
    /// With several providers, or [Firebase](Self::firebase) beside one, and a [gate](Self::gate) that asks for e-mail addresses each needs
    /// [`Oidc::email_domains`]: the weakest would otherwise vouch for everybody.
    #[cfg(feature = "providers")]
    pub fn provider(mut self, provider: Oidc) -> Self {
        self.vouching.oidc.push(provider);
        self
    }

    /// Also trusts the certificates in this PEM file when providers are asked, as of a company's own
    /// authority.
    #[cfg(feature = "providers")]
    pub fn ca_file(mut self, path: impl Into<std::path::PathBuf>) -> Self {
        self.vouching.ca_file = Some(path.into());
        self
    }

    /// Asks providers with this client instead of the crate's own, as for a proxy that wants a password.
    #[cfg(feature = "providers")]
    pub fn http_client(mut self, client: Arc<dyn HttpClient>) -> Self {
        self.vouching.http_client = Some(client);
        self
    }

    /// Believes the assertion that a proxy in front of the app signs into a header of each request. The
    /// whole app asks for it, except on paths that a [rule](Self::rules) opens to `anyone`, as health
    /// checks need; there is no page, no cookie, and no other way to sign in.
    #[cfg(feature = "providers")]
    pub fn signed_header(mut self, header: SignedHeader) -> Self {
        self.vouching.header = Some(header);
        self
    }

    /// Lets people in who have signed in with Firebase in the page: `POST /auth/firebase` takes the ID
    /// token, `/auth/firebase.js` sends it, and [`Auth::check_firebase`] takes one that arrives in a
    /// stream.
    #[cfg(feature = "providers")]
    pub fn firebase(mut self, firebase: Firebase) -> Self {
        self.vouching.firebase = Some(firebase);
        self
    }

    /// The app's own step of every sign-in, on the page, by a link and by [`Auth::sign_in`]: after
    /// somebody has proved who they are, and before the gates, which judge what it answers. It may
    /// change everything but the provider and the subject, set cookies that travel with the sign-in or
    /// not at all, and refuse. Not asked of those who prove who they are with each request.
    pub fn on_sign_in<F, A>(mut self, step: F) -> Self
    where
        F: Fn(Identity, SignInCookies) -> A + Send + Sync + 'static,
        A: Future<Output = Result<Identity, Refusal>> + Send + 'static,
    {
        self.on_sign_in = Some(Arc::new(move |who, cookies| Box::pin(step(who, cookies))));
        self
    }

    /// Sets the conditions on an identity, which are checked before it becomes a session and again at
    /// every request of that session.
    pub fn gate(mut self, gate: Gate) -> Self {
        self.gate = gate;
        self
    }

    /// Which paths of the app need what. Without rules handlers decide, by the arguments that they
    /// take.
    pub fn rules(mut self, rules: Rules) -> Self {
        self.rules = Some(rules);
        self
    }

    /// Where it is remembered which sessions are over. The default is memory: a restart signs
    /// everybody out, and a session counts in one process only.
    pub fn revocations(mut self, revocations: Arc<dyn Revocations>) -> Self {
        self.revocations = Some(revocations);
        self
    }

    /// How long a session lasts, however it is used: 12 hours unless it is set, at most 400 days.
    pub fn session_length(mut self, length: Duration) -> Self {
        self.length = length;
        self
    }

    /// Ends a session that is not used for this long. Its cookie is written anew past a third of it, so
    /// two thirds are certain.
    pub fn idle(mut self, idle: Duration) -> Self {
        self.idle = Some(idle);
        self
    }

    /// The `SameSite` of the session's cookie: `Lax` unless it is set.
    pub fn same_site(mut self, same_site: SameSite) -> Self {
        self.same_site = same_site;
        self
    }

    /// What the pages call the app.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Where the pages are: `/auth` unless it is set. The whole path, also where the middleware is
    /// around a nested router or a scope: `/inner/auth`.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Believes the `X-Forwarded-For` of a proxy at this address, or in this network
    /// (`10.0.0.0/8`). Without one all people behind a proxy count as one network when passwords are
    /// guessed; the log warns of a peer that is not trusted and sends the field.
    pub fn trusted_proxy(mut self, network: impl Into<String>) -> Self {
        self.proxies.push(network.into());
        self
    }

    /// Lets `return_to` lead to another origin as well.
    pub fn return_to(mut self, origin: Origin) -> Self {
        self.return_to.push(origin);
        self
    }

    /// How many finished sign-ins with providers the replay store remembers at once, of this process:
    /// 100,000 unless it is set. Each is remembered for up to ten minutes and counts for up to twenty, whether
    /// or not it succeeds, and strangers can finish many. Past this number callbacks are refused
    /// (`unavailable`) and take no room, so the rest of the store stays for the cookies. Set it to a tenth of
    /// a store that is smaller than the default of a million, or to 1,200 for each sign-in a second.
    #[cfg(feature = "providers")]
    pub fn attempts_in_store(mut self, most: usize) -> Self {
        self.attempts_in_store = most;
        self
    }

    /// Adds pages at `/auth/admin` on which people with this role manage Auth0's users: list them, invite
    /// (with this invitation, and the roles that are chosen on the page), set roles, verify, block. The log
    /// has each act, with who did it and to whom.
    #[cfg(feature = "providers")]
    pub fn admin_pages(
        mut self,
        role: impl Into<String>,
        users: crate::auth0::Management,
        invite: crate::auth0::Invite,
    ) -> Self {
        self.admin = Some(crate::auth0::Admin {
            roles: vec![role.into()],
            users,
            invite,
        });
        self
    }
}

impl fmt::Debug for AuthBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthBuilder")
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}
