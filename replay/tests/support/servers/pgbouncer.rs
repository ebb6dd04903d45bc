//! pgbouncer in front of a Postgres.

use super::folder::Folder;
use super::port::{free_port, was_taken};
use super::postgres::{Postgres, SUPERUSER, psql};
use super::process::{Process, poll, wait_until};
use super::program::{User, find, server};

/// It trusts everybody that it knows: the superuser, and the roles that it was given.
#[derive(Debug)]
pub struct Pgbouncer {
    process: Process,
    folder: Folder,
    port: u16,
}

impl Pgbouncer {
    /// In `session`, `transaction` or `statement` mode.
    pub fn start(postgres: &Postgres, pool_mode: &str) -> Self {
        Self::start_for(postgres, pool_mode, &[])
    }

    /// For these roles and their passwords too.
    pub fn start_for(postgres: &Postgres, pool_mode: &str, users: &[(&str, &str)]) -> Self {
        let folder = Folder::new("pgbouncer");
        User::Postgres.owns(folder.path());
        let users = [&[(SUPERUSER, "")], users].concat();
        let users = users
            .iter()
            .map(|(user, password)| format!("\"{user}\" \"{password}\"\n"));
        let list = folder.path().join("users");
        std::fs::write(&list, users.collect::<String>()).unwrap();
        let (process, port) = wait_until("on a port of its own", || {
            let port = free_port();
            let settings = format!(
                "[databases]\n\
                 * = host=127.0.0.1 port={}\n\
                 [pgbouncer]\n\
                 listen_addr = 127.0.0.1\n\
                 listen_port = {port}\n\
                 unix_socket_dir =\n\
                 auth_type = trust\n\
                 auth_file = {}\n\
                 admin_users = {SUPERUSER}\n\
                 pool_mode = {pool_mode}\n",
                postgres.port(),
                list.display(),
            );
            std::fs::write(folder.path().join("settings"), settings).unwrap();
            Some((launch(&folder, port)?, port))
        });
        Self {
            process,
            folder,
            port,
        }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn url(&self) -> String {
        format!("postgres://{SUPERUSER}@127.0.0.1:{}/postgres", self.port)
    }

    pub fn log(&self) -> String {
        self.process.log()
    }

    /// As `Postgres::sql`, through it.
    pub fn sql(&self, statements: &str) -> String {
        let answer = self.sql_as(SUPERUSER, "", "postgres", statements);
        answer.unwrap_or_else(|error| panic!("{error}\n{}", self.log()))
    }

    /// Its console is the database `pgbouncer`.
    pub fn sql_as(
        &self,
        user: &str,
        password: &str,
        database: &str,
        statements: &str,
    ) -> Result<String, String> {
        psql(self.port, user, password, database, statements)
    }

    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Ends it, if it runs, and starts it on the same port.
    pub fn restart(&mut self) {
        self.kill();
        self.process = wait_until("on its port again", || launch(&self.folder, self.port));
    }
}

/// As `postgres::launch`.
fn launch(folder: &Folder, port: u16) -> Option<Process> {
    let mut command = server(find("pgbouncer", "PGBOUNCER", "pgbouncer"), User::Postgres);
    let settings = folder.path().join("settings");
    command.arg(&settings);
    let log = folder.path().join("log");
    let _ = std::fs::remove_file(&log);
    let mut process = Process::start(command, log);
    let own = poll(|| {
        if !process.is_running() {
            assert!(was_taken(&process.log()), "it ended:\n{}", process.log());
            return Some(false);
        }
        let config = psql(port, SUPERUSER, "", "pgbouncer", "SHOW CONFIG").ok()?;
        let own = format!("conffile|{}|", settings.display());
        Some(config.lines().any(|line| line.starts_with(&own)))
    });
    let own = own.unwrap_or_else(|| panic!("it never answers:\n{}", process.log()));
    own.then_some(process)
}
