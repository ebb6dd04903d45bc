//! One Postgres: the newest that is installed, or that of `POSTGRES_BIN`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use super::certificates::Certificates;
use super::clock::Clock;
use super::folder::Folder;
use super::port::{free_port, was_taken};
use super::process::{Process, poll, send, wait_until};
use super::program::{User, missing, run, server, short};

/// The superuser.
pub const SUPERUSER: &str = "postgres";

/// How to start one.
#[derive(Clone, Debug, Default)]
pub struct PostgresOptions {
    /// `["max_connections=20"]`. They stand above those of `set`.
    pub settings: Vec<String>,
    /// Its wall clock, if not the real one.
    pub clock: Option<Clock>,
    /// Takes TLS as well.
    pub certificates: Option<Certificates>,
}

impl PostgresOptions {
    pub fn new(settings: &[&str]) -> Self {
        Self {
            settings: settings.iter().map(ToString::to_string).collect(),
            ..Self::default()
        }
    }
}

/// A running server with a database `postgres`, which trusts everybody on loopback until `hba`.
#[derive(Debug)]
pub struct Postgres {
    process: Process,
    folder: Folder,
    options: PostgresOptions,
    port: u16,
}

impl Postgres {
    pub fn start(settings: &[&str]) -> Self {
        Self::start_with(PostgresOptions::new(settings))
    }

    pub fn start_with(options: PostgresOptions) -> Self {
        Self::start_from(options, |data| {
            let mut copy = short("cp", User::Postgres);
            copy.arg("-a").args([&data_of(&TEMPLATE), data]);
            run(&mut copy, "").unwrap();
        })
    }

    /// Starts with the data that a step puts into a folder that is not there yet.
    pub fn start_from(options: PostgresOptions, fill: impl FnOnce(&PathBuf)) -> Self {
        let folder = Folder::new("postgres");
        User::Postgres.owns(folder.path());
        fill(&data_of(&folder));
        if let Some(certificates) = &options.certificates {
            for (from, to) in [
                (certificates.certificate(), "server.pem"),
                (certificates.key(), "server.key"),
            ] {
                let to = data_of(&folder).join(to);
                // With its mode: Postgres takes no key that others can read.
                std::fs::copy(from, &to).unwrap();
                User::Postgres.owns(&to);
            }
        }
        let (process, port) = wait_until("on a port of its own", || {
            let port = free_port();
            Some((launch(&options, &folder, port)?, port))
        });
        Self {
            process,
            folder,
            options,
            port,
        }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn url(&self) -> String {
        self.url_as(SUPERUSER, "postgres")
    }

    pub fn url_as(&self, user: &str, database: &str) -> String {
        format!("postgres://{user}@127.0.0.1:{}/{database}", self.port)
    }

    /// Where its files are.
    pub fn data(&self) -> PathBuf {
        data_of(&self.folder)
    }

    pub fn log(&self) -> String {
        self.process.log()
    }

    /// What `psql` prints for some statements, each a transaction of its own: rows in lines, columns
    /// with `|` between.
    pub fn sql(&self, statements: &str) -> String {
        let answer = self.try_sql(statements);
        answer.unwrap_or_else(|error| panic!("{error}\n{}", self.log()))
    }

    pub fn try_sql(&self, statements: &str) -> Result<String, String> {
        self.sql_as(SUPERUSER, "", "postgres", statements)
    }

    pub fn sql_as(
        &self,
        user: &str,
        password: &str,
        database: &str,
        statements: &str,
    ) -> Result<String, String> {
        psql(self.port, user, password, database, statements)
    }

    /// Another database, which begins as a copy of `postgres`: there is no other template.
    pub fn create_database(&self, name: &str) {
        self.sql(&format!("CREATE DATABASE \"{name}\" TEMPLATE postgres"));
    }

    /// Changes a setting for good, as a start would read it.
    pub fn set(&self, name: &str, value: &str) {
        self.sql(&format!("ALTER SYSTEM SET {name} = '{value}'"));
        self.reload();
    }

    /// Puts lines in front of `pg_hba.conf`: `host all app 127.0.0.1/32 scram-sha-256`.
    pub fn hba(&self, lines: &str) {
        let file = self.data().join("pg_hba.conf");
        let old = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, format!("{lines}\n{old}")).unwrap();
        self.reload();
    }

