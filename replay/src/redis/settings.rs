//! The URL of a Redis store.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::remote::address::{Address, Host, Password, StoreUrlError};
use crate::remote::server::Limits;

pub(super) const DEFAULT_PORT: u16 = 6379;
pub(super) const DEFAULT_SENTINEL_PORT: u16 = 26379;

/// A batch of this size costs the server some 200 µs.
const BATCH: u64 = 64;

#[derive(Debug)]
pub(super) struct Settings {
    pub(super) place: Place,
    pub(super) user: Option<String>,
    pub(super) password: Password,
    pub(super) database: i64,
    pub(super) tls: bool,
    pub(super) ca_file: Option<PathBuf>,
    pub(super) prefix: String,
    /// How many replicas must have a claim.
    pub(super) replicas: u64,
    pub(super) wait: Duration,
    /// Whether the server has no incarnation, by its operator's word.
    pub(super) no_incarnation: bool,
    /// The most subjects that are kept as revoked.
    pub(super) revocations: u64,
    pub(super) limits: Limits,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Place {
    One(Host),
    Cluster(Vec<Host>),
    Sentinel { sentinels: Vec<Host>, name: String },
}

impl Place {
    /// Whether all hosts that it names are this machine.
    pub(super) fn is_local(&self) -> bool {
        match self {
            Self::One(host) => host.is_local(),
            Self::Cluster(hosts)
            | Self::Sentinel {
                sentinels: hosts, ..
            } => hosts.iter().all(Host::is_local),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(host) => f.write_str(&Host::list(std::slice::from_ref(host), DEFAULT_PORT)),
            Self::Cluster(hosts) => f.write_str(&Host::list(hosts, DEFAULT_PORT)),
            Self::Sentinel { sentinels, name } => {
                let hosts = Host::list(sentinels, DEFAULT_SENTINEL_PORT);
                write!(f, "{hosts}/{name}")
            }
        }
    }
}

impl Settings {
    pub(super) fn parse(url: &str) -> Result<Self, StoreUrlError> {
        let mut address = Address::parse(url)?;
        let (base, kind) = match address.scheme.split_once('+') {
            Some((base, kind)) => (base, Some(kind)),
            None => (&*address.scheme, None),
        };
        let tls = match base {
            "redis" | "valkey" => false,
            "rediss" | "valkeys" => true,
            _ => return Err(unknown_scheme()),
        };
        if tls && cfg!(not(feature = "tls")) {
            let words = "rediss:// needs the feature `tls`, which this build does not have";
            return Err(StoreUrlError::new(words));
        }
        let hosts = std::mem::take(&mut address.hosts);
        if hosts.iter().any(|host| host.name.is_empty()) {
            return Err(StoreUrlError::new("the store's URL names no host"));
        }
        let path = std::mem::take(&mut address.path);
        let (place, database) = match (kind, &hosts[..]) {
            (None, [host]) => (Place::One(host.clone()), database(&path)?),
            (None, _) => {
                let words = "several hosts need redis+cluster:// or redis+sentinel://";
                return Err(StoreUrlError::new(words));
            }
            (Some("cluster"), _) if path.is_empty() => (Place::Cluster(hosts), 0),
            (Some("cluster"), _) => {
                return Err(StoreUrlError::new(
                    "a Redis Cluster has one database, without a number",
                ));
            }
            (Some("sentinel"), _) => {
                let (name, number) = path.split_once('/').unwrap_or((&path, ""));
                if name.is_empty() {
                    let words = "the path of redis+sentinel:// is the primary's name, as in redis+sentinel://host/mymaster";
                    return Err(StoreUrlError::new(words));
                }
                let place = Place::Sentinel {
                    sentinels: hosts,
                    name: name.to_owned(),
                };
                (place, database(number)?)
            }
            (Some(_), _) => return Err(unknown_scheme()),
        };
        let settings = Self {
            user: address.user.take(),
            password: address.password.clone(),
            database,
            tls,
            ca_file: address.text("ca_file").map(PathBuf::from),
            prefix: prefix(address.text("prefix"))?,
            replicas: address.number("replicas", 0, 0..=16)?,
            wait: address.time("wait", Duration::from_millis(100))?,
            no_incarnation: match address.text("incarnation").as_deref() {
                None => false,
                Some("none") => true,
                Some(_) => return Err(StoreUrlError::new("incarnation can only be none")),
            },
            revocations: address.number("revocations", 1_000_000, 0..=1_000_000_000)?,
            limits: address.limits(BATCH)?,
            place,
        };
        address.finish()?;
        if settings.replicas > 0 && matches!(settings.place, Place::Cluster(_)) {
            let words = "replicas cannot be waited for in a Cluster: a redirected claim would wait at the wrong node";
            return Err(StoreUrlError::new(words));
        }
        if settings.ca_file.is_some() && !settings.tls {
            return Err(StoreUrlError::new("ca_file needs rediss://"));
        }
        Ok(settings)
    }
}

fn unknown_scheme() -> StoreUrlError {
    StoreUrlError::new(
        "a Redis store's URL begins with redis://, rediss://, redis+cluster:// or redis+sentinel:// (or the same with valkey)",
    )
}

fn database(text: &str) -> Result<i64, StoreUrlError> {
    match text {
        "" => Ok(0),
        number => number.parse().ok().filter(|n| *n >= 0).ok_or_else(|| {
            StoreUrlError::new("the path of a Redis URL is the number of the database")
        }),
    }
}

/// A prefix is part of a hash tag, which ends at the first brace.
fn prefix(text: Option<String>) -> Result<String, StoreUrlError> {
    let prefix = text.unwrap_or_else(|| "apply-cookies".to_owned());
    if prefix.is_empty() || prefix.contains(['{', '}']) {
        return Err(StoreUrlError::new("prefix must be a text without braces"));
    }
    Ok(prefix)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(url: &str) -> String {
        Settings::parse(url).unwrap_err().to_string()
    }

    #[test]
    fn a_url_names_a_server_a_cluster_or_sentinels() {
        let host = |name: &str, port| Host {
            name: name.to_owned(),
            port,
        };
        let one = Settings::parse("valkey://app:pw@cache:6380/3?replicas=2&prefix=x").unwrap();
        assert_eq!(one.place, Place::One(host("cache", Some(6380))));
        assert_eq!((one.database, one.replicas, &*one.prefix), (3, 2, "x"));
        let cluster = Settings::parse("redis+cluster://a,b:1").unwrap();
        assert_eq!(
            cluster.place,
            Place::Cluster(vec![host("a", None), host("b", Some(1))])
        );
        let sentinel = Settings::parse("redis+sentinel://a,b/mymaster/2").unwrap();
        let name = "mymaster".to_owned();
        let sentinels = vec![host("a", None), host("b", None)];
        assert_eq!(sentinel.place, Place::Sentinel { sentinels, name });
        assert_eq!(sentinel.database, 2);
    }

    #[test]
    fn a_url_that_means_nothing_is_refused_with_the_reason() {
        for (url, words) in [
            ("http://a", "begins with redis://"),
            ("redis+x://a", "begins with redis://"),
            ("redis://", "no host"),
            ("redis://a,b", "several hosts"),
            ("redis://a/x", "number of the database"),
            ("redis+cluster://a/1", "one database"),
            ("redis+sentinel://a", "primary's name"),
            ("redis://a?prefix={x}", "without braces"),
            ("redis://a?incarnation=some", "only be none"),
            ("redis://a?replica=1", "no setting \"replica\""),
            ("redis+cluster://a?replicas=1", "Cluster"),
            ("redis://a?ca_file=/x", "rediss"),
        ] {
            assert!(refusal(url).contains(words), "{url}: {}", refusal(url));
        }
    }

    #[cfg(not(feature = "tls"))]
    #[test]
    fn without_the_feature_tls_a_url_that_needs_it_names_it() {
        assert!(refusal("rediss://a").contains("feature `tls`"));
    }
}
