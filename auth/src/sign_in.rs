//! An identity → a session, and its cookie on the way to the browser: on an ordinary response, or
//! inside a stream or a socket.

use std::fmt;

use apply_cookies::protocol::StoreScope;
use apply_cookies::replay::{Revocation, StoreError};
use apply_cookies::{IntoOperation, PendingBatch, PendingCookies, PushError, Receipt, UnixMillis};

use crate::auth::{Auth, Parts};
use crate::identity::Identity;
use crate::metrics;
use crate::random;
use crate::refusal::{Refusal, RefusalCode};
use crate::session::{IdentityTooLarge, Session};

/// Why nobody was signed in, or out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignInError {
    /// A gate refuses this person.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The identity does not fit into a cookie.
    #[error(transparent)]
    TooLarge(#[from] IdentityTooLarge),
    /// A page of another origin made the request ([`PendingCookies::is_foreign`]).
    #[error("the request comes from a page of another origin")]
    Foreign,
    /// There is no session that could go on.
    #[error("nobody is signed in")]
    SignedOut,
    /// The store of revocations does not answer. Nothing was pushed.
    #[error("the store of revocations: {0}")]
    Unavailable(#[from] StoreError),
    /// The accounts cannot be asked. Nothing was pushed.
    #[error("the accounts cannot be asked")]
    AccountsUnavailable,
    /// The cookie cannot travel.
    #[error(transparent)]
    Push(#[from] PushError),
}

impl From<SignInError> for Refusal {
    fn from(error: SignInError) -> Self {
        let why = error.to_string();
        let code = match error {
            SignInError::Refused(refusal) => return refusal,
            SignInError::Foreign => RefusalCode::Origin,
            SignInError::TooLarge(_) => RefusalCode::IdentityTooLarge,
            SignInError::SignedOut => RefusalCode::SignedOut,
            SignInError::Unavailable(_)
            | SignInError::AccountsUnavailable
            | SignInError::Push(_) => RefusalCode::Unavailable,
        };
        Self::new(code).because(why)
    }
}

/// A sign-in, a sign-out or a renewal that is about to be pushed. Made by [`Auth::sign_in`],
/// [`Auth::sign_out`], [`Auth::keep`] and [`Auth::rotate`].
///
/// Nothing happens before [`push`](Self::push).
#[must_use = "nothing happens until it is pushed"]
pub struct SessionChange<'p> {
    pub(crate) auth: &'p Auth,
    pub(crate) pending: &'p PendingCookies,
    pub(crate) batch: PendingBatch<'p>,
    pub(crate) step: Step,
}

/// What becomes of the session.
pub(crate) enum Step {
    /// A new one, after the one that the browser had.
    Begin(Box<Identity>),
    /// It ends.
    End,
    /// It goes on under a new id, with these roles.
    Rotate {
        /// The moment before the roles were read.
        since: UnixMillis,
        roles: Option<Vec<String>>,
    },
    /// It goes on in a copy that lasts longer.
    Keep,
}

impl Auth {
    /// Signs somebody in: the browser of this response gets a new session, and the one that it had
    /// is over. Older tokens of the browser that are still on their way are refused once this one
    /// has arrived.
    ///
    /// ```
    /// # use apply_cookies::{Outcome, PendingCookies};
    /// # use apply_cookies_auth::{Auth, Identity, SignInError};
    /// /// Inside a stream, once somebody has proved who they are.
    /// async fn welcome(auth: &Auth, pending: &PendingCookies, me: Identity) -> Result<bool, SignInError> {
    ///     let receipt = auth.sign_in(pending, me).go_to("/app").push().await?;
    ///     Ok(receipt.await == Outcome::Released)
    /// }
    /// ```
    pub fn sign_in<'p>(&'p self, pending: &'p PendingCookies, who: Identity) -> SessionChange<'p> {
        SessionChange {
            auth: self,
            pending,
            batch: pending.batch().barrier().bind(),
            step: Step::Begin(Box::new(who)),
        }
    }

    /// Signs the browser of this response out: its session is over everywhere, also in copies of its
    /// cookie and in open streams, and sign-ins that are still on their way to it are refused. Where
    /// nobody is signed in, the cookie is deleted and nothing else happens.
    pub fn sign_out<'p>(&'p self, pending: &'p PendingCookies) -> SessionChange<'p> {
        SessionChange {
            auth: self,
            pending,
            batch: pending.batch(),
            step: Step::End,
        }
    }

    /// Lets the session of this response's browser go on, in a long stream: its cookie is written
    /// anew, with the same end and after the gates were asked again. Ordinary responses do that by
    /// themselves.
    pub fn keep<'p>(&'p self, pending: &'p PendingCookies) -> SessionChange<'p> {
        SessionChange {
            auth: self,
            pending,
            batch: pending.batch(),
            step: Step::Keep,
        }
    }

    /// Gives the session of this response's browser a new id, as after a change of what the person
    /// may do. Read the person's roles after this and give them to
    /// [`roles`](SessionChange::roles): a revocation in between then ends the new session too.
    ///
    /// # Errors
    ///
    /// If the store of revocations does not answer.
    pub async fn rotate<'p>(
        &'p self,
        pending: &'p PendingCookies,
    ) -> Result<SessionChange<'p>, SignInError> {
        Ok(SessionChange {
            auth: self,
            pending,
            batch: pending.batch().barrier(),
            step: Step::Rotate {
                since: self.0.revocations.now().await?,
                roles: None,
            },
        })
    }

    /// Ends all sessions of a person, in every browser.
    ///
    /// # Errors
    ///
    /// If the store of revocations does not answer. They may be over all the same.
    pub async fn end_all_of(&self, provider: &str, subject: &str) -> Result<(), StoreError> {
        let parts = &self.0;
        let subjects = parts.subjects.of_person(provider, subject);
        let revocation = Revocation::new(subjects, parts.length);
        parts.revocations.revoke(revocation).await?;
        metrics::session_ended("person");
        tracing::info!(provider, "all sessions of a person were ended");
        Ok(())
    }
}

