//! An origin as browsers write it (RFC 6454).

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

/// An origin as browsers write it: scheme, host, and the port unless it is the default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    text: String,
    host: Host,
    https: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Host {
    Name(String),
    V4(Ipv4Addr),
    V6(Ipv6Addr),
}

impl Origin {
    /// Reads `https://app.example` or `http://localhost:8080`. An international name is written
    /// in its ASCII form, `https://xn--mnchen-3ya.example`, as browsers send it.
    ///
    /// # Errors
    ///
    /// If the text is not an origin: another scheme, a path, a query, a user name.
    pub fn parse(text: &str) -> Result<Self, OriginError> {
        Self::read(text).ok_or_else(|| OriginError(text.chars().take(80).collect()))
    }

    fn read(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        let (https, default_port) = match &*scheme.to_ascii_lowercase() {
            "https" => (true, 443),
            "http" => (false, 80),
            _ => return None,
        };
        // People copy a trailing slash from the address bar.
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        // The colons of an IPv6 address are inside its brackets.
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, Some(read_port(port)?)),
            _ => (authority, None),
        };
        let host = Host::read(host)?;
        let scheme = if https { "https" } else { "http" };
        let text = match port.filter(|port| *port != default_port) {
            Some(port) => format!("{scheme}://{host}:{port}"),
            None => format!("{scheme}://{host}"),
        };
        Some(Self { text, host, https })
    }

    /// The text that a browser sends in `Origin`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub(crate) const fn is_https(&self) -> bool {
        self.https
    }

    /// Whether browsers treat it as secure: https, or this machine.
    pub(crate) fn is_trustworthy(&self) -> bool {
        self.https || self.is_loopback()
    }

    /// This machine: `localhost` and names under it (RFC 6761 §6.3), 127.0.0.0/8, `[::1]`.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        match &self.host {
            Host::Name(name) => name == "localhost" || name.ends_with(".localhost"),
            Host::V4(address) => address.is_loopback(),
            Host::V6(address) => address.is_loopback(),
        }
    }

    /// Whether a browser on this origin would accept a cookie for this domain.
    pub(super) fn takes_domain(&self, domain: &str) -> bool {
        match &self.host {
            Host::Name(name) => {
                name == domain
                    || name
                        .strip_suffix(domain)
                        .is_some_and(|front| front.ends_with('.'))
            }
            Host::V4(address) => address.to_string() == domain,
            Host::V6(_) => false,
        }
    }
}

impl Host {
    fn read(text: &str) -> Option<Self> {
        if let Some(inside) = text.strip_prefix('[') {
            return Some(Self::V6(inside.strip_suffix(']')?.parse().ok()?));
        }
        let labels = || text.split('.');
        let is_name = text.len() <= 253
            && labels().all(|label| {
                !label.is_empty()
                    && label
                        .bytes()
                        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
            });
        if !is_name {
            return None;
        }
        // To browsers a host that ends in a number is an IPv4 address or invalid (WHATWG URL).
        let last = labels().next_back()?;
        if last.bytes().all(|b| b.is_ascii_digit()) {
            return Some(Self::V4(text.parse().ok()?));
        }
        Some(Self::Name(text.to_ascii_lowercase()))
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::V4(address) => address.fmt(f),
            // Rust writes the end of a mapped address as IPv4, and browsers do not.
            Self::V6(address) if address.to_ipv4_mapped().is_some() => {
                let [.., high, low] = address.segments();
                write!(f, "[::ffff:{high:x}:{low:x}]")
            }
            Self::V6(address) => write!(f, "[{address}]"),
        }
    }
}

fn read_port(text: &str) -> Option<u16> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().ok())?
}

/// Text that is not an origin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not an origin; write scheme, host and port only, as in https://app.example or http://localhost:8080 (an international name in its xn-- form)"
)]
pub struct OriginError(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_bare_origins_are_read() {
        for bad in [
            "app.example",
            "ftp://app.example",
            "https://",
            "https://app.example/path",
            "https://app.example?x",
            "https://app.example#x",
            "https://u@app.example",
            "https://*.app.example",
            "null",
            "*",
            "https://:@app.example",
            "https://@app.example",
            " https://app.example",
            "https://app.exa\nmple",
            "https:\\\\app.example",
            "https:app.example",
            "https://app..example",
            "https://app.example.",
            "https://app.example:",
            "https://app.example:+1",
            "https://app.example:65536",
            "https://127.1",
            "https://[::1",
            "https://::1",
            "https://münchen.example",
        ] {
            assert!(Origin::parse(bad).is_err(), "{bad}");
        }
        let written = |text| Origin::parse(text).unwrap().as_str().to_owned();
        assert_eq!(written("HTTPS://App.Example:443/"), "https://app.example");
        assert_eq!(written("http://[::1]:80"), "http://[::1]");
        assert_eq!(written("http://127.0.0.1:8080"), "http://127.0.0.1:8080");
        assert_eq!(written("https://[::1]:8443/"), "https://[::1]:8443");
        // As browsers write it, not as Rust does.
        assert_eq!(
            written("https://[::ffff:192.0.2.1]"),
            "https://[::ffff:c000:201]"
        );
    }

    #[test]
    fn a_domain_must_be_the_host_or_above_it() {
        let origin = Origin::parse("https://app.example.com").unwrap();
        assert!(origin.takes_domain("app.example.com"));
        assert!(origin.takes_domain("example.com"));
        assert!(!origin.takes_domain("other.com"));
        assert!(!origin.takes_domain("ample.com"));
        assert!(!origin.takes_domain("com.example"));
        assert!(!origin.takes_domain("x.app.example.com"));
    }
}
