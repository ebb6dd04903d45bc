//! Tokens from the vault, and new ones when they have expired: one refresh at a time for a session.

use std::sync::Arc;
use std::time::Duration;

use apply_cookies::UnixMillis;
use apply_cookies::protocol::PurposeKey;

use super::discovery::Discovered;
use super::provider::Provider;
use super::settings::Oidc;
use super::tokens::{ProviderTokens, VaultKey};
use super::vault::{Vault, VaultUnavailable};
use super::{exchange, id_token};
use crate::jws::Fault;
use crate::outgoing::Outgoing;
use crate::refusal::{Refusal, RefusalCode};

/// How long one may refresh: the request and the vault's own time. After a crash in between nobody waits
/// longer.
const LEASE_MS: u64 = 15 * 1000;
/// How often the others look for what the one has written, and for how long.
const LOOK: Duration = Duration::from_millis(100);
const LOOKS: usize = 60;

/// Where a session's tokens are.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) key: VaultKey,
    /// Whose they are.
    pub(crate) subject: String,
    /// The server's part of the key.
    pub(crate) server: Arc<[PurposeKey]>,
    /// When the session ends, and with it the entry.
    pub(crate) until: UnixMillis,
}

impl Provider {
    /// Keeps what a sign-in brought. The key goes into its session.
    ///
    /// # Errors
    ///
    /// `unavailable`.
    pub(crate) async fn keep(
        &self,
        tokens: &ProviderTokens,
        server: &[PurposeKey],
        now: UnixMillis,
        until: UnixMillis,
    ) -> Result<Option<VaultKey>, Refusal> {
        let Some(vault) = self.vault() else {
            return Ok(None);
        };
        let key = VaultKey::random();
        let sealed = key.seal(tokens, self.name(), server);
        let sealed = sealed.ok_or_else(|| unavailable("tokens cannot be sealed"))?;
        let stored = vault.store(key.id(), sealed, now, until).await;
        stored.map_err(|error| away(&error))?;
        Ok(Some(key))
    }

    /// The tokens of a session, refreshed if they have expired.
    ///
    /// # Errors
    ///
    /// `signed-out` if there are none, or the provider no longer refreshes them; `unavailable`;
    /// `provider-unreachable`; `exchange-failed` and `token-invalid` for a wrong answer.
    pub(crate) async fn tokens(
        &self,
        place: &Place,
        now: UnixMillis,
    ) -> Result<ProviderTokens, Refusal> {
        let vault = self.vault().ok_or_else(|| gone("there is no vault"))?;
        let (seen, tokens) = place.look(vault, self.name(), now).await?;
        if tokens.is_fresh(now) {
            return Ok(tokens);
        }
        let known = self.known(now).await?;
        let refresh = Refresh {
            settings: self.settings().clone(),
            outgoing: self.outgoing().clone(),
            known,
            place: place.clone(),
            now,
        };
        // A task of its own: neither the lease nor a new refresh token must be lost because whoever asked
        // has gone.
        let (its_vault, its_seen) = (vault.clone(), seen.clone());
        let refreshed = tokio::spawn(async move { refresh.run(&its_vault, &its_seen).await }).await;
        let refreshed = refreshed.unwrap_or_else(|_| Err(unavailable("the refresh was cut off")));
        if let Some(tokens) = refreshed? {
            return Ok(tokens);
        }
        for _ in 0..LOOKS {
            tokio::time::sleep(LOOK).await;
            let (sealed, tokens) = place.look(vault, self.name(), now).await?;
            if sealed != seen {
                return Ok(tokens);
            }
        }
        Err(unavailable(
            "another request has not refreshed the tokens in time",
        ))
    }

    /// Forgets the tokens of a session that is over.
    pub(crate) async fn forget(&self, key: &VaultKey) {
        if let Some(vault) = self.vault() {
            removed(vault, key).await;
        }
    }
}

