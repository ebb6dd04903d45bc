//! An identity → a session, and its cookie on the way to the browser: on an ordinary response, or
//! inside a stream or a socket.

use std::fmt;

use apply_cookies::replay::{Revocation, StoreError, Subject};
use apply_cookies::{IntoOperation, PendingBatch, PendingCookies, PushError, Receipt, UnixMillis};

use crate::auth::{Auth, Parts};
use crate::identity::Identity;
use crate::metrics;
use crate::on_sign_in;
use crate::random;
use crate::refusal::{Refusal, RefusalCode};
use crate::session::{Bytes, IdentityTooLarge, Session, all, alone, person};
#[cfg(feature = "password")]
use crate::standing::PASSWORD;
use crate::standing::unavailable;

/// Why nobody was signed in, or out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignInError {
    /// A gate or [`on_sign_in`](crate::AuthBuilder::on_sign_in) refuses this person, or the store of
    /// revocations or the accounts do not answer (`unavailable`), there is no such account
    /// (`not-allowed`), or a session was rotated too often (`throttled`).
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A page of another origin made the request ([`PendingCookies::is_foreign`]).
    #[error("the request comes from a page of another origin")]
    Foreign,
    /// [`Auth::popup_sign_in`](crate::Auth) was asked for a provider of this name, which the app does not have.
    #[error("there is no provider `{0}`")]
    UnknownProvider(String),
    /// There is no session that could go on, or end. For a sign-out the cookie was deleted all the same.
    #[error("nobody is signed in")]
    SignedOut,
    /// The identity does not fit into a cookie.
    #[error(transparent)]
    TooLarge(#[from] IdentityTooLarge),
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
            SignInError::UnknownProvider(_) | SignInError::Push(_) => RefusalCode::Unavailable,
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
    auth: &'p Auth,
    pending: &'p PendingCookies,
    batch: PendingBatch<'p>,
    step: Step,
    /// A session that it ends, if the request's cookies have none.
    before: Option<Bytes>,
}

/// What becomes of the session.
enum Step {
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
    pub fn sign_in<'p>(&'p self, pending: &'p PendingCookies, who: Identity) -> SessionChange<'p> {
        let batch = pending.batch().barrier().bind();
        self.change(pending, batch, Step::Begin(Box::new(who)))
    }

    /// Signs the browser of this response out: its session is over everywhere, also in copies of its
    /// cookie and in open streams, and sign-ins that are still on their way to it are refused.
    ///
    /// A stream knows the session of the request that opened it, those that began in it, and those of
    /// its browser's streams in this process that wait for [`ended`](Identity::ended). If there is none,
    /// the cookie is deleted, and `push` answers [`SignInError::SignedOut`]: nothing was revoked, since
    /// strangers could fill the store. If somebody has signed in in another tab in the meantime, this
    /// does sign the browser out, but a copy of its cookie stays valid until its end: open such a
    /// stream anew after a sign-in elsewhere.
    pub fn sign_out<'p>(&'p self, pending: &'p PendingCookies) -> SessionChange<'p> {
        self.change(pending, pending.batch(), Step::End)
    }

    /// Lets the session of this response's browser go on, in a long stream: its cookie is written
    /// anew, with the same end and after the gates were asked again. Ordinary responses do that by
    /// themselves.
    pub fn keep<'p>(&'p self, pending: &'p PendingCookies) -> SessionChange<'p> {
        self.change(pending, pending.batch(), Step::Keep)
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
        let since = self.0.moment().await?;
        let step = Step::Rotate { since, roles: None };
        Ok(self.change(pending, pending.batch().barrier(), step))
    }

