//! Settings → sign-ins. What cannot be safe is refused here.

use std::fmt;
use std::sync::{Arc, Weak};
use std::time::Duration;

use apply_cookies::protocol::Purpose;
use apply_cookies::replay::{MemoryRevocations, RevocationListener, Revocations, SessionLength};
use apply_cookies::{ApplyCookies, Origin, SameSite, Scheme};

use crate::access_token::AccessToken;
#[cfg(feature = "password")]
use crate::account::{Accounts, Passwords};
use crate::auth::{Auth, Parts};
use crate::auth_error::AuthError;
use crate::credential::CredentialKeys;
#[cfg(feature = "password")]
use crate::device::DeviceCookie;
#[cfg(feature = "providers")]
use crate::firebase::Firebase;
use crate::forwarded::TrustedProxies;
use crate::gate::Gate;
use crate::header::Realm;
use crate::identity::Identity;
#[cfg(feature = "providers")]
use crate::oidc::Oidc;
use crate::on_sign_in::{OnSignIn, SignInCookies};
#[cfg(feature = "providers")]
use crate::outgoing::HttpClient;
use crate::pages::Pages;
#[cfg(feature = "providers")]
use crate::providers::Providers;
use crate::refusal::{Logged, Refusal};
use crate::return_to::Places;
use crate::rule::Rules;
use crate::session::{KEYS_MAX, SessionCookie};
#[cfg(feature = "providers")]
use crate::signed_header::SignedHeader;
use crate::throttle::Throttle;
use crate::vouching::Vouching;
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
    vouching: Vouching,
    on_sign_in: Option<OnSignIn>,
    gate: Gate,
    rules: Option<Rules>,
    proxies: Vec<String>,
    return_to: Vec<Origin>,
    dev: bool,
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
    /// With several providers and a [gate](Self::gate) that asks for e-mail addresses each needs
    /// [`Oidc::email_domains`]: the weakest would otherwise vouch for everybody.
    #[cfg(feature = "providers")]
    pub fn provider(mut self, provider: Oidc) -> Self {
        self.vouching.oidc.push(provider);
        self
    }

    /// Asks providers with this client instead of the crate's own: for a proxy that wants a password, or
    /// a company's certificates.
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

    /// Builds it.
    ///
    /// # Errors
    ///
    /// What is missing, or cannot be safe.
    pub fn build(self) -> Result<Auth, AuthError> {
        if let Some(error) = self.mistake() {
            return Err(error);
        }
        let (basic, has_passwords) = (self.basic.is_some(), self.has_passwords());
        let has_page = self.has_page();
        let cookies = self.cookies;
        let person_keys = cookies.purpose_keys(Purpose::Revocation, "");
        let length = u64::try_from(self.length.as_millis()).ok();
        let length = length.and_then(SessionLength::from_millis);
        let length = length.ok_or(AuthError::Setting("a session lasts for up to 400 days"))?;
        let mut proxies = TrustedProxies::default();
        for network in &self.proxies {
            proxies.trust(network)?;
        }
        let revocations = self
            .revocations
            .unwrap_or_else(|| Arc::new(MemoryRevocations::new(cookies.clock().clone())));
        let watch = Watch::new();
        let listener: Weak<dyn RevocationListener> = Arc::<Watch>::downgrade(&watch);
        revocations.listen(listener);
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
        let (providers, vouched) = self.vouching.build(&self.gate)?;
        let has_providers = !providers.is_empty();
        Ok(Auth(Arc::new(Parts {
            cookie: SessionCookie::new(&cookies, self.same_site, self.idle)?,
            #[cfg(feature = "password")]
            device: DeviceCookie::new(&cookies)?,
            person_keys,
            watch,
            credentials: CredentialKeys(cookies.purpose_keys(Purpose::Credential, "")),
            #[cfg(feature = "password")]
            passwords,
            has_passwords,
            basic: self.basic.is_some(),
            realm,
            access_token: self.access_token,
            #[cfg(feature = "providers")]
            providers: Providers::new(&cookies, &self.prefix, providers)?,
            on_sign_in: self.on_sign_in,
            gate: self.gate,
            rules: self.rules,
            places,
            cookies,
            pages: Pages {
                name: self.name,
                has_providers,
                prefix: self.prefix.clone(),
                has_sign_in: (has_page && !basic) || vouched.page().is_some(),
            },
            vouched,
            prefix: self.prefix,
            length,
            revocations,
            throttle,
            proxies,
            dev: self.dev,
            logged: Logged::default(),
        })))
    }
    #[cfg_attr(
        not(feature = "password"),
        expect(clippy::unused_self, reason = "there are no passwords")
    )]
    const fn has_passwords(&self) -> bool {
        #[cfg(feature = "password")]
        return self.accounts.is_some();
        #[cfg(not(feature = "password"))]
        false
    }

    const fn has_page(&self) -> bool {
        let other = self.has_passwords() || self.access_token.is_some() || self.dev;
        other || self.vouching.has_providers()
    }

    /// The first setting that is missing, or cannot be safe.
    fn mistake(&self) -> Option<AuthError> {
        let (cookies, has_passwords, has_page) =
            (&self.cookies, self.has_passwords(), self.has_page());
        let (has_header, has_firebase) = self.vouching.has();
        let is_local = self.dev || self.vouching.is_local();
        let (basic, http) = (self.basic.is_some(), cookies.scheme() == Scheme::Http);
        let here = cookies.origins().iter().all(Origin::is_loopback);
        let idle_is_short = self.idle.is_some_and(|idle| idle < Duration::from_secs(1));
        let is_path = self.prefix.starts_with('/') && !self.prefix.ends_with('/');
        let mistakes = [
            (
                !has_page && !has_header && !has_firebase,
                AuthError::NoMethod,
            ),
            (basic && http && !here, AuthError::BasicOverHttp),
            (is_local && !here, AuthError::NotDevelopment),
        ];
        let settings = [
            (
                basic && self.vouching.has_providers(),
                "basic and providers exclude each other: basic has no page to choose one on",
            ),
            (basic && !has_passwords, "basic needs passwords"),
            (
                basic && self.access_token.is_some(),
                "basic and access_token exclude each other: the password of Basic would mean both",
            ),
            (
                has_header && (has_page || has_firebase),
                "signed_header is for the whole app, and excludes every other way to sign in",
            ),
            (
                self.same_site == SameSite::None,
                "SameSite=None lets every site act for whoever is signed in",
            ),
            (
                !is_path,
                "the prefix must begin with a slash and not end with one",
            ),
            (idle_is_short, "idle is a second or more"),
            (
                cookies.purpose_keys(Purpose::Revocation, "").len() > KEYS_MAX,
                "sign-ins take at most five previous secrets",
            ),
        ];
        let settings = settings.map(|(is_wrong, why)| (is_wrong, AuthError::Setting(why)));
        let mut all = mistakes.into_iter().chain(settings);
        all.find_map(|(is_wrong, error)| is_wrong.then_some(error))
    }
}

