//! HTTP Basic sends name and password with every request: what was right is remembered for a while.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use apply_cookies::ApplyCookies;
use apply_cookies::Secrets;
use apply_cookies::protocol::{Purpose, PurposeKey};

use super::hash::PasswordHash;
use super::parameters::Parameters;
use super::passwords::{PasswordAttempt, PasswordRefusal, Passwords};
use super::source::Account;
use crate::throttle::generations::Generations;

/// How long a password that was right need not be verified again.
const REMEMBERED_MS: u64 = 5 * 60 * 1000;

/// [`Passwords`] that verifies a name and a password once in five minutes, however many requests
/// bring them, and those that come together once. A password that has been changed, or an account
/// that has gone, is noticed at the next request: what is remembered is a digest of name, password
/// and stored hash under a key of its own.
pub struct RememberedPasswords {
    passwords: Arc<Passwords>,
    key: PurposeKey,
    /// Until when each is remembered.
    right: Mutex<Generations<u64>>,
    /// Those that are being verified. Others that bring the same wait for the answer.
    turns: Mutex<HashMap<Tag, Weak<tokio::sync::Mutex<()>>>>,
    /// For names that nobody has, so that they take the same way.
    nobody: PasswordHash,
}

type Tag = [u8; 16];

impl RememberedPasswords {
    /// Remembers those of a deployment.
    #[must_use]
    pub fn new(cookies: &ApplyCookies, passwords: Arc<Passwords>) -> Self {
        Self::with_key(cookies.purpose_keys(Purpose::Basic, ""), passwords)
    }

    /// Remembers those of accounts outside a deployment, as in tests.
    #[must_use]
    pub fn from_secrets(secrets: &Secrets, passwords: Arc<Passwords>) -> Self {
        Self::with_key(secrets.purpose_keys(Purpose::Basic, ""), passwords)
    }

    fn with_key(mut keys: Vec<PurposeKey>, passwords: Arc<Passwords>) -> Self {
        Self {
            passwords,
            // The current secret's: nothing that is remembered outlives the process.
            key: keys.swap_remove(0),
            right: Mutex::new(Generations::new(REMEMBERED_MS)),
            turns: Mutex::default(),
            nobody: PasswordHash::dummy(Parameters::NEW),
        }
    }

    /// As [`Passwords::check`], and without a verification where the answer is remembered.
    ///
    /// # Errors
    ///
    /// A refusal. None is remembered.
    pub async fn check(&self, attempt: &PasswordAttempt<'_>) -> Result<Account, PasswordRefusal> {
        let (tag, remembered) = self.recall(attempt).await?;
        if let Some(account) = remembered {
            return Ok(account);
        }
        let turn = self.turn(tag);
        let _guard = turn.lock().await;
        if let (_, Some(account)) = self.recall(attempt).await? {
            return Ok(account);
        }
        let account = self.passwords.check(attempt).await?;
        let now = self.passwords.now();
        let tag = self.tag(attempt, &account.hash);
        *self.right().entry(now, tag) = now + REMEMBERED_MS;
        Ok(account)
    }

    /// The account, if this is its name and password and is remembered. The stored hash is looked at
    /// first.
    async fn recall(
        &self,
        attempt: &PasswordAttempt<'_>,
    ) -> Result<(Tag, Option<Account>), PasswordRefusal> {
        let found = self
            .passwords
            .accounts()
            .source()
            .find(attempt.name)
            .await?;
        let hash = found.as_ref().map_or(&self.nobody, |account| &account.hash);
        let (tag, now) = (self.tag(attempt, hash), self.passwords.now());
        let until = self.right().find(now, tag).map_or(0, |until| *until);
        // The second: a clock that was set back.
        let is_remembered = now < until && until <= now + REMEMBERED_MS;
        Ok((tag, found.filter(|_| is_remembered)))
    }

    fn tag(&self, attempt: &PasswordAttempt<'_>, hash: &PasswordHash) -> Tag {
        let tag = hash.tag(&self.key, attempt.name, attempt.password);
        let mut half = [0; 16];
        half.copy_from_slice(&tag[..16]);
        half
    }

    fn turn(&self, tag: Tag) -> Arc<tokio::sync::Mutex<()>> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(turn) = turns.get(&tag).and_then(Weak::upgrade) {
            return turn;
        }
        // As many as requests are under way, at most.
        turns.retain(|_, turn| turn.strong_count() > 0);
        let turn = Arc::default();
        turns.insert(tag, Arc::downgrade(&turn));
        turn
    }

    fn right(&self) -> std::sync::MutexGuard<'_, Generations<u64>> {
        self.right.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for RememberedPasswords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RememberedPasswords(..)")
    }
}
