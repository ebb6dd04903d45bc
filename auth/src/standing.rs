//! A request's cookie → the session that it proves, if that is in force, and for as long as it is.

use std::pin::Pin;
use std::sync::{Arc, OnceLock};
#[cfg(feature = "password")]
use std::{collections::HashMap, time::Duration};

use apply_cookies::replay::{SessionCheck, Standing, StoreError};
use apply_cookies::seldom;
use apply_cookies::web::{Fields, Slot};
use apply_cookies::{PendingCookies, UnixMillis};
use tokio::time::timeout;

#[cfg(feature = "password")]
use crate::account::Account;
use crate::auth::{Auth, Parts};
use crate::credential::Credential;
use crate::identity::{Ended, Evidence, Identity, Life};
use crate::metrics;
use crate::refusal::{Refusal, RefusalCode};
use crate::session::{Bytes, Session};
use crate::watch::{EVERY, Open, SILENCE};

/// The provider of those who gave a name and a password.
#[cfg(feature = "password")]
pub(crate) const PASSWORD: &str = "password";
/// The provider of those who had the access token.
pub(crate) const ACCESS_TOKEN: &str = "access-token";
/// The provider of those who said who they are, in development.
pub(crate) const DEV: &str = "dev";

/// How often the accounts of open sessions are compared.
#[cfg(feature = "password")]
const ACCOUNTS_EVERY: Duration = Duration::from_secs(4);

/// How many sessions a store is asked about at once.
const AT_ONCE: usize = 10_000;

impl Auth {
    /// Who sent a request, by its cookie, and the session that says so.
    pub(crate) async fn see(
        &self,
        fields: &impl Fields,
        slot: &Slot,
    ) -> Result<Option<(Identity, Arc<Session>)>, Refusal> {
        let parts = &self.0;
        let Some(binding) = parts.cookies.binding_of(fields) else {
            return Ok(None);
        };
        let (binding, now) = (binding.digest().to_bytes(), parts.now());
        let Some(mut session) = parts.cookie.read(fields.all("cookie"), binding, now) else {
            return Ok(None);
        };
        let check = parts.judge(&mut session).await?;
        Ok(check.map(|check| self.hold(session, &check, slot)))
    }

    /// Who a session is of, with its end.
    pub(crate) fn hold(
        &self,
        session: Session,
        check: &SessionCheck,
        slot: &Slot,
    ) -> (Identity, Arc<Session>) {
        // Signed in again, as after a change of roles, it is still of what it began with.
        let evidence = Evidence {
            since: Some(session.since),
            credential: session.credential(),
        };
        let who = session.who.clone().proved_by(evidence);
        let session = Arc::new(session);
        let held = Held {
            auth: self.clone(),
            slot: slot.clone(),
            session: session.clone(),
            check: *check,
            open: OnceLock::new(),
        };
        (who.living(Arc::new(held)), session)
    }

    /// Has whatever is due looked up for all that are open.
    fn look_around(&self) {
        let watch = &self.0.watch;
        watch.of_store.take(EVERY, || self.clone().ask_the_store());
        #[cfg(feature = "password")]
        (watch.of_accounts).take(ACCOUNTS_EVERY, || self.clone().ask_the_accounts());
        #[cfg(feature = "providers")]
        if !self.0.gate.lists_at().is_empty() {
            watch.of_gate.take(EVERY, || self.clone().ask_the_gate());
        }
    }

    async fn ask_the_store(self) {
        for open in self.0.watch.all().chunks(AT_ONCE) {
            let checks: Vec<_> = open.iter().map(|open| open.check).collect();
            let asked = timeout(SILENCE, self.0.revocations.check_all(&checks));
            let Ok(Ok(standings)) = asked.await else {
                continue;
            };
            for (open, standing) in open.iter().zip(standings) {
                open.heard(standing);
            }
        }
    }

    /// One account after the other, each once. Where they do not answer nobody is out: requests are
    /// refused meanwhile.
    #[cfg(feature = "password")]
    async fn ask_the_accounts(self) {
        let mut by_name: HashMap<String, Vec<Arc<Open>>> = HashMap::new();
        for open in self.0.watch.all() {
            let who = &open.session.who;
            if who.provider() == PASSWORD && open.session.credential.is_some() {
                by_name
                    .entry(who.subject().to_owned())
                    .or_default()
                    .push(open);
            }
        }
        for (name, open) in by_name {
            // One that never answers holds up no other.
            let Ok(Ok(account)) = timeout(SILENCE, self.0.account(&name)).await else {
                continue;
            };
            for open in open {
                let credential = open.session.credential();
                let same = account.as_ref().zip(credential);
                if !same.is_some_and(|(now, one)| now.hash.is_of(&one, &self.0.credentials)) {
                    open.end(Ended::Revoked);
                }
            }
        }
    }
}

#[cfg(feature = "providers")]
impl Auth {
    /// Of a gate with lists at addresses, which change. While one is away nobody is out: requests are
    /// refused meanwhile.
    async fn ask_the_gate(self) {
        for open in self.0.watch.all() {
            if matches!(self.0.is_kept_out(&open.session.who).await, Ok(true)) {
                open.end(Ended::Revoked);
            }
        }
    }
}

impl Parts {
    pub(crate) fn now(&self) -> UnixMillis {
        self.cookies.clock().now()
    }

    /// The authentic session of a response's browser, whether or not it is in force.
    pub(crate) fn session_of(&self, pending: &PendingCookies) -> Option<Session> {
        let text = pending.get_raw(self.cookie.name()).ok()?;
        (self.cookie).decode(&text, pending.binding().to_bytes(), self.now())
    }

