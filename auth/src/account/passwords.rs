//! A name and a password, from the throttle to the account.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use apply_cookies::protocol::{Purpose, PurposeKey};
use apply_cookies::{ApplyCookies, Seldom};
use apply_cookies::{Clock, Secrets};

use super::parameters::Parameters;
use super::source::{Account, Accounts, AccountsUnavailable};
use super::verifier::{Done, Full, Lane, Verifier, Work};
use crate::header::NAME_MAX;
use crate::password::Password;
use crate::throttle::{Limit, Subject, Throttle, Throttled};

/// Verifies names and passwords: throttled, in equal time for known and unknown names, and away from
/// the threads that serve requests. Works on every executor.
///
/// ```
/// use std::sync::Arc;
///
/// use apply_cookies::{Clock, Secrets};
/// use apply_cookies_auth::{Accounts, Password, PasswordAttempt, Passwords, Throttle};
///
/// async fn sign_in(passwords: &Passwords, peer: std::net::IpAddr) {
///     let password = Password::new("correct horse battery staple").unwrap();
///     match passwords.check(&PasswordAttempt::new("ada", &password, peer)).await {
///         Ok(account) => println!("welcome, {}", account.name),
///         Err(refusal) => println!("{refusal}"), // "wrong name or password", "throttled: again in 2 s"
///     }
/// }
/// ```
pub struct Passwords {
    accounts: Accounts,
    throttle: Arc<Throttle>,
    verifier: Verifier,
    crowd_key: PurposeKey,
    clock: Clock,
    unavailable: Seldom,
}

/// Somebody wants to sign in with a name and a password.
#[derive(Clone, Copy)]
pub struct PasswordAttempt<'a> {
    pub(super) name: &'a str,
    pub(super) password: &'a Password,
    address: IpAddr,
    device: Option<[u8; 16]>,
}

impl<'a> PasswordAttempt<'a> {
    /// From this address: the person's, not a proxy's.
    #[must_use]
    pub fn new(name: &'a str, password: &'a Password, address: IpAddr) -> Self {
        Self {
            name,
            password,
            address,
            device: None,
        }
    }

    /// From a browser that has signed in to this very account before
    /// ([`Subject::known_device`]): strangers do not slow it.
    #[must_use]
    pub fn known_device(self, digest: [u8; 16]) -> Self {
        Self {
            device: Some(digest),
            ..self
        }
    }

    fn subject(&self) -> Subject<'a> {
        let subject = Subject::account(self.name, self.address);
        match self.device {
            Some(digest) => subject.known_device(digest),
            None => subject,
        }
    }
}

impl fmt::Debug for PasswordAttempt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordAttempt(..)")
    }
}

