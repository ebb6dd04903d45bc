//! Where the tokens of providers are kept, for apps that need them.

use std::collections::HashMap;
use std::fmt;
use std::future::ready;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use apply_cookies::UnixMillis;

/// What a [`Vault`] answers.
pub type VaultFuture<'v, T> =
    Pin<Box<dyn Future<Output = Result<T, VaultUnavailable>> + Send + 'v>>;

/// The name of an entry. It says nothing about whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct VaultId(pub(super) [u8; 16]);

impl VaultId {
    /// Its bytes, evenly distributed.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

/// Keeps the access and refresh tokens of sessions on the server. What it is given is sealed under a key
/// of which half is in the session's cookie, so it cannot read it, and neither can whoever copies it.
///
/// Several processes need a vault that they share.
pub trait Vault: Send + Sync + 'static {
    /// What is kept under this id, if its time has not passed.
    fn load(&self, id: VaultId, now: UnixMillis) -> VaultFuture<'_, Option<Vec<u8>>>;

    /// Keeps this until then. A vault that survives crashes answers only once a crash would no longer lose
    /// it.
    fn store(
        &self,
        id: VaultId,
        sealed: Vec<u8>,
        now: UnixMillis,
        until: UnixMillis,
    ) -> VaultFuture<'_, ()>;

    /// Keeps this until then in place of what is there, and ends the lease, in the same way: one atomic
    /// step. Without an entry nothing is kept: a sign-out has removed it meanwhile. Whether there was one.
    fn replace(
        &self,
        id: VaultId,
        sealed: Vec<u8>,
        now: UnixMillis,
        until: UnixMillis,
    ) -> VaultFuture<'_, bool>;

    /// Removes what is kept.
    fn remove(&self, id: VaultId) -> VaultFuture<'_, ()>;

    /// Gives the caller the lease of an entry until then, unless somebody has it at this moment: one
    /// atomic step. Without an entry there is no lease.
    fn lease(&self, id: VaultId, now: UnixMillis, until: UnixMillis) -> VaultFuture<'_, bool>;
}

impl<V: Vault + ?Sized> Vault for Arc<V> {
    fn load(&self, id: VaultId, now: UnixMillis) -> VaultFuture<'_, Option<Vec<u8>>> {
        (**self).load(id, now)
    }

    fn store(
        &self,
        id: VaultId,
        sealed: Vec<u8>,
        now: UnixMillis,
        until: UnixMillis,
    ) -> VaultFuture<'_, ()> {
        (**self).store(id, sealed, now, until)
    }

    fn replace(
        &self,
        id: VaultId,
        sealed: Vec<u8>,
        now: UnixMillis,
        until: UnixMillis,
    ) -> VaultFuture<'_, bool> {
        (**self).replace(id, sealed, now, until)
    }

    fn remove(&self, id: VaultId) -> VaultFuture<'_, ()> {
        (**self).remove(id)
    }

    fn lease(&self, id: VaultId, now: UnixMillis, until: UnixMillis) -> VaultFuture<'_, bool> {
        (**self).lease(id, now, until)
    }
}

/// The vault does not answer, or is full. The text goes into the log.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct VaultUnavailable(String);

impl VaultUnavailable {
    /// For this reason.
    pub fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}

/// A vault in this process. After a restart it is empty: people stay signed in, and whoever needs their
/// tokens has them sign in again. [`FileVault`](super::FileVault) keeps them.
pub struct MemoryVault {
    capacity: usize,
    entries: Mutex<HashMap<VaultId, Entry>>,
}

struct Entry {
    sealed: Vec<u8>,
    until: UnixMillis,
    leased_until: UnixMillis,
}

impl Entry {
    const fn new(sealed: Vec<u8>, until: UnixMillis) -> Self {
        Self {
            sealed,
            until,
            leased_until: UnixMillis::EPOCH,
        }
    }
}

impl MemoryVault {
    /// A vault for at most this many sessions. A full one keeps no tokens of the next sign-ins rather than
    /// forgetting somebody's: one account may begin 300 sessions at once and then one a second.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self {
            capacity,
            entries: Mutex::default(),
        }
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<VaultId, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Vault for MemoryVault {
    fn load(&self, id: VaultId, now: UnixMillis) -> VaultFuture<'_, Option<Vec<u8>>> {
        let entries = self.entries();
        let kept = entries.get(&id).filter(|entry| now < entry.until);
        let sealed = kept.map(|entry| entry.sealed.clone());
        Box::pin(ready(Ok(sealed)))
    }

    fn store(
        &self,
        id: VaultId,
        sealed: Vec<u8>,
        now: UnixMillis,
        until: UnixMillis,
    ) -> VaultFuture<'_, ()> {
        let mut entries = self.entries();
        let is_full =
            |entries: &HashMap<_, _>| entries.len() >= self.capacity && !entries.contains_key(&id);
        if is_full(&entries) {
            entries.retain(|_, entry| now < entry.until);
        }
        let stored = if is_full(&entries) {
            Err(VaultUnavailable::new("the vault in memory is full"))
        } else {
            entries.insert(id, Entry::new(sealed, until));
            Ok(())
        };
        Box::pin(ready(stored))
    }

    fn replace(
        &self,
        id: VaultId,
        sealed: Vec<u8>,
        now: UnixMillis,
        until: UnixMillis,
    ) -> VaultFuture<'_, bool> {
        let mut entries = self.entries();
        let kept = entries.get_mut(&id).filter(|entry| now < entry.until);
        let replaced = kept.map(|entry| *entry = Entry::new(sealed, until));
        Box::pin(ready(Ok(replaced.is_some())))
    }

    fn remove(&self, id: VaultId) -> VaultFuture<'_, ()> {
        self.entries().remove(&id);
        Box::pin(ready(Ok(())))
    }

    fn lease(&self, id: VaultId, now: UnixMillis, until: UnixMillis) -> VaultFuture<'_, bool> {
        let mut entries = self.entries();
        let free = entries
            .get_mut(&id)
            .filter(|entry| entry.leased_until <= now);
        let is_leased = free.map(|entry| entry.leased_until = until).is_some();
        Box::pin(ready(Ok(is_leased)))
    }
}

impl fmt::Debug for MemoryVault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemoryVault(..)")
    }
}
