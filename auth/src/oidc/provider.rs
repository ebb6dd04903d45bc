//! One provider, as sign-ins use it.

use std::fmt;
use std::sync::Arc;

use apply_cookies::UnixMillis;
use zeroize::Zeroizing;

use super::authorization::{self, AuthorizationRequest};
use super::discovery::{Discovered, Discovery, rule};
use super::exchange::exchange;
use super::id_token::{self, Expected};
use super::logout_token::{self, LoggedOut};
use super::settings::{Oidc, OidcError};
use super::tokens::ProviderTokens;
use super::turns::{Turn, Turns};
use super::vault::Vault;
use super::{end_session, person, user_info};
use crate::identity::Identity;
use crate::jws::{Token, TokenRule};
use crate::key_source;
use crate::outgoing::{Budget, Outgoing};
use crate::refusal::{Refusal, RefusalCode};

/// A provider that a deployment asks.
pub(crate) struct Provider {
    settings: Arc<Oidc>,
    outgoing: Outgoing,
    discovery: Discovery,
    turns: Turns,
}

/// Who somebody is, by an ID token that belongs to this attempt.
pub(crate) struct Authenticated {
    pub(crate) who: Identity,
    /// The session at the provider, for back-channel sign-out.
    pub(crate) sid: Option<String>,
    /// When the person signed in there.
    pub(crate) auth_time: Option<UnixMillis>,
    pub(crate) acr: Option<String>,
    /// For `id_token_hint`.
    pub(crate) id_token: Zeroizing<String>,
    /// For the vault, where there is one.
    pub(crate) tokens: Option<ProviderTokens>,
}

impl Oidc {
    /// Checks the settings. Nothing is fetched.
    ///
    /// # Errors
    ///
    /// The first setting that cannot be meant.
    pub(crate) fn build(mut self, outgoing: Outgoing) -> Result<Provider, OidcError> {
        let address = self.check()?;
        if self.is_google() {
            self = self.claims(["hd"]);
        }
        Ok(Provider {
            discovery: Discovery::new(&self.issuer, &address, outgoing.clone()),
            settings: Arc::new(self),
            outgoing,
            turns: Turns::new(),
        })
    }
}

impl Provider {
    pub(crate) fn name(&self) -> &str {
        &self.settings.name
    }

    /// Whether the settings list the domains whose e-mail addresses it can verify.
    pub(crate) fn lists_email_domains(&self) -> bool {
        self.settings.email_domains.is_some()
    }

    pub(crate) fn title(&self) -> &str {
        &self.settings.title
    }

    pub(super) const fn settings(&self) -> &Arc<Oidc> {
        &self.settings
    }

    pub(super) const fn outgoing(&self) -> &Outgoing {
        &self.outgoing
    }

    pub(super) async fn known(&self, now: UnixMillis) -> Result<Arc<Discovered>, Refusal> {
        self.discovery.get(now).await
    }

    pub(super) fn vault(&self) -> Option<&Arc<dyn Vault>> {
        self.settings.vault.as_ref()
    }

    /// Where the browser goes to sign in.
    ///
    /// # Errors
    ///
    /// `provider-unreachable`.
    pub(crate) async fn authorization_url(
        &self,
        ask: &AuthorizationRequest<'_>,
        now: UnixMillis,
    ) -> Result<String, Refusal> {
        let known = self.discovery.get(now).await?;
        let endpoint = &known.metadata.authorization;
        Ok(authorization::request(&self.settings, endpoint, ask))
    }

    /// Whether the callback comes from this provider (RFC 9207): `iss` is compared wherever it is, and
    /// must be there if the provider promises it.
    ///
    /// # Errors
    ///
    /// `issuer-mixed-up`; `provider-unreachable` if it is not known what the provider promises.
    pub(crate) async fn check_issuer(
        &self,
        iss: Option<&str>,
        now: UnixMillis,
    ) -> Result<(), Refusal> {
        let why = match iss {
            Some(iss) if iss == self.settings.issuer => return Ok(()),
            Some(_) => "iss is another issuer",
            None if self.discovery.get(now).await?.metadata.promises_issuer => "iss is missing",
            None => return Ok(()),
        };
        Err(Refusal::new(RefusalCode::IssuerMixedUp).because(why))
    }

