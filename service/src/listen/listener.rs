//! A socket that listens.

use std::net::{SocketAddr, TcpListener};

#[cfg(unix)]
use super::unix::Bound;
use crate::api::Door;

/// A socket that listens, and its address for the log.
#[derive(Debug)]
pub(crate) enum Listener {
    Tcp(TcpListener),
    /// Without a file where systemd has made it, and removes it.
    #[cfg(unix)]
    Unix(std::os::unix::net::UnixListener, Option<Bound>),
}

impl Listener {
    /// Its file, which is removed when that is dropped.
    #[cfg(unix)]
    pub(crate) fn take_file(&mut self) -> Option<Bound> {
        match self {
            Self::Unix(_, file) => file.take(),
            Self::Tcp(_) => None,
        }
    }

    /// There is no file.
    #[cfg(not(unix))]
    pub(crate) fn take_file(&mut self) -> Option<()> {
        None
    }

    /// By which door callers of the API come in here.
    pub(crate) fn door(&self) -> Door {
        match self.network() {
            Some(address) if address.ip().is_loopback() => Door::Loopback,
            Some(_) => Door::Network,
            #[cfg(unix)]
            None if self.has_file() => Door::Socket,
            None => Door::Network,
        }
    }

    /// Whether a file's mode says who may connect. An abstract name, which systemd can pass, has none.
    #[cfg(unix)]
    fn has_file(&self) -> bool {
        let Self::Unix(listener, _) = self else {
            return false;
        };
        let address = listener.local_addr();
        address.is_ok_and(|address| address.as_pathname().is_some())
    }

    /// Its address on a network.
    pub(crate) fn network(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(listener) => listener.local_addr().ok(),
            #[cfg(unix)]
            Self::Unix(..) => None,
        }
    }

    /// As a setting writes it.
    pub(crate) fn address(&self) -> String {
        match self {
            Self::Tcp(listener) => match listener.local_addr() {
                Ok(address) => address.to_string(),
                Err(error) => error.to_string(),
            },
            #[cfg(unix)]
            Self::Unix(listener, _) => {
                let address = listener.local_addr().ok();
                let path = address.as_ref().and_then(|address| address.as_pathname());
                path.map_or_else(
                    || "unix:".to_owned(),
                    |path| format!("unix:{}", path.display()),
                )
            }
        }
    }
}
