//! The two servers, each in its own process.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::ORIGIN;
use crate::processors::Processors;
use crate::tokens::Tokens;

/// Ends with this.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// The program, which starts a worker for each of its processors.
    pub(crate) fn ours(tokens: &Tokens, processors: &Processors, given: &[usize]) -> Self {
        let mut program = Command::new(env!("CARGO_BIN_EXE_apply-cookies"));
        program
            .args(["serve", "--profile=mesop", "--listen=127.0.0.1:0"])
            .arg(format!("--origin={ORIGIN}"))
            .env_clear();
        let server = Self::start(program, tokens, processors, given);
        // A store in memory refuses tokens that other processes made before it began.
        while !server.is_ready() {
            thread::sleep(Duration::from_millis(100));
        }
        server
    }

    /// The app of the tests, under gunicorn.
    pub(crate) fn mesop(
        python: &Path,
        options: &[&str],
        tokens: &Tokens,
        processors: &Processors,
        given: &[usize],
    ) -> Self {
        let mut gunicorn = Command::new(python);
        gunicorn
            .args(["-m", "gunicorn", "--bind=127.0.0.1:0"])
            .args(options)
            .arg("app:me")
            .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/mesop"))
            .env("PYTHONDONTWRITEBYTECODE", "1");
        Self::start(gunicorn, tokens, processors, given)
    }

    /// Both say on standard error where they listen.
    fn start(
        mut command: Command,
        tokens: &Tokens,
        processors: &Processors,
        given: &[usize],
    ) -> Self {
        command
            .env("MESOP_COOKIE_SECRET_KEY", &tokens.secret)
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut child = processors
            .run_on(given, || command.spawn())
            .expect("it starts");
        let said = BufReader::new(child.stderr.take().expect("piped"));
        let (found, address) = channel();
        thread::spawn(move || {
            for line in said.lines().map_while(Result::ok) {
                if let Some(address) = listening(&line) {
                    let _ = found.send(address);
                }
                eprintln!("{line}");
            }
        });
        let address = address
            .recv_timeout(Duration::from_secs(30))
            .expect("it listens");
        Self { child, address }
    }

    fn is_ready(&self) -> bool {
        let mut connection = TcpStream::connect(self.address).expect("it listens");
        let request = b"GET /readyz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
        connection.write_all(request).expect("it is read");
        let mut answer = String::new();
        connection.read_to_string(&mut answer).expect("an answer");
        answer.starts_with("HTTP/1.1 200")
    }
}

/// The address, in a line that has one.
fn listening(line: &str) -> Option<SocketAddr> {
    let (_, rest) = line.split_once("127.0.0.1:")?;
    let port = rest.split(|letter: char| !letter.is_ascii_digit()).next()?;
    let port = port.parse().ok().filter(|_| line.contains("istening"))?;
    Some(SocketAddr::from(([127, 0, 0, 1], port)))
}

impl Drop for Server {
    fn drop(&mut self) {
        // Gently, so that gunicorn ends its workers.
        let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
        let _ = self.child.wait();
    }
}
