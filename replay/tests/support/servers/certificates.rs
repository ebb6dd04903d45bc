//! Certificates for servers on loopback.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::folder::Folder;
use super::program::{User, find, run, short};

/// An authority, and a certificate from it for `127.0.0.1` and `localhost`, valid from now for two
/// days. Clones are the same.
#[derive(Clone, Debug)]
pub struct Certificates(Arc<Folder>);

impl Certificates {
    pub fn new() -> Self {
        let made = Self(Arc::new(Folder::new("certificates")));
        let request = |name: &str, key: PathBuf, certificate: PathBuf| {
            let mut openssl = short(find("openssl", "OPENSSL", "openssl"), User::Own);
            openssl
                .args(["req", "-x509", "-nodes", "-days", "2", "-newkey", "ec"])
                .args(["-pkeyopt", "ec_paramgen_curve:P-256", "-subj", name])
                .arg("-keyout")
                .arg(key)
                .arg("-out")
                .arg(certificate);
            openssl
        };
        let mut authority = request("/CN=test authority", made.file("ca.key"), made.ca());
        run(&mut authority, "").unwrap();
        let mut server = request("/CN=localhost", made.key(), made.certificate());
        server
            .arg("-CA")
            .arg(made.ca())
            .arg("-CAkey")
            .arg(made.file("ca.key"))
            .args(["-addext", "basicConstraints=critical,CA:FALSE"])
            .args(["-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"]);
        run(&mut server, "").unwrap();
        made
    }

    pub fn ca(&self) -> PathBuf {
        self.file("ca.pem")
    }

    pub fn certificate(&self) -> PathBuf {
        self.file("server.pem")
    }

    pub fn key(&self) -> PathBuf {
        self.file("server.key")
    }

    fn file(&self, name: &str) -> PathBuf {
        Path::join(self.0.path(), name)
    }
}
