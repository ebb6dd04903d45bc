//! A signed assertion in a header, which a proxy in front of the app adds to each request that it lets
//! through: Google IAP, Cloudflare Access, Pomerium, or one of your own.
//!
//! It is read with each request, and no cookie is given for it. Unsigned headers of the same proxies,
//! such as `X-Goog-Authenticated-User-Email`, are never read: whoever reaches the app past the proxy can
//! write anything into them.

use std::path::PathBuf;
use std::time::Duration;

use apply_cookies::UnixMillis;
use apply_cookies::web::Fields;
use serde_json::{Map, Value};

use crate::chosen_claims::ChosenClaims;
use crate::gate::ClaimPath;
use crate::identity::Identity;
use crate::jws::{Algorithm, Claims, Fault, TokenRule};
use crate::key_source::{self, KeySource};
use crate::keys::Keys;
use crate::millis::millis;
use crate::oidc::TAKEN;
use crate::outgoing::{Budget, Outgoing};
use crate::refusal::{Refusal, RefusalCode};
use crate::request::only;

/// How far the proxy's clock and ours may be apart, unless it is set.
const SKEW: Duration = Duration::from_secs(30);

/// A proxy that signs who somebody is into a header. Handed to
/// [`AuthBuilder::signed_header`](crate::AuthBuilder::signed_header).
///
/// ```
/// use apply_cookies::{ApplyCookies, Secrets};
/// use apply_cookies_auth::{Auth, Gate, SignedHeader};
///
/// let apply = ApplyCookies::builder(Secrets::random()).origin("https://app.example").build()?;
/// let auth = Auth::builder(&apply)
///     .signed_header(SignedHeader::google_iap("/projects/1234567890/apps/my-project"))
///     .gate(Gate::new().domains(["company.com"]))
///     .build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing happens until AuthBuilder::signed_header"]
pub struct SignedHeader {
    name: String,
    header: &'static str,
    issuer: String,
    audience: String,
    keys: KeySource,
    algorithms: Vec<Algorithm>,
    skew: Duration,
    max_lifetime: Duration,
    email: ClaimPath,
    full_name: ClaimPath,
    chosen: ChosenClaims,
    vouching: Vouching,
    sign_out: Option<&'static str>,
    local: Option<PathBuf>,
}

/// When an e-mail address counts as verified.
#[derive(Clone, Copy, Debug)]
enum Vouching {
    /// If the claim `email_verified` is true.
    Claim,
    Always,
    /// As Google knows its accounts.
    Google,
}

impl SignedHeader {
    /// A header of your own. `name` is the provider of the identities, and not that of another way to
    /// sign in, as `google`; `header` is in lower case;
    /// `issuer` and `audience` are what `iss` and `aud` must be; `key_set_url` is where the proxy's
    /// public keys are, as a JWK set, over https (over http only on this machine).
    ///
    /// Unless it is set: ES256 alone, 30 seconds between the two clocks, and at most an hour between
    /// `iat` and `exp`, both of which are required; e-mail and name from the claims `email` and `name`;
    /// no roles; and an address counts as verified if `email_verified` is true. `sub` is the subject.
    pub fn new(
        name: impl Into<String>,
        header: &'static str,
        issuer: impl Into<String>,
        audience: impl Into<String>,
        key_set_url: impl Into<String>,
    ) -> Self {
        Self {
            name: name.into(),
            header,
            issuer: issuer.into(),
            audience: audience.into(),
            keys: KeySource::Url(key_set_url.into()),
            algorithms: vec![Algorithm::Es256],
            skew: SKEW,
            max_lifetime: Duration::from_secs(3600),
            email: ClaimPath::new(["email"]),
            full_name: ClaimPath::new(["name"]),
            chosen: ChosenClaims::default(),
            vouching: Vouching::Claim,
            sign_out: None,
            local: None,
        }
    }

    /// Google's Identity-Aware Proxy. The audience is `/projects/NUMBER/apps/PROJECT` on App Engine,
    /// `/projects/NUMBER/global/backendServices/SERVICE` behind a load balancer, and
    /// `/projects/NUMBER/locations/REGION/services/SERVICE` on Cloud Run. The provider is
    /// `google-iap`; the claim `hd`, the company that manages the account, is kept.
    ///
    /// An address counts as verified where a company manages the account (`hd`), at gmail.com, and
    /// for external identities where Identity Platform has verified it: anybody can open a Google
    /// account with another address, and keeps it after leaving the company.
    pub fn google_iap(audience: impl Into<String>) -> Self {
        // https://docs.cloud.google.com/iap/docs/signed-headers-howto
        let header = "x-goog-iap-jwt-assertion";
        let (issuer, keys) = (
            "https://cloud.google.com/iap",
            "https://www.gstatic.com/iap/verify/public_key-jwk",
        );
        let iap = Self::new("google-iap", header, issuer, audience, keys);
        Self {
            // "10 minutes + 2 * skew"
            max_lifetime: Duration::from_secs(600) + 2 * SKEW,
            vouching: Vouching::Google,
            // https://docs.cloud.google.com/iap/docs/query-parameters-and-headers-howto
            sign_out: Some("/?gcp-iap-mode=CLEAR_LOGIN_COOKIE"),
            ..iap.claims(["hd"])
        }
    }

