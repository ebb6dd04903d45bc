//! The program `apply-cookies`: a demo, a service for apps in any language, and tools.

// Not in the workspace's lint table, because tests may unwrap.
#![warn(clippy::unwrap_used)]

mod api;
mod cli;
mod demo;
mod listen;
mod log;
mod measured;
mod minting;
mod profiles;
mod refused;
mod replay;
mod serve;
mod settings;
mod strict;
mod usage;
mod values;
mod words;

use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{ArgMatches, CommandFactory, FromArgMatches};

use cli::args::{Args, Command};
use refused::Refused;

/// Exit codes: 0 done, 1 refused (the reason is on standard error), 2 wrong usage.
fn main() -> ExitCode {
    let matches = Args::command().try_get_matches();
    let matches = matches.unwrap_or_else(|error| usage::exit(&error));
    let args = Args::from_arg_matches(&matches).unwrap_or_else(|error| usage::exit(&error));
    let done = match args.command {
        Command::Demo(args) => demo::run(&args),
        Command::Serve(_) => serve::run(below(&matches)),
        Command::CheckConfig(_) => settings::check(below(&matches)),
        Command::Healthcheck(args) => cli::healthcheck::run(below(&matches), args.ready),
        Command::Config(_) => settings::print(below(&matches)),
        Command::Tool(tool) => cli::run(&tool),
    };
    match done {
        Ok(()) => return ExitCode::SUCCESS,
        Err(Refused::Reported) => {}
        Err(Refused::Because(reason)) => eprintln!("apply-cookies: {reason}"),
        Err(Refused::Usage(reason)) => given(&matches)
            .error(ErrorKind::ValueValidation, reason)
            .exit(),
    }
    ExitCode::from(1)
}

/// The arguments of the command that was given.
fn below(matches: &ArgMatches) -> &ArgMatches {
    matches.subcommand().map_or(matches, |(_, below)| below)
}

/// The command that was given, whose usage line an error shows.
fn given(mut matches: &ArgMatches) -> clap::Command {
    let mut command = Args::command();
    command.build();
    while let Some((name, of_command)) = matches.subcommand()
        && let Some(below) = command.find_subcommand(name)
    {
        command = below.clone();
        matches = of_command;
    }
    command
}
