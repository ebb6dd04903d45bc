//! Where the log goes.

use std::io::IsTerminal;

/// The lines that are logged unless `RUST_LOG` says otherwise. actix-http logs each malformed
/// request as an error, and anybody can send those, at any rate.
const DEFAULT: &str = "info,actix_http=off";

/// Logs to standard error; `RUST_LOG` chooses which lines.
pub(crate) fn start() {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(DEFAULT));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
}