/// Why nobody is signed in.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PasswordRefusal {
    /// The name, the password, or both: nothing says which.
    #[error("wrong name or password")]
    Wrong,
    /// Too many have failed, or too many are being verified.
    #[error(transparent)]
    Throttled(#[from] Throttled),
    /// The accounts cannot be asked.
    #[error(transparent)]
    Unavailable(#[from] AccountsUnavailable),
}

impl Passwords {
    /// For the accounts of a deployment. The throttle is that of all its sign-ins.
    #[must_use]
    pub fn new(cookies: &ApplyCookies, accounts: Accounts, throttle: Arc<Throttle>) -> Self {
        let keys = cookies.purpose_keys(Purpose::Crowd, "");
        Self::with_key(keys, cookies.clock().clone(), accounts, throttle)
    }

    /// For accounts outside a deployment, as in tests, with a clock of your own.
    #[must_use]
    pub fn from_secrets(
        secrets: &Secrets,
        clock: Clock,
        accounts: Accounts,
        throttle: Arc<Throttle>,
    ) -> Self {
        Self::with_key(
            secrets.purpose_keys(Purpose::Crowd, ""),
            clock,
            accounts,
            throttle,
        )
    }

    fn with_key(
        mut keys: Vec<PurposeKey>,
        clock: Clock,
        accounts: Accounts,
        throttle: Arc<Throttle>,
    ) -> Self {
        Self {
            accounts,
            throttle,
            verifier: Verifier::new(),
            // The current secret's: a rotation changes the costs of unknown names once.
            crowd_key: keys.swap_remove(0),
            clock,
            unavailable: Seldom::new(),
        }
    }

    /// The accounts, for whoever looks up somebody who is signed in.
    #[must_use]
    pub fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    pub(super) fn now(&self) -> u64 {
        self.clock.now().get()
    }

    /// The account whose name and password these are.
    ///
    /// # Errors
    ///
    /// A refusal. That of an unknown name is that of a wrong password, after as much work.
    pub async fn check(&self, attempt: &PasswordAttempt<'_>) -> Result<Account, PasswordRefusal> {
        // Nobody has a longer name, and the throttle keeps none.
        if attempt.name.len() > NAME_MAX {
            return Err(PasswordRefusal::Wrong);
        }
        let permit = self.throttle.begin(self.clock.now(), &attempt.subject())?;
        let source = self.accounts.source();
        // For known names too: it takes time.
        let stand_in = source.crowd().stand_in(&self.crowd_key, attempt.name);
        let found = match source.find(attempt.name).await {
            Ok(found) => found,
            Err(error) => {
                self.throttle.withdrawn(self.clock.now(), permit);
                if let Some(left_out) = self.unavailable.turn(self.clock.now()) {
                    tracing::error!(%error, left_out, "no password can be verified");
                }
                return Err(error.into());
            }
        };
        let hash = found
            .as_ref()
            .map_or(&stand_in, |account| &account.hash)
            .clone();
        let work = Work::Verify(hash, attempt.password.clone());
        let is_right = match self.run(attempt, work).await {
            Ok(Done::Verified(is_right)) => is_right,
            Ok(Done::Made(_)) => false,
            Err(Full) => {
                self.throttle.withdrawn(self.clock.now(), permit);
                return Err(Throttled::new(Limit::Busy, 1000).into());
            }
        };
        // Whatever an unknown name's password was, it was wrong.
        let account = found.filter(|_| is_right).ok_or(PasswordRefusal::Wrong)?;
        self.throttle.succeeded(self.clock.now(), permit);
        Ok(self.with_new_hash(attempt, account).await)
    }

    /// The account, with a new hash in the place of an old one if the source keeps it. A failure is
    /// no refusal: the old hash is as good as it was.
    async fn with_new_hash(&self, attempt: &PasswordAttempt<'_>, mut account: Account) -> Account {
        let source = self.accounts.source();
        if account.hash.parameters() == Parameters::NEW || !source.keeps_hashes() {
            return account;
        }
        let work = Work::Make(attempt.password.clone());
        if let Ok(Done::Made(new)) = self.run(attempt, work).await {
            match source.keep_hash(&account, &new).await {
                Ok(()) => account.hash = new,
                Err(error) => tracing::warn!(%error, "a new hash could not be stored"),
            }
        }
        account
    }

    async fn run(&self, attempt: &PasswordAttempt<'_>, work: Work) -> Result<Done, Full> {
        let (lane, group) = match attempt.device {
            Some(_) => (Lane::Known, self.throttle.group_of_account(attempt.name)),
            None => (
                Lane::Stranger,
                self.throttle.group_of_network(attempt.address),
            ),
        };
        self.verifier.run(lane, group, work).await
    }

    /// How many hashes of each cost have been verified.
    #[must_use]
    pub fn verified(&self) -> BTreeMap<Parameters, u64> {
        self.verifier.verified()
    }

    /// The most memory that hashes have used at once, in bytes.
    #[must_use]
    pub fn most_memory(&self) -> usize {
        self.verifier.most_memory()
    }
}

impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passwords(..)")
    }
}
