//! The program as a running service, for the tests that need one.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::missing_panics_doc,
    reason = "each test file uses its own part"
)]

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use super::support::SECRET;
use super::support::http::{Connection, FORM, Response, form};

pub const ORIGIN: &str = "https://127.0.0.1:9";

/// The program, with a secret and nothing else in its environment.
pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_apply-cookies"));
    command
        .env_clear()
        .env("APPLY_COOKIES_SECRET_KEY", &*SECRET);
    command
}

pub struct Service {
    pub child: Child,
    pub address: SocketAddr,
    /// Of the internal listener, where that is on TCP.
    pub api: Option<SocketAddr>,
    /// Reads the log all the time, so that the service never waits for its reader.
    pub log: JoinHandle<String>,
}

impl Service {
    pub fn start(args: &[&str]) -> Self {
        Self::start_as(&mut program(), args)
    }

    /// A service with another environment.
    pub fn start_as(program: &mut Command, args: &[&str]) -> Self {
        // Of all crates: no log may contain a secret.
        Self::launch(program, args, Some("trace"))
    }

    /// A service with a short log, for many requests.
    pub fn start_quiet(args: &[&str]) -> Self {
        Self::launch(&mut program(), args, Some("apply_cookies=info"))
    }

    /// A service whose disk can be made to fail, by a limit on the length of files. It starts
    /// through a shell, so that the signal which comes with that does not end it.
    pub fn start_limitable(args: &[&str]) -> Self {
        let mut shell = Command::new("/bin/sh");
        shell
            .env_clear()
            .env("APPLY_COOKIES_SECRET_KEY", &*SECRET)
            .args(["-c", r#"trap "" XFSZ; exec "$0" "$@""#])
            .arg(env!("CARGO_BIN_EXE_apply-cookies"));
        Self::launch(&mut shell, args, Some("apply_cookies=info"))
    }

    /// A service with this `RUST_LOG`, or none.
    pub fn start_logging(program: &mut Command, log: Option<&str>) -> Self {
        Self::launch(program, &[], log)
    }

    /// A service with this environment and `RUST_LOG`.
    pub fn launch(program: &mut Command, args: &[&str], log: Option<&str>) -> Self {
        let mut child = program
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(
                (!args.contains(&"--origin"))
                    .then_some(["--origin", ORIGIN])
                    .into_iter()
                    .flatten(),
            )
            .args(args)
            .env("NO_COLOR", "1")
            .envs(log.map(|log| ("RUST_LOG", log)))
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (found, listening) = mpsc::channel();
        let log = std::thread::spawn(move || {
            let (mut log, mut api) = (String::new(), None);
            for line in stderr.lines() {
                let line = line.unwrap();
                let address = line
                    .split("address=")
                    .nth(1)
                    .filter(|_| line.contains("listening"))
                    .and_then(|rest| rest.split_whitespace().next());
                let is_api = line.contains("internal listener");
                if let Some((_, rest)) = line.split_once("api=").filter(|_| is_api) {
                    let rest = rest.split('"').nth(1).unwrap_or_default();
                    api = api.or_else(|| rest.parse().ok());
                }
                // A unix socket is not one that tests connect to by this.
                if let Some(Ok(address)) = address.map(str::parse) {
                    let _ = found.send((address, api));
                }
                log += &line;
                log.push('\n');
            }
            log
        });
        let (address, api) = listening
            .recv_timeout(Duration::from_secs(20))
            .expect("the service listens");
        Self {
            child,
            address,
            api,
            log,
        }
    }

    /// Ends it, and returns its log.
    pub fn end(&mut self) -> String {
        self.child.kill().unwrap();
        let log = std::mem::replace(&mut self.log, std::thread::spawn(String::new));
        log.join().unwrap()
    }

    pub fn get(&self, path: &str) -> u16 {
        Connection::open(self.address)
            .request("GET", path, &[], b"")
            .status
    }

    pub fn post(&self, token: &str, cookie: &str) -> Response {
        let form = form(token, Some("a-redemption-id"));
        self.post_to("/__apply-cookies", &form, &[cookie])
    }

    pub fn post_to(&self, path: &str, form: &str, headers: &[&str]) -> Response {
        let origin = format!("Origin: {ORIGIN}");
        let headers = [&[&*origin, FORM], headers].concat();
        Connection::open(self.address).request("POST", path, &headers, form.as_bytes())
    }

    pub fn wait_until_ready(&self) {
        for _ in 0..200 {
            if self.get("/readyz") == 200 {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("never ready");
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