impl fmt::Debug for AuthBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthBuilder")
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use apply_cookies::Secrets;

    use super::*;

    #[test]
    fn what_cannot_be_safe_is_refused() {
        let deployment = |secrets: Secrets, origin: &str| {
            let builder = ApplyCookies::builder(secrets).origin(origin);
            builder.allow_insecure_http().build().unwrap()
        };
        let https = deployment(Secrets::random(), "https://app.example");
        let auth = || Auth::builder(&https).access_token(AccessToken::random());
        let mut many = Secrets::random();
        for _ in 0..KEYS_MAX {
            many = many.previous(&Secrets::generate()).unwrap();
        }
        let many = deployment(many, "https://app.example");
        for (builder, why) in [
            (Auth::builder(&https), "there is no way to sign in"),
            (auth().same_site(SameSite::None), "SameSite=None"),
            (auth().basic("x"), "basic needs passwords"),
            (auth().prefix("auth"), "the prefix"),
            (auth().prefix("/auth/"), "the prefix"),
            (auth().idle(Duration::from_millis(999)), "idle"),
            (auth().session_length(Duration::ZERO), "400 days"),
            (
                auth().session_length(Duration::from_secs(401 * 86_400)),
                "400 days",
            ),
            (
                Auth::builder(&many).access_token(AccessToken::random()),
                "previous secrets",
            ),
        ] {
            let error = builder.build().unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
        assert!(auth().same_site(SameSite::Strict).build().is_ok());
    }

    #[test]
    #[cfg(feature = "providers")]
    fn providers_that_do_not_go_together_are_refused() {
        use crate::oidc::ClientSecret;

        let builder = ApplyCookies::builder(Secrets::random()).origin("https://app.example");
        let cookies = builder.build().unwrap();
        let oidc = |name: &str| {
            let secret = ClientSecret::new("8uNnT5lZQ0zGm1rVxkPqYc3sEJfHdOaW7bKtLi2vRyA").unwrap();
            Oidc::discover(name, "https://id.example", "the-app", secret)
        };
        let auth = || Auth::builder(&cookies).provider(oidc("one"));
        let gate = || Gate::new().domains(["example.com"]);
        let listed = |name| oidc(name).email_domains(["example.com"]);
        for (builder, why) in [
            (auth().provider(oidc("one")), "the same name"),
            (auth().provider(oidc("a b")), "its name"),
            (auth().basic("x"), "exclude each other"),
            (auth().provider(listed("two")).gate(gate()), "email_domains"),
        ] {
            let error = builder.build().unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
        assert!(
            auth().gate(gate()).build().is_ok(),
            "one vouches for itself"
        );
        let listed = Auth::builder(&cookies)
            .provider(listed("one"))
            .provider(listed("two"));
        assert!(listed.gate(gate()).build().is_ok());
        assert!(auth().provider(oidc("two")).build().is_ok());
    }
}
