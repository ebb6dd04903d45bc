//! The URL of a Postgres store.

use std::path::PathBuf;

use super::schema::{DEFAULT_NAME, Schema};
use crate::remote::address::{Address, Host, Password, StoreUrlError};
use crate::remote::server::Limits;

pub(super) const DEFAULT_PORT: u16 = 5432;

/// The most questions in one call. A batch of this size costs the server some 5 ms.
const BATCH: u64 = 256;

#[derive(Debug)]
pub(super) struct Settings {
    pub(super) hosts: Vec<Host>,
    pub(super) user: Option<String>,
    pub(super) password: Password,
    pub(super) database: Option<String>,
    pub(super) tls: bool,
    pub(super) ca_file: Option<PathBuf>,
    pub(super) schema: Schema,
    /// Whether a promoted standby has all that was answered, by its operator's word.
    pub(super) lossless: bool,
    pub(super) listen: Listen,
    /// The most subjects that are kept as revoked.
    pub(super) revocations: u64,
    pub(super) limits: Limits,
}

/// How other processes' claims are heard of.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Listen {
    /// Where claims are asked.
    Same,
    /// At the server itself, past a pooler.
    At(Vec<Host>),
    /// Not at all: the claims are read every second.
    Poll,
}

impl Settings {
    pub(super) fn parse(url: &str) -> Result<Self, StoreUrlError> {
        let mut address = Address::parse(url)?;
        if !matches!(&*address.scheme, "postgres" | "postgresql") {
            let words = "a Postgres store's URL begins with postgres:// or postgresql://";
            return Err(StoreUrlError::new(words));
        }
        let hosts = std::mem::take(&mut address.hosts);
        let listen = match address.text("listen").as_deref() {
            None => Listen::Same,
            Some("none") => Listen::Poll,
            Some(direct) => Listen::At(
                direct
                    .split(',')
                    .map(Host::parse)
                    .collect::<Result<_, _>>()
                    .map_err(|_| {
                        StoreUrlError::new("listen must be HOST:PORT or none; user, password and database are the URL's")
                    })?,
            ),
        };
        let direct: &[Host] = match &listen {
            Listen::At(hosts) => hosts,
            Listen::Same | Listen::Poll => &[],
        };
        if hosts.iter().chain(direct).any(|host| host.name.is_empty()) {
            let words = "the store's URL names no host; write a socket's folder as %2Fvar%2Frun%2Fpostgresql";
            return Err(StoreUrlError::new(words));
        }
        let is_local = hosts.iter().chain(direct).all(Host::is_local);
        let lossless = match address.text("failover").as_deref() {
            None => false,
            Some("lossless") => true,
            Some(_) => return Err(StoreUrlError::new("failover can only be lossless")),
        };
        let name = address.text("schema");
        let settings = Self {
            user: address.user.take(),
            password: address.password.clone(),
            database: Some(std::mem::take(&mut address.path)).filter(|name| !name.is_empty()),
            tls: tls(address.text("sslmode").as_deref(), is_local)?,
            ca_file: address.text("ca_file").map(PathBuf::from),
            schema: Schema::new(name.as_deref().unwrap_or(DEFAULT_NAME))?,
            lossless,
            listen,
            revocations: address.number("revocations", 1_000_000, 0..=1_000_000_000)?,
            limits: address.limits(BATCH)?,
            hosts,
        };
        address.finish()?;
        if settings.ca_file.is_some() && !settings.tls {
            return Err(StoreUrlError::new("ca_file needs sslmode=verify-full"));
        }
        Ok(settings)
    }
}

/// Whether to use TLS. Plain text is only used on this machine, or where it is asked for: a mode that
/// falls back to it gives a password to whoever says that the server has no TLS.
fn tls(mode: Option<&str>, is_local: bool) -> Result<bool, StoreUrlError> {
    let tls = match mode {
        Some("disable") => false,
        None => !is_local,
        Some("require" | "verify-full") => true,
        Some(_) => {
            let words = "sslmode can be disable, or verify-full (require is the same): others accept a stranger's certificate, or plain text";
            return Err(StoreUrlError::new(words));
        }
    };
    if tls && cfg!(not(feature = "tls")) {
        let words = "a Postgres server on another machine needs the feature `tls`, which this build does not have; or sslmode=disable, for plain text";
        return Err(StoreUrlError::new(words));
    }
    Ok(tls)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(url: &str) -> String {
        Settings::parse(url).unwrap_err().to_string()
    }

    #[test]
    fn a_url_names_servers_an_account_and_a_schema() {
        let host = |name: &str, port| Host {
            name: name.to_owned(),
            port,
        };
        let settings = Settings::parse(
            "postgresql://app:pw@a:1,b/db?sslmode=disable&schema=other&listen=c:2&failover=lossless&batch=7",
        )
        .unwrap();
        assert_eq!(settings.hosts, [host("a", Some(1)), host("b", None)]);
        assert_eq!(settings.listen, Listen::At(vec![host("c", Some(2))]));
        assert_eq!(settings.database.as_deref(), Some("db"));
        assert_eq!(settings.schema.name(), "other");
        assert!(settings.lossless && !settings.tls);
        assert_eq!(settings.limits.batch, 7);
        let settings = Settings::parse("postgres://%2Fvar%2Frun%2Fpostgresql?listen=none").unwrap();
        assert_eq!(settings.hosts, [host("/var/run/postgresql", None)]);
        assert_eq!((settings.database, settings.tls), (None, false));
        assert_eq!(settings.listen, Listen::Poll);
    }

    #[test]
    fn plain_text_is_for_this_machine_or_where_it_is_asked_for() {
        assert!(!tls(None, true).unwrap());
        for local in [true, false] {
            assert!(!tls(Some("disable"), local).unwrap());
            for mode in ["prefer", "allow", "verify-ca", ""] {
                assert!(tls(Some(mode), local).is_err());
            }
        }
        for host in ["10.0.0.1", "db", "localhost.example", "127.0.0.1.example"] {
            let tls = Settings::parse(&format!("postgres://127.0.0.1,{host}")).map(|s| s.tls);
            assert!(tls.unwrap_or(true), "{host}");
        }
        for host in ["127.0.0.1", "[::1]", "localhost", "%2Ftmp"] {
            assert!(!Settings::parse(&format!("postgres://{host}")).unwrap().tls);
        }
    }

    #[test]
    fn a_url_that_means_nothing_is_refused_with_the_reason() {
        for (url, words) in [
            ("redis://a", "begins with postgres://"),
            ("postgres:///db", "no host"),
            ("postgres://localhost?listen=", "no host"),
            ("postgres://localhost?listen=a:x", "listen must be"),
            ("postgres://localhost?schema=A", "small letters"),
            ("postgres://localhost?failover=fast", "only be lossless"),
            ("postgres://localhost?sslmode=prefer", "plain text"),
            ("postgres://localhost?ca_file=/x", "verify-full"),
            ("postgres://localhost?prefix=x", "no setting \"prefix\""),
            ("postgres://localhost?batch=257", "batch"),
        ] {
            assert!(refusal(url).contains(words), "{url}: {}", refusal(url));
        }
    }

    #[cfg(not(feature = "tls"))]
    #[test]
    fn without_the_feature_tls_a_server_elsewhere_needs_it() {
        for url in ["postgres://db", "postgres://localhost?sslmode=require"] {
            assert!(refusal(url).contains("feature `tls`"), "{url}");
        }
    }
}
