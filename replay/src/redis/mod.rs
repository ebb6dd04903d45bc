//! The store in Redis or Valkey, for any number of processes and machines.
//!
//! A head names the memory: since when it is certain, and which server wrote it. Claims are kept in
//! a hash for each generation, barriers in a hash for each span. No key has a time to live:
//! forgetting is a step of our own that leaves a mark, so a server whose clock jumps forgets nothing
//! without saying so. One script decides a batch (`claim.lua`), because nothing else reads and writes
//! in one step.
//!
//! # How a loss is noticed
//!
//! The head names the server's `master_replid`, which changes whenever a server starts or becomes
//! the primary. Each hash has an entry with an empty name, and the head lists the hashes. A head
//! that is absent or names another server, or a hash that is listed and does not have its entry: the
//! horizon moves to now, and older tokens are refused.

// In reading order: a module uses those before it.
mod settings;
use settings::Settings;

mod keys;

mod error;

#[cfg(feature = "tls")]
mod tls;

mod link;

mod script;

mod claim;

mod receipts;

mod server;
use server::RedisServer;

mod revocations;
pub use revocations::RedisRevocations;

// For operators.
mod info;

mod check;

mod forget_all;

use std::fmt;
use std::sync::Weak;

use crate::barrier::Barrier;
use crate::claim::Claim;
use crate::clock::Clock;
use crate::future::{BarrierFuture, ClaimFuture, HorizonFuture};
use crate::listeners::ClaimListener;
use crate::remote::finding::{Finding, Findings};
use crate::remote::forgot::{ForgetError, Forgot};
use crate::remote::{Remote, StoreUrlError, blocking};
use crate::store::ReplayStore;

/// A replay store in Redis or Valkey, alone, behind Sentinels or in a Cluster.
///
/// ```no_run
/// use std::sync::Arc;
///
/// use apply_cookies_replay::{Clock, RedisReplayStore, ReplayStore};
///
/// let store = RedisReplayStore::new("redis://127.0.0.1:6379?replicas=1", Clock::system())?;
/// let store: Arc<dyn ReplayStore> = Arc::new(store);
/// # Ok::<(), apply_cookies_replay::StoreUrlError>(())
/// ```
///
/// It has a thread of its own, which connects at once and again whenever it must. Claims that wait
/// together are decided in one round trip. An answer that does not come within the time for one is
/// [`StoreError::Unavailable`](crate::StoreError::Unavailable). `docs/replay-stores.md` says which deployments promise what.
pub struct RedisReplayStore(Remote<RedisServer>);

impl RedisReplayStore {
    /// A store at this URL: `redis://`, `rediss://`, `redis+cluster://`, `redis+sentinel://`, or the
    /// same with `valkey`; host, port, user, password and number of the database as usual. With
    /// several hosts for Cluster and Sentinel, separated by commas; for Sentinel with the primary's
    /// name as the path. `rediss` needs the feature `tls`.
    ///
    /// Settings behind the `?`, all optional:
    ///
    /// | name | default | |
    /// |---|---|---|
    /// | `prefix` | `apply-cookies` | of all keys |
    /// | `replicas` | 0 | how many replicas must have a claim before it is answered: give the number of all |
    /// | `wait` | `100ms` | how long to wait for them |
    /// | `connect` | `1s` | for a connection |
    /// | `timeout` | `2s` | for an answer in all |
    /// | `batch` | 64 | the most claims that are asked together |
    /// | `barriers` | 1,000,000 | the most barriers, in a Cluster for each of 16 parts |
    /// | `sweep` | `10s` | how often to forget what is over |
    /// | `password_file` | | a regular file with the password, read at each connect |
    /// | `ca_file` | | the certificates to trust, in place of the system's |
    /// | `incarnation` | | `none` for a service whose `INFO` names no `master_replid`, and which loses nothing that it answered |
    ///
    /// # Errors
    ///
    /// When the URL is none of these, has an unknown setting, or names a file that is not there. Not
    /// when the server cannot be reached: it may come later.
    pub fn new(url: &str, clock: Clock) -> Result<Self, StoreUrlError> {
        let server = RedisServer::new(Settings::parse(url)?);
        Remote::start(server, clock)
            .map(Self)
            .map_err(StoreUrlError::new)
    }
}

/// Whether a URL is of this store.
pub(crate) fn is_ours(url: &str) -> bool {
    ["redis", "valkey"].iter().any(|name| url.starts_with(name))
}

/// What the server can promise, and what it lacks.
pub(crate) fn check(url: &str, clock: &Clock) -> Result<Vec<Finding>, StoreUrlError> {
    let settings = Settings::parse(url)?;
    let checked = blocking::run(check::check(&settings, clock));
    Ok(checked
        .unwrap_or_else(|trouble| Findings::only(&trouble))
        .sorted())
}

/// Forgets everything.
pub(crate) fn forget(url: &str, clock: &Clock) -> Result<Forgot, ForgetError> {
    let settings = Settings::parse(url)?;
    blocking::run(forget_all::forget_all(&settings, clock.now())).map_err(ForgetError::from)
}

impl ReplayStore for RedisReplayStore {
    fn claim(&self, claim: Claim) -> ClaimFuture<'_> {
        self.0.claim(claim)
    }

    fn raise_barrier(&self, barrier: Barrier) -> BarrierFuture<'_> {
        self.0.raise_barrier(barrier)
    }

    fn listen(&self, listener: Weak<dyn ClaimListener>) {
        self.0.listen(listener);
    }

    fn horizon(&self) -> HorizonFuture<'_> {
        self.0.horizon()
    }
}

impl fmt::Debug for RedisReplayStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RedisReplayStore")
            .field(self.0.server())
            .finish()
    }
}