    /// A role that signs in by this password and no other way.
    pub fn add_user(&self, name: &str, password: &str) {
        self.sql(&format!(
            "CREATE ROLE \"{name}\" LOGIN PASSWORD '{password}'"
        ));
        self.hba(&format!("host all \"{name}\" 127.0.0.1/32 scram-sha-256"));
    }

    /// Reads its settings again. Connections that are made after this have them.
    pub fn reload(&self) {
        // The postmaster writes this line, reads its settings, and then takes connections again.
        let reloads = || self.log().matches("received SIGHUP").count();
        let before = reloads();
        self.process.signal("HUP");
        wait_until("reloading", || (reloads() > before).then_some(()));
    }

    /// Kills all of its processes at once, as a power cut would; what was written stays written.
    pub fn kill(&mut self) {
        // The first of them makes no more while the others are looked for.
        if self.process.is_running() {
            self.process.pause();
        }
        let children = children_of(self.process.id());
        let all: Vec<_> = children
            .iter()
            .copied()
            .chain([self.process.id()])
            .collect();
        // Any of them may be gone by itself.
        let _ = send("KILL", &all);
        self.process.kill();
        wait_until("rid of its processes", || {
            children.iter().all(|id| !is_alive(*id)).then_some(())
        });
    }

    /// Ends it in order.
    pub fn stop(&mut self) {
        self.process.end("INT");
    }

    /// Kills it, if it runs, and starts it on the same port with the same data.
    pub fn restart(&mut self) {
        self.kill();
        self.process = wait_until("on its port again", || {
            launch(&self.options, &self.folder, self.port)
        });
    }

    /// The same with other settings.
    pub fn restart_with(&mut self, settings: &[&str]) {
        self.options.settings = PostgresOptions::new(settings).settings;
        self.restart();
    }

    /// Stops all of its processes as by a long pause of its machine.
    pub fn pause(&self) {
        self.process.pause();
        let _ = send("STOP", &children_of(self.process.id()));
    }

    pub fn resume(&self) {
        let _ = send("CONT", &children_of(self.process.id()));
        self.process.resume();
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if self.process.is_running() && !self.process.is_paused() {
            self.process.end("QUIT");
        } else {
            self.kill();
        }
        // A killed server leaves a small segment of shared memory, and its number in this file.
        let lock = std::fs::read_to_string(self.data().join("postmaster.pid"));
        let lock = lock.unwrap_or_default();
        if let Some(id) = lock
            .lines()
            .nth(6)
            .and_then(|line| line.split_whitespace().nth(1))
        {
            let _ = run(short("ipcrm", User::Own).args(["-m", id]), "");
        }
    }
}

/// Starts it, and returns it once it answers and is known to be ours. `None` if the port was
/// another's.
fn launch(options: &PostgresOptions, folder: &Folder, port: u16) -> Option<Process> {
    let data = data_of(folder);
    let mut command = server(BIN.join("postgres"), User::Postgres);
    command.arg("-D").arg(&data);
    let own = [
        format!("port={port}"),
        "listen_addresses=127.0.0.1".into(),
        // The lock file of a socket would be in the way of a restart.
        "unix_socket_directories=".into(),
        // Files in its folder, and nothing that a killed server leaves elsewhere.
        "dynamic_shared_memory_type=mmap".into(),
        "shared_buffers=32MB".into(),
        // Its folder may be in memory.
        "max_wal_size=256MB".into(),
        "min_wal_size=32MB".into(),
    ];
    let tls = [
        "ssl=on",
        "ssl_cert_file=server.pem",
        "ssl_key_file=server.key",
    ];
    let tls = tls.map(str::to_owned);
    let tls = options.certificates.iter().flat_map(|_| tls.clone());
    for setting in own.into_iter().chain(tls).chain(options.settings.clone()) {
        command.args(["-c", &setting]);
    }
    if let Some(clock) = &options.clock {
        clock.set_on(&mut command);
    }
    let log = folder.path().join("log");
    let _ = std::fs::remove_file(&log);
    let mut process = Process::start(command, log);
    let own = poll(|| {
        if !process.is_running() {
            assert!(was_taken(&process.log()), "it ended:\n{}", process.log());
            return Some(false);
        }
        if !process.log().contains("ready to accept") {
            return None;
        }
        let answer = psql(port, SUPERUSER, "", "postgres", "SHOW data_directory").ok()?;
        Some(Path::new(&answer) == data)
    });
    let own = own.unwrap_or_else(|| panic!("it never answers:\n{}", process.log()));
    own.then_some(process)
}

