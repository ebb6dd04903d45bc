//! The program that is checked: one question at a time, and a bounded wait for each answer.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

/// As long as an answer may take, the first one too, and the end.
const PATIENCE: Duration = Duration::from_secs(5);

/// Longer lines are no answers.
const LINE_MAX: u64 = 1 << 20;

/// The program can be asked nothing more.
#[derive(Debug, thiserror::Error)]
pub(super) enum Broken {
    #[error("cannot be started: {0}")]
    NotStarted(std::io::Error),
    #[error("gave no answer for {} s", PATIENCE.as_secs())]
    Silent,
    #[error("ended before it answered ({0})")]
    Ended(String),
    #[error("wrote a line that is not a JSON object: {0}")]
    NotJson(String),
    #[error("answered the question with id {got}, and was asked {asked}")]
    OutOfOrder { asked: u64, got: String },
    #[error("wrote a line that answers nothing: {0}")]
    TooMany(String),
    #[error("did not exit with 0 when its input ended ({0})")]
    Exit(ExitStatus),
    #[error("did not exit when its input ended")]
    Stays,
}

/// A line, or the end of them.
type Line = Option<Vec<u8>>;

pub(super) struct Program {
    child: Child,
    /// Its questions. A thread writes them: a program that reads none must not stop us.
    questions: Option<Sender<String>>,
    answers: Receiver<Line>,
    asked: u64,
}

impl Program {
    pub(super) fn start(command: &[OsString]) -> Result<Self, Broken> {
        let [program, arguments @ ..] = command else {
            return Err(Broken::NotStarted(std::io::ErrorKind::NotFound.into()));
        };
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(Broken::NotStarted)?;
        let (questions, to_write) = channel();
        if let Some(input) = child.stdin.take() {
            thread::spawn(move || write_all(input, &to_write));
        }
        let (read, answers) = channel();
        if let Some(output) = child.stdout.take() {
            thread::spawn(move || read_all(output, &read));
        }
        Ok(Self {
            child,
            questions: Some(questions),
            answers,
            asked: 0,
        })
    }

    /// Asks, and gives the answer without its `id`.
    pub(super) fn ask(&mut self, question: &Value) -> Result<Value, Broken> {
        self.asked += 1;
        let mut line = question.clone();
        line["id"] = self.asked.into();
        if let Some(questions) = &self.questions {
            // If nobody writes any more, there is no answer either.
            let _ = questions.send(line.to_string());
        }
        let Some(line) = self.line()? else {
            return Err(Broken::Ended(self.status()));
        };
        let mut answer = match serde_json::from_slice(&line) {
            Ok(Value::Object(answer)) if line.ends_with(b"\n") => answer,
            _ => return Err(Broken::NotJson(excerpt(&line))),
        };
        match answer.remove("id") {
            Some(id) if id == self.asked => Ok(answer.into()),
            id => Err(Broken::OutOfOrder {
                asked: self.asked,
                got: id.map_or_else(|| "none".to_owned(), |id| id.to_string()),
            }),
        }
    }

    /// Ends its input. It must have nothing more to say, and exit.
    pub(super) fn finish(&mut self) -> Result<(), Broken> {
        self.questions = None;
        match self.answers.recv_timeout(PATIENCE) {
            Ok(Some(line)) => return Err(Broken::TooMany(excerpt(&line))),
            Err(RecvTimeoutError::Timeout) => return Err(Broken::Stays),
            Ok(None) | Err(RecvTimeoutError::Disconnected) => {}
        }
        match self.exited() {
            Some(status) if status.success() => Ok(()),
            Some(status) => Err(Broken::Exit(status)),
            None => Err(Broken::Stays),
        }
    }

    fn line(&self) -> Result<Line, Broken> {
        match self.answers.recv_timeout(PATIENCE) {
            Ok(line) => Ok(line),
            Err(RecvTimeoutError::Timeout) => Err(Broken::Silent),
            Err(RecvTimeoutError::Disconnected) => Ok(None),
        }
    }

    /// How it ended, if it does so soon.
    fn exited(&mut self) -> Option<ExitStatus> {
        let start = Instant::now();
        loop {
            match self.child.try_wait() {
                Ok(None) if start.elapsed() < PATIENCE => {
                    thread::sleep(Duration::from_millis(5));
                }
                exited => return exited.ok().flatten(),
            }
        }
    }

    fn status(&mut self) -> String {
        match self.exited() {
            Some(status) => status.to_string(),
            None => "it still runs, and has closed its output".to_owned(),
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It has exited, or is of no more use.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn write_all(mut input: ChildStdin, lines: &Receiver<String>) {
    for mut line in lines {
        line.push('\n');
        // Whoever waits for the answer hears that there is none.
        if input
            .write_all(line.as_bytes())
            .and_then(|()| input.flush())
            .is_err()
        {
            return;
        }
    }
}

fn read_all(output: impl Read, lines: &Sender<Line>) {
    let mut output = BufReader::new(output);
    loop {
        let mut line = Vec::new();
        let read = (&mut output).take(LINE_MAX).read_until(b'\n', &mut line);
        let line = match read {
            Ok(0) | Err(_) => None,
            Ok(_) => Some(line),
        };
        let is_end = line.is_none();
        if lines.send(line).is_err() || is_end {
            return;
        }
    }
}

/// As much of a line as helps.
fn excerpt(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    let short: String = text.trim_end().chars().take(200).collect();
    if short.len() < text.trim_end().len() {
        short + "…"
    } else {
        short
    }
}