impl SessionChange<'_> {
    /// Sets another cookie with it, or none of them.
    pub fn set(mut self, cookie: impl IntoOperation) -> Self {
        self.batch = self.batch.set(cookie);
        self
    }

    /// Once it has arrived, the page goes to this path of its own origin.
    pub fn go_to(mut self, path: impl AsRef<str>) -> Self {
        self.batch = self.batch.go_to(path);
        self
    }

    /// Once it has arrived, the page reloads.
    pub fn reload(mut self) -> Self {
        self.batch = self.batch.reload();
        self
    }

    /// Once it has arrived, the page reopens its stream.
    pub fn reconnect(mut self) -> Self {
        self.batch = self.batch.reconnect();
        self
    }

    /// The roles of a session under a new id ([`Auth::rotate`]), which keeps them, whatever those of
    /// the person's account become. Of no meaning for the others.
    pub fn roles(mut self, new: impl IntoIterator<Item: Into<String>>) -> Self {
        if let Step::Rotate { roles, .. } = &mut self.step {
            *roles = Some(new.into_iter().map(Into::into).collect());
        }
        self
    }

    /// Does it: what must end is ended in the store first, and then the cookie is pushed. The receipt
    /// says what became of it.
    ///
    /// # Errors
    ///
    /// Says why nothing was pushed. A session that had to end may be over all the same.
    pub async fn push(self) -> Result<Receipt, SignInError> {
        if self.pending.is_foreign() {
            return Err(SignInError::Foreign);
        }
        let parts = &*self.auth.0;
        let had = parts.session_of(self.pending);
        let session = match self.step {
            Step::End => return parts.end(had, self.batch).await,
            Step::Begin(who) => parts.begin(*who, self.pending).await?,
            Step::Rotate { since, roles } => {
                let had = had.as_ref().ok_or(SignInError::SignedOut)?;
                let now = parts.go_on(had.clone()).await?;
                parts.renamed(&now, since, roles)
            }
            Step::Keep => {
                let had = had.ok_or(SignInError::SignedOut)?;
                let session = parts.go_on(had).await?;
                return parts.push(&session, self.batch);
            }
        };
        parts.gate.check(&session.who)?;
        // Before anything ends: an identity that is too large leaves the browser as it was.
        let batch = self
            .batch
            .set(parts.cookie.write(&session, parts.end_of(&session))?);
        if let Some(had) = had {
            let subjects = parts.subjects.of_session(&had);
            let revocation = Revocation::new(subjects, parts.length);
            parts.revocations.revoke(revocation).await?;
            metrics::session_ended("replaced");
        }
        #[cfg(feature = "password")]
        let batch = match session.who.account() {
            Some(account) => batch.set(parts.device_after(account, self.pending)),
            None => batch,
        };
        let receipt = batch.push()?;
        metrics::sign_in(session.who.provider(), "signed-in");
        tracing::info!(provider = session.who.provider(), "signed in");
        Ok(receipt)
    }
}

