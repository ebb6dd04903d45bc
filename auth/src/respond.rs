//! A refusal → an answer, for the person or the script that waits for it.

use apply_cookies::web::{Answer, Fields, Rest};

use crate::auth::Auth;
use crate::random;
use crate::refusal::{Refusal, RefusalCode, RefusalId};
use crate::request::Request;
use crate::return_to::ReturnTo;

/// Who reads the answer.
#[derive(Clone, Debug)]
pub(crate) struct Audience {
    /// A person who waits for a page, rather than a script.
    person: bool,
    /// Where they wanted to go, or the front page if they cannot be sent there again.
    place: Option<ReturnTo>,
    /// The front page.
    home: Option<ReturnTo>,
    /// How a client that is no browser may prove who it is.
    challenge: Option<String>,
}

impl Audience {
    /// Whoever made a request to the app.
    pub(crate) fn of<F: Fields>(auth: &Auth, request: Request<'_, F>) -> Self {
        let wanted = request.address_without("access_token");
        let wanted = (request.asked.method == "GET").then_some(&*wanted);
        Self::bound_for(auth, request, wanted)
    }

    /// Whoever wants to go to a place.
    pub(crate) fn bound_for<F: Fields>(
        auth: &Auth,
        request: Request<'_, F>,
        wanted: Option<&str>,
    ) -> Self {
        let places = auth.0.places.of(request.asked.fields);
        Self {
            person: request.is_navigation(),
            place: places.as_ref().map(|places| places.read_or_home(wanted)),
            home: places.map(|places| places.home()),
            challenge: None,
        }
    }

    pub(crate) fn challenged(mut self, challenge: Option<String>) -> Self {
        self.challenge = challenge;
        self
    }

    pub(crate) const fn is_person(&self) -> bool {
        self.person
    }

    pub(crate) const fn place(&self) -> Option<&ReturnTo> {
        self.place.as_ref()
    }

    /// The answer to a refusal. Nobody who is merely signed out is refused a page: they are sent to
    /// the page to sign in on.
    pub(crate) fn refuse(&self, auth: &Auth, refusal: &Refusal) -> Answer {
        if refusal.code() == RefusalCode::SignedOut
            && self.person
            && !auth.0.basic
            && auth.0.has_page()
            && let Some(location) = self.sign_in(auth)
        {
            return see_other(location);
        }
        let id = RefusalId::new(random::bytes());
        refusal.log(id);
        let reply = match &self.place {
            Some(place) if self.person => auth.0.pages.refusal(refusal, id, place),
            _ => refusal.problem(id),
        };
        match &self.challenge {
            Some(challenge) if refusal.status() == 401 => {
                Answer::from(reply).with("www-authenticate", challenge.clone())
            }
            _ => reply.into(),
        }
    }

    /// The page to sign in on, which leads to the place.
    fn sign_in(&self, auth: &Auth) -> Option<String> {
        let (home, place) = (self.home.as_ref()?, self.place.as_ref()?);
        let origin = home.location().trim_end_matches('/');
        let place = form_urlencoded::byte_serialize(place.as_text().as_bytes());
        let place: String = place.collect();
        Some(format!(
            "{origin}{}/sign-in?return_to={place}",
            auth.prefix()
        ))
    }
}

/// Sends the browser somewhere by GET.
pub(crate) fn see_other(location: impl Into<String>) -> Answer {
    Answer::uncached(303, Rest::Read).with("location", location.into())
}
