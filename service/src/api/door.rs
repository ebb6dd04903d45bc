//! Who may call the API.

use std::net::{Ipv4Addr, Ipv6Addr};

use actix_web::http::header::{AUTHORIZATION, COOKIE, HOST, HeaderMap, HeaderName, ORIGIN};

use super::keys::Keys;
use super::problem::{Kind, Problem};

/// The way by which a caller comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    /// A unix socket: whoever may open its file may call.
    Socket,
    /// TCP on this machine, which a page can reach under a name that it made up.
    Loopback,
    /// TCP of the network.
    Network,
}

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Lets a request in: from no browser, under no rebound name, and over TCP with a key.
pub(super) fn admit(door: Door, keys: &Keys, fields: &HeaderMap) -> Result<(), Problem> {
    for field in [ORIGIN, SEC_FETCH_SITE, COOKIE] {
        if fields.contains_key(&field) {
            let field = field.as_str().to_owned();
            return Err(Problem::from(Kind::ORIGIN).field(field));
        }
    }
    if door == Door::Loopback && !is_of_this_machine(fields) {
        let detail = "must be an address, or localhost";
        return Err(Problem::from(Kind::ORIGIN).field("host").detail(detail));
    }
    if door != Door::Socket && !bearer(fields).is_some_and(|key| keys.admit(key)) {
        return Err(Kind::UNAUTHORIZED.into());
    }
    Ok(())
}

fn is_of_this_machine(fields: &HeaderMap) -> bool {
    let mut hosts = fields.get_all(HOST);
    let host = hosts.next().and_then(|host| host.to_str().ok());
    let Some(host) = host.filter(|_| hosts.next().is_none()) else {
        return false;
    };
    // RFC 3986 §3.2.2: only within brackets may a colon be a host's.
    let (is_address, port) = if let Some(rest) = host.strip_prefix('[') {
        let (address, port) = rest.split_once(']').unwrap_or((rest, rest));
        (address.parse::<Ipv6Addr>().is_ok(), port)
    } else {
        let end = host.find(':').unwrap_or(host.len());
        let (name, port) = host.split_at(end);
        let is_address = name.parse::<Ipv4Addr>().is_ok();
        (is_address || name.eq_ignore_ascii_case("localhost"), port)
    };
    let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    is_address && (port.is_empty() || port.strip_prefix(':').is_some_and(is_port))
}

/// The key in `Authorization: Bearer`, if the field is there once.
fn bearer(fields: &HeaderMap) -> Option<&[u8]> {
    let mut all = fields.get_all(AUTHORIZATION);
    let value = all.next().filter(|_| all.next().is_none())?;
    let (scheme, key) = value.as_bytes().split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then_some(key)
}
