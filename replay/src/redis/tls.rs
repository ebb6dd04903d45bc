//! TLS.

use redis::TlsCertificates;
use rustls::crypto::aws_lc_rs;

use super::settings::Settings;
use crate::remote::trouble::Trouble;

/// The certificates to trust for this connection; `None` for one without TLS. The file is read at
/// each connect, so that it can be changed while the process runs. Without a file the system's count.
pub(super) fn certificates(settings: &Settings) -> Result<Option<TlsCertificates>, Trouble> {
    if !settings.tls {
        return Ok(None);
    }
    // The client takes the process's provider, and panics where there is none. An error says that
    // there is one.
    let _ = aws_lc_rs::default_provider().install_default();
    let root_cert =
        match &settings.ca_file {
            None => None,
            Some(file) => Some(std::fs::read(file).map_err(|error| {
                Trouble::here(format_args!("ca_file {}: {error}", file.display()))
            })?),
        };
    Ok(Some(TlsCertificates {
        client_tls: None,
        root_cert,
    }))
}