    fn change<'p>(
        &'p self,
        pending: &'p PendingCookies,
        batch: PendingBatch<'p>,
        step: Step,
    ) -> SessionChange<'p> {
        SessionChange {
            auth: self,
            pending,
            batch,
            step,
            before: None,
        }
    }

    /// Ends all sessions of a person, in every browser.
    ///
    /// # Errors
    ///
    /// If the store of revocations does not answer. They may be over all the same.
    pub async fn end_all_of(&self, provider: &str, subject: &str) -> Result<(), StoreError> {
        let parts = &self.0;
        let person = person(&parts.person_keys, provider, subject);
        let revoked = parts
            .revocations
            .revoke(Revocation::new(all(&person), parts.length));
        revoked.await.inspect_err(|_| metrics::revocation_error())?;
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

    /// Gives these roles to a session under a new id ([`Auth::rotate`]), which keeps them whatever
    /// becomes of those of the person's account. Has no effect on other changes.
    pub fn roles(mut self, new: impl IntoIterator<Item: Into<String>>) -> Self {
        if let Step::Rotate { roles, .. } = &mut self.step {
            *roles = Some(new.into_iter().map(Into::into).collect());
        }
        self
    }

    /// Ends this session of the browser if the request's cookies have none.
    #[cfg(feature = "providers")]
    pub(crate) fn after(mut self, before: Option<Bytes>) -> Self {
        self.before = before;
        self
    }

    /// Does it: what must end is ended in the store first, and then the cookie is pushed. The receipt
    /// says what became of it.
    ///
    /// # Errors
    ///
    /// If nothing was pushed; or, for a sign-out of nobody, nothing but the deletion. A session that had
    /// to end may be over all the same.
    pub async fn push(self) -> Result<Receipt, SignInError> {
        if self.pending.is_foreign() {
            return Err(SignInError::Foreign);
        }
        let parts = &*self.auth.0;
        let had = parts.session_of(self.pending);
        let is_new = matches!(self.step, Step::Begin(_));
        let (session, batch) = match self.step {
            Step::End => return parts.end(had, self.pending, self.batch).await,
            Step::Begin(who) => parts.begin(*who, self.pending, self.batch).await?,
            Step::Rotate { since, roles } => {
                let mut session = parts.go_on(had.as_ref()).await?;
                let whose = (session.who.provider(), session.who.subject());
                parts.throttle.rotate_session(parts.now(), whose)?;
                session.id = Bytes(random::bytes());
                if let Some(roles) = roles {
                    session.since = since;
                    session.who = session.who.with_roles(roles);
                }
                (session, self.batch)
            }
            Step::Keep => {
                let session = parts.go_on(had.as_ref()).await?;
                let receipt = self.batch.set(parts.cookie.write(&session)?).push()?;
                parts.watch.renewed(&session, parts.cookie.end_of(&session));
                return Ok(receipt);
            }
        };
        parts.ask_gate(&session.who).await?;
        // Before anything ends: an identity that is too large leaves the browser as it was.
        #[cfg_attr(not(feature = "password"), expect(unused_mut, reason = "for a device"))]
        let mut batch = batch.set(parts.cookie.write(&session)?);
        if let Some(id) = had.as_ref().map(|had| had.id).or(self.before) {
            parts.revoke(&[alone(id)]).await?;
            metrics::session_ended("replaced");
        }
        #[cfg(feature = "providers")]
        if let Some(had) = &had
            && had.who.at_provider().vault != session.who.at_provider().vault
        {
            parts.forget_tokens(&had.who).await;
        }
        #[cfg(feature = "password")]
        if session.who.provider() == PASSWORD && session.credential.is_some() {
            batch = batch.set(parts.device_after(session.who.subject(), self.pending));
        }
        let receipt = batch.push()?;
        let provider = session.who.provider();
        if is_new {
            metrics::sign_in(provider, "signed-in");
            tracing::info!(provider, "signed in");
        } else {
            tracing::info!(provider, "a session goes on under a new id");
        }
        Ok(receipt)
    }
}

impl Parts {
    /// The cookie of a browser in which somebody has signed in to this account.
    #[cfg(feature = "password")]
    fn device_after(
        &self,
        account: &str,
        pending: &PendingCookies,
    ) -> apply_cookies::SetCookie<'static> {
        let (fields, now) = (pending.cookie_fields(), self.now());
        let device = self.device.read([&*fields].into_iter(), now);
        self.device.write(device, account, now)
    }

    /// The moment from which a session counts. A store may write to say it, so whoever guesses must
    /// have passed the throttle before it is asked.
    pub(crate) async fn moment(&self) -> Result<UnixMillis, Refusal> {
        let moment = self.revocations.now().await;
        moment.map_err(|error| unavailable(&error))
    }

    async fn revoke(&self, subjects: &[Subject]) -> Result<(), Refusal> {
        let revocation = Revocation::new(all(subjects), self.length);
        let revoked = self.revocations.revoke(revocation).await;
        revoked.map(drop).map_err(|error| unavailable(&error))
    }

    /// A new session, and what travels with its cookie.
    async fn begin<'p>(
        &self,
        mut who: Identity,
        pending: &PendingCookies,
        mut batch: PendingBatch<'p>,
    ) -> Result<(Session, PendingBatch<'p>), Refusal> {
        if let Some(step) = &self.on_sign_in {
            (who, batch) = on_sign_in::ask(step, &self.cookies, who, batch).await?;
        }
        let since = match who.evidence.since {
            Some(since) => since,
            // The app itself vouches for it, as of now.
            None => self.moment().await?,
        };
        let credential = self.credential_of(&who).await?;
        let session = Session {
            id: Bytes(random::bytes()),
            since,
            end: since.plus(self.length.as_millis()),
            written: self.now(),
            scope: (self.revocations.scope()).map(|scope| Bytes(scope.to_bytes())),
            binding: Bytes(pending.binding().to_bytes()),
            credential: credential.map(|credential| Bytes(*credential.as_bytes())),
            who,
        };
        Ok((session, batch))
    }

    /// A copy of a session that is in force.
    async fn go_on(&self, had: Option<&Session>) -> Result<Session, SignInError> {
        let mut session = had.ok_or(SignInError::SignedOut)?.clone();
        (self.judge(&mut session).await?).ok_or(SignInError::SignedOut)?;
        session.written = self.now();
        Ok(session)
    }

    /// Ends a session, and deletes its cookie. Only an authentic one is written to the stores, or
    /// strangers could fill them.
    async fn end(
        &self,
        had: Option<Session>,
        pending: &PendingCookies,
        batch: PendingBatch<'_>,
    ) -> Result<Receipt, SignInError> {
        let batch = batch.delete_cookie(self.cookie.name());
        #[cfg(feature = "providers")]
        let batch = if self.pages.has_providers {
            let hint = self.providers.hint.deletion();
            batch.delete_cookie(hint).set(self.providers.mark())
        } else {
            batch
        };
        let had = had.or_else(|| self.watch.in_browser(pending.binding().to_bytes()));
        let Some(session) = had else {
            batch.push()?;
            return Err(SignInError::SignedOut);
        };
        self.revoke(&[session.alone(), session.browser()]).await?;
        metrics::session_ended("sign-out");
        #[cfg(feature = "providers")]
        self.forget_tokens(&session.who).await;
        tracing::info!(provider = session.who.provider(), "signed out");
        Ok(batch.barrier().push()?)
    }
}

impl fmt::Debug for SessionChange<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionChange(..)")
    }
}