/// The folder of the programs.
pub static BIN: LazyLock<PathBuf> = LazyLock::new(|| {
    if let Some(folder) = std::env::var_os("POSTGRES_BIN") {
        return folder.into();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let versions = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten();
    let mut folders: Vec<_> = versions
        .filter_map(|version| {
            let version = version.ok()?.path();
            let number: u32 = version.file_name()?.to_str()?.parse().ok()?;
            Some((number, version.join("bin")))
        })
        .collect();
    folders.sort();
    (folders.into_iter().rev())
        .map(|(_, folder)| folder)
        .chain(std::env::split_paths(&path))
        .find(|folder| folder.join("postgres").is_file())
        .unwrap_or_else(|| missing("postgres", "postgresql"))
});

/// A server that nobody has used yet, to be copied. Of its three databases only one is left: every
/// file is copied, synced in recoveries and removed again.
static TEMPLATE: LazyLock<Folder> = LazyLock::new(|| {
    let folder = Folder::new("template");
    User::Postgres.owns(folder.path());
    let mut initdb = tool("initdb");
    initdb
        .args(["-N", "-A", "trust", "-U", SUPERUSER, "-E", "UTF8"])
        .args(["--locale=C", "--wal-segsize=1", "-D"])
        .arg(data_of(&folder));
    run(&mut initdb, "").unwrap();
    let mut single = tool("postgres");
    single
        .args(["--single", "-F", "-D"])
        .arg(data_of(&folder))
        .arg("postgres");
    let drops = "UPDATE pg_database SET datistemplate = false\n\
                 DROP DATABASE template0\n\
                 DROP DATABASE template1\n";
    run(&mut single, drops).unwrap();
    folder
});

pub fn data_of(folder: &Folder) -> PathBuf {
    folder.path().join("data")
}

/// A program of Postgres that ends by itself.
pub fn tool(name: &str) -> Command {
    short(BIN.join(name), User::Postgres)
}

pub fn psql(
    port: u16,
    user: &str,
    password: &str,
    database: &str,
    statements: &str,
) -> Result<String, String> {
    let mut psql = short(BIN.join("psql"), User::Own);
    psql.env("PGPASSWORD", password)
        .args(["-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1"])
        .args(["-h", "127.0.0.1", "-p", &port.to_string()])
        .args(["-U", user, "-d", database, "-f", "-"]);
    run(&mut psql, statements)
}

fn children_of(parent: u32) -> Vec<u32> {
    let processes = std::fs::read_dir("/proc").unwrap();
    processes
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|id| status(*id).is_some_and(|(_, of)| of == parent))
        .collect()
}

/// Whether it still has memory and files: what nobody has waited for yet is there, but dead.
fn is_alive(id: u32) -> bool {
    status(id).is_some_and(|(state, _)| !matches!(state, 'Z' | 'X'))
}

/// The state of a process, and its parent.
fn status(id: u32) -> Option<(char, u32)> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // After the name, which may contain anything.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    Some((fields.next()?.chars().next()?, fields.next()?.parse().ok()?))
}
