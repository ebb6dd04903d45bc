//! Where people are sent: always a place of the app, always in full.

use std::borrow::Cow;

use apply_cookies::web::Fields;
use apply_cookies::{ApplyCookies, Origin};

use crate::return_to::{ReturnPlaces, ReturnToError};

/// The places of each of the app's origins.
pub(crate) struct Places {
    /// In the order of the configuration; none in development, where any port of this machine is the
    /// app's.
    origins: Vec<(Origin, ReturnPlaces)>,
    others: Vec<Origin>,
}

impl Places {
    pub(crate) fn new(cookies: &ApplyCookies, others: Vec<Origin>) -> Result<Self, ReturnToError> {
        let origins = cookies.origins().iter();
        let places = origins.map(|origin| Ok((origin.clone(), places(origin, &others)?)));
        Ok(Self {
            origins: places.collect::<Result<_, _>>()?,
            others,
        })
    }

    /// What is needed of a request to say later where its person may be sent.
    pub(crate) fn asked_at(&self, fields: &impl Fields) -> AskedAt {
        let text = |name| {
            let mut values = fields.all(name);
            let value = values.next().filter(|_| values.next().is_none())?;
            Some(std::str::from_utf8(value).ok()?.into())
        };
        AskedAt {
            origin: text("origin"),
            host: self.is_development().then(|| text("host")).flatten(),
        }
    }

    /// The places of the origin that a request is sent to: the one that it names, if it is listed,
    /// or else the first of the list. Never `Host`, which the client chooses.
    pub(crate) fn of(&self, asked: &AskedAt) -> Option<Cow<'_, ReturnPlaces>> {
        if self.is_development() {
            return self.of_development(asked).map(Cow::Owned);
        }
        let named = |(origin, _): &&(Origin, _)| asked.origin.as_deref() == Some(origin.as_str());
        let listed = self.origins.iter().find(named);
        let chosen = listed.or_else(|| self.origins.first());
        chosen.map(|(_, places)| Cow::Borrowed(places))
    }

    /// In development a page names its origin when it posts. Otherwise the host is taken, which is
    /// checked to be this machine: there is nobody else to send anybody to.
    fn of_development(&self, asked: &AskedAt) -> Option<ReturnPlaces> {
        let origin = match (&asked.origin, &asked.host) {
            (Some(origin), _) => Origin::parse(origin),
            (None, host) => Origin::parse(&format!("http://{}", host.as_deref()?)),
        };
        let origin = origin.ok().filter(Origin::is_loopback)?;
        places(&origin, &self.others).ok()
    }

    const fn is_development(&self) -> bool {
        self.origins.is_empty()
    }
}

/// What a request says of the origin that it is sent to.
#[derive(Clone, Debug)]
pub(crate) struct AskedAt {
    origin: Option<Box<str>>,
    /// In development alone.
    host: Option<Box<str>>,
}

fn places(origin: &Origin, others: &[Origin]) -> Result<ReturnPlaces, ReturnToError> {
    let mut places = ReturnPlaces::of(origin)?;
    for other in others {
        places = places.and(other)?;
    }
    Ok(places)
}
