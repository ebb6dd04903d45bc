//! An address as a setting writes it.

use std::fmt;
use std::str::FromStr;

use super::tcp::Host;
#[cfg(unix)]
use super::unix::SocketFile;

/// Where to listen.
#[derive(Clone, Debug)]
pub(crate) enum Listen {
    /// `HOST:PORT`.
    Host(Host),
    /// `unix:/PATH`.
    #[cfg(unix)]
    Unix(SocketFile),
    /// `systemd:NAME`: the sockets of that name that systemd has opened, or all that nobody else
    /// names.
    #[cfg(unix)]
    Systemd(String),
}

impl FromStr for Listen {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        #[cfg(unix)]
        {
            if let Some(path) = text.strip_prefix("unix:") {
                return path.parse().map(Self::Unix);
            }
            if let Some(name) = text.strip_prefix("systemd:") {
                return Ok(Self::Systemd(name.to_owned()));
            }
        }
        text.parse().map(Self::Host).map_err(|error| {
            if cfg!(unix) {
                "must be a host and a port, as in 127.0.0.1:8788, or a socket, as in unix:/run/apply-cookies/public.sock"
            } else {
                error
            }
        })
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host(host) => host.fmt(f),
            #[cfg(unix)]
            Self::Unix(file) => file.fmt(f),
            #[cfg(unix)]
            Self::Systemd(name) => write!(f, "systemd:{name}"),
        }
    }
}
