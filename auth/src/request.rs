//! A request, as much of it as decides, without a framework.

use std::net::{IpAddr, Ipv4Addr};

use apply_cookies::web::{Asked, Fields};
use form_urlencoded::parse;

/// The name of an access token in a query, as marimo has it.
pub(crate) const ACCESS_TOKEN_PARAMETER: &str = "access_token";

/// A request: what the middleware of the cookies takes, its query and its peer.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "adapters make it")]
pub struct Request<'r, F> {
    /// Method, path and header fields.
    pub asked: Asked<'r, F>,
    /// The whole path, as the client sent it: nothing decoded, nothing that a router has taken off.
    /// Rules judge this one, for it is what every program behind reads in its own way.
    pub path: &'r str,
    /// The query, without the question mark.
    pub query: Option<&'r str>,
    /// The address at the other end of the connection. Without one all people count as one network.
    pub peer: Option<IpAddr>,
}

impl<F> Clone for Request<'_, F> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<F> Copy for Request<'_, F> {}

impl<F: Fields> Request<'_, F> {
    /// The only value of a field. A field that stands twice has none.
    pub(crate) fn only(&self, name: &'static str) -> Option<&[u8]> {
        let mut values = self.asked.fields.all(name);
        values.next().filter(|_| values.next().is_none())
    }

    pub(crate) fn has(&self, name: &'static str) -> bool {
        self.asked.fields.all(name).next().is_some()
    }

    pub(crate) fn is_read(&self) -> bool {
        matches!(self.asked.method, "GET" | "HEAD")
    }

    /// Whether a person waits for a page, by what browsers say; by `Accept` where they say nothing.
    pub(crate) fn is_navigation(&self) -> bool {
        match self.only("sec-fetch-mode") {
            Some(mode) => mode == b"navigate",
            None if self.has("sec-fetch-mode") => false,
            None => self.asked.fields.all("accept").any(|value| {
                let mut types = value.split(|byte| *byte == b',');
                types.any(|one| one.trim_ascii().starts_with(b"text/html"))
            }),
        }
    }

    /// Whether it opens a socket: over HTTP/2 and 3 that is a CONNECT (RFC 8441).
    pub(crate) fn is_upgrade(&self) -> bool {
        self.has("upgrade") || self.asked.method == "CONNECT"
    }

    /// The only value of a parameter of the query.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        let query = self.query?.as_bytes();
        let mut values = parse(query).filter(|(key, _)| key == name);
        let value = values.next().map(|(_, value)| value.into_owned());
        value.filter(|_| values.next().is_none())
    }

    /// The address as the client asked for it, without one parameter of the query.
    pub(crate) fn address_without(&self, name: &str) -> String {
        let pairs = self.query.unwrap_or_default().split('&');
        let kept: Vec<&str> = pairs
            .filter(|pair| {
                let key = pair.split('=').next().unwrap_or_default().as_bytes();
                !pair.is_empty() && parse(key).all(|(key, _)| key != name)
            })
            .collect();
        let query = kept.join("&");
        let mark = if query.is_empty() { "" } else { "?" };
        format!("{}{mark}{query}", self.path)
    }

    /// The peer, or one address for all whose peer is not known.
    pub(crate) fn peer(&self) -> IpAddr {
        self.peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
    }
}
