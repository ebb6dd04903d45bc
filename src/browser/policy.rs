//! Which pages may post: `Sec-Fetch-Site` and `Origin` against a configured list (SPEC §9).
//!
//! The list is never derived from `Host` or a forwarded header: the client chooses both.

use std::fmt;

use apply_cookies_protocol::Scheme;

use super::origin::Origin;

/// The origins that may post.
#[derive(Clone, Debug)]
pub(crate) enum OriginPolicy {
    /// Exactly these origins.
    Listed(Vec<Origin>),
    /// Any port of this machine, for development.
    AnyLoopback,
}

/// Which header field refused a request, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OriginRejection {
    /// `Sec-Fetch-Site` is not `same-origin`: another site's page made the request.
    FetchSite,
    /// `Origin` is not in the list.
    Origin,
    /// `Origin` is not in the list, though the browser says that page and endpoint have the same
    /// origin: the list lacks the address that serves the app.
    Unlisted,
    /// Neither field is present, so nothing shows that the page is the app's own.
    BothAbsent,
    /// A field is present twice.
    Repeated,
}

impl OriginRejection {
    /// A short text for logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
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
    /// Each header, if present, must agree; if both are absent, nothing shows that the page is the
    /// app's own. Bytes are compared as they are, because browsers write only one form.
    pub(crate) fn check<'h>(
        &self,
        fetch_site: impl Iterator<Item = &'h [u8]>,
        origin: impl Iterator<Item = &'h [u8]>,
    ) -> Result<(), OriginRejection> {
        let fetch_site = at_most_one(fetch_site)?;
        let origin = at_most_one(origin)?;
        if fetch_site.is_some_and(|site| site != b"same-origin") {
            return Err(OriginRejection::FetchSite);
        }
        if origin.is_some_and(|origin| !self.allows(origin)) {
            return Err(match fetch_site {
                Some(_) => OriginRejection::Unlisted,
                None => OriginRejection::Origin,
            });
        }
        if fetch_site.is_none() && origin.is_none() {
            return Err(OriginRejection::BothAbsent);
        }
        Ok(())
    }

    /// Whether the request comes from a page of a listed origin, as far as it shows. An
    /// `EventSource` sends no `Origin` and a `WebSocket` no `Sec-Fetch-Site`, so each counts only if
    /// present. A client that sends neither is not a browser, and has nobody's cookies; or it is
    /// one over plain HTTP outside this machine, where a GET shows nothing.
    pub(crate) fn allows_page<'h>(
        &self,
        mut fetch_site: impl Iterator<Item = &'h [u8]>,
        mut origin: impl Iterator<Item = &'h [u8]>,
    ) -> bool {
        fetch_site.all(|site| site == b"same-origin") && origin.all(|origin| self.allows(origin))
    }

    /// The listed origins.
    pub(crate) fn listed(&self) -> &[Origin] {
        match self {
            Self::Listed(origins) => origins,
            Self::AnyLoopback => &[],
        }
    }

    /// Whether pages of this origin may post.
    pub(crate) fn allows(&self, origin: &[u8]) -> bool {
        match self {
            Self::Listed(origins) => origins.iter().any(|one| one.as_str().as_bytes() == origin),
            Self::AnyLoopback => std::str::from_utf8(origin)
                .ok()
                .and_then(|text| Origin::parse(text).ok().filter(|one| one.as_str() == text))
                .is_some_and(|one| one.is_loopback()),
        }
    }

    /// The scheme that cookies are for: https if any of the origins has it.
    ///
    /// Development is on plain http, and stays so behind a proxy with https on this machine: a
    /// request shows its scheme only by `Origin`, which a GET lacks, and cookies whose names changed
    /// from one request to the next would be lost.
    pub(crate) fn scheme(&self) -> Scheme {
        match self {
            Self::Listed(origins) if origins.iter().any(Origin::is_https) => Scheme::Https,
            Self::Listed(_) | Self::AnyLoopback => Scheme::Http,
        }
    }

    /// Whether some browsers keep a cookie with `Secure`: on https, and on this machine.
    pub(crate) fn is_trustworthy(&self) -> bool {
        match self {
            Self::Listed(origins) => origins.iter().all(Origin::is_trustworthy),
            Self::AnyLoopback => true,
        }
    }

    /// Whether a browser on any of the origins would accept a cookie for this domain.
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
            Self::AnyLoopback => f.write_str("any port on this machine"),
        }
    }
}

fn at_most_one<'h>(
    mut values: impl Iterator<Item = &'h [u8]>,
) -> Result<Option<&'h [u8]>, OriginRejection> {
    let first = values.next();
    if values.next().is_some() {
        return Err(OriginRejection::Repeated);
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

    /// Mesop parses `Origin`, and compares its scheme, host and port with the request's own. Here
    /// the text is compared with a list. The answers are the same, except for texts that no browser
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
        let text = include_str!("../../protocol/vectors/mesop/origin_check.json");
        let table: serde_json::Value = serde_json::from_str(text).unwrap();
        let cases = table["cases"].as_array().unwrap();
        assert_eq!(cases.len(), 15);
        let mut different = 0;
        for case in cases {
            let root = case["url_root"].as_str().unwrap();
            let path = root
                .match_indices('/')
                .nth(2)
                .map_or(root.len(), |(at, _)| at);
            let listed = Origin::parse(&root[..path]).unwrap();
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
    fn a_stream_is_opened_by_the_apps_own_pages() {
        let asks = |site: &[&'static str], origin: &[&'static str]| {
            policy().allows_page(
                site.iter().map(|text| text.as_bytes()),
                origin.iter().map(|text| text.as_bytes()),
            )
        };
        assert!(asks(&["same-origin"], &[]));
        assert!(asks(&[], &["https://app.example"]));
        assert!(asks(&[], &[]));
        for site in ["same-site", "cross-site", "none"] {
            assert!(!asks(&[site], &[]));
            assert!(!asks(&["same-origin", site], &[]));
        }
        for origin in [
            "https://app.example:8443",
            "null",
            "https://app.example.evil",
        ] {
            assert!(!asks(&[], &[origin]));
            assert!(!asks(&["same-origin"], &[origin]));
        }
    }

    #[test]
    fn a_repeated_header_is_refused() {
        let one: &[u8] = b"https://app.example";
        let refusal = policy().check([].into_iter(), [one, one].into_iter());
        assert_eq!(refusal, Err(OriginRejection::Repeated));
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
}
