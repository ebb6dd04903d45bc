//! Where the log goes.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// The lines that are logged unless `RUST_LOG` says otherwise. actix-http logs each malformed
/// request as an error, and anybody can send those, at any rate.
const DEFAULT: &str = "info,actix_http=off";

/// Logs to standard error; `RUST_LOG` chooses which lines.
pub(crate) fn start() {
    let given = std::env::var_os(EnvFilter::DEFAULT_ENV).map(|_| EnvFilter::try_from_default_env());
    let (filter, mistaken) = match given {
        Some(Ok(filter)) => (filter, None),
        Some(Err(error)) => (EnvFilter::new(DEFAULT), Some(error)),
        None => (EnvFilter::new(DEFAULT), None),
    };
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
    if let Some(error) = mistaken {
        tracing::warn!(%error, "RUST_LOG is ignored; write it as in info,apply_cookies=debug");
    }
}
