//! Where a person goes after signing in: text that came with a request → a place that the app
//! allows, or none.
//!
//! The text is read as browsers read it (WHATWG URL), and what is sent in `Location` is written from
//! what was read, with its origin. No spelling can then change the host: a relative `Location` such
//! as `/\evil.example` is read differently by every program between here and the browser.

use apply_cookies::Origin;
use url::Url;

use crate::percent::encoded;

/// The longest text that is read, in bytes.
pub const RETURN_TO_MAX: usize = 1024;

/// The places that a person may be sent to: those of the app's own origin, and of a list.
#[derive(Clone, Debug)]
pub struct ReturnPlaces {
    home: Url,
    others: Vec<url::Origin>,
}

impl ReturnPlaces {
    /// Only places of this origin.
    ///
    /// # Errors
    ///
    /// If browsers cannot read the origin.
    pub fn of(origin: &Origin) -> Result<Self, ReturnToError> {
        let home = Url::parse(origin.as_str()).map_err(|_| ReturnToError::Unreadable)?;
        Ok(Self {
            home,
            others: Vec::new(),
        })
    }

    /// Places of this origin too, which are then written in full: `https://docs.example/start`.
    ///
    /// # Errors
    ///
    /// If browsers cannot read the origin.
    pub fn and(mut self, origin: &Origin) -> Result<Self, ReturnToError> {
        let other = Url::parse(origin.as_str()).map_err(|_| ReturnToError::Unreadable)?;
        self.others.push(other.origin());
        Ok(self)
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
    pub fn read(&self, text: &str) -> Result<ReturnTo, ReturnToError> {
        if text.len() > RETURN_TO_MAX {
            return Err(ReturnToError::TooLong);
        }
        if text
            .bytes()
            .any(|byte| !byte.is_ascii_graphic() || byte == b'\\')
        {
            return Err(ReturnToError::Character);
        }
        let place = if text.starts_with('/') {
            self.read_path(text)
        } else {
            self.read_elsewhere(text)
        }?;
        // A quotation mark is one byte here, and three in an address.
        if place.as_text().len() > RETURN_TO_MAX {
            return Err(ReturnToError::TooLong);
        }
        Ok(place)
    }

    /// Reads what a request asks for, if it asks; the front page otherwise. A refusal is logged,
    /// without the text, which is a stranger's.
    #[must_use]
    pub fn read_or_home(&self, text: Option<&str>) -> ReturnTo {
        match text
            .filter(|text| !text.is_empty())
            .map(|text| self.read(text))
        {
            None => self.home(),
            Some(Ok(place)) => place,
            Some(Err(error)) => {
                tracing::warn!(%error, "return_to is refused: the person goes to the front page");
                self.home()
            }
        }
    }

    fn read_path(&self, text: &str) -> Result<ReturnTo, ReturnToError> {
        if opens_ambiguously(text.as_bytes()) {
            return Err(ReturnToError::Ambiguous);
        }
        let url = self
            .home
            .join(text)
            .map_err(|_| ReturnToError::Unreadable)?;
        // Dots are resolved by now: `/.//evil.example` is the path `//evil.example`.
        if opens_ambiguously(url.path().as_bytes()) {
            return Err(ReturnToError::Ambiguous);
        }
        if url.origin() != self.home.origin() {
            return Err(ReturnToError::Elsewhere);
        }
        Ok(ReturnTo {
            url,
            elsewhere: false,
        })
    }

    fn read_elsewhere(&self, text: &str) -> Result<ReturnTo, ReturnToError> {
        // `https:/x` and `https:x` are read too, by browsers; nobody means them.
        if !text.starts_with("https://") && !text.starts_with("http://") {
            return Err(ReturnToError::Elsewhere);
        }
        let url = Url::parse(text).map_err(|_| ReturnToError::Unreadable)?;
        let has_user = !url.username().is_empty() || url.password().is_some();
        if has_user || !self.others.contains(&url.origin()) {
            return Err(ReturnToError::Elsewhere);
        }
        Ok(ReturnTo {
            url,
            elsewhere: true,
        })
    }
}

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

    /// The origin of a place elsewhere. A page whose form may end there must allow it in
    /// `form-action`, which Chromium applies to redirects too.
    #[must_use]
    pub fn other_origin(&self) -> Option<String> {
        self.elsewhere
            .then(|| self.url.origin().ascii_serialization())
    }
}

/// Why a text is no place to be sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReturnToError {
    /// It is longer than [`RETURN_TO_MAX`].
    #[error("the text is longer than {RETURN_TO_MAX} bytes")]
    TooLong,
    /// It has a character that addresses do not have.
    #[error("the text has a backslash, a space, a control character or one outside ASCII")]
    Character,
    /// Its start can be read as a host.
    #[error("the text does not begin with a single slash")]
    Ambiguous,
    /// Its origin is neither the app's own nor in the list.
    #[error("the text is not a place of this app")]
    Elsewhere,
    /// It is not an address.
    #[error("the text is not an address")]
    Unreadable,
}

#[cfg(test)]
mod tests;