impl Parts {
    /// The authentic session of a response's browser, whether or not it is in force.
    fn session_of(&self, pending: &PendingCookies) -> Option<Session> {
        let text = pending.get_raw(self.cookie.name()).ok()?;
        let binding = pending.binding().to_bytes();
        let now = self.cookies.clock().now();
        self.cookie.decode(&text, Some(binding), now).ok()
    }

    /// The cookie of a browser in which somebody has signed in to this account.
    #[cfg(feature = "password")]
    fn device_after(
        &self,
        account: &str,
        pending: &PendingCookies,
    ) -> apply_cookies::SetCookie<'static> {
        let fields = pending.cookie_fields();
        let now = self.cookies.clock().now();
        let device = self.device.read([&*fields].into_iter(), now);
        self.device.write(device, account, now)
    }

    /// A new session.
    async fn begin(&self, who: Identity, pending: &PendingCookies) -> Result<Session, StoreError> {
        let evidence = who.evidence().cloned().unwrap_or_default();
        let since = match evidence.since {
            Some(since) => since,
            // The app itself vouches for it, as of now.
            None => self.revocations.now().await?,
        };
        Ok(Session {
            id: random::bytes(),
            since,
            end: since.plus(self.length.as_millis()),
            written: self.cookies.clock().now(),
            scope: self.revocations.scope().map(StoreScope::to_bytes),
            binding: pending.binding().to_bytes(),
            credential: evidence.credential,
            // Of a provider, which none of these is.
            at_provider: None,
            who,
        })
    }

    /// The same session under a new id.
    fn renamed(&self, had: &Session, since: UnixMillis, roles: Option<Vec<String>>) -> Session {
        let mut session = Session {
            id: random::bytes(),
            written: self.cookies.clock().now(),
            ..had.clone()
        };
        if let Some(roles) = roles {
            session.since = since;
            session.who = session.who.with_roles(roles);
        }
        session
    }

    /// A session that is in force, and passes the gates of now.
    pub(crate) async fn go_on(&self, session: Session) -> Result<Session, SignInError> {
        use crate::standing::{Seen, Unknown};
        let seen = self.judge(session).await.map_err(|unknown| match unknown {
            Unknown::Revocations(error) => SignInError::Unavailable(error),
            #[cfg(feature = "password")]
            Unknown::Accounts(_) => SignInError::AccountsUnavailable,
        })?;
        let Seen::Somebody(seen) = seen else {
            return Err(SignInError::SignedOut);
        };
        let (mut session, _) = *seen;
        self.gate.check(&session.who)?;
        session.written = self.cookies.clock().now();
        Ok(session)
    }

    /// Pushes a copy of a session.
    pub(crate) fn push(
        &self,
        session: &Session,
        batch: PendingBatch<'_>,
    ) -> Result<Receipt, SignInError> {
        let cookie = self.cookie.write(session, self.end_of(session))?;
        Ok(batch.set(cookie).push()?)
    }

    /// When this copy of a session ends.
    fn end_of(&self, session: &Session) -> UnixMillis {
        let idle = self
            .idle
            .map(|idle| u64::try_from(idle.as_millis()).unwrap_or(u64::MAX));
        idle.map_or(session.end, |idle| {
            session.written.plus(idle).min(session.end)
        })
    }

    /// Ends a session, and deletes its cookie. Only an authentic one is written to the stores, or
    /// strangers could fill them.
    async fn end(
        &self,
        had: Option<Session>,
        batch: PendingBatch<'_>,
    ) -> Result<Receipt, SignInError> {
        let mut batch = batch.delete_cookie(self.cookie.name());
        if let Some(session) = had {
            let subjects = self.subjects.of_browser(&session);
            let revocation = Revocation::new(subjects, self.length);
            self.revocations.revoke(revocation).await?;
            batch = batch.barrier();
            metrics::session_ended("sign-out");
            tracing::info!(provider = session.who.provider(), "signed out");
        }
        Ok(batch.push()?)
    }

    /// Whether a copy of a session is to be written anew: past a third of its life.
    pub(crate) fn is_due(&self, session: &Session) -> bool {
        let (written, end) = (session.written.get(), self.end_of(session).get());
        let now = self.cookies.clock().now().get();
        now.saturating_sub(written) >= end.saturating_sub(written) / 3
    }
}

impl fmt::Debug for SessionChange<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionChange(..)")
    }
}
