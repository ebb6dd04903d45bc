//! The URL of a store: where the server is, who asks, and settings.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use percent_encoding::percent_decode_str;

use super::server::Limits;
use super::trouble::Trouble;

/// The reason why a URL names no store. Never contains a password.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct StoreUrlError(String);

impl StoreUrlError {
    pub(crate) fn new(words: impl fmt::Display) -> Self {
        Self(words.to_string())
    }
}

/// The parts of a URL.
pub(crate) struct Address {
    pub(crate) scheme: String,
    pub(crate) user: Option<String>,
    pub(crate) password: Password,
    pub(crate) hosts: Vec<Host>,
    /// Behind the host, without the first slash.
    pub(crate) path: String,
    settings: BTreeMap<String, String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Host {
    pub(crate) name: String,
    pub(crate) port: Option<u16>,
}

/// How a password is found.
#[derive(Clone)]
pub(crate) enum Password {
    None,
    Given(String),
    /// Read at each connect, so that it can be changed while the process runs.
    File(PathBuf),
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

impl Password {
    /// The password now. One line end at the end of a file is not part of it.
    pub(crate) fn read(&self) -> Result<Option<String>, Trouble> {
        match self {
            Self::None => Ok(None),
            Self::Given(password) => Ok(Some(password.clone())),
            Self::File(path) => {
                let mut text = read_file(path).map_err(|error| {
                    Trouble::here(format_args!("password_file {}: {error}", path.display()))
                })?;
                let line = text.strip_suffix('\n').unwrap_or(&text);
                let line = line.strip_suffix('\r').unwrap_or(line);
                text.truncate(line.len());
                Ok(Some(text))
            }
        }
    }
}

/// A longer password is none.
const FILE_MAX: u64 = 65_536;

/// Reads a small file. A pipe would wait for whoever writes to it, and all who ask the store with it.
fn read_file(path: &Path) -> io::Result<String> {
    let about = fs::metadata(path)?;
    if !about.is_file() || about.len() > FILE_MAX {
        return Err(io::Error::other("is no regular file, or too long"));
    }
    fs::read_to_string(path)
}

impl Address {
    /// Splits `scheme://user:password@host:port,host:port/path?setting=value&…`.
    pub(crate) fn parse(url: &str) -> Result<Self, StoreUrlError> {
        let (scheme, rest) = url.split_once("://").ok_or_else(|| {
            StoreUrlError::new("a store's URL begins with a scheme and two slashes, as redis://")
        })?;
        if rest.contains('#') {
            let words = "a store's URL has no fragment; write # in a password as %23";
            return Err(StoreUrlError::new(words));
        }
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        // Most likely a password was cut: its rest must not be taken for a database, and printed.
        if path.contains('@') || query.contains('@') {
            let words = "a store's URL has an @ behind its hosts; write / in a password as %2F, \
                         ? as %3F, and such an @ as %40";
            return Err(StoreUrlError::new(words));
        }
        let (user_info, hosts) = match authority.rsplit_once('@') {
            Some((user_info, hosts)) => (Some(user_info), hosts),
            None => (None, authority),
        };
        let (user, password) =
            match user_info.map(|info| info.split_once(':').unwrap_or((info, ""))) {
                Some((user, password)) => (decoded(user, "user")?, decoded(password, "password")?),
                None => (String::new(), String::new()),
            };
        let mut settings = BTreeMap::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            // Perhaps a part of a password, which must not be printed.
            if !name
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
            {
                let words = "the settings behind the ? of a store's URL have names of small letters; \
                             write ? in a password as %3F, and & as %26";
                return Err(StoreUrlError::new(words));
            }
            let value = decoded(value, name)?;
            if settings.insert(name.to_owned(), value).is_some() {
                let words = format_args!("the setting {name} of the store's URL is given twice");
                return Err(StoreUrlError::new(words));
            }
        }
        let file = settings.remove("password_file").map(PathBuf::from);
        let password = match (password.is_empty(), file) {
            (true, None) => Password::None,
            (false, None) => Password::Given(password),
            (true, Some(file)) => Password::File(file),
            (false, Some(_)) => {
                let words = "the store's URL has a password and a password_file; give one of them";
                return Err(StoreUrlError::new(words));
            }
        };
        Ok(Self {
            scheme: scheme.to_owned(),
            user: Some(user).filter(|user| !user.is_empty()),
            password,
            hosts: hosts
                .split(',')
                .map(Host::parse)
                .collect::<Result<_, _>>()?,
            path: decoded(path, "path")?,
            settings,
        })
    }

