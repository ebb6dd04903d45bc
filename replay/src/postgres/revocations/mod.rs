//! Revocations in Postgres, for any number of processes and machines.
//!
//! They are rows beside the claims, vouched for by the same head. One row has the latest moment that was
//! given out, and whoever begins a session or revokes one locks it: so a session that begins after a
//! revocation was answered is later than it, by one clock, whichever process asks.

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

/// Revocations in Postgres 14 or later. Nobody is signed out by a restart, or by the failover to a
/// standby where the URL says `failover=lossless`; without that word a failover signs everybody out,
/// because what the old server answered last may be missing.
///
/// ```no_run
/// use std::sync::Arc;
///
/// use apply_cookies_replay::{Clock, PostgresRevocations, Revocations};
///
/// let url = "postgres://app@127.0.0.1/app?password_file=/run/secrets/postgres";
/// let store = PostgresRevocations::new(url, Clock::system())?;
/// let store: Arc<dyn Revocations> = Arc::new(store);
/// # Ok::<(), apply_cookies_replay::StoreUrlError>(())
/// ```
///
/// It shares its schema with a [`PostgresReplayStore`](crate::PostgresReplayStore) at the same URL, and
/// has a thread and connections of its own. Look-ups that wait together are one round trip, and write
/// nothing. Replicas are never asked.
pub struct PostgresRevocations(Remote<RevocationServer>);

impl PostgresRevocations {
    /// A store at this URL, which is that of a [`PostgresReplayStore`](crate::PostgresReplayStore::new)
    /// with one setting more: `revocations`, the most entries, 1,000,000 unless set. With `listen=none`
    /// nothing is heard of other processes, and whoever holds sessions open must ask.
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

impl Revocations for PostgresRevocations {
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

impl fmt::Debug for PostgresRevocations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PostgresRevocations")
            .field(self.0.server())
            .finish()
    }
}
