//! A request's cookie → the session that it proves, if that is in force.

use std::sync::Arc;

use apply_cookies::protocol::StoreScope;
use apply_cookies::replay::{SessionCheck, Standing, StoreError};
use apply_cookies::web::Fields;

use crate::auth::Parts;
use crate::identity::{Evidence, Identity};
use crate::session::{Session, Unread};
use crate::watch::Life;

/// Who made a request, by its cookie.
pub(crate) enum Seen {
    /// The session is in force. With what the store was asked, which costs a few MACs to make.
    Somebody(Box<(Session, SessionCheck)>),
    /// There is no session.
    Nobody,
    /// There is the cookie of one that is not in force.
    Over(Over),
}

/// Why a session is not in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Over {
    /// The cookie cannot be read, or its time is over.
    Unreadable,
    /// It was given to another browser.
    OtherBrowser,
    /// It was ended.
    Revoked,
    /// The store cannot vouch for it.
    Forgotten,
    /// A gate refuses the person by now.
    Gate,
    /// The account is gone, or its password, or the access token, is another one.
    Credential,
}

/// The store of revocations, or that of the accounts, does not answer: nobody knows who this is.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unknown {
    #[error("the store of revocations: {0}")]
    Revocations(#[from] StoreError),
    #[cfg(feature = "password")]
    #[error(transparent)]
    Accounts(#[from] crate::account::AccountsUnavailable),
}

impl Parts {
    /// Reads the cookie of a request, and asks whether its session is in force.
    pub(crate) async fn see(&self, fields: &impl Fields) -> Result<Seen, Unknown> {
        let binding = self.cookies.binding_of(fields);
        let binding = binding.map(|binding| binding.digest().to_bytes());
        let now = self.cookies.clock().now();
        match self.cookie.read(fields.all("cookie"), binding, now) {
            Err(Unread::Absent) => Ok(Seen::Nobody),
            Err(Unread::Unreadable) => Ok(Seen::Over(Over::Unreadable)),
            Err(Unread::OtherBrowser) => Ok(Seen::Over(Over::OtherBrowser)),
            Ok(session) => self.judge(session).await,
        }
    }

    /// Asks whether a session is in force.
    pub(crate) async fn judge(&self, mut session: Session) -> Result<Seen, Unknown> {
        if !self.credential_stands(&mut session).await? {
            return Ok(Seen::Over(Over::Credential));
        }
        // With the lists of now: somebody who was taken off them is out.
        if self.gate.check(&session.who).is_err() {
            return Ok(Seen::Over(Over::Gate));
        }
        let check = self.check_of(&session);
        let standing = self.revocations.check(check).await?;
        Ok(match standing {
            Standing::Valid => Seen::Somebody(Box::new((session, check))),
            Standing::Revoked => Seen::Over(Over::Revoked),
            Standing::BeforeHorizon => Seen::Over(Over::Forgotten),
        })
    }

    /// What the store of revocations is asked.
    fn check_of(&self, session: &Session) -> SessionCheck {
        let mut check = SessionCheck::new(session.since, self.subjects.of(session));
        check.scope = session.scope.map(StoreScope::from_random);
        check
    }

    /// Whether what the session began with is still in force. Reads the account's roles of now.
    #[cfg_attr(
        not(feature = "password"),
        expect(clippy::unused_async, reason = "only passwords are awaited")
    )]
    async fn credential_stands(&self, session: &mut Session) -> Result<bool, Unknown> {
        let Some(credential) = &session.credential else {
            // One of development counts nowhere else, even under the same secret.
            return Ok(self.dev || session.who.provider() != DEV);
        };
        match session.who.provider() {
            ACCESS_TOKEN => Ok(self
                .access_token
                .as_ref()
                .is_some_and(|token| token.still_takes(credential, &self.credentials))),
            #[cfg(feature = "password")]
            PASSWORD => {
                let Some(passwords) = &self.passwords else {
                    return Ok(false);
                };
                let source = passwords.accounts.source();
                let Some(account) = source.find(session.who.subject()).await? else {
                    return Ok(false);
                };
                let stands = account.hash.is_of(credential, &self.credentials);
                if session.who.follows_account() {
                    session.who = session.who.clone().with_roles_of_account(account.roles);
                }
                Ok(stands)
            }
            _ => Ok(false),
        }
    }

    /// Who the session is of, with its end.
    pub(crate) fn identity_of(&self, session: &Session, check: SessionCheck) -> Identity {
        let life = Life::new(Arc::clone(&self.watch), check, session.end);
        // Signed in again, as after a change of roles, it is still of what it began with.
        let evidence = Evidence::new(Some(session.since), session.credential);
        session.who.clone().proved_by(evidence).living(life)
    }
}

/// The provider of those who gave a name and a password.
#[cfg(feature = "password")]
pub(crate) const PASSWORD: &str = "password";
/// The provider of those who had the access token.
pub(crate) const ACCESS_TOKEN: &str = "access-token";
/// The provider of those who said who they are, in development.
pub(crate) const DEV: &str = "dev";
