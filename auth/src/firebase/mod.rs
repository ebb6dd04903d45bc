//! Firebase Authentication: an ID token of Google's SDK in the page → an identity, which then gets a
//! session of our own. The page's scripts keep no token that is worth anything here after five minutes.

mod emulator;

use std::time::Duration;

use apply_cookies::UnixMillis;
use serde_json::Value;

use crate::chosen_claims::ChosenClaims;
use crate::gate::ClaimPath;
use crate::identity::{Evidence, Identity};
use crate::jws::{Algorithm, Claims, Fault, TokenRule};
use crate::key_source::{self, KeySource};
use crate::keys::Keys;
use crate::millis::millis;
use crate::outgoing::{Budget, Outgoing};
use crate::refusal::{Refusal, RefusalCode};

use emulator::Emulator;

/// The provider of these identities.
pub(crate) const FIREBASE: &str = "firebase";

/// Google's keys for Firebase's ID tokens, in the form of JWK.
/// <https://firebase.google.com/docs/auth/admin/verify-id-tokens#verify_id_tokens_using_a_third-party_jwt_library>
/// names the same keys as certificates.
const KEYS: &str =
    "https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com";

/// How far Google's clock and ours may be apart.
const SKEW: Duration = Duration::from_secs(60);
/// How long ago somebody may have signed in, for a session to begin.
/// <https://firebase.google.com/docs/auth/admin/manage-cookies> has the same limit.
const RECENT: Duration = Duration::from_secs(300);

/// People who sign in with Firebase. Handed to [`AuthBuilder::firebase`](crate::AuthBuilder::firebase).
///
/// ```
/// use apply_cookies::{ApplyCookies, Secrets};
/// use apply_cookies_auth::{Auth, Firebase, Gate};
///
/// let apply = ApplyCookies::builder(Secrets::random()).origin("https://app.example").build()?;
/// let auth = Auth::builder(&apply)
///     .firebase(Firebase::project("my-project"))
///     .gate(Gate::new().verified_email().domains(["company.com"]))
///     .build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Anybody can open an account in a Firebase project unless the project forbids it, so set a
/// [gate](crate::AuthBuilder::gate). Anonymous users are refused.
#[derive(Clone, Debug)]
#[must_use = "nothing happens until AuthBuilder::firebase"]
pub struct Firebase {
    project: String,
    tenant: Option<String>,
    chosen: ChosenClaims,
    pub(crate) page: Option<String>,
    source: Source,
}

/// Who vouches.
#[derive(Clone, Debug)]
enum Source {
    Google(KeySource),
    /// Its address.
    Emulator(String),
}

impl Firebase {
    /// The people of a Firebase project, by its id.
    pub fn project(id: impl Into<String>) -> Self {
        let keys = KeySource::Url(KEYS.to_owned());
        Self::of(id.into(), Source::Google(keys))
    }

    /// For development: the people of Firebase's emulator at this address, as `127.0.0.1:9099`. Its
    /// tokens have no signature; each is shown to the emulator, which must know the person. All
    /// origins of the deployment must be on this machine, and requests that come from elsewhere, or
    /// through a proxy, are refused.
    pub fn emulator(project: impl Into<String>, address: impl Into<String>) -> Self {
        Self::of(project.into(), Source::Emulator(address.into()))
    }

    fn of(project: String, source: Source) -> Self {
        Self {
            project,
            tenant: None,
            chosen: ChosenClaims::default(),
            page: None,
            source,
        }
    }

    /// Takes the people of this tenant of Identity Platform, and no others. Unless it is set, people
    /// of tenants are refused: two tenants may call different people by one name.
    pub fn tenant(mut self, id: impl Into<String>) -> Self {
        self.tenant = Some(id.into());
        self
    }

    /// Where the roles are among the custom claims: keys, from the outermost object inwards, or a
    /// [`ClaimPath`].
    pub fn roles(mut self, path: impl Into<ClaimPath>) -> Self {
        self.chosen.roles = Some(path.into());
        self
    }

    /// Keeps these claims in the identity.
    pub fn claims(mut self, names: impl IntoIterator<Item: Into<String>>) -> Self {
        self.chosen.keep(names);
        self
    }

    /// The path of the app's own page with the SDK, as `/login`. People who must sign in are sent
    /// there, with `return_to` in the query: hand it to `signIn` of `firebase.js`. The page itself must
    /// be open to everybody.
    pub fn page(mut self, path: impl Into<String>) -> Self {
        self.page = Some(path.into());
        self
    }

