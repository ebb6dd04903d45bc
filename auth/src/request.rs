//! A request, as much of it as decides, without a framework.

use std::borrow::Cow;
use std::net::IpAddr;

use apply_cookies::Origin;
use apply_cookies::web::{Asked, Fields};
use form_urlencoded::parse;

/// The name of an access token in a query, as marimo has it.
pub(crate) const ACCESS_TOKEN_PARAMETER: &str = "access_token";

pub(crate) struct Request<'r, F> {
    pub(crate) method: &'r str,
    /// The whole path, as the client sent it: nothing decoded, nothing that a router has taken off.
    /// Rules judge this one, for it is what every program behind reads in its own way.
    pub(crate) path: &'r str,
    /// Without the question mark.
    pub(crate) query: Option<&'r str>,
    /// The host, where the request line has it. Over HTTP/2 there is often no `Host`.
    pub(crate) authority: Option<&'r str>,
    pub(crate) fields: &'r F,
    /// The address at the other end of the connection. Without one all people count as one network.
    pub(crate) peer: Option<IpAddr>,
}

/// The only value. What stands twice has none: programs differ in which they take.
pub(crate) fn only<T>(mut values: impl Iterator<Item = T>) -> Option<T> {
    let value = values.next();
    value.filter(|_| values.next().is_none())
}

impl<'r, F: Fields> Request<'r, F> {
    /// As much of it as the cookies read.
    pub(crate) const fn asked(&self) -> Asked<'r, F> {
        Asked {
            method: self.method,
            path: self.path,
            fields: self.fields,
        }
    }

    /// The only value of a field.
    pub(crate) fn only(&self, name: &'static str) -> Option<&[u8]> {
        only(self.fields.all(name))
    }

    pub(crate) fn has(&self, name: &'static str) -> bool {
        self.fields.all(name).next().is_some()
    }

    pub(crate) fn is_read(&self) -> bool {
        matches!(self.method, "GET" | "HEAD")
    }

    /// Whether a person waits for a page, by what browsers say; by `Accept` where they say nothing.
    pub(crate) fn is_navigation(&self) -> bool {
        if self.has("sec-fetch-mode") {
            return self.only("sec-fetch-mode") == Some(b"navigate");
        }
        self.fields.all("accept").any(|value| {
            let mut types = value.split(|byte| *byte == b',');
            types.any(|one| one.trim_ascii().starts_with(b"text/html"))
        })
    }

    /// Whether it opens a socket: over HTTP/2 and 3 that is a CONNECT (RFC 8441).
    pub(crate) fn is_upgrade(&self) -> bool {
        self.has("upgrade") || self.method == "CONNECT"
    }

    /// What the client calls this server. It may call it anything.
    pub(crate) fn host(&self) -> Option<&str> {
        let field = self.only("host").map(std::str::from_utf8);
        field.and_then(Result::ok).or(self.authority)
    }

    /// Whether the client calls this server by names of this machine alone.
    pub(crate) fn is_called_loopback(&self) -> bool {
        let is_loopback = |host: &str| {
            Origin::parse(&format!("http://{host}")).is_ok_and(|origin| origin.is_loopback())
        };
        let doubled = self.has("host") && self.only("host").is_none();
        !doubled && self.host().is_some_and(is_loopback) && self.authority.is_none_or(is_loopback)
    }

    /// The values of a parameter of the query.
    pub(crate) fn parameters(&self, name: &str) -> impl Iterator<Item = Cow<'_, str>> {
        let query = self.query.unwrap_or_default().as_bytes();
        parse(query).filter_map(move |(key, value)| (key == name).then_some(value))
    }

    /// Where the person wants to go afterwards, by the query.
    pub(crate) fn return_to(&self) -> Option<String> {
        only(self.parameters("return_to")).map(Cow::into_owned)
    }

    /// The address as the client asked for it, without the access tokens in its query.
    pub(crate) fn address(&self) -> String {
        let pairs = self.query.unwrap_or_default().split('&');
        let is_token =
            |pair: &&str| parse(pair.as_bytes()).any(|(key, _)| key == ACCESS_TOKEN_PARAMETER);
        let kept: Vec<&str> = pairs
            .filter(|pair| !pair.is_empty() && !is_token(pair))
            .collect();
        let mark = if kept.is_empty() { "" } else { "?" };
        format!("{}{mark}{}", self.path, kept.join("&"))
    }
}