    /// Waits until somebody on this network may have a code exchanged.
    ///
    /// # Errors
    ///
    /// `unavailable` if too many are under way.
    pub(crate) async fn turn(&self, network: u64) -> Result<Turn<'_>, Refusal> {
        self.turns.take(network).await
    }

    /// Exchanges a code for a person. Called once for each code, and within a [turn](Self::turn).
    ///
    /// # Errors
    ///
    /// `provider-unreachable`, `exchange-failed`, `token-invalid`, `clock`.
    pub(crate) async fn exchange(
        &self,
        code: &str,
        verifier: &str,
        expected: &Expected<'_>,
        now: UnixMillis,
    ) -> Result<Authenticated, Refusal> {
        let known = self.discovery.get(now).await?;
        let (settings, metadata) = (&*self.settings, &known.metadata);
        let (answer, id_token) = exchange(
            settings,
            metadata,
            &self.outgoing,
            code,
            verifier,
            expected.redirect_uri,
        )
        .await?;
        let claims = known.verify(&id_token, settings, now).await?;
        let token = id_token::check(&claims, settings, expected, now)?;
        let algorithm = Token::parse(&id_token, &rule(settings))
            .map_err(id_token::invalid)?
            .algorithm;
        id_token::check_access_token(&claims, algorithm, &answer.access_token)?;
        let user_info = match (&metadata.user_info, settings.user_info) {
            (_, false) => None,
            (Some(endpoint), true) => Some(
                user_info::ask(
                    &self.outgoing,
                    endpoint,
                    &answer.access_token,
                    &token.subject,
                )
                .await?,
            ),
            (None, true) => {
                let why = "the discovery document has no userinfo_endpoint";
                return Err(Refusal::new(RefusalCode::ExchangeFailed).because(why));
            }
        };
        let who = person::identity(
            settings,
            &token.subject,
            claims.object(),
            user_info.as_ref(),
        )?;
        Ok(Authenticated {
            who,
            sid: token.sid,
            auth_time: token.auth_time,
            acr: token.acr,
            tokens: settings.vault.as_ref().map(|_| answer.tokens(now)),
            id_token,
        })
    }

    /// Where the browser goes to end its session at the provider, and then comes `back` with `state`.
    /// `None` if the provider has no such address, as Google, or cannot be asked.
    pub(crate) async fn end_session_url(
        &self,
        hint: Option<&str>,
        back: &str,
        state: &str,
        now: UnixMillis,
    ) -> Option<String> {
        let known = self.discovery.get(now).await.ok()?;
        let endpoint = known.metadata.end_session.as_ref()?;
        let id = &self.settings.client_id;
        Some(end_session::request(endpoint, id, hint, back, state))
    }

    /// Whose sessions a logout token ends. Anybody can send one.
    ///
    /// # Errors
    ///
    /// `token-invalid`, `provider-unreachable`.
    pub(crate) async fn logout(
        &self,
        logout_token: &str,
        now: UnixMillis,
    ) -> Result<LoggedOut, Refusal> {
        let known = self.discovery.get(now).await?;
        let rule = TokenRule {
            algorithms: &self.settings.algorithms,
            types: &logout_token::TYPES,
        };
        let claims = (known
            .keys
            .verify(logout_token, &rule, Budget::Open, now)
            .await)
            .map_err(|error| key_source::refusal("the logout token", &error))?;
        logout_token::check(&claims, &self.settings, now).map_err(|fault| {
            Refusal::new(RefusalCode::TokenInvalid).because(format!("the logout token: {fault}"))
        })
    }
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Provider").field(&self.settings).finish()
    }
}
