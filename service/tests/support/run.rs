//! Running a tool to its end.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::missing_panics_doc,
    reason = "each test file uses its own part"
)]

use std::io::Write;
use std::process::{Command, Output, Stdio};

/// The program, with nothing in its environment.
pub fn bare() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_apply-cookies"));
    command.env_clear();
    command
}

/// What it answers to this input.
pub fn run(command: &mut Command, input: impl AsRef<[u8]>) -> Output {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that refuses its arguments reads nothing.
    let _ = child.stdin.take().unwrap().write_all(input.as_ref());
    child.wait_with_output().unwrap()
}

pub fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}
