//! Settings → sign-ins. What cannot be safe is refused here.

use std::sync::{Arc, Weak};
use std::time::Duration;

use apply_cookies::protocol::Purpose;
use apply_cookies::replay::{MemoryRevocations, RevocationListener, SessionLength};
use apply_cookies::{Origin, SameSite, Scheme};

#[cfg(feature = "password")]
use crate::account::Passwords;
#[cfg(feature = "providers")]
use crate::attempt::Claims;
use crate::auth::{Auth, Parts};
use crate::auth_error::AuthError;
use crate::builder::AuthBuilder;
use crate::credential::CredentialKeys;
#[cfg(feature = "password")]
use crate::device::DeviceCookie;
use crate::forwarded::TrustedProxies;
use crate::header::Realm;
use crate::pages::Pages;
#[cfg(feature = "providers")]
use crate::providers::Providers;
use crate::refusal::Logged;
use crate::return_to::Places;
use crate::session::{KEYS_MAX, SessionCookie};
use crate::throttle::Throttle;
use crate::watch::Watch;

impl AuthBuilder {
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
        #[cfg(feature = "providers")]
        let claims = Claims::new(self.attempts_in_store);
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
            providers: Providers::new(&cookies, &self.prefix, providers, claims)?,
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
            #[cfg(feature = "providers")]
            admin: self.admin,
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
                self.gate.has_odd_domain(),
                "a domain of the gate has a character that no domain has; write it as in company.com",
            ),
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

#[cfg(test)]
mod tests {
    use apply_cookies::{ApplyCookies, Secrets};

    use super::*;
    use crate::access_token::AccessToken;
    use crate::gate::Gate;
    #[cfg(feature = "providers")]
    use crate::oidc::Oidc;

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
            #[cfg(feature = "providers")]
            (
                auth().gate(Gate::new().emails_at("http://lists.example/a")),
                "a list of the gate",
            ),
            (
                auth().gate(Gate::new().domains(["https://a.example"])),
                "a domain of the gate",
            ),
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
        use crate::firebase::Firebase;
        use crate::oidc::ClientSecret;
        use crate::signed_header::SignedHeader;

        let builder = ApplyCookies::builder(Secrets::random()).origin("https://app.example");
        let cookies = builder.build().unwrap();
        let oidc = |name: &str| {
            let secret = ClientSecret::new("8uNnT5lZQ0zGm1rVxkPqYc3sEJfHdOaW7bKtLi2vRyA").unwrap();
            Oidc::discover(name, "https://id.example", "the-app", secret)
        };
        let auth = || Auth::builder(&cookies).provider(oidc("one"));
        let gate = || Gate::new().domains(["example.com"]);
        let listed = |name| oidc(name).email_domains(["example.com"]);
        let firebase = || Firebase::project("my-project");
        for (builder, why) in [
            (auth().provider(oidc("one")), "the same name"),
            (auth().provider(oidc("a b")), "its name"),
            (auth().basic("x"), "exclude each other"),
            (auth().provider(listed("two")).gate(gate()), "email_domains"),
            (auth().firebase(firebase()).gate(gate()), "email_domains"),
        ] {
            let error = builder.build().unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
        assert!(
            auth().gate(gate()).build().is_ok(),
            "one vouches for itself"
        );
        let both = Auth::builder(&cookies)
            .provider(listed("one"))
            .provider(listed("two"));
        assert!(both.gate(gate()).build().is_ok());
        let both = (Auth::builder(&cookies).provider(listed("one"))).firebase(firebase());
        assert!(both.gate(gate()).build().is_ok());
        let alone = Auth::builder(&cookies).firebase(firebase());
        assert!(alone.gate(gate()).build().is_ok());
        assert!(auth().provider(oidc("two")).build().is_ok());

        // Nobody signs in under the name of another way to sign in.
        let header = |name: &str| {
            let keys = "https://id.example/keys";
            let header = SignedHeader::new(name, "x-proxy", "https://id.example", "the-app", keys);
            Auth::builder(&cookies).signed_header(header).build()
        };
        let names = [
            "google",
            "auth0",
            "firebase",
            "password",
            "access-token",
            "dev",
        ];
        for name in names {
            let error = header(name).unwrap_err().to_string();
            assert!(error.contains("another way of signing in"), "{error}");
        }
        assert!(header("our-proxy").is_ok());
    }
}
