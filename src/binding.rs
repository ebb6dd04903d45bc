//! A request → the browser's binding cookie: read it, or decide whether to set one.

use apply_cookies_protocol::{
    BINDING_COOKIE, BINDING_COOKIE_INSECURE, BindingCookie, CookieHeader, Found,
};

use crate::random;

/// The one name that the binding cookie has in a deployment. There is no fallback between names:
/// a neighbour who can plant the weaker one must gain nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BindingName {
    /// `__Host-apply-cookies`, on https and on loopback.
    Host,
    /// `apply-cookies`, over plain HTTP where that was asked for.
    Insecure,
}

impl BindingName {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Host => BINDING_COOKIE,
            Self::Insecure => BINDING_COOKIE_INSECURE,
        }
    }

    /// What the request says of the browser's binding.
    pub(crate) fn read<'h, I>(self, fields: I) -> Sent
    where
        I: Iterator<Item = &'h [u8]> + Clone,
    {
        match CookieHeader::new(fields).find(self.as_str()) {
            Found::One(value) => BindingCookie::parse(value).map_or(Sent::None, Sent::Binding),
            Found::Absent => Sent::None,
            Found::Duplicate => Sent::Several,
        }
    }

    /// The `Set-Cookie` value that gives a browser this binding, until it closes.
    pub(crate) fn set_cookie(self, cookie: &BindingCookie) -> String {
        let secure = match self {
            Self::Host => "; Secure",
            Self::Insecure => "",
        };
        format!(
            "{}={}; Path=/{secure}; HttpOnly; SameSite=Lax",
            self.as_str(),
            cookie.to_text()
        )
    }
}

/// What a request says of the browser's binding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    /// One, well formed.
    Binding(BindingCookie),
    /// None that is well formed.
    None,
    /// Several cookies of the name: a neighbour's trick, or a mix-up that another one would only
    /// make worse.
    Several,
}

impl Sent {
    /// The binding, when it is certain.
    pub(crate) fn into_cookie(self) -> Option<BindingCookie> {
        match self {
            Self::Binding(cookie) => Some(cookie),
            Self::None | Self::Several => None,
        }
    }

    /// Whether setting a binding helps, and overwrites none.
    pub(crate) fn may_be_set(&self) -> bool {
        matches!(self, Self::None)
    }
}

/// A new binding.
pub(crate) fn fresh() -> BindingCookie {
    BindingCookie::from_random(random::bytes())
}

/// What a request says of where it comes from (Fetch Metadata).
#[derive(Clone, Copy, Debug)]
pub(crate) struct FetchMetadata<'h> {
    pub(crate) get: bool,
    pub(crate) site: Option<&'h [u8]>,
    pub(crate) mode: Option<&'h [u8]>,
    pub(crate) dest: Option<&'h [u8]>,
    /// `Origin` is there, and is not in the list. WebSockets tell it, and nothing else.
    pub(crate) foreign_origin: bool,
}

impl FetchMetadata<'_> {
    /// Whether the browser may have held its binding back, as `SameSite=Lax` has it: on what
    /// another site's page asks for, except a top-level navigation by GET.
    pub(crate) fn may_withhold(self) -> bool {
        match self.site {
            Some(b"cross-site") => !self.may_bind(),
            Some(_) => false,
            None => self.foreign_origin,
        }
    }

    /// Whether the answer may give the browser a binding: not on a request that another site's
    /// page made, except a top-level navigation. Otherwise a stranger could race with the first
    /// page for which binding a browser ends up with.
    pub(crate) fn may_bind(self) -> bool {
        if self.foreign_origin {
            return false;
        }
        match self.site {
            None | Some(b"same-origin" | b"none") => true,
            Some(_) => self.get && self.mode == Some(b"navigate") && self.dest == Some(b"document"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cross_site_request_gets_a_binding_only_by_a_top_level_get() {
        let ask = |get, site: Option<&'static str>, mode: &'static str, dest: &'static str| {
            FetchMetadata {
                get,
                site: site.map(str::as_bytes),
                mode: Some(mode.as_bytes()),
                dest: Some(dest.as_bytes()),
                foreign_origin: false,
            }
            .may_bind()
        };
        assert!(ask(true, None, "cors", "empty"));
        assert!(ask(false, Some("same-origin"), "cors", "empty"));
        assert!(ask(true, Some("none"), "navigate", "document"));
        for site in ["cross-site", "same-site"] {
            assert!(ask(true, Some(site), "navigate", "document"));
            assert!(!ask(false, Some(site), "navigate", "document"));
            assert!(!ask(true, Some(site), "navigate", "iframe"));
            assert!(!ask(true, Some(site), "no-cors", "image"));
            assert!(!ask(true, Some(site), "cors", "empty"));
        }
    }

    #[test]
    fn a_page_of_another_origin_that_opens_a_socket_gets_no_binding() {
        let handshake = |foreign_origin| FetchMetadata {
            get: true,
            site: None,
            mode: None,
            dest: None,
            foreign_origin,
        };
        assert!(handshake(false).may_bind());
        assert!(!handshake(true).may_bind());
    }

    #[test]
    fn only_one_well_formed_value_is_a_binding() {
        let cookie = fresh();
        let read = |header: String| {
            let sent = BindingName::Host.read([header.as_bytes()].into_iter());
            sent.into_cookie()
        };
        let text = cookie.to_text();
        assert_eq!(read(format!("a=b; {BINDING_COOKIE}={text}")), Some(cookie));
        assert_eq!(
            read(format!("{BINDING_COOKIE}={text}; {BINDING_COOKIE}={text}")),
            None
        );
        assert_eq!(read(format!("{BINDING_COOKIE}={text}A")), None);
        assert_eq!(read(format!("{BINDING_COOKIE_INSECURE}={text}")), None);
        assert_eq!(read(format!("%5F%5FHost-apply-cookies={text}")), None);
    }
}