impl Place {
    /// What the vault has now, sealed and open.
    async fn look(
        &self,
        vault: &Arc<dyn Vault>,
        name: &str,
        now: UnixMillis,
    ) -> Result<(Vec<u8>, ProviderTokens), Refusal> {
        let loaded = vault.load(self.key.id(), now).await;
        let sealed = loaded.map_err(|error| away(&error))?;
        let sealed = sealed.ok_or_else(|| gone("the vault has no tokens of this session"))?;
        let tokens = self.key.open(&sealed, name, &self.server);
        let tokens = tokens.ok_or_else(|| gone("the vault's entry cannot be opened"))?;
        Ok((sealed, tokens))
    }
}

/// A refresh by the one who gets the lease.
struct Refresh {
    settings: Arc<Oidc>,
    outgoing: Outgoing,
    known: Arc<Discovered>,
    place: Place,
    now: UnixMillis,
}

impl Refresh {
    /// The new tokens, or nothing if another has the lease.
    async fn run(
        self,
        vault: &Arc<dyn Vault>,
        seen: &[u8],
    ) -> Result<Option<ProviderTokens>, Refusal> {
        let (place, name) = (&self.place, &*self.settings.name);
        let leased = vault.lease(place.key.id(), self.now, self.now.plus(LEASE_MS));
        if !leased.await.map_err(|error| away(&error))? {
            return Ok(None);
        }
        // Whoever had the lease before may have refreshed them since.
        let (sealed, tokens) = place.look(vault, name, self.now).await?;
        if sealed != seen {
            return Ok(Some(tokens));
        }
        let refresh = tokens.refresh_token();
        let refresh = refresh.ok_or_else(|| gone("there is no refresh token"))?;
        let tokens = match self.ask(refresh).await {
            Ok(tokens) => tokens.or_refreshed_by(refresh),
            Err(refusal) => {
                if refusal.code() == RefusalCode::SignedOut {
                    removed(vault, &place.key).await;
                }
                return Err(refusal);
            }
        };
        let sealed = place.key.seal(&tokens, name, &place.server);
        let sealed = sealed.ok_or_else(|| unavailable("tokens cannot be sealed"))?;
        // Before they are used: the ones before may be worth nothing by now.
        let replaced = vault.replace(place.key.id(), sealed, self.now, place.until);
        if !replaced.await.map_err(|error| away(&error))? {
            return Err(gone(
                "the session was over before its tokens were refreshed",
            ));
        }
        Ok(Some(tokens))
    }

    /// New tokens from the provider (OpenID Connect Core 1.0 §12). An ID token that comes with them must be
    /// the same person's.
    async fn ask(&self, refresh: &str) -> Result<ProviderTokens, Refusal> {
        let (settings, known) = (&*self.settings, &*self.known);
        let answer = exchange::refresh(settings, &known.metadata, &self.outgoing, refresh).await?;
        if let Some(id_token) = &answer.id_token {
            let claims = known.verify(id_token, settings, self.now).await?;
            id_token::check_parties(&claims, settings).map_err(id_token::invalid)?;
            if claims.required_text("sub").map_err(id_token::invalid)? != self.place.subject {
                return Err(id_token::invalid(Fault::new("sub is another person's")));
            }
        }
        Ok(answer.tokens(self.now))
    }
}

/// What the vault cannot remove now expires with the session.
async fn removed(vault: &Arc<dyn Vault>, key: &VaultKey) {
    if let Err(error) = vault.remove(key.id()).await {
        tracing::warn!(%error, "the tokens of a session that is over stay in the vault");
    }
}

fn gone(why: &'static str) -> Refusal {
    Refusal::new(RefusalCode::SignedOut).because(why)
}

fn unavailable(why: &'static str) -> Refusal {
    Refusal::new(RefusalCode::Unavailable).because(why)
}

fn away(error: &VaultUnavailable) -> Refusal {
    Refusal::new(RefusalCode::Unavailable).because(format!("the vault: {error}"))
}