    /// Takes a setting's text.
    pub(crate) fn text(&mut self, name: &str) -> Option<String> {
        self.settings.remove(name)
    }

    /// Takes a setting that is a number within these bounds.
    pub(crate) fn number(
        &mut self,
        name: &str,
        default: u64,
        bounds: std::ops::RangeInclusive<u64>,
    ) -> Result<u64, StoreUrlError> {
        let Some(text) = self.settings.remove(name) else {
            return Ok(default);
        };
        let number = text.parse().ok().filter(|number| bounds.contains(number));
        number.ok_or_else(|| {
            StoreUrlError::new(format_args!(
                "the setting {name} of the store's URL must be a number from {} to {}",
                bounds.start(),
                bounds.end()
            ))
        })
    }

    /// Takes a setting that is a time, as `2s` or `100ms`.
    pub(crate) fn time(
        &mut self,
        name: &str,
        default: Duration,
    ) -> Result<Duration, StoreUrlError> {
        let Some(text) = self.settings.remove(name) else {
            return Ok(default);
        };
        let (number, unit) = match text.strip_suffix("ms") {
            Some(number) => (number, 1),
            None => (text.strip_suffix('s').unwrap_or(""), 1000),
        };
        let millis = number.parse::<u64>().ok().map(|n| n.saturating_mul(unit));
        let millis = millis.filter(|millis| (1..=60_000).contains(millis));
        millis.map(Duration::from_millis).ok_or_else(|| {
            StoreUrlError::new(format_args!(
                "the setting {name} of the store's URL must be a time up to 60s, as 2s or 100ms"
            ))
        })
    }

    /// Takes the settings that every store has.
    pub(crate) fn limits(&mut self, batch: u64) -> Result<Limits, StoreUrlError> {
        Ok(Limits {
            connect: self.time("connect", Duration::from_secs(1))?,
            timeout: self.time("timeout", Duration::from_secs(2))?,
            batch: usize::try_from(self.number("batch", batch, 1..=batch)?).unwrap_or(1),
            barriers: self.number("barriers", 1_000_000, 0..=1_000_000_000)?,
            sweep: self.time("sweep", Duration::from_secs(10))?,
        })
    }

    /// Refuses what nobody has taken.
    pub(crate) fn finish(&self) -> Result<(), StoreUrlError> {
        self.settings.keys().next().map_or(Ok(()), |name| {
            Err(StoreUrlError::new(format_args!(
                "a store's URL for {}:// has no setting {name:?}",
                self.scheme
            )))
        })
    }
}

impl Host {
    pub(crate) fn parse(text: &str) -> Result<Self, StoreUrlError> {
        // The colons of an IPv6 address are in brackets.
        let (name, port) = match text.rsplit_once(':') {
            Some((name, port)) if !port.ends_with(']') => (name, Some(port)),
            _ => (text, None),
        };
        let port = port.map(str::parse).transpose().map_err(|_| {
            StoreUrlError::new("a port in the store's URL must be a number up to 65535; write @ : / in a password as %40 %3A %2F, or use password_file")
        })?;
        let bare = name
            .strip_prefix('[')
            .and_then(|name| name.strip_suffix(']'));
        Ok(Self {
            name: decoded(bare.unwrap_or(name), "host")?,
            port,
        })
    }

