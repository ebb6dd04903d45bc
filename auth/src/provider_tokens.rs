//! The tokens of a person at a provider: kept when a session begins, removed by a sign-out, and otherwise
//! expired with the session.

use apply_cookies::UnixMillis;
use apply_cookies::protocol::{Purpose, PurposeKey};

use crate::auth::{Auth, Parts};
use crate::identity::Identity;
use crate::oidc::{Place, Proved, ProviderTokens, VaultKey};
use crate::refusal::{Refusal, RefusalCode};

impl Auth {
    /// The tokens that a provider has given for this person, refreshed if they have expired: to call the
    /// provider's own interfaces, as a calendar's. Only of providers with a [`vault`](crate::Oidc::vault).
    ///
    /// # Errors
    ///
    /// [`SignedOut`](RefusalCode::SignedOut) if there are none, or the provider gives no new ones: the
    /// person has to sign in again, and [`Identity`] alone does not say so. Otherwise what could not be
    /// reached, or what was wrong with the answer.
    pub async fn provider_tokens(&self, who: &Identity) -> Result<ProviderTokens, Refusal> {
        let parts = &self.0;
        let provider = parts.providers.find(who.provider());
        let (Some(provider), Some(key), Some(until)) =
            (provider, key_of(who), who.session_ends_at())
        else {
            let why = "this session has no tokens of a provider";
            return Err(Refusal::new(RefusalCode::SignedOut).because(why));
        };
        let place = Place {
            key,
            subject: who.subject().to_owned(),
            server: parts.vault_keys().into(),
            until,
        };
        provider.tokens(&place, parts.now()).await
    }
}

impl Parts {
    fn vault_keys(&self) -> Vec<PurposeKey> {
        self.cookies.purpose_keys(Purpose::Vault, "")
    }

    /// Keeps what a sign-in has brought, if there is a vault. The key that it returns belongs in the
    /// session, which ends at `until`.
    pub(crate) async fn keep_tokens(
        &self,
        proved: &Proved,
        until: UnixMillis,
    ) -> Result<Option<String>, Refusal> {
        let provider = self.providers.find(proved.who.provider());
        let Some((provider, tokens)) = provider.zip(proved.tokens.as_ref()) else {
            return Ok(None);
        };
        let (server, now) = (self.vault_keys(), self.now());
        let key = provider.keep(tokens, &server, now, until).await?;
        Ok(key.map(|key| (*key.to_text()).clone()))
    }

    /// Forgets what was kept for a session that is over.
    pub(crate) async fn forget_tokens(&self, who: &Identity) {
        if let Some((provider, key)) = self.providers.find(who.provider()).zip(key_of(who)) {
            provider.forget(&key).await;
        }
    }
}

fn key_of(who: &Identity) -> Option<VaultKey> {
    VaultKey::from_text(who.at_provider().vault.as_deref()?)
}
