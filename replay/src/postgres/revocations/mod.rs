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
use crate::future::{HorizonFuture, MomentFuture, StandingFuture, StandingsFuture, StoreFuture};
use crate::listeners::RevocationListener;
use crate::remote::revoking::{Request, Sender};
use crate::remote::{Remote, StoreUrlError};
use crate::revocation::{Revocation, SessionCheck, Standing};
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
        self.0.ask(Request::Begin, Sender::Moment)
    }

    fn revoke(&self, revocation: Revocation) -> MomentFuture<'_> {
        let request = Request::Revoke(Box::new(revocation));
        self.0.ask(request, Sender::Moment)
    }

    fn check(&self, session: SessionCheck) -> StandingFuture<'_> {
        let standings = self.check_all(&[session]);
        StoreFuture::new(async {
            let standing = standings.await?.first().copied();
            Ok(standing.unwrap_or(Standing::BeforeHorizon))
        })
    }

    fn check_all(&self, sessions: &[SessionCheck]) -> StandingsFuture<'_> {
        // A store without a scope knows no session that has one.
        let has_scope: Vec<bool> = sessions.iter().map(|one| one.scope.is_some()).collect();
        let asked = sessions.iter().filter(|one| one.scope.is_none()).copied();
        let asked: Box<[SessionCheck]> = asked.collect();
        if asked.is_empty() {
            return StoreFuture::ready(Ok(vec![Standing::BeforeHorizon; sessions.len()]));
        }
        let standings = self.0.ask(Request::Check(asked), Sender::Standings);
        StoreFuture::new(async move {
            let mut standings = standings.await?.into_iter();
            let standing = |has_scope: &bool| {
                let known = (!has_scope).then(|| standings.next()).flatten();
                known.unwrap_or(Standing::BeforeHorizon)
            };
            Ok(has_scope.iter().map(standing).collect())
        })
    }

    fn listen(&self, listener: Weak<dyn RevocationListener>) {
        self.0.add(listener);
    }

    fn horizon(&self) -> HorizonFuture<'_> {
        self.0.remembers_since()
    }
}

impl fmt::Debug for PostgresRevocations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PostgresRevocations")
            .field(self.0.server())
            .finish()
    }
}
