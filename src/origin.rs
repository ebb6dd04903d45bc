//! Which pages may post: `Sec-Fetch-Site` and `Origin` against a configured list (SPEC §9).
//!
//! The list is never derived from `Host` or a forwarded header: both are the client's words.

use std::fmt;

use url::{Host, Url};

/// An origin as browsers write it: scheme, host, and the port unless it is the default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    text: String,
    host: String,
    https: bool,
    loopback: bool,
}

impl Origin {
    /// Reads `https://app.example` or `http://localhost:8080`.
    ///
    /// # Errors
    ///
    /// When it is no origin: another scheme, a path, a query, a user name.
    pub fn parse(text: &str) -> Result<Self, OriginError> {
        let refuse = || OriginError(text.chars().take(80).collect());
        // The parser of URLs forgives much that browsers would correct; a setting should not.
        let plain = text
            .bytes()
            .all(|b| b > b' ' && b != b'\\' && b != b'@' && b != 0x7F);
        if !plain || !text.contains("://") {
            return Err(refuse());
        }
        let url = Url::parse(text).map_err(|_| refuse())?;
        let https = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return Err(refuse()),
        };
        let bare = url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        let host = url.host().ok_or_else(refuse)?;
        // A wildcard or a pattern is a host name to the parser, and would never match.
        let plain = !matches!(host, Host::Domain(name)
            if !name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_')));
        if !bare || !plain {
            return Err(refuse());
        }
        Ok(Self {
            loopback: is_loopback(&host),
            host: host.to_string(),
            text: url.origin().ascii_serialization(),
            https,
        })
    }

    /// The text that a browser sends in `Origin`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether browsers treat it as secure: https, or this machine itself.
    pub(crate) fn is_trustworthy(&self) -> bool {
        self.https || self.loopback
    }

    /// Whether a browser on this origin would take a cookie for this domain.
    pub(crate) fn takes_domain(&self, domain: &str) -> bool {
        self.host == domain
            || self
                .host
                .strip_suffix(domain)
                .is_some_and(|front| front.ends_with('.'))
    }
}

/// The machine itself: `localhost` and names under it (RFC 6761 §6.3), 127.0.0.0/8, `[::1]`.
fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost" || name.ends_with(".localhost"),
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

/// Text that is no origin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no origin; write scheme, host and port only, as in https://app.example or http://localhost:8080"
)]
pub struct OriginError(String);

/// Who may post.
#[derive(Clone, Debug)]
pub(crate) enum OriginPolicy {
    /// Exactly these origins.
    Listed(Vec<Origin>),
    /// Any port of this machine, for development.
    AnyLoopback,
}

/// Which header refused a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OriginRefusal {
    FetchSite,
    Origin,
    /// Not in the list, though the browser says that page and endpoint share their origin: the
    /// list lacks the address that the app is served from.
    Unlisted,
    BothAbsent,
    Repeated,
}

impl OriginRefusal {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::FetchSite => "Sec-Fetch-Site is not same-origin",
            Self::Origin | Self::Unlisted => "Origin is not in the list",
            Self::BothAbsent => "neither Origin nor Sec-Fetch-Site",
            Self::Repeated => "Origin or Sec-Fetch-Site is repeated",
        }
    }
}

impl OriginPolicy {
    /// Judges a request by all values of its two headers.
    ///
    /// Each header, when present, must agree; when both are absent, there is no evidence that
    /// the page is ours. Bytes are compared as they are: browsers write one form.
    pub(crate) fn check<'h>(
        &self,
        fetch_site: impl Iterator<Item = &'h [u8]>,
        origin: impl Iterator<Item = &'h [u8]>,
    ) -> Result<(), OriginRefusal> {
        let fetch_site = at_most_one(fetch_site)?;
        let origin = at_most_one(origin)?;
        if fetch_site.is_some_and(|site| site != b"same-origin") {
            return Err(OriginRefusal::FetchSite);
        }
        if origin.is_some_and(|origin| !self.allows(origin)) {
            return Err(match fetch_site {
                Some(_) => OriginRefusal::Unlisted,
                None => OriginRefusal::Origin,
            });
        }
        if fetch_site.is_none() && origin.is_none() {
            return Err(OriginRefusal::BothAbsent);
        }
        Ok(())
    }

    /// Whether pages of this origin may post.
    pub(crate) fn allows(&self, origin: &[u8]) -> bool {
        match self {
            Self::Listed(origins) => origins.iter().any(|one| one.text.as_bytes() == origin),
            Self::AnyLoopback => std::str::from_utf8(origin)
                .ok()
                .and_then(|text| Origin::parse(text).ok().filter(|one| one.text == text))
                .is_some_and(|one| one.loopback),
        }
    }

    /// Whether cookies with `Secure` and `__Host-` names work.
    pub(crate) fn is_trustworthy(&self) -> bool {
        match self {
            Self::Listed(origins) => origins.iter().all(Origin::is_trustworthy),
            Self::AnyLoopback => true,
        }
    }

    /// Whether a browser on any of the origins would take a cookie for this domain.
    pub(crate) fn takes_domain(&self, domain: &str) -> bool {
        match self {
            Self::Listed(origins) => origins.iter().any(|one| one.takes_domain(domain)),
            Self::AnyLoopback => false,
        }
    }
}

impl fmt::Display for OriginPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listed(origins) => {
                let texts: Vec<&str> = origins.iter().map(Origin::as_str).collect();
                f.write_str(&texts.join(", "))
            }
            Self::AnyLoopback => f.write_str("any port of this machine"),
        }
    }
}