    /// Whether nobody is between this process and the server: a socket, or loopback.
    pub(crate) fn is_local(&self) -> bool {
        let address = self.name.parse::<IpAddr>();
        self.name.starts_with('/')
            || self.name == "localhost"
            || address.is_ok_and(|ip| ip.is_loopback())
    }

    /// As in a URL, with commas between.
    pub(crate) fn list(hosts: &[Self], default_port: u16) -> String {
        let texts = hosts.iter().map(|host| {
            let port = host.port.unwrap_or(default_port);
            if host.name.contains(':') {
                format!("[{}]:{port}", host.name)
            } else {
                format!("{}:{port}", host.name)
            }
        });
        texts.collect::<Vec<_>>().join(",")
    }
}

fn decoded(text: &str, what: &str) -> Result<String, StoreUrlError> {
    let decoded = percent_decode_str(text).decode_utf8();
    decoded
        .map(Into::into)
        .map_err(|_| StoreUrlError::new(format_args!("the {what} of the store's URL is not UTF-8")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_a_url_are_found_and_decoded() {
        let mut address = Address::parse(
            "redis+cluster://ann:p%40s%2Fs:@a,b:7001,[::1]:7002/3?prefix=x%20y&wait=50ms",
        )
        .unwrap();
        assert_eq!(address.scheme, "redis+cluster");
        assert_eq!(address.user.as_deref(), Some("ann"));
        assert_eq!(address.password.read().unwrap().as_deref(), Some("p@s/s:"));
        let host = |name: &str, port| Host {
            name: name.to_owned(),
            port,
        };
        assert_eq!(
            address.hosts,
            [
                host("a", None),
                host("b", Some(7001)),
                host("::1", Some(7002))
            ]
        );
        assert_eq!(address.path, "3");
        assert_eq!(address.text("prefix").as_deref(), Some("x y"));
        assert!(address.finish().unwrap_err().to_string().contains("wait"));
        let wait = address.time("wait", Duration::ZERO).unwrap();
        assert_eq!(wait, Duration::from_millis(50));
        address.finish().unwrap();
    }

    #[test]
    fn a_password_is_in_no_message_and_no_debug_output() {
        for url in [
            "redis:/ann:hunter2@host",
            "redis://ann:hunter2@host:port",
            "redis://ann:hunter2@host#x",
            "redis://ann:hunter2%ff@host",
            "redis://ann:hunter2@host?password_file=/x",
            "redis://ann:hunter2@host?a=1&a=2",
            "redis://ann:pass?hunter2@host",
        ] {
            let Err(error) = Address::parse(url) else {
                panic!("{url} is a URL");
            };
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
        }
        let given = Address::parse("redis://:hunter2@host").unwrap().password;
        assert!(!format!("{given:?}").contains("hunter2"));
    }

    #[test]
    fn a_password_that_is_not_encoded_is_not_taken_for_something_else() {
        for url in [
            "postgres://ann:5432/hunter2@host/app",
            "postgres://ann:5432?hunter=2@host/app",
        ] {
            let Err(error) = Address::parse(url) else {
                panic!("{url} is a URL");
            };
            assert!(error.to_string().contains("%2F"), "{error}");
            assert!(!format!("{error} {error:?}").contains("hunter"), "{error}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_password_is_read_from_a_file_and_nothing_else() {
        // A pipe would wait for whoever writes to it.
        let device = Password::File("/dev/null".into()).read();
        assert!(device.is_err(), "{device:?}");
        let folder = Password::File("/".into()).read();
        assert!(folder.is_err(), "{folder:?}");
    }

    #[test]
    fn numbers_and_times_out_of_bounds_are_refused() {
        for query in [
            "timeout=2",
            "timeout=0s",
            "timeout=61s",
            "timeout=-1s",
            "timeout=",
            "batch=0",
            "batch=65",
            "batch=x",
            "barriers=-1",
        ] {
            let mut address = Address::parse(&format!("redis://host?{query}")).unwrap();
            assert!(address.limits(64).is_err(), "{query}");
        }
    }
}
