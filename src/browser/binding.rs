//! A request → the browser's binding cookie: reads it, or decides whether to set one.

use apply_cookies_protocol::{
    BINDING_COOKIE, BINDING_COOKIE_INSECURE, BindingCookie, CookieHeader, Lookup, Scheme,
};

use crate::random;

/// The binding cookie's name: a deployment has one, and there is no fallback. A neighbouring site
/// that can plant the weaker name must gain nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BindingName {
    /// `__Host-apply-cookies`, where an https origin is configured.
    Host,
    /// `apply-cookies`, where all origins are plain http.
    Plain,
}

impl From<Scheme> for BindingName {
    fn from(scheme: Scheme) -> Self {
        match scheme {
            Scheme::Https => Self::Host,
            Scheme::Http => Self::Plain,
        }
    }
}

impl BindingName {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Host => BINDING_COOKIE,
            Self::Plain => BINDING_COOKIE_INSECURE,
        }
    }

    /// Reads the browser's binding from the request.
    pub(crate) fn read<'h, I>(self, fields: I) -> Sent
    where
        I: Iterator<Item = &'h [u8]> + Clone,
    {
        match CookieHeader::new(fields).find(self.as_str()) {
            Lookup::One(value) => BindingCookie::parse(value).map_or(Sent::None, Sent::Binding),
            Lookup::Absent => Sent::None,
            Lookup::Duplicate => Sent::Several,
        }
    }

    /// The `Set-Cookie` value that gives a browser this binding, until it closes.
    pub(crate) fn set_cookie(self, cookie: &BindingCookie) -> String {
        let secure = match self {
            Self::Host => "; Secure",
            Self::Plain => "",
        };
        format!(
            "{}={}; Path=/{secure}; HttpOnly; SameSite=Lax",
            self.as_str(),
            cookie.to_text()
        )
    }
}

/// What a request says about the browser's binding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    /// One, well formed.
    Binding(BindingCookie),
    /// None, or one that is malformed.
    None,
    /// Several cookies of the name: a neighbouring site's trick, or a mix-up that another one would
    /// only make worse.
    Several,
}

impl Sent {
    /// The binding, if it is certain.
    pub(crate) fn into_cookie(self) -> Option<BindingCookie> {
        match self {
            Self::Binding(cookie) => Some(cookie),
            Self::None | Self::Several => None,
        }
    }

    /// Whether the browser may be given a binding: only if that overwrites none.
    pub(crate) fn may_be_set(&self) -> bool {
        matches!(self, Self::None)
    }
}

/// A new binding.
pub(crate) fn fresh() -> BindingCookie {
    BindingCookie::from_random(random::bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

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