fn at_most_one<'h>(
    mut values: impl Iterator<Item = &'h [u8]>,
) -> Result<Option<&'h [u8]>, OriginRefusal> {
    let first = values.next();
    if values.next().is_some() {
        return Err(OriginRefusal::Repeated);
    }
    Ok(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy() -> OriginPolicy {
        OriginPolicy::Listed(vec![
            Origin::parse("https://app.example").unwrap(),
            Origin::parse("http://localhost:8080/").unwrap(),
        ])
    }

    fn check(policy: &OriginPolicy, site: Option<&str>, origin: Option<&str>) -> bool {
        policy
            .check(
                site.iter().map(|text| text.as_bytes()),
                origin.iter().map(|text| text.as_bytes()),
            )
            .is_ok()
    }

    #[test]
    fn both_headers_must_agree_where_present() {
        let origins = [
            (None, None),
            (Some("https://app.example"), Some(true)),
            (Some("http://localhost:8080"), Some(true)),
            (Some("null"), Some(false)),
            (Some(""), Some(false)),
            (Some("https://evil.example"), Some(false)),
            (Some("http://app.example"), Some(false)),
            (Some("https://app.example:444"), Some(false)),
        ];
        let sites = [
            (None, None),
            (Some("same-origin"), Some(true)),
            (Some("same-site"), Some(false)),
            (Some("cross-site"), Some(false)),
            (Some("none"), Some(false)),
            (Some("SAME-ORIGIN"), Some(false)),
        ];
        for (origin, origin_good) in origins {
            for (site, site_good) in sites {
                let expected = match (origin_good, site_good) {
                    (None, None) => false,
                    (a, b) => a.unwrap_or(true) && b.unwrap_or(true),
                };
                assert_eq!(
                    check(&policy(), site, origin),
                    expected,
                    "{site:?} {origin:?}"
                );
            }
        }
    }

    #[test]
    fn look_alike_origins_are_refused() {
        for origin in [
            "https://app.example.evil.example",
            "https://evilapp.example",
            "https://app.example.",
            "https://app.example/",
            "https://app.example:443",
            "https://user@app.example",
            "HTTPS://app.example",
            "https://APP.example",
            "https://app.example, https://evil.example",
            "https://app.example https://evil.example",
            "https://app.example\t",
            "https://xn--app-.example",
            "https://app.exаmple",
            "https://sub.app.example",
            "//app.example",
            "app.example",
        ] {
            assert!(
                !check(&policy(), Some("same-origin"), Some(origin)),
                "{origin}"
            );
        }
    }

    /// Mesop compares scheme, host and port of what it parses, with what the request says of
    /// itself. Here the text is compared, with a list: the same answers, but for what no browser
    /// sends.
    #[test]
    fn origins_are_judged_as_by_mesop() {
        const DIFFERENT: [(&str, &str); 2] = [
            (
                "http://u:p@app.example/path?q#f",
                "browsers send no user, path, query or fragment",
            ),
            ("HTTP://APP.EXAMPLE", "browsers write both in lower case"),
        ];
        let text = include_str!("../protocol/vectors/mesop/origin_check.json");
        let table: serde_json::Value = serde_json::from_str(text).unwrap();
        let cases = table["cases"].as_array().unwrap();
        assert_eq!(cases.len(), 15);
        let mut different = 0;
        for case in cases {
            let root = Url::parse(case["url_root"].as_str().unwrap()).unwrap();
            let listed = Origin::parse(&root.origin().ascii_serialization()).unwrap();
            let origin = case["origin"].as_str();
            let allowed = check(&OriginPolicy::Listed(vec![listed]), None, origin);
            let expected = case["same"] == true;
            if DIFFERENT.iter().any(|(text, _)| Some(*text) == origin) {
                assert!(expected && !allowed, "{origin:?}");
                different += 1;
            } else {
                assert_eq!(allowed, expected, "{origin:?}");
            }
        }
        assert_eq!(different, DIFFERENT.len());
    }

    #[test]
    fn a_repeated_header_is_refused() {
        let one: &[u8] = b"https://app.example";
        let refusal = policy().check([].into_iter(), [one, one].into_iter());
        assert_eq!(refusal, Err(OriginRefusal::Repeated));
    }

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
        ] {
            assert!(Origin::parse(bad).is_err(), "{bad}");
        }
        let written = |text| Origin::parse(text).unwrap().as_str().to_owned();
        assert_eq!(written("HTTPS://App.Example:443/"), "https://app.example");
        assert_eq!(written("http://[::1]:80"), "http://[::1]");
        assert_eq!(
            written("https://münchen.example"),
            "https://xn--mnchen-3ya.example"
        );
    }

    #[test]
    fn development_takes_any_port_of_this_machine_and_nothing_else() {
        for good in [
            "http://localhost:1",
            "http://127.0.0.1:9000",
            "http://[::1]:9000",
            "https://a.localhost",
        ] {
            assert!(
                check(&OriginPolicy::AnyLoopback, None, Some(good)),
                "{good}"
            );
        }
        for bad in [
            "http://localhost.evil.example",
            "http://192.168.0.1",
            "null",
            "http://localhost:1/",
        ] {
            assert!(!check(&OriginPolicy::AnyLoopback, None, Some(bad)), "{bad}");
        }
    }

    #[test]
    fn a_domain_must_be_the_host_or_above_it() {
        let origin = Origin::parse("https://app.example.com").unwrap();
        assert!(origin.takes_domain("app.example.com"));
        assert!(origin.takes_domain("example.com"));
        assert!(!origin.takes_domain("other.com"));
        assert!(!origin.takes_domain("ample.com"));
        assert!(!origin.takes_domain("x.app.example.com"));
    }
}
