//! The program `apply-cookies`: a demo, the service beside an app, and tools.

mod args;
mod cookie;
mod demo;
mod endpoints;
mod inspect;
mod lines;
mod mesop;
mod mint;
mod replay;
mod serve;
mod set_cookie;

use std::fmt;
use std::io::IsTerminal;
use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command, CookieCommand};

/// Runs the program on the process's arguments.
///
/// Exit codes: 0 done, 1 refused (the reason stands on standard error), 2 wrong usage.
#[must_use]
pub fn main() -> ExitCode {
    let args = Args::parse();
    let done = match args.command {
        Command::Demo(args) => demo::run(&args),
        Command::Serve(args) => serve::run(&args),
        Command::Keygen => keygen(),
        Command::Mint(args) => mint::run(&args),
        Command::Inspect(args) => inspect::run(&args),
        Command::Cookie(CookieCommand::Encode(args)) => cookie::encode(&args),
        Command::Cookie(CookieCommand::Decode(args)) => cookie::decode(&args),
        Command::SetCookie(args) => set_cookie::run(&args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Refused(reason)) => {
            if !reason.is_empty() {
                eprintln!("apply-cookies: {reason}");
            }
            ExitCode::from(1)
        }
    }
}

/// Why a command ends with exit code 1. Empty when every reason has been printed already.
#[derive(Debug)]
struct Refused(String);

impl<E: fmt::Display> From<E> for Refused {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

fn keygen() -> Result<(), Refused> {
    lines::print(&crate::secrets::generate())
}

/// Logs to standard error; `RUST_LOG` chooses what.
fn start_log() {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
}