    /// Takes these public keys, a JWK set, and fetches none. The emulator needs none.
    pub fn key_set(mut self, json: impl Into<Vec<u8>>) -> Self {
        if let Source::Google(keys) = &mut self.source {
            *keys = KeySource::Set(json.into());
        }
        self
    }

    /// Whether it is for development alone.
    pub(crate) const fn is_local(&self) -> bool {
        matches!(self.source, Source::Emulator(_))
    }

    /// Ready to verify.
    pub(crate) fn build(self, outgoing: &Outgoing) -> Result<IdTokens, String> {
        if self.project.is_empty() {
            return Err("the project's id is empty".to_owned());
        }
        if self
            .page
            .as_ref()
            .is_some_and(|path| !path.starts_with('/') || path.starts_with("//"))
        {
            return Err("the page's path begins with a single slash".to_owned());
        }
        let verifier = match &self.source {
            Source::Google(keys) => Verifier::Google(keys.open(outgoing)?),
            Source::Emulator(address) => {
                Verifier::Emulator(Emulator::at(address, outgoing.clone())?)
            }
        };
        Ok(IdTokens {
            settings: self,
            verifier,
        })
    }
}

/// Verifies ID tokens.
pub(crate) struct IdTokens {
    pub(crate) settings: Firebase,
    verifier: Verifier,
}

enum Verifier {
    Google(Keys),
    Emulator(Emulator),
}

impl IdTokens {
    /// Whose ID token this is.
    pub(crate) async fn verify(&self, token: &str, now: UnixMillis) -> Result<Identity, Refusal> {
        let claims = match &self.verifier {
            Verifier::Google(keys) => {
                let rule = TokenRule {
                    algorithms: &[Algorithm::Rs256],
                    types: &["", "jwt"],
                };
                let claims = keys.verify(token, &rule, Budget::Open, now).await;
                claims.map_err(|error| key_source::refusal("the ID token", &error))?
            }
            Verifier::Emulator(emulator) => emulator.claims(token).await?,
        };
        let wrong = |fault: Fault| {
            Refusal::new(RefusalCode::TokenInvalid).because(format!("the ID token: {fault}"))
        };
        self.identity(&claims, now).map_err(wrong)
    }

    fn identity(&self, claims: &Claims, now: UnixMillis) -> Result<Identity, Fault> {
        let Firebase { project, .. } = &self.settings;
        let issuer = claims.required_text("iss")?;
        if issuer.strip_prefix("https://securetoken.google.com/") != Some(project) {
            return Err(Fault::new("iss is another"));
        }
        if claims.audience()? != [project] {
            return Err(Fault::new("aud is another"));
        }
        let times = claims
            .check_times(now, SKEW)
            .map_err(|fault| Fault::new(fault.to_string()))?;
        let signed_in = claims.seconds("auth_time")?;
        let signed_in = signed_in.ok_or_else(|| Fault::new("auth_time is missing"))?;
        if signed_in > now.plus(millis(SKEW)) {
            return Err(Fault::new("auth_time is in the future"));
        }
        if signed_in.plus(millis(RECENT)) < now {
            return Err(Fault::new("auth_time is more than five minutes ago"));
        }
        let who = Identity::new(FIREBASE, claims.required_text("sub")?);
        let mut who = who.map_err(|error| Fault::new(error.to_string()))?;
        let how = claims.object().get("firebase").and_then(Value::as_object);
        let how = |name: &str| how?.get(name)?.as_str();
        if how("tenant") != self.settings.tenant.as_deref() {
            return Err(Fault::new("the tenant is another"));
        }
        if how("sign_in_provider") == Some("anonymous") {
            return Err(Fault::new("it is anonymous"));
        }
        if let Some(email) = claims.text("email")?.filter(|email| !email.is_empty()) {
            who = who.with_email(email, claims.flag("email_verified")? == Some(true));
        }
        if let Some(name) = claims.text("name")? {
            who = who.with_name(name);
        }
        let who = self.settings.chosen.add_to(who, claims.object());
        let who = who.map_err(|error| Fault::new(error.to_string()))?;
        Ok(who.proved_by(Evidence {
            since: Some(times.issued),
            credential: None,
        }))
    }
}
