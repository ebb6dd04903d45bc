//! The tokens of a person at a provider: kept when a session begins, removed by a sign-out, and otherwise
//! expired with the session.

use apply_cookies::protocol::{Purpose, PurposeKey};
use apply_cookies::replay::Standing;
use apply_cookies::{UnixMillis, seldom};

use crate::auth::{Auth, Parts};
use crate::identity::Identity;
use crate::oidc::{Authenticated, Place, ProviderTokens, VaultKey};
use crate::refusal::{Refusal, RefusalCode};
use crate::standing::unavailable;

impl Auth {
    /// The tokens that a provider has given for this person, refreshed if they have expired: to call the
    /// provider's own interfaces, as a calendar's. Only of providers with a [`vault`](crate::Oidc::vault).
    ///
    /// # Errors
    ///
    /// [`SignedOut`](RefusalCode::SignedOut) if there are none, the session has ended, or the provider gives
    /// no new ones: the person has to sign in again, and [`Identity`] alone does not say so. Otherwise what could not be
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
        // It may have ended since the request came, and only a sign-out here removes the entry.
        if let Some(life) = &who.life {
            let standing = parts.revocations.check(life.check()).await;
            if standing.map_err(|error| unavailable(&error))? != Standing::Valid {
                return Err(Refusal::new(RefusalCode::SignedOut).because("the session has ended"));
            }
        }
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
    /// session, which ends at `until`. The sign-in goes on without a vault that is full or away: a few
    /// people who sign in again and again would otherwise shut everybody else out.
    pub(crate) async fn keep_tokens(
        &self,
        authenticated: &Authenticated,
        until: UnixMillis,
    ) -> Option<String> {
        let name = authenticated.who.provider();
        let (provider, tokens) = (self.providers.find(name)).zip(authenticated.tokens.as_ref())?;
        let (server, now) = (self.vault_keys(), self.now());
        match provider.keep(tokens, &server, now, until).await {
            Ok(key) => key.map(|key| (*key.to_text()).clone()),
            Err(refusal) => {
                let why = refusal.why().unwrap_or_default();
                seldom!(
                    self.logged.vault,
                    now,
                    WARN,
                    provider = name,
                    why,
                    "the tokens of a sign-in are not kept: Auth::provider_tokens has none of this session"
                );
                None
            }
        }
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
