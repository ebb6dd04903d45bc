//! Where people are sent: always a place of the app, always in full.

use apply_cookies::web::Fields;
use apply_cookies::{ApplyCookies, Origin};

use crate::return_to::{ReturnPlaces, ReturnTo, ReturnToError};

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

    /// The places of the origin that a request is sent to: the one that it names, if it is listed,
    /// or else the first of the list. Never `Host`, which the client chooses.
    pub(crate) fn of(&self, fields: &impl Fields) -> Option<ReturnPlaces> {
        let named = |origin: &Origin| {
            let mut sent = fields.all("origin");
            sent.next() == Some(origin.as_str().as_bytes()) && sent.next().is_none()
        };
        if self.origins.is_empty() {
            return self.of_development(fields);
        }
        let listed = self.origins.iter().find(|(origin, _)| named(origin));
        let chosen = listed.or_else(|| self.origins.first());
        chosen.map(|(_, places)| places.clone())
    }

    /// In development a page names its origin when it posts. Otherwise the host is taken, which is
    /// checked to be this machine: there is nobody else to send anybody to.
    fn of_development(&self, fields: &impl Fields) -> Option<ReturnPlaces> {
        let text = |name| {
            fields
                .all(name)
                .next()
                .and_then(|one| std::str::from_utf8(one).ok())
        };
        let origin = match text("origin") {
            Some(origin) => Origin::parse(origin).ok(),
            None => Origin::parse(&format!("http://{}", text("host")?)).ok(),
        };
        let origin = origin.filter(Origin::is_loopback)?;
        places(&origin, &self.others).ok()
    }

    /// A place by the text of a request, or the front page.
    pub(crate) fn read(&self, fields: &impl Fields, text: Option<&str>) -> Option<ReturnTo> {
        Some(self.of(fields)?.read_or_home(text))
    }
}

fn places(origin: &Origin, others: &[Origin]) -> Result<ReturnPlaces, ReturnToError> {
    let mut places = ReturnPlaces::of(origin)?;
    for other in others {
        places = places.and(other)?;
    }
    Ok(places)
}
