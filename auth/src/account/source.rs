//! Where accounts come from.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use super::crowd::Crowd;
use super::hash::PasswordHash;

/// Somebody who may sign in with a name and a password.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Account {
    /// The name that is typed in; upper and lower case differ.
    pub name: String,
    /// The hash of the password.
    pub hash: PasswordHash,
    /// The e-mail address.
    pub email: Option<String>,
    /// The person's name, to be shown.
    pub full_name: Option<String>,
    /// What the person may do.
    pub roles: Vec<String>,
}

impl Account {
    /// An account without an e-mail address and without roles.
    #[must_use]
    pub fn new(name: impl Into<String>, hash: PasswordHash) -> Self {
        Self {
            name: name.into(),
            hash,
            email: None,
            full_name: None,
            roles: Vec::new(),
        }
    }
}

/// The answer of an [`AccountSource`].
pub type AccountFuture<'a, T> =
    Pin<Box<dyn Future<Output = Result<T, AccountsUnavailable>> + Send + 'a>>;

/// Accounts that cannot be asked now: nobody is signed in, and nobody is told that a password is
/// wrong.
#[derive(Debug, thiserror::Error)]
#[error("accounts cannot be read: {0}")]
pub struct AccountsUnavailable(#[source] Box<dyn Error + Send + Sync>);

impl AccountsUnavailable {
    /// For this reason, which goes into the log.
    #[must_use]
    pub fn new(reason: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(reason.into())
    }
}

/// An app's own accounts, in its database.
pub trait AccountSource: Send + Sync + 'static {
    /// The account with exactly this name, which anybody may have typed in. An app that ignores case in
    /// names may answer with one that differs only in case; any other counts as none. Called at each
    /// sign-in, and at each request of somebody who is signed in: answer from memory where you can.
    fn find<'a>(&'a self, name: &'a str) -> AccountFuture<'a, Option<Account>>;

    /// How many stored hashes there are of each cost. An unknown name then costs as much time as a
    /// known one. Asked at each sign-in, so answer from memory. The default is for a table in which
    /// all hashes have the cost of new ones.
    fn crowd(&self) -> Crowd {
        Crowd::default()
    }

    /// Whether [`keep_hash`](Self::keep_hash) stores anything.
    fn keeps_hashes(&self) -> bool {
        false
    }

    /// Called when somebody has signed in whose hash has other parameters than a new one. `new` is a hash
    /// of the same password: store it in place of `account.hash`, if that is still stored. The person's other
    /// sessions, which began with the old hash, are over then.
    fn keep_hash<'a>(
        &'a self,
        account: &'a Account,
        new: &'a PasswordHash,
    ) -> AccountFuture<'a, ()> {
        let _ = (account, new);
        Box::pin(async { Ok(()) })
    }
}

/// The accounts of an app. Cheap to clone.
#[derive(Clone)]
pub struct Accounts(Arc<dyn AccountSource>);

impl Accounts {
    /// Accounts of your own, as in a database.
    #[must_use]
    pub fn from_source(source: impl AccountSource) -> Self {
        Self(Arc::new(source))
    }

    /// Where they come from.
    #[must_use]
    pub fn source(&self) -> &dyn AccountSource {
        &*self.0
    }
}

impl fmt::Debug for Accounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Accounts(..)")
    }
}
