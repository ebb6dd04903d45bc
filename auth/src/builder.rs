//! Settings → sign-ins. What cannot be safe is refused here.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use apply_cookies::protocol::Purpose;
use apply_cookies::replay::{MemoryRevocations, Revocations, SessionLength};
use apply_cookies::{ApplyCookies, OperationError, Origin, SameSite, Scheme};

use crate::access_token::AccessToken;
#[cfg(feature = "password")]
use crate::account::{Accounts, Passwords};
use crate::auth::{Auth, Parts};
use crate::credential::CredentialKeys;
#[cfg(feature = "password")]
use crate::device::DeviceCookie;
use crate::forwarded::{NotANetwork, TrustedProxies};
use crate::gate::Gate;
use crate::header::{Realm, RealmError};
use crate::pages::Pages;
use crate::refusal::Logged;
use crate::return_to::Places;
use crate::rule::Rules;
use crate::session::{SessionCookie, SubjectKeys, TooManySecrets};
use crate::throttle::Throttle;
use crate::watch::Watch;

/// How long a session lasts unless it is set: half a day.
const LENGTH: Duration = Duration::from_secs(12 * 3600);

/// Builds [`Auth`]. Made by [`Auth::builder`].
#[must_use = "nothing happens until `build`"]
pub struct AuthBuilder {
    cookies: ApplyCookies,
    name: Option<String>,
    prefix: String,
    length: Duration,
    idle: Option<Duration>,
    same_site: SameSite,
    revocations: Option<Arc<dyn Revocations>>,
    #[cfg(feature = "password")]
    accounts: Option<Accounts>,
    basic: Option<String>,
    access_token: Option<AccessToken>,
    gate: Gate,
    rules: Option<Rules>,
    proxies: Vec<String>,
    return_to: Vec<Origin>,
    dev: bool,
}

/// Sign-ins that cannot be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuthError {
    /// Nobody could sign in.
    #[error("there is no way to sign in; call passwords, access_token, or Auth::dev")]
    NoMethod,
    /// Basic has no passwords.
    #[error("basic needs passwords")]
    BasicWithoutPasswords,
    /// Anybody on the network reads a password that is sent with every request over plain http.
    #[error(
        "basic over plain http outside this machine sends the password in the clear; configure an https origin"
    )]
    BasicOverHttp,
    /// Development is for this machine.
    #[error("Auth::dev() is for ApplyCookies::dev(), and for origins on this machine")]
    NotDevelopment,
    /// A setting of the wrong form.
    #[error("{0}")]
    Setting(&'static str),
    /// The realm of Basic.
    #[error(transparent)]
    Realm(#[from] RealmError),
    /// A trusted proxy.
    #[error(transparent)]
    Proxy(#[from] NotANetwork),
    /// The deployment's secrets.
    #[error(transparent)]
    Secrets(#[from] TooManySecrets),
    /// The name of a cookie.
    #[error(transparent)]
    Cookie(#[from] OperationError),
}

impl Auth {
    /// Sign-ins whose sessions travel in the cookies of this deployment: one secret, one list of
    /// origins, one clock.
    ///
    /// ```
    /// use apply_cookies::ApplyCookies;
    /// use apply_cookies_auth::{AccessToken, Auth};
    ///
    /// let cookies = ApplyCookies::dev(); // or ApplyCookies::builder(…)
    /// let auth = Auth::builder(&cookies).access_token(AccessToken::random()).build()?;
    /// # Ok::<(), apply_cookies_auth::AuthError>(())
    /// ```
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
            gate: Gate::new(),
            rules: None,
            proxies: Vec::new(),
            return_to: Vec::new(),
            dev: false,
        }
    }

    /// Sign-ins for development on this machine: the page asks for any name and any roles. Requests
    /// of other machines, and those that a proxy has forwarded, are refused. Says so at start.
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

    /// What must hold before an identity becomes a session, and when a session is renewed.
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

    /// Ends a session that is not used for this long.
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

    /// Builds it.
    ///
    /// # Errors
    ///
    /// What is missing, or cannot be safe.
    pub fn build(self) -> Result<Auth, AuthError> {
        let cookies = self.cookies;
        #[cfg(feature = "password")]
        let has_passwords = self.accounts.is_some();
        #[cfg(not(feature = "password"))]
        let has_passwords = false;
        if !has_passwords && self.access_token.is_none() && !self.dev {
            return Err(AuthError::NoMethod);
        }
        if self.basic.is_some() && !has_passwords {
            return Err(AuthError::BasicWithoutPasswords);
        }
        if self.basic.is_some() && self.access_token.is_some() {
            return Err(AuthError::Setting(
                "basic and access_token exclude each other: the password of Basic would mean both",
            ));
        }
        let here = cookies.origins().iter().all(Origin::is_loopback);
        if self.basic.is_some() && cookies.scheme() == Scheme::Http && !here {
            return Err(AuthError::BasicOverHttp);
        }
        if self.same_site == SameSite::None {
            return Err(AuthError::Setting(
                "SameSite=None lets every site act for whoever is signed in",
            ));
        }
        if self.dev && !here {
            return Err(AuthError::NotDevelopment);
        }
        if !self.prefix.starts_with('/') || self.prefix.ends_with('/') {
            return Err(AuthError::Setting(
                "the prefix must begin with a slash and not end with one",
            ));
        }
        let length = u64::try_from(self.length.as_millis()).ok();
        let length = length.and_then(SessionLength::from_millis);
        let length = length.ok_or(AuthError::Setting("a session lasts for up to 400 days"))?;
        if self.idle.is_some_and(|idle| idle < Duration::from_secs(1)) {
            return Err(AuthError::Setting("idle is a second or more"));
        }
        let mut proxies = TrustedProxies::default();
        for network in &self.proxies {
            proxies.trust(network)?;
        }
        let clock = cookies.clock().clone();
        let revocations = self
            .revocations
            .unwrap_or_else(|| Arc::new(MemoryRevocations::new(clock.clone())));
        let throttle = Arc::new(Throttle::new());
        #[cfg(feature = "password")]
        let passwords = self
            .accounts
            .map(|accounts| Passwords::new(&cookies, accounts, throttle.clone()));
        // The name that a client without a page reads.
        let realm = self.basic.as_deref().or(self.name.as_deref());
        let realm = Realm::new(realm.unwrap_or("sign-in"))?;
        let places = Places::new(&cookies, self.return_to);
        let places = places.ok_or(AuthError::Setting(
            "browsers cannot read one of the origins",
        ))?;
        Ok(Auth(Arc::new(Parts {
            cookie: SessionCookie::new(&cookies, self.same_site)?,
            #[cfg(feature = "password")]
            device: DeviceCookie::new(&cookies)?,
            subjects: SubjectKeys::new(&cookies)?,
            watch: Watch::new(revocations.clone(), clock),
            credentials: CredentialKeys(cookies.purpose_keys(Purpose::Credential, "")),
            #[cfg(feature = "password")]
            passwords,
            has_passwords,
            basic: self.basic.is_some(),
            realm,
            access_token: self.access_token,
            gate: self.gate,
            rules: self.rules,
            places,
            cookies,
            pages: Pages {
                name: self.name,
                prefix: self.prefix.clone(),
            },
            prefix: self.prefix,
            length,
            idle: self.idle,
            revocations,
            throttle,
            proxies,
            dev: self.dev,
            logged: Logged::default(),
        })))
    }
}

impl fmt::Debug for AuthBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthBuilder")
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}
