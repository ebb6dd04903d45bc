//! What an app says about a provider, and whether it can be meant.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::secret::ClientSecret;
use super::vault::Vault;
use crate::chosen_claims::ChosenClaims;
use crate::gate::ClaimPath;
use crate::jws::Algorithm;
use crate::outgoing::is_allowed;

/// The name of Google, whose accounts the gates judge by `hd`, and its issuer.
const GOOGLE: &str = "google";
const GOOGLE_ISSUER: &str = "https://accounts.google.com";

/// Names that identities of other kinds have: a provider under one of them would vouch for those.
pub(crate) const TAKEN: [&str; 4] = ["password", "access-token", "dev", "firebase"];

/// How far two clocks may differ unless a setting says otherwise, and at most.
const SKEW: Duration = Duration::from_secs(60);
const SKEW_MAX: Duration = Duration::from_secs(300);

/// A provider of OpenID Connect: "Sign in with …".
///
/// ```
/// use apply_cookies_auth::{ClaimPath, ClientSecret, Oidc};
///
/// let secret = || ClientSecret::new("from-the-console");
/// let google = Oidc::google("1234.apps.googleusercontent.com", secret()?);
/// let auth0 = Oidc::auth0("tenant.eu.auth0.com", "client-id", secret()?)
///     .roles(["https://app.example/claims/roles"]);
/// let keycloak = Oidc::discover("keycloak", "https://id.example/realms/a", "client-id", secret()?)
///     .title("the company's account")
///     .roles(["realm_access", "roles"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// The rest is the provider's own discovery document, which is fetched when somebody first signs in.
/// Its console needs the redirect address `ORIGIN/auth/callback/NAME`.
#[must_use]
pub struct Oidc {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) issuer: String,
    pub(super) client_id: String,
    pub(super) secret: ClientSecret,
    pub(super) scopes: Vec<String>,
    pub(super) chosen: ChosenClaims,
    pub(super) audiences: Vec<String>,
    pub(super) algorithms: Vec<Algorithm>,
    pub(super) skew: Duration,
    pub(super) user_info: bool,
    pub(super) vouches_for_email: bool,
    pub(super) email_domains: Option<Vec<String>>,
    pub(super) prompt: Option<String>,
    pub(super) secret_in_form: bool,
    pub(super) vault: Option<Arc<dyn Vault>>,
}

impl Oidc {
    /// Google, under the name `google`. The claim `hd` is kept, by which gates know a company's
    /// accounts.
    pub fn google(client_id: impl Into<String>, secret: ClientSecret) -> Self {
        Self::discover(GOOGLE, GOOGLE_ISSUER, client_id, secret).title("Google")
    }

    /// An Auth0 tenant, under the name `auth0`: its domain as the console shows it, such as
    /// `tenant.eu.auth0.com`, or the tenant's own.
    pub fn auth0(domain: &str, client_id: impl Into<String>, secret: ClientSecret) -> Self {
        // Auth0's issuer ends in a slash: https://auth0.com/docs/secure/tokens/id-tokens/validate-id-tokens
        Self::discover("auth0", format!("https://{domain}/"), client_id, secret).title("Auth0")
    }

    /// Any provider, under a name of the app's own. It is part of the callback's address and of each
    /// identity ([`Identity::provider`](crate::Identity::provider)), so it must not change later.
    ///
    /// `issuer` is compared byte for byte with what the provider says of itself, slash at the end
    /// included.
    pub fn discover(
        name: impl Into<String>,
        issuer: impl Into<String>,
        client_id: impl Into<String>,
        secret: ClientSecret,
    ) -> Self {
        let name = name.into();
        Self {
            title: name.clone(),
            name,
            issuer: issuer.into(),
            client_id: client_id.into(),
            secret,
            scopes: ["openid", "email", "profile"].map(str::to_owned).to_vec(),
            chosen: ChosenClaims::default(),
            audiences: Vec::new(),
            algorithms: vec![Algorithm::Rs256, Algorithm::Es256],
            skew: SKEW,
            user_info: false,
            vouches_for_email: false,
            email_domains: None,
            prompt: None,
            secret_in_form: false,
            vault: None,
        }
    }

    /// What the button says behind "Sign in with". Without it, the provider's name.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// The scopes to ask for in place of `email` and `profile`. `openid` is always among them.
    pub fn scopes(mut self, scopes: impl IntoIterator<Item: Into<String>>) -> Self {
        let others = scopes.into_iter().map(Into::into);
        self.scopes = vec!["openid".to_owned()];
        self.scopes.extend(others.filter(|scope| scope != "openid"));
        self
    }

    /// Where the roles are in the claims: keys from the outermost object inwards, or a [`ClaimPath`].
    /// A claim that is neither a text nor an array of texts refuses the sign-in.
    pub fn roles(mut self, path: impl Into<ClaimPath>) -> Self {
        self.chosen.roles = Some(path.into());
        self
    }

    /// Claims to keep with the identity, by name. They travel in the cookie, so only what is needed.
    pub fn claims(mut self, names: impl IntoIterator<Item: Into<String>>) -> Self {
        self.chosen.keep(names);
        self
    }

    /// Audiences that an ID token may name beside the app's client id, which it always must.
    pub fn audiences(mut self, audiences: impl IntoIterator<Item: Into<String>>) -> Self {
        self.audiences.extend(audiences.into_iter().map(Into::into));
        self
    }

    /// The signature algorithms to accept, in place of RS256 and ES256.
    pub fn algorithms(mut self, algorithms: impl IntoIterator<Item = Algorithm>) -> Self {
        self.algorithms = algorithms.into_iter().collect();
        self
    }

    /// How far the provider's clock may differ from this server's, in place of 60 seconds. At most
    /// 300 seconds.
    pub fn skew(mut self, skew: Duration) -> Self {
        self.skew = skew;
        self
    }

