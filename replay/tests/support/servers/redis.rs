//! One Redis (or, by `REDIS_SERVER`, another server that speaks as it does).

use std::path::Path;

use super::certificates::Certificates;
use super::clock::Clock;
use super::folder::Folder;
use super::port::{free_port, was_taken};
use super::process::{Process, poll, wait_until};
use super::program::{User, find, run, server, short};

/// The user of the harness itself, so that a test may do with `default` as it likes.
const HARNESS: &str = "harness";

/// How to start one.
#[derive(Clone, Debug, Default)]
pub struct RedisOptions {
    /// `["--appendonly", "yes"]`, `["--user", "app", "on", ">secret", "+get"]`.
    pub args: Vec<String>,
    /// Its wall clock, if not the real one.
    pub clock: Option<Clock>,
    /// Listens to TLS on a second port.
    pub certificates: Option<Certificates>,
    /// A node of a Cluster, whose bus has a port of its own.
    pub cluster: bool,
    /// Its configuration file, which a Sentinel must have.
    pub config: Option<String>,
}

impl RedisOptions {
    pub fn new(args: &[&str]) -> Self {
        Self {
            args: args.iter().map(ToString::to_string).collect(),
            ..Self::default()
        }
    }
}

/// A running server. It keeps nothing on disk unless its arguments say so.
#[derive(Debug)]
pub struct Redis {
    process: Process,
    folder: Folder,
    options: RedisOptions,
    ports: Ports,
}

#[derive(Clone, Copy, Debug)]
struct Ports {
    plain: u16,
    /// Of TLS, or of a Cluster's bus.
    second: u16,
}

impl Redis {
    pub fn start(args: &[&str]) -> Self {
        Self::start_with(RedisOptions::new(args))
    }

    pub fn start_with(options: RedisOptions) -> Self {
        let folder = Folder::new("redis");
        if let Some(config) = &options.config {
            std::fs::write(folder.path().join("redis.conf"), config).unwrap();
        }
        let (process, ports) = wait_until("on a port of its own", || {
            let ports = Ports {
                plain: free_port(),
                second: free_port(),
            };
            Some((launch(&options, &folder, ports)?, ports))
        });
        Self {
            process,
            folder,
            options,
            ports,
        }
    }

    pub fn port(&self) -> u16 {
        self.ports.plain
    }

    /// Of TLS, or of a Cluster's bus.
    pub fn second_port(&self) -> u16 {
        self.ports.second
    }

    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.ports.plain)
    }

    pub fn url(&self) -> String {
        format!("redis://{}", self.address())
    }

    /// Where it listens to TLS.
    pub fn tls_url(&self) -> String {
        assert!(self.options.certificates.is_some(), "started without TLS");
        format!("rediss://127.0.0.1:{}", self.ports.second)
    }

    /// Where it keeps its files: `dump.rdb`, `appendonlydir`.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn log(&self) -> String {
        self.process.log()
    }

    /// The answer to a command, as `redis-cli` prints it to a file. Any user but the harness has its
    /// own rights: see `cli_as`.
    pub fn cli(&self, command: &[&str]) -> String {
        let answer = self.try_cli(command);
        answer.unwrap_or_else(|error| panic!("{error}\n{}", self.log()))
    }

    pub fn try_cli(&self, command: &[&str]) -> Result<String, String> {
        cli(self.ports.plain, HARNESS, "any", command)
    }

    /// A command of another user.
    pub fn cli_as(&self, user: &str, password: &str, command: &[&str]) -> Result<String, String> {
        cli(self.ports.plain, user, password, command)
    }

    /// A field of `INFO`, or an empty text.
    pub fn info(&self, field: &str) -> String {
        field_of(&self.cli(&["INFO"]), field)
    }

    /// Ends it as by a power cut of the program: what it has written is on disk.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Ends it, if it runs, and starts it on the same port with the same files and arguments.
    pub fn restart(&mut self) {
        self.kill();
        self.process = wait_until("on its port again", || {
            launch(&self.options, &self.folder, self.ports)
        });
    }

    /// The same with other arguments.
    pub fn restart_with(&mut self, args: &[&str]) {
        self.options.args = RedisOptions::new(args).args;
        self.restart();
    }

    pub fn pause(&self) {
        self.process.pause();
    }

    pub fn resume(&self) {
        self.process.resume();
    }
}

/// Starts it, and returns it once it answers and is known to be ours. `None` if the port was
/// another's.
fn launch(options: &RedisOptions, folder: &Folder, ports: Ports) -> Option<Process> {
    let mut command = server(
        find("redis-server", "REDIS_SERVER", "redis-server"),
        User::Own,
    );
    let second = ports.second.to_string();
    if options.config.is_some() {
        command.arg(folder.path().join("redis.conf"));
    }
    command
        .args(["--port", &ports.plain.to_string(), "--bind", "127.0.0.1"])
        .args(["--daemonize", "no", "--save", "", "--dir"])
        .arg(folder.path())
        .args(["--repl-diskless-sync-delay", "0"])
        .args(["--user", HARNESS, "on", "nopass", "~*", "&*", "+@all"]);
    if options.cluster {
        command.args(["--cluster-enabled", "yes", "--cluster-port", &second]);
    }
    if let Some(certificates) = &options.certificates {
        assert!(!options.cluster, "TLS in a Cluster needs a third port");
        command
            .args(["--tls-port", &second, "--tls-auth-clients", "no"])
            .arg("--tls-cert-file")
            .arg(certificates.certificate())
            .arg("--tls-key-file")
            .arg(certificates.key())
            .arg("--tls-ca-cert-file")
            .arg(certificates.ca());
    }
    command.args(&options.args);
    if let Some(clock) = &options.clock {
        clock.set_on(&mut command);
    }
    let log = folder.path().join("log");
    let _ = std::fs::remove_file(&log);
    let mut process = Process::start(command, log);
    let id = process.id().to_string();
    let ask = |command: &[&str]| cli(ports.plain, HARNESS, "any", command);
    let own = poll(|| {
        if !process.is_running() {
            assert!(was_taken(&process.log()), "it ended:\n{}", process.log());
            return Some(false);
        }
        let info = ask(&["INFO", "server"]).ok()?;
        if field_of(&info, "process_id") != id {
            return Some(false);
        }
        // Not while it loads its files.
        (ask(&["PING"]).ok()? == "PONG").then_some(true)
    });
    let own = own.unwrap_or_else(|| panic!("it never answers:\n{}", process.log()));
    own.then_some(process)
}

fn cli(port: u16, user: &str, password: &str, command: &[&str]) -> Result<String, String> {
    let mut cli = short(find("redis-cli", "REDIS_CLI", "redis-tools"), User::Own);
    cli.args(["-h", "127.0.0.1", "-p", &port.to_string(), "-e"])
        .args(["--no-auth-warning", "--user", user, "--pass", password])
        .args(command);
    run(&mut cli, "")
}

fn field_of(info: &str, field: &str) -> String {
    info.lines()
        .filter_map(|line| line.trim_end().split_once(':'))
        .find(|(name, _)| *name == field)
        .map(|(_, value)| value.to_owned())
        .unwrap_or_default()
}
