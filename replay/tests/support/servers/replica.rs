//! Replicas of a Redis.

use super::process::wait_until;
use super::redis::Redis;

impl Redis {
    /// A replica of this server, in step with it. A primary whose `default` needs a password takes
    /// it by the argument `--masterauth`.
    pub fn replica(&self, args: &[&str]) -> Self {
        let replica = Self::start(args);
        replica.replica_of(self);
        replica
    }

    /// Returns when it is in step.
    pub fn replica_of(&self, primary: &Self) {
        self.cli(&["REPLICAOF", "127.0.0.1", &primary.port().to_string()]);
        wait_until("in step with its primary", || {
            let linked = self.info("master_link_status") == "up";
            let known = primary.info("slave0").contains("state=online");
            (linked && known).then_some(())
        });
    }

    /// A partition between a replica and its primary: no write reaches it any more, and both run.
    pub fn cut_link(&self) {
        // Nobody listens there.
        self.cli(&["REPLICAOF", "127.0.0.1", "1"]);
    }

    /// Makes a replica a primary.
    pub fn promote(&self) {
        self.cli(&["REPLICAOF", "NO", "ONE"]);
    }

    /// What it is now: `master` or `slave`.
    pub fn role(&self) -> String {
        self.info("role")
    }
}
