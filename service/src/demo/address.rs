//! The address that the demo listens on → the address to open in a browser.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

pub(super) fn to_open(bound: SocketAddr) -> Result<String, String> {
    let host = match bound.ip() {
        ip if ip.is_loopback() => ip,
        // All interfaces, as in a container whose port is published on the host's loopback address.
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => {
            return Err(format!(
                "the demo has no https, so anyone on the way to {ip} could read its cookies; give --listen 127.0.0.1:{}",
                bound.port()
            ));
        }
    };
    Ok(format!("http://{}/", SocketAddr::new(host, bound.port())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(bound: &str) -> Result<String, String> {
        to_open(bound.parse().unwrap())
    }

    #[test]
    fn the_page_is_opened_on_this_machine() {
        for (bound, opened) in [
            ("127.0.0.1:8787", "http://127.0.0.1:8787/"),
            ("0.0.0.0:8787", "http://127.0.0.1:8787/"),
            ("[::1]:8787", "http://[::1]:8787/"),
            ("[::]:8787", "http://[::1]:8787/"),
        ] {
            assert_eq!(url(bound).unwrap(), opened);
        }
    }

    #[test]
    fn an_address_of_the_network_is_refused() {
        assert!(url("192.0.2.1:80").unwrap_err().contains("127.0.0.1:80"));
    }
}
