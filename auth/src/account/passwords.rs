//! A name and a password, from the throttle to the account.

use std::sync::Arc;
use std::time::Duration;

use apply_cookies::protocol::{Purpose, PurposeKey};
use apply_cookies::{ApplyCookies, Clock, Seldom};

use super::hash::PasswordHash;
use super::parameters::Parameters;
use super::remembered::{Remembered, Tag};
use super::source::{Account, Accounts};
use super::verifier::{Full, Verifier};
use crate::header::NAME_MAX;
use crate::password::Password;
use crate::refusal::{Refusal, RefusalCode};
use crate::throttle::{Permit, Subject, Throttle};

/// How soon to come again when the queue is full.
const BUSY: Duration = Duration::from_secs(1);

/// Verifies names and passwords: throttled, in equal time for known and unknown names, and away from
/// the threads that serve requests.
pub(crate) struct Passwords {
    pub(crate) accounts: Accounts,
    throttle: Arc<Throttle>,
    verifier: Verifier,
    crowd_key: PurposeKey,
    clock: Clock,
    unavailable: Seldom,
    remembered: Remembered,
    #[cfg(test)]
    pub(super) meter: super::tests::Meter,
}

impl Passwords {
    /// The throttle is that of all sign-ins.
    pub(crate) fn new(cookies: &ApplyCookies, accounts: Accounts, throttle: Arc<Throttle>) -> Self {
        // The current secret's: a rotation changes the costs of unknown names once.
        let key = |purpose| cookies.purpose_keys(purpose, "").swap_remove(0);
        Self {
            accounts,
            throttle,
            verifier: Verifier::new(),
            crowd_key: key(Purpose::Crowd),
            clock: cookies.clock().clone(),
            unavailable: Seldom::new(),
            remembered: Remembered::new(key(Purpose::Basic)),
            #[cfg(test)]
            meter: super::tests::Meter::default(),
        }
    }

    /// The account whose name and password these are. `first` is asked for behind the throttle, and
    /// before the account is looked up.
    ///
    /// # Errors
    ///
    /// A refusal. That of an unknown name is that of a wrong password, after as much work.
    pub(crate) async fn check<T>(
        &self,
        subject: &Subject<'_>,
        password: &Password,
        first: impl Future<Output = Result<T, Refusal>>,
    ) -> Result<(Account, T), Refusal> {
        let wrong = || Refusal::new(RefusalCode::WrongPassword);
        // Nobody has a longer name, and the throttle keeps none.
        if subject.name().len() > NAME_MAX {
            return Err(wrong());
        }
        let permit = self.throttle.begin(self.clock.now(), subject)?;
        let verified = async {
            let first = first.await?;
            let account = self.verify(&permit, subject.name(), password).await?;
            Ok((account, first))
        };
        match verified.await {
            Ok((Some(account), first)) => {
                self.throttle.succeeded(self.clock.now(), &permit);
                let account = self.with_new_hash(&permit, account, password).await;
                Ok((account, first))
            }
            Ok((None, _)) => Err(wrong()),
            Err(refusal) => {
                self.throttle.withdrawn(self.clock.now(), &permit);
                Err(refusal)
            }
        }
    }

    /// As [`check`](Self::check), with one verification in five minutes, however many requests bring
    /// the same, and one for those that come together. A refusal is not remembered.
    pub(crate) async fn check_each(
        &self,
        subject: &Subject<'_>,
        password: &Password,
    ) -> Result<Account, Refusal> {
        let (tag, known) = self.recall(subject.name(), password).await?;
        if let Some(account) = known {
            return Ok(account);
        }
        let turn = self.remembered.turn(tag);
        let _guard = turn.lock().await;
        if let (_, Some(account)) = self.recall(subject.name(), password).await? {
            return Ok(account);
        }
        let nothing = std::future::ready(Ok(()));
        let (account, ()) = self.check(subject, password, nothing).await?;
        let tag = (self.remembered).tag(subject.name(), password, Some(&account));
        self.remembered.keep(self.clock.now().get(), tag);
        Ok(account)
    }

    /// The account, if this is its name and password and is remembered. It is looked up each time.
    async fn recall(
        &self,
        name: &str,
        password: &Password,
    ) -> Result<(Tag, Option<Account>), Refusal> {
        let found = self.find(name).await?;
        let tag = self.remembered.tag(name, password, found.as_ref());
        let holds = self.remembered.holds(self.clock.now().get(), tag);
        Ok((tag, found.filter(|_| holds)))
    }

    /// The account with this name.
    pub(crate) async fn find(&self, name: &str) -> Result<Option<Account>, Refusal> {
        let found = self.accounts.source().find(name).await;
        // The throttle counts spellings that differ in case as one name, and no others.
        let is_named = |account: &Account| account.name.to_lowercase() == name.to_lowercase();
        found.map(|found| found.filter(is_named)).map_err(|error| {
            if let Some(left_out) = self.unavailable.turn(self.clock.now()) {
                tracing::error!(%error, left_out, "no password can be verified");
            }
            Refusal::new(RefusalCode::Unavailable).because(error.to_string())
        })
    }

    async fn verify(
        &self,
        permit: &Permit,
        name: &str,
        password: &Password,
    ) -> Result<Option<Account>, Refusal> {
        // For known names too: it takes time.
        let crowd = self.accounts.source().crowd();
        let stand_in = PasswordHash::dummy(crowd.cost_of(&self.crowd_key, name));
        let found = self.find(name).await?;
        let hash = found.as_ref().map_or(&stand_in, |account| &account.hash);
        let (hash, password) = (hash.clone(), password.clone());
        let memory = hash.parameters().memory();
        #[cfg(test)]
        let meter = self.meter.clone();
        let work = move || {
            #[cfg(test)]
            let _metered = meter.begin(hash.parameters());
            hash.verify(&password)
        };
        let is_right = self.verifier.run(permit, memory, work).await;
        // Whatever an unknown name's password was, it was wrong.
        is_right
            .map(|is_right| found.filter(|_| is_right))
            .map_err(|Full| Refusal::throttled(BUSY).because("busy"))
    }

    /// The account, with a new hash in the place of an old one if the source keeps it. A failure is
    /// no refusal: the old hash is as good as it was.
    async fn with_new_hash(
        &self,
        permit: &Permit,
        mut account: Account,
        password: &Password,
    ) -> Account {
        let source = self.accounts.source();
        if account.hash.parameters() == Parameters::NEW || !source.keeps_hashes() {
            return account;
        }
        let password = password.clone();
        let make = move || PasswordHash::make(&password);
        let memory = Parameters::NEW.memory();
        if let Ok(new) = self.verifier.run(permit, memory, make).await {
            match source.keep_hash(&account, &new).await {
                Ok(()) => account.hash = new,
                Err(error) => tracing::warn!(%error, "a new hash could not be stored"),
            }
        }
        account
    }
}
