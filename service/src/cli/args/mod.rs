//! The command line: its commands, and the arguments that several of them share.

#![allow(
    clippy::doc_markdown,
    reason = "doc comments here and in the modules below are the help that people read"
)]

pub(crate) mod assertion;
pub(crate) mod auth0;
pub(crate) mod conformance;
pub(crate) mod cookie;
pub(crate) mod profile;
pub(crate) mod replay;
pub(crate) mod secrets;
pub(crate) mod serve;
pub(crate) mod shared;
pub(crate) mod store;
pub(crate) mod tools;

use clap::{Parser, Subcommand};

use self::serve::ServeArgs;
use self::tools::Tool;
use crate::listen::Host;

/// Set HttpOnly cookies from inside SSE streams, WebSockets and streamed HTML
#[derive(Parser)]
#[command(name = "apply-cookies", version, max_term_width = 100)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Shows the protocol at work in a browser; needs no configuration
    Demo(DemoArgs),
    /// Redeems tokens for an app in any language
    ///
    /// The secret comes from APPLY_COOKIES_SECRET_KEY, or from the file that
    /// APPLY_COOKIES_SECRET_KEY_FILE names. Older secrets that still verify come from
    /// APPLY_COOKIES_PREVIOUS_KEYS, separated by commas, or from the file that
    /// APPLY_COOKIES_PREVIOUS_KEYS_FILE names, one a line. With `--profile mesop` the secret comes
    /// from MESOP_COOKIE_SECRET_KEY.
    Serve(ServeArgs),
    /// Says every setting of `serve`, where it is from and what is wrong, and starts nothing
    CheckConfig(ServeArgs),
    /// Prints a file of the settings of `serve`, as they are now
    Config(ServeArgs),
    /// Asks the running service whether it works; takes the same settings
    Healthcheck(HealthArgs),
    #[command(flatten)]
    Tool(Tool),
}

#[derive(clap::Args)]
pub(crate) struct HealthArgs {
    /// Ask whether it takes tokens of other processes (/readyz), in place of /healthz
    #[arg(long)]
    pub(crate) ready: bool,
    #[command(flatten)]
    pub(crate) settings: ServeArgs,
}

#[derive(clap::Args)]
pub(crate) struct DemoArgs {
    /// Address to listen on, as in 127.0.0.1:8787 or localhost:8787
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8787")]
    pub(crate) listen: Host,
}
