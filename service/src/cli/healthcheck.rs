//! `healthcheck`: asks the running service, for images without a shell.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, ToSocketAddrs};
use std::time::Duration;

use clap::ArgMatches;

use crate::refused::Refused;
use crate::settings::{self, Resolved};

/// How long the service may take.
const PATIENCE: Duration = Duration::from_secs(4);

/// The most bytes of an answer that are read.
const LONGEST: u64 = 4096;

/// A running service's socket.
trait Stream: Read + Write {}
impl<S: Read + Write> Stream for S {}

/// Done if the service answers with 200.
pub(crate) fn run(given: &ArgMatches, ready: bool) -> Result<(), Refused> {
    let settings = settings::resolve(given);
    settings::report(&settings)?;
    let path = if ready { "/readyz" } else { "/healthz" };
    let mut tried = String::from("no address that can be asked: give --api-listen");
    for address in addresses(&settings) {
        match ask(&address, path) {
            Ok((200, _)) => return Ok(()),
            Ok((status, said)) => {
                return Err(format!("{path} answers {status}: {}", said.trim()).into());
            }
            Err(error) => tried = format!("cannot reach {address}: {error}"),
        }
    }
    Err(tried.into())
}

/// The addresses without TLS, the internal ones first.
fn addresses(settings: &Resolved) -> Vec<String> {
    let of = |key: &str| settings.found.iter().find(|found| found.key.0 == key);
    let tls = of("tls.cert_file").is_some_and(|found| !found.values.is_empty());
    let keys = ["api.listen", "metrics.listen", "listen"];
    let found = keys.into_iter().filter_map(of);
    let all = found.flat_map(|found| &found.values);
    let all = all.filter_map(|address| address.to_str().map(str::to_owned));
    all.filter(|address| address.starts_with("unix:") || !tls)
        .filter(|address| !address.starts_with("systemd:"))
        .collect()
}

fn ask(address: &str, path: &str) -> std::io::Result<(u16, String)> {
    let mut stream = connect(address)?;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    )?;
    let mut answer = Vec::new();
    stream.take(LONGEST).read_to_end(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer);
    let status = answer.split(' ').nth(1).and_then(|code| code.parse().ok());
    let body = answer
        .split_once("\r\n\r\n")
        .map(|(_, body)| body.to_owned());
    status
        .zip(body)
        .ok_or_else(|| std::io::ErrorKind::InvalidData.into())
}

fn connect(address: &str) -> std::io::Result<Box<dyn Stream>> {
    #[cfg(unix)]
    if let Some(path) = address.strip_prefix("unix:") {
        let stream = std::os::unix::net::UnixStream::connect(path)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        return Ok(Box::new(stream));
    }
    let first = address.to_socket_addrs()?.next();
    let mut address = first.ok_or(std::io::ErrorKind::AddrNotAvailable)?;
    // Where it listens on all addresses, this machine's own is one.
    match address {
        SocketAddr::V4(v4) if v4.ip().is_unspecified() => {
            address.set_ip(Ipv4Addr::LOCALHOST.into());
        }
        SocketAddr::V6(v6) if v6.ip().is_unspecified() => {
            address.set_ip(Ipv6Addr::LOCALHOST.into());
        }
        _ => {}
    }
    let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    Ok(Box::new(stream))
}
