//! Where the log goes.

use std::io::IsTerminal;

use clap::ValueEnum;
use tracing_subscriber::EnvFilter;

/// The lines that are logged unless a setting says otherwise. actix-http logs each malformed request
/// as an error, and anybody can send those, at any rate.
pub(crate) const DEFAULT: &str = "info,actix_http=off";

/// What a line of the log is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// Words, for people.
    Text,
    /// A JSON object.
    Json,
}

/// Logs to standard error, one event a line.
pub(crate) fn start(filter: &str, format: LogFormat) {
    let log = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(filter))
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    match format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .init(),
    }
}

/// The log of the demo: as text; `RUST_LOG` chooses which lines.
pub(crate) fn start_text() {
    let given = std::env::var(EnvFilter::DEFAULT_ENV).ok();
    let fits = |filter: &String| EnvFilter::try_new(filter).is_ok();
    let filter = given.filter(fits).unwrap_or_else(|| DEFAULT.to_owned());
    start(&filter, LogFormat::Text);
    warn_of_filter();
}

/// Says if `RUST_LOG`, which is not this program's own, is not a filter.
pub(crate) fn warn_of_filter() {
    if std::env::var_os(EnvFilter::DEFAULT_ENV).is_some_and(|filter| !filter.is_empty())
        && let Err(error) = EnvFilter::try_from_default_env()
    {
        tracing::warn!(%error, "RUST_LOG is ignored; write it as in info,apply_cookies=debug");
    }
}
