//! Where people are sent: text that came with a request → a place that the app allows, or none.
//!
//! The text is read as browsers read it (WHATWG URL), and what is sent in `Location` is written from
//! what was read, with its origin. No spelling can then change the host: a relative `Location` such
//! as `/\evil.example` is read differently by every program between here and the browser.

use std::sync::Arc;

use apply_cookies::web::Fields;
use apply_cookies::{ApplyCookies, Origin};
use url::Url;

use crate::percent::encoded;
use crate::request::Request;

/// The longest text that is read, in bytes.
const TEXT_MAX: usize = 1024;

/// The places of each of the app's origins.
pub(crate) struct Places {
    /// In the order of the configuration; none in development, where any port of this machine is the
    /// app's.
    origins: Vec<(Origin, Arc<ReturnPlaces>)>,
    others: Vec<Origin>,
}

impl Places {
    /// `None` if browsers cannot read one of the origins.
    pub(crate) fn new(cookies: &ApplyCookies, others: Vec<Origin>) -> Option<Self> {
        let origins = cookies.origins().iter().map(|origin| {
            let places = ReturnPlaces::new(origin, &others)?;
            Some((origin.clone(), Arc::new(places)))
        });
        Some(Self {
            origins: origins.collect::<Option<_>>()?,
            others,
        })
    }

    /// The places of the origin that a request is sent to: the one that its page has, or else the one
    /// that is called what the client calls this server, or else the first. The client chooses what
    /// it says, but never more than one of the list.
    pub(crate) fn of<F: Fields>(&self, request: &Request<'_, F>) -> Option<Arc<ReturnPlaces>> {
        let [(_, first), rest @ ..] = &*self.origins else {
            return self.of_development(request);
        };
        if rest.is_empty() {
            return Some(first.clone());
        }
        let (page, host) = (request.only("origin"), request.host());
        let is_of_page = |origin: &str| page == Some(origin.as_bytes());
        let is_called = |origin: &str| {
            let name = origin.split_once("://").map(|(_, name)| name);
            name.zip(host)
                .is_some_and(|(name, host)| name.eq_ignore_ascii_case(host))
        };
        let by = |chosen: &dyn Fn(&str) -> bool| {
            self.origins
                .iter()
                .find(|(origin, _)| chosen(origin.as_str()))
        };
        let found = by(&is_of_page).or_else(|| by(&is_called));
        Some(found.map_or(first, |(_, places)| places).clone())
    }

    /// In development a page names its origin when it posts. Otherwise the host is taken, which is
    /// checked to be this machine: there is nobody else to send anybody to.
    fn of_development<F: Fields>(&self, request: &Request<'_, F>) -> Option<Arc<ReturnPlaces>> {
        let origin = match request.only("origin") {
            Some(origin) => Origin::parse(std::str::from_utf8(origin).ok()?),
            None => Origin::parse(&format!("http://{}", request.host()?)),
        };
        let origin = origin.ok().filter(Origin::is_loopback)?;
        ReturnPlaces::new(&origin, &self.others).map(Arc::new)
    }
}

/// The places that a person may be sent to: those of one of the app's origins, and of a list.
#[derive(Debug)]
pub struct ReturnPlaces {
    home: Url,
    others: Vec<url::Origin>,
}

impl ReturnPlaces {
    /// Places of this origin, and of others, which are then written in full:
    /// `https://docs.example/start`. `None` if browsers cannot read one of them.
    #[must_use]
    pub fn new(origin: &Origin, others: &[Origin]) -> Option<Self> {
        let read = |origin: &Origin| Url::parse(origin.as_str()).ok();
        let others = others.iter().map(|other| Some(read(other)?.origin()));
        Some(Self {
            home: read(origin)?,
            others: others.collect::<Option<_>>()?,
        })
    }

    /// The app's front page.
    #[must_use]
    pub fn home(&self) -> ReturnTo {
        ReturnTo {
            url: self.home.clone(),
            elsewhere: false,
        }
    }

