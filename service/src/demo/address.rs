//! The address that the demo listens on → the names that browsers use for it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The demo's names.
#[derive(Debug)]
pub(super) struct Address {
    /// The address to open in a browser.
    pub(super) url: String,
    /// Every origin at which its page can be reached.
    pub(super) origins: Vec<String>,
}

impl Address {
    pub(super) fn from_bound(bound: SocketAddr) -> Result<Self, String> {
        let host = match bound.ip() {
            ip if ip.is_loopback() => ip,
            // All interfaces, as in a container whose port is published on the host's loopback
            // address.
            IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            // Over plain HTTP, browsers accept Secure cookies only from their own machine.
            ip => {
                return Err(format!(
                    "the demo has no https, so browsers drop its cookies on {ip}; listen on 127.0.0.1:{}",
                    bound.port()
                ));
            }
        };
        let origin = format!("http://{}", SocketAddr::new(host, bound.port()));
        Ok(Self {
            url: format!("{origin}/"),
            origins: vec![origin, format!("http://localhost:{}", bound.port())],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from_bound(bound: &str) -> Result<Address, String> {
        Address::from_bound(bound.parse().unwrap())
    }

    #[test]
    fn the_page_works_under_its_number_and_under_localhost() {
        for (bound, number) in [
            ("127.0.0.1:8787", "http://127.0.0.1:8787"),
            ("0.0.0.0:8787", "http://127.0.0.1:8787"),
            ("[::1]:8787", "http://[::1]:8787"),
            ("[::]:8787", "http://[::1]:8787"),
        ] {
            let address = from_bound(bound).unwrap();
            assert_eq!(address.url, format!("{number}/"));
            assert_eq!(address.origins, [number, "http://localhost:8787"]);
        }
    }

    #[test]
    fn an_address_where_browsers_drop_the_cookies_is_refused() {
        assert!(
            from_bound("192.0.2.1:80")
                .unwrap_err()
                .contains("127.0.0.1:80")
        );
    }
}
