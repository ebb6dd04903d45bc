//! Where a request comes from (W3C Fetch Metadata), which decides what the browser may be given.

/// What a request says about where it comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FetchMetadata<'h> {
    pub(crate) get: bool,
    pub(crate) site: Option<&'h [u8]>,
    pub(crate) mode: Option<&'h [u8]>,
    pub(crate) dest: Option<&'h [u8]>,
    /// `Origin` is there, and is not in the list. WebSockets send only this field.
    ///
    /// `null` beside `same-origin` is not foreign: it is the POST of an own page with
    /// `Referrer-Policy: no-referrer` (Fetch, "append a request `Origin` header"). No page can write
    /// `Sec-Fetch-Site`, and a sandboxed one is `cross-site`.
    pub(crate) foreign_origin: bool,
}

impl FetchMetadata<'_> {
    /// Whether only the app's own pages can read the answer's body, so that it may contain tokens.
    ///
    /// Whoever can read it says where it comes from: a `WebSocket`, an `EventSource` or a `fetch`
    /// across origins sends `Origin`. What says nothing is no browser and has nobody's cookies, or
    /// it is one whose page cannot read the answer. Where a document is loaded, that document is
    /// the app's own page, whoever sent the browser there; not in a frame of another site, because
    /// `SameSite` cookies stay out of it and the token could not be redeemed.
    pub(crate) fn is_read_by_own_pages(self) -> bool {
        let foreign_site = self.site == Some(b"cross-site");
        match (self.mode, self.dest) {
            (Some(b"navigate"), Some(b"document")) => true,
            (Some(b"navigate"), Some(b"iframe" | b"frame")) => !foreign_site,
            _ => !self.foreign_origin && matches!(self.site, None | Some(b"same-origin")),
        }
    }

    /// Whether the browser may have withheld its binding, as `SameSite=Lax` makes it do on requests
    /// of another site's page, except a top-level navigation by GET.
    pub(crate) fn may_withhold(self) -> bool {
        match self.site {
            Some(b"cross-site") => !self.may_bind(),
            Some(_) => false,
            None => self.foreign_origin,
        }
    }

    /// Whether the answer may give the browser a binding: not on a request that another site's
    /// page made, except a top-level navigation. Otherwise a stranger could race the first page to
    /// decide which binding a browser ends up with.
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

/// Whether the fields say that nobody visits the page yet, and perhaps nobody will.
pub(crate) fn is_ahead_of_a_visit<'h, I>(all: impl Fn(&'static str) -> I) -> bool
where
    I: Iterator<Item = &'h [u8]>,
{
    PURPOSE.into_iter().flat_map(&all).any(says_ahead)
        || MARKS.into_iter().flat_map(&all).any(is_on)
}

/// The fields by which browsers and scripts say why they ask. `Sec-Purpose` is the current one;
/// prerendering says `prefetch;prerender`. `X-Sec-Purpose` is Turbo's.
const PURPOSE: [&str; 7] = [
    "sec-purpose",
    "purpose",
    "x-moz",
    "x-purpose",
    "x-sec-purpose",
    "sec-fetch-purpose",
    "moz-purpose",
];

/// The fields that say it by being there: Next.js', and htmx'.
const MARKS: [&str; 4] = [
    "next-router-prefetch",
    "next-router-segment-prefetch",
    "x-middleware-prefetch",
    "hx-preloaded",
];

fn is_on(mark: &[u8]) -> bool {
    !matches!(mark, b"" | b"0" | b"false")
}

fn says_ahead(purpose: &[u8]) -> bool {
    purpose
        .split(|byte| !byte.is_ascii_alphanumeric())
        .any(|word| {
            ["prefetch", "prerender", "preview"]
                .iter()
                .any(|ahead| word.eq_ignore_ascii_case(ahead.as_bytes()))
        })
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
}
