//! A server as a child: its log, its signals, and an end that is certain.

use std::fs::OpenOptions;
use std::io;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Sender};
use std::time::{Duration, Instant};

use super::program::{User, run, short};

/// Far more than anything here takes on a slow machine.
pub const DEADLINE: Duration = Duration::from_secs(120);

/// Looks again and again until there is something; a panic at the deadline.
pub fn wait_until<T>(what: &str, look: impl FnMut() -> Option<T>) -> T {
    poll(look).unwrap_or_else(|| panic!("never {what}"))
}

/// Looks again and again until there is something; `None` at the deadline.
pub fn poll<T>(mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let begun = Instant::now();
    let mut pause = Duration::from_millis(2);
    loop {
        let found = look();
        if found.is_some() || begun.elapsed() > DEADLINE {
            return found;
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(50));
    }
}

#[derive(Debug)]
pub struct Process {
    child: Child,
    log: PathBuf,
    paused: AtomicBool,
}

impl Process {
    /// Starts a `program::server`, whose output goes to the end of a file.
    pub fn start(mut command: Command, log: PathBuf) -> Self {
        let file = OpenOptions::new().create(true).append(true).open(&log);
        let file = file.unwrap();
        command
            .stdin(Stdio::null())
            .stdout(file.try_clone().unwrap())
            .stderr(file);
        let started = format!("{command:?}");
        Self {
            child: spawn(command).unwrap_or_else(|error| panic!("{started}: {error}")),
            log,
            paused: AtomicBool::new(false),
        }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn log(&self) -> String {
        let bytes = std::fs::read(&self.log).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    pub fn is_paused(&self) -> bool {
        self.paused.load(Ordering::Relaxed)
    }

    /// Stops it as by a long pause of its machine: connections stay open, nothing is answered.
    pub fn pause(&self) {
        self.signal("STOP");
        self.paused.store(true, Ordering::Relaxed);
    }

    pub fn resume(&self) {
        self.signal("CONT");
        self.paused.store(false, Ordering::Relaxed);
    }

    pub fn signal(&self, signal: &str) {
        send(signal, &[self.id()]).unwrap();
    }

    /// Returns when it is gone.
    pub fn kill(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        self.child.wait().unwrap();
    }

    /// Returns when it has ended after a signal that asks for that; or kills it.
    pub fn end(&mut self, signal: &str) {
        if self.is_running() && !self.is_paused() && send(signal, &[self.id()]).is_ok() {
            let begun = Instant::now();
            while self.is_running() && begun.elapsed() < DEADLINE / 4 {
                std::thread::sleep(Duration::from_millis(2));
            }
        }
        self.kill();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a signal to processes by their ids.
pub fn send(signal: &str, ids: &[u32]) -> Result<String, String> {
    let mut kill = short("sh", User::Own);
    kill.args(["-c", r#"kill -s "$@""#, "kill", signal]);
    run(kill.args(ids.iter().map(u32::to_string)), "")
}

/// Starts a child from a thread that lives as long as this process. The kernel kills the child when
/// the thread that started it ends (`setpriv --pdeathsig`), so no server outlives a test process,
/// even a killed one, while one in a `static` outlives the test that was the first to use it.
fn spawn(command: Command) -> io::Result<Child> {
    type Asked = (Command, Sender<io::Result<Child>>);
    static SPAWNER: LazyLock<Sender<Asked>> = LazyLock::new(|| {
        let (ask, asked) = mpsc::channel::<Asked>();
        std::thread::spawn(move || {
            for (mut command, answer) in asked {
                let _ = answer.send(command.spawn());
            }
        });
        ask
    });
    let (answer, answered) = mpsc::channel();
    SPAWNER.send((command, answer)).unwrap();
    answered.recv().unwrap()
}