    /// Cloudflare Access. `team_domain` is `your-team.cloudflareaccess.com`, and `audience` the AUD
    /// tag of the application. The provider is `cloudflare-access`. Service tokens, which have no
    /// subject, are refused.
    pub fn cloudflare_access(team_domain: &str, audience: impl Into<String>) -> Self {
        // https://developers.cloudflare.com/cloudflare-one/access-controls/applications/http-apps/authorization-cookie/validating-json/
        let header = "cf-access-jwt-assertion";
        let issuer = format!("https://{team_domain}");
        let keys = format!("{issuer}/cdn-cgi/access/certs");
        let access = Self::new("cloudflare-access", header, issuer, audience, keys);
        Self {
            // As long as a session of the application: 730 hours at the most.
            max_lifetime: Duration::from_secs(730 * 3600) + 2 * SKEW,
            // "verified by the identity provider": …/authorization-cookie/application-token/
            vouching: Vouching::Always,
            // https://developers.cloudflare.com/cloudflare-one/access-controls/access-settings/session-management/
            sign_out: Some("/cdn-cgi/access/logout"),
            ..access.algorithms([Algorithm::Rs256])
        }
    }

    /// Pomerium, for the route of this host, with `pass_identity_headers` on. The provider is
    /// `pomerium`, and roles are its `groups`. Where `jwt_issuer_format` is `uri`, set the
    /// [`issuer`](Self::issuer) to `https://HOST/`.
    ///
    /// Pomerium does not say whether an address is verified: see
    /// [`vouches_for_email`](Self::vouches_for_email).
    pub fn pomerium(host: &str) -> Self {
        // https://www.pomerium.com/docs/capabilities/getting-users-identity
        let header = "x-pomerium-jwt-assertion";
        let keys = format!("https://{host}/.well-known/pomerium/jwks.json");
        let pomerium = Self::new("pomerium", header, host, host, keys);
        Self {
            // Five minutes.
            max_lifetime: Duration::from_secs(300) + 2 * SKEW,
            // https://www.pomerium.com/docs/internals/special-routes
            sign_out: Some("/.pomerium/sign_out"),
            ..pomerium.roles(["groups"])
        }
    }

