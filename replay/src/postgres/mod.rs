//! The store in Postgres, for any number of processes and machines.
//!
//! A head names the memory: since when it is certain, and which server wrote it. Claims and barriers
//! are rows. One function decides a batch (`schema.sql`), because each statement of a function sees
//! what was committed before it: in one statement a claim that waits for another does not see its row
//! afterwards. Claims share an advisory lock, and forgetting has it alone while it leaves its mark.
//!
//! # How a loss is noticed
//!
//! The head names the server's system identifier and timeline. A promoted standby has another
//! timeline, and the horizon moves to now: what its primary answered last may not have reached it.

// In reading order: a module uses those before it.
mod schema;
use schema::Schema;

mod settings;
use settings::Settings;

mod error;

#[cfg(feature = "tls")]
mod tls;

mod link;

mod connect;

mod claim;

mod receipts;

mod server;
use server::PostgresServer;

mod revocations;
pub use revocations::PostgresRevocations;

// For operators.
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

/// A replay store in Postgres 14 or later.
///
/// ```no_run
/// use std::sync::Arc;
///
/// use apply_cookies_replay::{Clock, PostgresReplayStore, ReplayStore};
///
/// let url = "postgres://app@127.0.0.1/app?password_file=/run/secrets/postgres";
/// let store = PostgresReplayStore::new(url, Clock::system())?;
/// let store: Arc<dyn ReplayStore> = Arc::new(store);
/// # Ok::<(), apply_cookies_replay::StoreUrlError>(())
/// ```
///
/// It has a thread of its own, which connects at once and again whenever it must, and makes its
/// schema where that is missing. Claims that wait together are decided in one round trip. An answer
/// that does not come within the time for one is
/// [`StoreError::Unavailable`](crate::StoreError::Unavailable). No statement is prepared, so it works
/// through a pooler in transaction mode. `docs/replay-stores.md` says which deployments promise what.
pub struct PostgresReplayStore(Remote<PostgresServer>);

impl PostgresReplayStore {
    /// A store at this URL: `postgres://user:password@host:port/database`. Of several hosts,
    /// separated by commas, the one that takes writes is asked. A socket's folder is written as a
    /// host, as `%2Fvar%2Frun%2Fpostgresql`.
    ///
    /// Settings behind the `?`, all optional:
    ///
    /// | name | default | |
    /// |---|---|---|
    /// | `sslmode` | `verify-full`; on loopback and sockets `disable` | `require` is the same as `verify-full`, which needs the feature `tls`; `disable` is plain text |
    /// | `ca_file` | | the certificates to trust, in place of the system's |
    /// | `password_file` | | a regular file with the password, read at each connect |
    /// | `schema` | `apply_cookies` | the name of the schema, and of the channel of receipts |
    /// | `listen` | | the server's own address where the URL's is a pooler's; `none` to read all claims every second instead |
    /// | `failover` | | `lossless` where every standby that may be promoted is synchronous: then a failover moves no horizon |
    /// | `connect` | `1s` | for a connection |
    /// | `timeout` | `2s` | for an answer in all |
    /// | `batch` | 256 | the most claims that are asked together |
    /// | `barriers` | 1,000,000 | the most barriers |
    ///
    /// # Errors
    ///
    /// When the URL is not one of these, has an unknown setting, or needs a feature that is missing.
    /// Not when the server cannot be reached: it may come later.
    pub fn new(url: &str, clock: Clock) -> Result<Self, StoreUrlError> {
        let server = PostgresServer::new(Settings::parse(url)?);
        Remote::start(server, clock)
            .map(Self)
            .map_err(StoreUrlError::new)
    }

    /// The SQL by which a store makes a schema of this name, for an owner who lets no program do that.
    ///
    /// # Errors
    ///
    /// When the name is not a plain one: small letters, digits and `_`.
    pub fn schema(name: &str) -> Result<String, StoreUrlError> {
        Ok(Schema::new(name)?.sql())
    }
}

/// Whether a URL is of this store.
pub(crate) fn is_ours(url: &str) -> bool {
    url.starts_with("postgres")
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

impl ReplayStore for PostgresReplayStore {
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

impl fmt::Debug for PostgresReplayStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PostgresReplayStore")
            .field(self.0.server())
            .finish()
    }
}
