//! Programs: where they are, as whom they run, and short ones that run to their end.

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The path of a program that a test cannot do without: that of an environment variable, or the
/// first in `PATH` and in the folders of servers.
pub fn find(name: &str, variable: &str, package: &str) -> PathBuf {
    if let Some(path) = std::env::var_os(variable) {
        return path.into();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/sbin".into()])
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
        .unwrap_or_else(|| missing(name, package))
}

pub fn missing(name: &str, package: &str) -> ! {
    panic!("{name} is missing; install it (Debian: apt-get install {package}) and run again")
}

/// As whom a program runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum User {
    /// As this process.
    Own,
    /// As Postgres' user if this process is root's: Postgres and pgbouncer refuse to run as root.
    Postgres,
}

impl User {
    /// Options of `setpriv`.
    fn options(self) -> &'static [&'static str] {
        if self == Self::Postgres && is_root() {
            &["--reuid=postgres", "--regid=postgres", "--clear-groups"]
        } else {
            &[]
        }
    }

    /// Gives a file or folder to this user.
    pub fn owns(self, path: &Path) {
        if self == Self::Postgres && is_root() {
            let mut chown = short("chown", Self::Own);
            chown.arg("postgres:postgres").arg(path);
            run(&mut chown, "").unwrap();
        }
    }
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").unwrap().uid() == 0
}

/// A server, which dies with the thread that starts it: see `process::spawn`.
pub fn server(program: impl AsRef<OsStr>, user: User) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL"]).args(user.options());
    command.arg("--").arg(program);
    bare(&mut command);
    command
}

/// A program that ends by itself, or is killed after two minutes.
pub fn short(program: impl AsRef<OsStr>, user: User) -> Command {
    let mut command = Command::new("timeout");
    command.args(["-s", "KILL", "120"]);
    if !user.options().is_empty() {
        command.arg("setpriv").args(user.options()).arg("--");
    }
    command.arg(program);
    bare(&mut command);
    command
}

/// Nothing of a developer's own settings: `PGHOST`, `REDISCLI_AUTH`, a language.
fn bare(command: &mut Command) {
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("LC_ALL", "C")
        .current_dir("/");
}

/// What it prints, without the last line's end; or its errors.
pub fn run(command: &mut Command, input: &str) -> Result<String, String> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    // A program that fails at once reads nothing.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8_lossy(bytes).trim_end().to_owned();
    if output.status.success() {
        return Ok(text(&output.stdout));
    }
    let errors = text(&output.stderr);
    Err(format!("{errors} ({})", output.status))
}
