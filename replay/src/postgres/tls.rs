//! TLS.

use std::path::Path;
use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::remote::trouble::Trouble;

/// Verifies the server's certificate and name, by the certificates in a file or by the system's. The
/// files are read at each connect, so that they can be changed while the process runs.
pub(super) fn connector(ca_file: Option<&Path>) -> Result<MakeRustlsConnect, Trouble> {
    let mut roots = RootCertStore::empty();
    match ca_file {
        Some(file) => {
            let failed = |error: &dyn std::fmt::Display| {
                Trouble::here(format_args!("ca_file {}: {error}", file.display()))
            };
            let certificates =
                CertificateDer::pem_file_iter(file).map_err(|error| failed(&error))?;
            for certificate in certificates {
                let certificate = certificate.map_err(|error| failed(&error))?;
                roots.add(certificate).map_err(|error| failed(&error))?;
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    if roots.is_empty() {
        let words = "no certificates to trust; give ca_file";
        return Err(Trouble::here(words));
    }
    // Named here: a process need not have a default one.
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(Trouble::here)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}
