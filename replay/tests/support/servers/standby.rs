//! Standbys of a Postgres.

use super::postgres::{Postgres, PostgresOptions, SUPERUSER, tool};
use super::process::wait_until;
use super::program::run;

impl Postgres {
    /// A standby of this name, which streams.
    pub fn standby(&self, name: &str, settings: &[&str]) -> Self {
        let standby = Self::start_from(PostgresOptions::new(settings), |data| {
            let primary = format!(
                "host=127.0.0.1 port={} user={SUPERUSER} application_name={name}",
                self.port()
            );
            let mut backup = tool("pg_basebackup");
            backup.args(["-R", "-N", "-X", "stream", "--checkpoint=fast", "-d"]);
            run(backup.arg(primary).arg("-D").arg(data), "").unwrap();
        });
        self.wait_for_standby(name, "state = 'streaming'");
        standby
    }

    /// From now on a commit waits for this standby.
    pub fn wait_for_commits_of(&self, name: &str) {
        self.set("synchronous_standby_names", name);
        self.wait_for_standby(name, "sync_state = 'sync'");
    }

    fn wait_for_standby(&self, name: &str, condition: &str) {
        let question = format!(
            "SELECT count(*) FROM pg_stat_replication WHERE application_name = '{name}' AND {condition}"
        );
        wait_until(&format!("a standby with {condition}"), || {
            (self.sql(&question) == "1").then_some(())
        });
    }

    /// A partition between a standby and its primary: no write reaches it any more, and both run.
    pub fn cut(&self) {
        self.set("primary_conninfo", "");
        wait_until("cut off", || {
            (self.sql("SELECT count(*) FROM pg_stat_wal_receiver") == "0").then_some(())
        });
    }

    /// Makes a standby a primary.
    pub fn promote(&self) {
        assert_eq!(self.sql("SELECT pg_promote()"), "t");
    }

    pub fn is_standby(&self) -> bool {
        self.sql("SELECT pg_is_in_recovery()") == "t"
    }
}
