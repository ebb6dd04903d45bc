//! A host and a port → sockets.

use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::str::FromStr;

use socket2::{Domain, Socket, Type};

/// Connections that the system accepts before a worker does.
pub(super) const BACKLOG: i32 = 1024;

/// Bytes that the system holds of a connection in each direction (Linux takes twice as many). More
/// than any request or answer has, and left to itself it would hold megabytes for a client that
/// does not read.
const BUFFER: usize = 64 * 1024;

/// A host, by name or number, and a port. A name is looked up when it is bound.
#[derive(Clone, Debug)]
pub(crate) struct Host(String);

impl FromStr for Host {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = || text.parse::<SocketAddr>().is_ok();
        let name = || {
            let (host, port) = text.rsplit_once(':')?;
            let whole = !host.is_empty() && !host.contains([':', '/', '[', ']', ' ']);
            (whole && port.parse::<u16>().is_ok()).then_some(())
        };
        if number() || name().is_some() {
            Ok(Self(text.to_owned()))
        } else {
            Err("must be a host and a port, as in 127.0.0.1:8788, localhost:8788 or [::1]:8788")
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Host {
    /// A socket for each address of the host.
    ///
    /// A name may have addresses of a family that this machine does not have, as `localhost` has in
    /// a container without IPv6. Any other that cannot be had is an error: half a service is worse
    /// than none.
    pub(crate) fn bind(&self) -> Result<Vec<TcpListener>, String> {
        let refused = |error| format!("cannot listen on {}: {error}; give another address", self.0);
        let mut addresses: Vec<_> = self.0.to_socket_addrs().map_err(refused)?.collect();
        addresses.sort_unstable();
        addresses.dedup();
        let (mut listeners, mut absent) = (Vec::new(), None);
        for address in addresses {
            match bind(address) {
                Ok(listener) => listeners.push(listener),
                Err(error) if is_absent(&error) => absent = Some(error),
                Err(error) => return Err(refused(error)),
            }
        }
        match absent {
            Some(error) if listeners.is_empty() => Err(refused(error)),
            _ if listeners.is_empty() => Err(self.no_address()),
            _ => Ok(listeners),
        }
    }

    /// A socket for the first address of the host that can be had.
    pub(crate) fn bind_first(&self) -> Result<TcpListener, String> {
        let first = self.bind()?.into_iter().next();
        first.ok_or_else(|| self.no_address())
    }

    fn no_address(&self) -> String {
        format!("{} has no address; give another", self.0)
    }
}

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    // On Windows it would share the port with other processes.
    #[cfg(not(windows))]
    socket.set_reuse_address(true)?;
    // Connections inherit them.
    socket.set_send_buffer_size(BUFFER)?;
    socket.set_recv_buffer_size(BUFFER)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// Whether an address is of a family that this machine does not have, or is not its own.
fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::AddrNotAvailable | io::ErrorKind::Unsupported)
        // Linux's EAFNOSUPPORT has no kind.
        || (cfg!(target_os = "linux") && error.raw_os_error() == Some(97))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_names_or_numbers() {
        for listen in [
            "127.0.0.1:0",
            "[::1]:0",
            "0.0.0.0:0",
            "[::]:0",
            "localhost:0",
            "LOCALHOST:0",
        ] {
            let listen: Host = listen.parse().unwrap();
            match listen.bind() {
                Ok(listeners) => assert!(!listeners.is_empty(), "{listen:?}"),
                // On a machine without IPv6.
                Err(error) => assert!(listen.0.starts_with('['), "{error}"),
            }
        }
        for wrong in [
            "",
            ":8788",
            "8788",
            "localhost",
            "localhost:",
            "localhost:http",
            "localhost:65536",
            "::1:8788",
            "[localhost]:8788",
            "http://localhost:8788",
            "local host:8788",
            "127.0.0.1",
        ] {
            let error = wrong.parse::<Host>().unwrap_err();
            assert!(error.contains("localhost:8788"), "{wrong}");
        }
    }

    #[test]
    fn an_address_that_cannot_be_had_is_named() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = taken.local_addr().unwrap().port();
        for host in ["127.0.0.1", "localhost", "LocalHost"] {
            let listen: Host = format!("{host}:{port}").parse().unwrap();
            let error = listen.bind().unwrap_err();
            assert!(
                error.starts_with(&format!("cannot listen on {host}:{port}: ")),
                "{error}"
            );
        }
        // An address of documentation, which no machine has.
        let error = Host("192.0.2.1:0".to_owned()).bind().unwrap_err();
        assert!(error.contains("192.0.2.1:0"), "{error}");
    }
}