    /// Reads what a request asks for.
    ///
    /// # Errors
    ///
    /// If the text is not a place of the app's origin or of the list, in a spelling that has one
    /// meaning.
    pub fn read(&self, text: &str) -> Result<ReturnTo, &'static str> {
        const TOO_LONG: &str = "it is longer than 1,024 bytes";
        if text.len() > TEXT_MAX {
            return Err(TOO_LONG);
        }
        if text
            .bytes()
            .any(|byte| !byte.is_ascii_graphic() || byte == b'\\')
        {
            return Err("it has a backslash, a space, a control character or one outside ASCII");
        }
        let place = if text.starts_with('/') {
            self.read_path(text)
        } else {
            self.read_elsewhere(text)
        }?;
        // A quotation mark is one byte here, and three in an address.
        if place.as_text().len() > TEXT_MAX {
            return Err(TOO_LONG);
        }
        Ok(place)
    }

    fn read_path(&self, text: &str) -> Result<ReturnTo, &'static str> {
        const AMBIGUOUS: &str = "it does not begin with a single slash";
        if opens_ambiguously(text.as_bytes()) {
            return Err(AMBIGUOUS);
        }
        let url = self.home.join(text).map_err(|_| UNREADABLE)?;
        // Dots are resolved by now: `/.//evil.example` is the path `//evil.example`.
        if opens_ambiguously(url.path().as_bytes()) {
            return Err(AMBIGUOUS);
        }
        if url.origin() != self.home.origin() {
            return Err(ELSEWHERE);
        }
        Ok(ReturnTo {
            url,
            elsewhere: false,
        })
    }

    fn read_elsewhere(&self, text: &str) -> Result<ReturnTo, &'static str> {
        // `https:/x` and `https:x` are read too, by browsers; nobody means them.
        if !text.starts_with("https://") && !text.starts_with("http://") {
            return Err(ELSEWHERE);
        }
        let url = Url::parse(text).map_err(|_| UNREADABLE)?;
        let has_user = !url.username().is_empty() || url.password().is_some();
        if has_user || !self.others.contains(&url.origin()) {
            return Err(ELSEWHERE);
        }
        Ok(ReturnTo {
            url,
            elsewhere: true,
        })
    }
}

const ELSEWHERE: &str = "it is not a place of this app";
const UNREADABLE: &str = "it is not an address";

/// Whether the first two characters could be read as the start of a host, or as nothing at all: a
/// slash, backslash, space or control character after the first slash, also written with `%`.
fn opens_ambiguously(text: &[u8]) -> bool {
    let second = match text {
        [b'/', b'%', rest @ ..] => encoded(rest).map(|(byte, _)| byte),
        [b'/', byte, ..] => Some(*byte),
        _ => return false,
    };
    // A path in another script begins with a byte that is not ASCII, and is harmless.
    second.is_none_or(|byte| byte.is_ascii_control() || matches!(byte, b' ' | b'/' | b'\\'))
}

/// A place where a person may be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnTo {
    url: Url,
    elsewhere: bool,
}

impl ReturnTo {
    /// The value of `Location`: always with scheme and host.
    #[must_use]
    pub fn location(&self) -> &str {
        self.url.as_str()
    }

    /// The text that [`ReturnPlaces::read`] reads as this place, for a form or an address: without
    /// the origin, if it is the app's own.
    #[must_use]
    pub fn as_text(&self) -> &str {
        if self.elsewhere {
            self.url.as_str()
        } else {
            &self.url[url::Position::BeforePath..]
        }
    }

    /// The path below an app's prefix that asks for a sign-in and leads here.
    pub(crate) fn sign_in_path(&self, prefix: &str) -> String {
        self.asked_on(&format!("{prefix}/sign-in"))
    }

    /// A path that leads here.
    pub(crate) fn asked_on(&self, path: &str) -> String {
        let place: String = form_urlencoded::byte_serialize(self.as_text().as_bytes()).collect();
        format!("{path}?return_to={place}")
    }

    /// The origin of a place elsewhere. A page whose form may end there must allow it in
    /// `form-action`, which Chromium applies to redirects too.
    pub(crate) fn other_origin(&self) -> Option<String> {
        self.elsewhere
            .then(|| self.url.origin().ascii_serialization())
    }
}

#[cfg(test)]
mod tests;
