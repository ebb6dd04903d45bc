//! Revocations in Redis or Valkey, for any number of processes and machines.
//!
//! They are a partition of their own, with a head that vouches for it as the heads of claims do, in one
//! slot of a Cluster: a moment is later than all before it, whoever asks. The head has the latest one.
//! Revocations are kept as barriers are, in a hash for each span (`revoke.lua`), and are forgotten by
//! the same script.

mod server;

use std::fmt;
use std::sync::Weak;

use self::server::RevocationServer;
use super::settings::Settings;
use crate::clock::Clock;
use crate::future::{HorizonFuture, MomentFuture, StandingFuture, StandingsFuture};
use crate::listeners::RevocationListener;
use crate::remote::{Remote, StoreUrlError};
use crate::revocation::{Revocation, SessionCheck};
use crate::revocations::Revocations;

/// Revocations in Redis or Valkey. **Each restart and each failover of the server signs everybody
/// out**, because what it answered last may be missing, and so does whatever else it loses: a session
/// is refused that it cannot vouch for, and so is one that begins in the five seconds afterwards. Where
/// that is too much, [`PostgresRevocations`](https://docs.rs/apply-cookies-replay/latest/apply_cookies_replay/struct.PostgresRevocations.html)
/// survive a restart.
///
/// ```no_run
/// use std::sync::Arc;
///
/// use apply_cookies_replay::{Clock, RedisRevocations, Revocations};
///
/// let store = RedisRevocations::new("redis://127.0.0.1:6379?replicas=1", Clock::system())?;
/// let store: Arc<dyn Revocations> = Arc::new(store);
/// # Ok::<(), apply_cookies_replay::StoreUrlError>(())
/// ```
///
/// It may share its server and prefix with a [`RedisReplayStore`](crate::RedisReplayStore) at the same
/// URL, and has a thread and connections of its own. Look-ups that wait together are one round trip,
/// and write nothing. The primary alone is asked, never a replica. With `replicas`, a look-up too is
/// answered when they have what the primary has, so none is by a primary that was deposed.
pub struct RedisRevocations(Remote<RevocationServer>);

impl RedisRevocations {
    /// A store at this URL, which is that of a [`RedisReplayStore`](crate::RedisReplayStore::new) with
    /// one setting more: `revocations`, the most entries, 1,000,000 unless set. In a Cluster all are in
    /// one slot.
    ///
    /// # Errors
    ///
    /// When the URL is not one of these, has an unknown setting, or needs a feature that is missing.
    /// Not when the server cannot be reached: it may come later.
    pub fn new(url: &str, clock: Clock) -> Result<Self, StoreUrlError> {
        let server = RevocationServer::new(Settings::parse(url)?);
        Remote::start(server, clock)
            .map(Self)
            .map_err(StoreUrlError::new)
    }
}

impl Revocations for RedisRevocations {
    fn now(&self) -> MomentFuture<'_> {
        self.0.now()
    }

    fn revoke(&self, revocation: Revocation) -> MomentFuture<'_> {
        self.0.revoke(revocation)
    }

    fn check(&self, session: SessionCheck) -> StandingFuture<'_> {
        self.0.check(session)
    }

    fn check_all(&self, sessions: &[SessionCheck]) -> StandingsFuture<'_> {
        self.0.check_all(sessions)
    }

    fn listen(&self, listener: Weak<dyn RevocationListener>) {
        self.0.listen(listener);
    }

    fn horizon(&self) -> HorizonFuture<'_> {
        self.0.horizon()
    }
}

impl fmt::Debug for RedisRevocations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RedisRevocations")
            .field(self.0.server())
            .finish()
    }
}
