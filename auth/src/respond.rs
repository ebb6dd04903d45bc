//! A refusal → an answer, for the person or the script that waits for it.

use std::sync::Arc;

use apply_cookies::seldom;
use apply_cookies::web::{Answer, Fields, Rest};

use crate::auth::{Auth, Parts};
use crate::random;
use crate::refusal::{Refusal, RefusalCode, RefusalId};
use crate::request::Request;
use crate::return_to::{ReturnPlaces, ReturnTo};

/// Who reads the answer. Every request has one, so it is worked out only where it is needed.
#[derive(Clone)]
pub(crate) struct Audience {
    /// A person who waits for a page, rather than a script.
    pub(crate) person: bool,
    /// Where they want to go, if they can be sent there.
    wanted: Option<String>,
    /// Of the origin that they are on. `None` if nothing says which.
    places: Option<Arc<ReturnPlaces>>,
    /// What a request proves was refused.
    refused: bool,
    /// Where the sign-in begins again, if they are in a popup: there the app's own pages are out of place.
    popup: Option<String>,
}

impl Audience {
    /// Whoever made a request to the app.
    pub(crate) fn of<F: Fields>(auth: &Auth, request: &Request<'_, F>) -> Self {
        let wanted = (request.method == "GET").then(|| request.address());
        Self::bound_for(auth, request, wanted)
    }

    /// Whoever wants to go to a place.
    pub(crate) fn bound_for<F: Fields>(
        auth: &Auth,
        request: &Request<'_, F>,
        wanted: Option<String>,
    ) -> Self {
        Self {
            person: request.is_navigation(),
            wanted,
            places: auth.0.places.of(request),
            refused: false,
            popup: None,
        }
    }

    /// The same, in a popup whose sign-in begins there.
    #[cfg(feature = "providers")]
    pub(crate) fn in_popup(self, path: Option<String>) -> Self {
        Self {
            popup: path,
            ..self
        }
    }

    /// Where they want to go, or the front page.
    pub(crate) fn place(&self, auth: &Auth) -> Option<ReturnTo> {
        let places = self.places.as_ref()?;
        let wanted = self.wanted.as_deref().filter(|text| !text.is_empty());
        match wanted.map(|text| places.read(text)) {
            None => Some(places.home()),
            Some(Ok(place)) => Some(place),
            Some(Err(why)) => {
                // Without the text, which is a stranger's.
                seldom!(
                    auth.0.logged.return_to,
                    auth.0.cookies.clock().now(),
                    WARN,
                    why,
                    "return_to is refused: the person goes to the front page"
                );
                Some(places.home())
            }
        }
    }

    /// The origin that they are on.
    #[cfg(feature = "providers")]
    pub(crate) fn origin(&self) -> Option<String> {
        self.places.as_deref().map(origin_of)
    }

    /// The address of a path on the origin that they are on.
    pub(crate) fn at_origin(&self, path: &str) -> String {
        self.places.as_deref().map(origin_of).unwrap_or_default() + path
    }

    /// The answer to a refusal of what the request proves.
    pub(crate) fn refuse_proof(mut self, auth: &Auth, refusal: &Refusal) -> Answer {
        self.refused = true;
        self.refuse(auth, refusal)
    }

    /// The answer to a refusal. Nobody who is merely signed out is refused a page: they are sent to
    /// the page to sign in on.
    pub(crate) fn refuse(&self, auth: &Auth, refusal: &Refusal) -> Answer {
        let place = self.person.then(|| self.place(auth)).flatten();
        if refusal.code() == RefusalCode::SignedOut
            && (auth.0.has_page() || auth.0.page_of_the_app().is_some())
            && let Some(place) = &place
        {
            return see_other(self.at_origin(&place.sign_in_path(auth.prefix())));
        }
        self.show(auth, refusal)
    }

    /// The refusal itself, whatever it is.
    pub(crate) fn show(&self, auth: &Auth, refusal: &Refusal) -> Answer {
        let place = self.person.then(|| self.place(auth)).flatten();
        let id = auth.0.log(refusal);
        let answer = match place {
            Some(place) => (auth.0.pages).refusal(refusal, id, &place, self.popup.as_deref()),
            None => refusal.problem(id),
        };
        match auth.0.challenge(self.refused) {
            Some(challenge) if refusal.code().status() == 401 => {
                answer.with("www-authenticate", challenge)
            }
            _ => answer,
        }
    }
}

impl Parts {
    /// Writes the line for the log, with the id that the person reads.
    pub(crate) fn log(&self, refusal: &Refusal) -> RefusalId {
        let id = RefusalId(random::bytes());
        let (code, why) = (refusal.code(), refusal.why());
        let (line, now) = (&self.logged.refused[code as usize], self.now());
        let name = code.as_str();
        if code.is_of_somebody() {
            tracing::info!(code = name, %id, why, "refused");
        } else if code.status() >= 500 {
            seldom!(line, now, ERROR, code = name, %id, why, "refused");
        } else {
            seldom!(line, now, INFO, code = name, %id, why, "refused");
        }
        id
    }
}

fn origin_of(places: &ReturnPlaces) -> String {
    places.home().location().trim_end_matches('/').to_owned()
}

/// Sends the browser somewhere by GET.
pub(crate) fn see_other(location: impl Into<String>) -> Answer {
    Answer::uncached(303, Rest::Read).with("location", location.into())
}