    /// What `iss` must be.
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuer = issuer.into();
        self
    }

    /// Which signatures are taken.
    pub fn algorithms(mut self, algorithms: impl IntoIterator<Item = Algorithm>) -> Self {
        self.algorithms = algorithms.into_iter().collect();
        self
    }

    /// How far the two clocks may be apart: at most five minutes.
    pub const fn skew(mut self, skew: Duration) -> Self {
        self.skew = skew;
        self
    }

    /// How long an assertion may be good for, from `iat` to `exp`.
    pub const fn max_lifetime(mut self, max_lifetime: Duration) -> Self {
        self.max_lifetime = max_lifetime;
        self
    }

    /// Where the e-mail address is: keys, from the outermost object inwards, or a [`ClaimPath`].
    pub fn email(mut self, path: impl Into<ClaimPath>) -> Self {
        self.email = path.into();
        self
    }

    /// Where the name is.
    pub fn name(mut self, path: impl Into<ClaimPath>) -> Self {
        self.full_name = path.into();
        self
    }

    /// Where the roles are.
    pub fn roles(mut self, path: impl Into<ClaimPath>) -> Self {
        self.chosen.roles = Some(path.into());
        self
    }

    /// Keeps these claims in the identity.
    pub fn claims(mut self, names: impl IntoIterator<Item: Into<String>>) -> Self {
        self.chosen.keep(names);
        self
    }

    /// Counts each e-mail address as verified: the proxy's own sign-in has checked it.
    pub const fn vouches_for_email(mut self) -> Self {
        self.vouching = Vouching::Always;
        self
    }

    /// Takes these public keys, a JWK set, and fetches none.
    pub fn key_set(mut self, json: impl Into<Vec<u8>>) -> Self {
        self.keys = KeySource::Set(json.into());
        self
    }

    /// For development: takes the key that `apply-cookies assertion` has made in this file, and no
    /// other. All origins of the deployment must be on this machine, and requests that come from
    /// elsewhere, or through a proxy, are refused.
    pub fn trust_local_key(mut self, file: impl Into<PathBuf>) -> Self {
        self.local = Some(file.into());
        self
    }

    /// Whether it is for development alone.
    pub(crate) const fn is_local(&self) -> bool {
        self.local.is_some()
    }

    /// Ready to read headers.
    pub(crate) fn build(mut self, outgoing: &Outgoing) -> Result<Assertions, String> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if self.header.is_empty() || !self.header.bytes().all(plain) {
            return Err(format!(
                "the header's name is lower-case letters, digits and `-`, not {:?}",
                self.header
            ));
        }
        if self.issuer.is_empty() || self.audience.is_empty() {
            return Err("the issuer or the audience is empty".to_owned());
        }
        Identity::new(&*self.name, "somebody").map_err(|error| error.to_string())?;
        // Gates believe `hd` of the one, and the pages of the administration end sessions of the other.
        if TAKEN.contains(&&*self.name) || ["google", "auth0"].contains(&&*self.name) {
            return Err(format!(
                "the name {:?} belongs to another way of signing in",
                self.name
            ));
        }
        if self.skew > Duration::from_secs(300) {
            return Err("the two clocks may be five minutes apart, not more".to_owned());
        }
        if let Some(file) = &self.local {
            let set =
                std::fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
            self.keys = KeySource::Set(set);
        }
        let keys = self.keys.open(outgoing)?;
        Ok(Assertions {
            settings: self,
            keys,
        })
    }

    fn identity(&self, claims: &Claims, now: UnixMillis) -> Result<Identity, Fault> {
        if claims.required_text("iss")? != self.issuer {
            return Err(Fault::new("iss is another"));
        }
        // One, and this one: an assertion for several apps is also one for somebody else's.
        if claims.audience()? != [&*self.audience] {
            return Err(Fault::new("aud is another"));
        }
        let times = claims
            .check_times(now, self.skew)
            .map_err(|fault| Fault::new(fault.to_string()))?;
        if times.expires > times.issued.plus(millis(self.max_lifetime)) {
            return Err(Fault::new("it is good for too long"));
        }
        let subject = claims.required_text("sub")?;
        let who = Identity::new(&*self.name, subject);
        let mut who = who.map_err(|error| Fault::new(error.to_string()))?;
        let claims = claims.object();
        let text = |path: &ClaimPath| {
            let texts = path.texts(claims);
            let texts = texts.map_err(|error| Fault::new(error.to_string()))?;
            Ok(only(texts.into_iter()))
        };
        // External identities are in a claim of their own, and `email` has their pool before the address.
        // https://cloud.google.com/iap/docs/external-identities
        let external = (claims.get("gcip")).filter(|_| matches!(self.vouching, Vouching::Google));
        let (email, name) = match external.and_then(Value::as_object) {
            Some(external) => (text_in(external, "email"), text_in(external, "name")),
            None => (text(&self.email)?, text(&self.full_name)?),
        };
        if let Some(email) = email.filter(|email| !email.is_empty()) {
            let is_true = |claims: &Map<String, Value>| {
                claims.get("email_verified") == Some(&Value::Bool(true))
            };
            let verified = match (self.vouching, external) {
                (Vouching::Always, _) => true,
                (Vouching::Claim, _) => is_true(claims),
                (_, Some(external)) => external.as_object().is_some_and(is_true),
                (_, None) => {
                    text_in(claims, "hd").is_some_and(|domain| !domain.is_empty())
                        || email.to_ascii_lowercase().ends_with("@gmail.com")
                }
            };
            who = who.with_email(email, verified);
        }
        if let Some(name) = name {
            who = who.with_name(name);
        }
        let who = self.chosen.add_to(who, claims);
        who.map_err(|error| Fault::new(error.to_string()))
    }
}

fn text_in(claims: &Map<String, Value>, name: &str) -> Option<String> {
    claims.get(name)?.as_str().map(str::to_owned)
}

/// Reads the header of each request.
pub(crate) struct Assertions {
    pub(crate) settings: SignedHeader,
    keys: Keys,
}

impl Assertions {
    /// The person whom the header of a request names: nobody if it is absent.
    pub(crate) async fn read(
        &self,
        fields: &impl Fields,
        now: UnixMillis,
    ) -> Result<Option<Identity>, Refusal> {
        let mut values = fields.all(self.settings.header);
        let Some(value) = values.next() else {
            return Ok(None);
        };
        let wrong = |fault: Fault| {
            Refusal::new(RefusalCode::TokenInvalid)
                .because(format!("{}: {fault}", self.settings.header))
        };
        if values.next().is_some() {
            return Err(wrong(Fault::new("it stands twice")));
        }
        let token = std::str::from_utf8(value);
        let token = token.map_err(|_| wrong(Fault::new("it is not text")))?;
        let rule = TokenRule {
            algorithms: &self.settings.algorithms,
            types: &["", "jwt"],
        };
        let claims = self.keys.verify(token, &rule, Budget::Open, now).await;
        let claims = claims.map_err(|error| key_source::refusal(self.settings.header, &error))?;
        self.settings
            .identity(&claims, now)
            .map(Some)
            .map_err(wrong)
    }

    /// Why a request names nobody, for the log.
    pub(crate) fn missing(&self) -> String {
        format!(
            "{} is missing, or another site's page asks",
            self.settings.header
        )
    }

    /// The path of the proxy's own sign-out.
    pub(crate) const fn sign_out(&self) -> Option<&'static str> {
        self.settings.sign_out
    }
}
