//! A request's address → that of the person, behind proxies that the configuration trusts.

use std::net::IpAddr;

use apply_cookies::web::Fields;
use ipnet::IpNet;

/// The networks whose `X-Forwarded-For` counts.
#[derive(Clone, Debug, Default)]
pub(crate) struct TrustedProxies(Vec<IpNet>);

/// A text that is neither an address nor a network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an address or a network, such as 127.0.0.1 or 10.0.0.0/8")]
pub struct NotANetwork(String);

impl TrustedProxies {
    /// Trusts an address, or a network in CIDR form.
    pub(crate) fn trust(&mut self, text: &str) -> Result<(), NotANetwork> {
        let address = text.parse::<IpAddr>().map(IpNet::from);
        let network = address.or_else(|_| text.parse());
        self.0
            .push(network.map_err(|_| NotANetwork(text.to_owned()))?);
        Ok(())
    }

    pub(crate) fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The person's address: the last one on the way that is not a trusted proxy's. What stands
    /// before it in the field is the client's own text, and proves nothing.
    pub(crate) fn person(&self, peer: IpAddr, fields: &impl Fields) -> IpAddr {
        let mut person = peer.to_canonical();
        if !self.trusts(person) {
            return person;
        }
        let hops: Vec<&[u8]> = fields
            .all("x-forwarded-for")
            .flat_map(|value| value.split(|byte| *byte == b','))
            .collect();
        for hop in hops.into_iter().rev() {
            // An address that cannot be read ends what is known.
            let Some(address) = read(hop) else { break };
            person = address.to_canonical();
            if !self.trusts(person) {
                break;
            }
        }
        person
    }
}

/// An address, which some proxies write with a port.
fn read(hop: &[u8]) -> Option<IpAddr> {
    let hop = std::str::from_utf8(hop).ok()?.trim();
    let bare = hop.strip_prefix('[').and_then(|hop| hop.strip_suffix(']'));
    let address = bare.unwrap_or(hop).parse().ok();
    address.or_else(|| Some(hop.parse::<std::net::SocketAddr>().ok()?.ip()))
}

#[cfg(test)]
mod tests {
    use apply_cookies::web::Fields;
    use bytes::Bytes;

    use super::*;

    struct Forwarded(&'static [&'static str]);

    impl Fields for Forwarded {
        fn all(&self, name: &'static str) -> impl Iterator<Item = &[u8]> + Clone {
            assert_eq!(name, "x-forwarded-for");
            self.0.iter().map(|value| value.as_bytes())
        }

        fn any_name(&self, _: impl Fn(&str) -> bool) -> bool {
            true
        }

        fn set(&mut self, _: &'static str, _: Bytes) {}

        fn append(&mut self, _: &'static str, _: Bytes) {}

        fn remove_each(&mut self, _: impl Fn(&str) -> bool) {}
    }

    fn person(peer: &str, field: &'static [&'static str]) -> String {
        let mut proxies = TrustedProxies::default();
        proxies.trust("127.0.0.1").unwrap();
        proxies.trust("10.0.0.0/8").unwrap();
        let peer = peer.parse().unwrap();
        proxies.person(peer, &Forwarded(field)).to_string()
    }

    #[test]
    fn the_person_is_the_last_one_who_is_not_a_trusted_proxy() {
        for (peer, field, expected) in [
            ("192.0.2.1", &["198.51.100.7"][..], "192.0.2.1"),
            ("127.0.0.1", &["198.51.100.7"], "198.51.100.7"),
            ("::ffff:127.0.0.1", &["198.51.100.7"], "198.51.100.7"),
            (
                "127.0.0.1",
                &["203.0.113.9, 198.51.100.7, 10.1.2.3"],
                "198.51.100.7",
            ),
            (
                "127.0.0.1",
                &["203.0.113.9", "198.51.100.7"],
                "198.51.100.7",
            ),
            ("127.0.0.1", &["198.51.100.7:4711"], "198.51.100.7"),
            ("127.0.0.1", &["[2001:db8::7]:4711"], "2001:db8::7"),
            ("127.0.0.1", &["2001:db8::7"], "2001:db8::7"),
            (
                "127.0.0.1",
                &["198.51.100.7, unknown, 10.1.2.3"],
                "10.1.2.3",
            ),
            ("127.0.0.1", &[], "127.0.0.1"),
            ("127.0.0.1", &[""], "127.0.0.1"),
        ] {
            assert_eq!(person(peer, field), expected, "{peer} {field:?}");
        }
    }

    #[test]
    fn what_is_not_a_network_is_refused() {
        let mut proxies = TrustedProxies::default();
        for text in ["", "localhost", "10.0.0.0/33", "10.0.0/8", "*"] {
            assert_eq!(proxies.trust(text), Err(NotANetwork(text.to_owned())));
        }
    }
}
