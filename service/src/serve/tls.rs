//! TLS of a listener: HTTP/1.1, with a certificate that can be exchanged while it runs.

use std::io;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use actix_web::rt::net::TcpStream;
use actix_web::rt::time::timeout;
use rustls::RootCertStore;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ServerConfig, WebPkiClientVerifier};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::cli::args::serve::ServeArgs;

/// How long a client may take for its handshake.
const PATIENCE: Duration = Duration::from_secs(5);

/// The certificate of a listener. Connections that stand keep the one that they began with.
#[derive(Clone)]
pub(super) struct Tls(Arc<RwLock<Arc<ServerConfig>>>);

impl Tls {
    /// Reads the certificate and its key. `None` where the settings name none. `clients`: only
    /// clients with a certificate of `tls.client_ca_file` are let in, if that is set.
    pub(super) fn read(args: &ServeArgs, clients: bool) -> Result<Option<Self>, String> {
        let config = config(args, clients)?;
        Ok(config.map(|config| Self(Arc::new(RwLock::new(Arc::new(config))))))
    }

    /// Reads them again for the connections to come.
    pub(super) fn again(&self, args: &ServeArgs, clients: bool) -> Result<(), String> {
        if let Some(config) = config(args, clients)? {
            let mut place = self.0.write().unwrap_or_else(PoisonError::into_inner);
            *place = Arc::new(config);
        }
        Ok(())
    }

    pub(super) async fn accept(self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        let config = self
            .0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        timeout(PATIENCE, TlsAcceptor::from(config).accept(stream)).await?
    }
}

fn config(args: &ServeArgs, clients: bool) -> Result<Option<ServerConfig>, String> {
    let (certificate, key) = match (&args.tls_cert_file, &args.tls_key_file) {
        (None, None) => return Ok(None),
        (Some(certificate), Some(key)) => (certificate, key),
        _ => return Err("tls.cert_file and tls.key_file belong together: set both".to_owned()),
    };
    let chain = certificates(certificate)?;
    let key = PrivateKeyDer::from_pem_file(key).map_err(|error| refused(key, &error))?;
    let provider = CryptoProvider::get_default().cloned();
    let provider = provider.unwrap_or_else(|| Arc::new(aws_lc_rs::default_provider()));
    let builder = ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    let builder = match args.tls_client_ca_file.as_deref().filter(|_| clients) {
        None => builder.with_no_client_auth(),
        Some(path) => {
            let mut roots = RootCertStore::empty();
            for certificate in certificates(path)? {
                roots
                    .add(certificate)
                    .map_err(|error| refused(path, &error))?;
            }
            let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider);
            builder
                .with_client_cert_verifier(verifier.build().map_err(|error| refused(path, &error))?)
        }
    };
    let mut config = builder
        .with_single_cert(chain, key)
        .map_err(|error| refused(certificate, &error))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Some(config))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let all = CertificateDer::pem_file_iter(path).map_err(|error| refused(path, &error))?;
    let all: Result<Vec<_>, _> = all.collect();
    match all {
        Ok(all) if all.is_empty() => Err(refused(path, &"has no certificate in PEM")),
        Ok(all) => Ok(all),
        Err(error) => Err(refused(path, &error)),
    }
}

fn refused(path: &Path, why: &dyn std::fmt::Display) -> String {
    format!("cannot use {}: {why}", path.display())
}