    /// Asks the UserInfo endpoint, too, for providers that leave claims out of the ID token. Where both
    /// say something, the ID token's word counts.
    pub fn user_info(mut self) -> Self {
        self.user_info = true;
        self
    }

    /// Counts this provider's e-mail addresses as verified, whether or not it says so. Only for
    /// providers where nobody can enter an address of somebody else, such as a company's directory.
    pub fn vouches_for_email(mut self) -> Self {
        self.vouches_for_email = true;
        self
    }

    /// The domains whose e-mail addresses this provider can verify. An address of another domain
    /// counts as not verified, whatever the provider says. With several providers give each its own,
    /// so that the weakest does not vouch for everybody.
    pub fn email_domains(mut self, domains: impl IntoIterator<Item: AsRef<str>>) -> Self {
        let domains = domains.into_iter();
        let folded = domains.map(|domain| domain.as_ref().trim().to_ascii_lowercase());
        self.email_domains.get_or_insert_default().extend(folded);
        self
    }

    /// What the provider asks of a person who already has a session there: `login`, `consent` or
    /// `select_account`. Without it the provider decides.
    pub fn prompt(mut self, prompt: impl Into<String>) -> Self {
        self.prompt = Some(prompt.into());
        self
    }

    /// Sends the client secret in the form (`client_secret_post`) even where the provider's document
    /// offers HTTP Basic, for providers whose Basic does not work.
    pub fn secret_in_form(mut self) -> Self {
        self.secret_in_form = true;
        self
    }

    /// Keeps the access and refresh tokens of each session, for apps that call the provider's own
    /// interfaces for the person. Asks for a refresh token: with `offline_access` among the scopes, at
    /// Google by `access_type=offline`, which gives one at the first consent alone unless
    /// [`prompt`](Self::prompt) is `consent`.
    pub fn vault(mut self, vault: impl Vault) -> Self {
        self.vault = Some(Arc::new(vault));
        self
    }

    pub(super) fn is_google(&self) -> bool {
        self.name == GOOGLE
    }

    /// Checks every setting, and returns the issuer's address.
    pub(super) fn check(&self) -> Result<Url, OidcError> {
        let wrong = |what| {
            Err(OidcError {
                provider: self.name.chars().take(80).collect(),
                what,
            })
        };
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        // `.` and `..` would vanish from the callback's address.
        if !(1..=64).contains(&self.name.len())
            || !self.name.bytes().all(plain)
            || self.name.bytes().all(|byte| byte == b'.')
        {
            return wrong("its name is not 1 to 64 letters, digits, `.`, `_` or `-`");
        }
        if TAKEN.contains(&&*self.name) {
            return wrong("its name belongs to another way of signing in");
        }
        if (self.name == GOOGLE) != (self.issuer == GOOGLE_ISSUER) {
            return wrong(
                "the name `google` and Google's issuer belong together: gates rely on it",
            );
        }
        if self.issuer.ends_with("/openid-configuration") {
            return wrong(
                "its issuer is the address of the discovery document: leave /.well-known/openid-configuration out",
            );
        }
        let Some(issuer) = issuer(&self.issuer) else {
            return wrong(
                "its issuer is not an https address without user name, query and fragment (http only on this machine)",
            );
        };
        let visible = |text: &str, max: usize| {
            (1..=max).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
        };
        // RFC 6749 §A.1, without the blanks that nobody means.
        if !visible(&self.client_id, 1024) {
            return wrong(
                "its client id is empty, too long, or has white space or non-ASCII characters",
            );
        }
        if self.title.trim().is_empty()
            || self.title.len() > 64
            || self.title.contains(char::is_control)
        {
            return wrong("its title is not 1 to 64 bytes without control characters");
        }
        // RFC 6749 §A.4.
        let is_scope = |scope: &String| visible(scope, 256) && !scope.contains(['"', '\\']);
        if self.scopes.len() > 32 || !self.scopes.iter().all(is_scope) {
            return wrong("a scope is empty or has a character that no scope has");
        }
        if !self
            .audiences
            .iter()
            .all(|audience| visible(audience, 1024))
        {
            return wrong("an audience is empty or has white space or non-ASCII characters");
        }
        if self.algorithms.is_empty() {
            return wrong("it has no algorithm");
        }
        if self.skew > SKEW_MAX {
            return wrong("its clock may differ by 300 seconds at most");
        }
        // `none` shows nothing to the person, and so fails for everybody who has no session there.
        if let Some(prompt) = &self.prompt
            && (prompt == "none"
                || !(1..=64).contains(&prompt.len())
                || !prompt
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'_' | b' ')))
        {
            return wrong("its prompt is not one of login, consent, select_account");
        }
        Ok(issuer)
    }
}

/// The address of an issuer (OpenID Connect Discovery 1.0 §3).
fn issuer(text: &str) -> Option<Url> {
    let (_, rest) = text.split_once("://")?;
    // `https://https://tenant…` is read as the host `https`, and `https:///tenant…` as the host behind.
    let is_plain = !rest.starts_with('/') && !rest.contains("//");
    let is_bare = !text.contains(['?', '#', '@', '\\']);
    let is_visible = text.bytes().all(|byte| byte.is_ascii_graphic());
    let url = Url::parse(text).ok()?;
    (is_plain && is_bare && is_visible && is_allowed(&url)).then_some(url)
}

impl fmt::Debug for Oidc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Oidc")
            .field("name", &self.name)
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}

/// A setting of a provider that cannot be meant.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("the provider {provider:?}: {what}")]
#[non_exhaustive]
pub struct OidcError {
    provider: String,
    what: &'static str,
}

apply_cookies::debug_as_text!(OidcError);