    /// Whether a session is in force: if so, with what the store was asked.
    pub(crate) async fn judge(
        &self,
        session: &mut Session,
    ) -> Result<Option<SessionCheck>, Refusal> {
        let check = session.check(&self.person_keys);
        let over = if !self.credential_stands(session).await? {
            "the account is gone, or its password or the access token is another one"
        } else if self.is_kept_out(&session.who).await? {
            // With the lists of now: somebody who was taken off them is out.
            "a gate refuses the person by now"
        } else {
            let standing = self.revocations.check(check).await;
            match standing.map_err(|error| unavailable(&error))? {
                Standing::Valid => return Ok(Some(check)),
                Standing::Revoked => "it was ended",
                Standing::BeforeHorizon => {
                    seldom!(
                        self.logged.unknown,
                        self.now(),
                        INFO,
                        "somebody is signed out whose session began before the store of revocations, or in another process: see AuthBuilder::revocations"
                    );
                    "the store cannot vouch for it"
                }
            }
        };
        tracing::debug!(over, "the sign-in is not in force");
        Ok(None)
    }

    /// Whether a gate refuses somebody, if it can say so at this moment.
    async fn is_kept_out(&self, who: &Identity) -> Result<bool, Refusal> {
        match self.ask_gate(who).await {
            Err(refusal) if refusal.code() == RefusalCode::Unavailable => Err(refusal),
            asked => Ok(asked.is_err()),
        }
    }

    /// Whether what the session began with is still in force. A digest under a previous key becomes one
    /// under the current key, so that a copy outlives the previous secret. Reads the account's roles of now.
    #[cfg_attr(
        not(feature = "password"),
        expect(clippy::unused_async, reason = "only passwords are awaited")
    )]
    async fn credential_stands(&self, session: &mut Session) -> Result<bool, Refusal> {
        let Some(credential) = session.credential() else {
            // One of development counts nowhere else, even under the same secret.
            return Ok(self.dev || session.who.provider() != DEV);
        };
        let current = match session.who.provider() {
            ACCESS_TOKEN => {
                let token = self.access_token.as_ref();
                token.and_then(|token| token.renewed(&credential, &self.credentials))
            }
            #[cfg(feature = "password")]
            PASSWORD => {
                let account = self.account(session.who.subject()).await?;
                account
                    .filter(|account| account.hash.is_of(&credential, &self.credentials))
                    .map(|account| {
                        if session.who.follows_account() {
                            session.who = session.who.clone().with_roles_of_account(account.roles);
                        }
                        account.hash.credential(&self.credentials)
                    })
            }
            _ => None,
        };
        if let Some(current) = &current {
            session.credential = Some(Bytes(*current.as_bytes()));
        }
        Ok(current.is_some())
    }

    /// What an identity proves that the app has made itself under a name of this crate: without it the
    /// session would outlive its account.
    #[cfg_attr(
        not(feature = "password"),
        expect(clippy::unused_async, reason = "only accounts are awaited")
    )]
    pub(crate) async fn credential_of(
        &self,
        who: &Identity,
    ) -> Result<Option<Credential>, Refusal> {
        let refused = || Refusal::new(RefusalCode::NotAllowed);
        match who.provider() {
            _ if who.evidence.credential.is_some() => Ok(who.evidence.credential),
            #[cfg(feature = "password")]
            PASSWORD if self.passwords.is_some() => {
                let account = self.account(who.subject()).await?;
                let account =
                    account.ok_or_else(|| refused().because("there is no such account"))?;
                Ok(Some(account.hash.credential(&self.credentials)))
            }
            ACCESS_TOKEN => Err(refused().because("`access-token` is for those who have it")),
            DEV if !self.dev => Err(refused().because("`dev` is for Auth::dev()")),
            _ => Ok(None),
        }
    }

    #[cfg(feature = "password")]
    async fn account(&self, name: &str) -> Result<Option<Account>, Refusal> {
        match &self.passwords {
            Some(passwords) => passwords.find(name).await,
            None => Ok(None),
        }
    }
}

/// The session behind an identity.
struct Held {
    auth: Auth,
    slot: Slot,
    session: Arc<Session>,
    check: SessionCheck,
    /// Once somebody waits for its end.
    open: OnceLock<Arc<Open>>,
}

impl Held {
    fn open(&self) -> &Arc<Open> {
        self.open.get_or_init(|| {
            let parts = &self.auth.0;
            // The response may have written a copy.
            let latest = parts.session_of(&self.slot.pending());
            let latest = latest.filter(|latest| latest.id == self.session.id);
            let end = (parts.cookie).end_of(latest.as_ref().unwrap_or(&self.session));
            let open = Arc::new(Open::new(self.session.clone(), &self.check, end));
            parts.watch.add(&open);
            open
        })
    }
}

impl Life for Held {
    fn ends_at(&self) -> UnixMillis {
        self.session.end
    }

    #[cfg(feature = "providers")]
    fn check(&self) -> SessionCheck {
        self.check
    }

    fn ended(&self) -> Pin<Box<dyn Future<Output = Ended> + Send + '_>> {
        Box::pin(async {
            let parts = &self.auth.0;
            let open = self.open();
            // Looked up once it would be heard of, so that nothing falls between.
            if let Ok(standing) = parts.revocations.check(self.check).await {
                open.heard(standing);
            }
            let look = || self.auth.look_around();
            open.ended(|| parts.now(), look).await
        })
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(open) = self.open.get() {
            self.auth.0.watch.remove(open);
        }
    }
}

pub(crate) fn unavailable(error: &StoreError) -> Refusal {
    metrics::revocation_error();
    Refusal::new(RefusalCode::Unavailable).because(format!("the store of revocations: {error}"))
}

#[cfg(test)]
#[cfg(all(feature = "axum", feature = "password"))]
mod tests;
