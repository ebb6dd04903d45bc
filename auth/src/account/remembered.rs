//! HTTP Basic sends name and password with every request: what was right is remembered for a while.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use apply_cookies::protocol::PurposeKey;

use super::hash::PasswordHash;
use super::parameters::Parameters;
use super::source::Account;
use crate::password::Password;
use crate::throttle::Generations;

/// How long a password that was right need not be verified again.
const REMEMBERED_MS: u64 = 5 * 60 * 1000;

pub(super) type Tag = [u8; 16];

/// Digests of name, password and stored hash, under a key of its own: nothing that is remembered
/// outlives the process, a password that has been changed, or an account that has gone.
pub(super) struct Remembered {
    key: PurposeKey,
    /// Until when each is remembered.
    right: Mutex<Generations<Tag, u64>>,
    /// Those that are being verified. Others that bring the same wait for the answer.
    turns: Mutex<HashMap<Tag, Weak<tokio::sync::Mutex<()>>>>,
    /// For names that nobody has, so that they take the same way.
    nobody: PasswordHash,
}

impl Remembered {
    pub(super) fn new(key: PurposeKey) -> Self {
        Self {
            key,
            right: Mutex::new(Generations::new(REMEMBERED_MS)),
            turns: Mutex::default(),
            nobody: PasswordHash::dummy(Parameters::NEW),
        }
    }

    /// `account` is that of the name, if it has one.
    pub(super) fn tag(&self, name: &str, password: &Password, account: Option<&Account>) -> Tag {
        let hash = account.map_or(&self.nobody, |account| &account.hash);
        let tag = hash.tag(&self.key, name, password);
        let mut half = [0; 16];
        half.copy_from_slice(&tag[..16]);
        half
    }

    pub(super) fn turn(&self, tag: Tag) -> Arc<tokio::sync::Mutex<()>> {
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

    pub(super) fn holds(&self, now: u64, tag: Tag) -> bool {
        let until = self.right().find(now, tag).map_or(0, |until| *until);
        // The second: a clock that was set back.
        now < until && until <= now + REMEMBERED_MS
    }

    pub(super) fn keep(&self, now: u64, tag: Tag) {
        *self.right().entry(now, tag) = now + REMEMBERED_MS;
    }

    fn right(&self) -> MutexGuard<'_, Generations<Tag, u64>> {
        self.right.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
