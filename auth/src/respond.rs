//! A refusal → an answer, for the person or the script that waits for it.

use apply_cookies::web::{Answer, Fields, Rest};

use crate::auth::Auth;
use crate::places::AskedAt;
use crate::random;
use crate::refusal::{Refusal, RefusalCode, RefusalId};
use crate::request::{ACCESS_TOKEN_PARAMETER, Request};
use crate::return_to::ReturnTo;

/// Who reads the answer. Every request has one, so it is worked out only where it is needed.
#[derive(Clone, Debug)]
pub(crate) struct Audience {
    /// A person who waits for a page, rather than a script.
    person: bool,
    /// Where they want to go, if they can be sent there.
    wanted: Option<String>,
    asked: AskedAt,
    /// What `Authorization` proved was refused.
    refused: bool,
}

impl Audience {
    /// Whoever made a request to the app.
    pub(crate) fn of<F: Fields>(auth: &Auth, request: Request<'_, F>) -> Self {
        let get = request.asked.method == "GET";
        let wanted = get.then(|| request.address_without(ACCESS_TOKEN_PARAMETER));
        Self::bound_for(auth, request, wanted)
    }

    /// Whoever wants to go to a place.
    pub(crate) fn bound_for<F: Fields>(
        auth: &Auth,
        request: Request<'_, F>,
        wanted: Option<String>,
    ) -> Self {
        Self {
            person: request.is_navigation(),
            wanted,
            asked: auth.0.places.asked_at(request.asked.fields),
            refused: false,
        }
    }

    /// The same, whose `Authorization` was refused.
    pub(crate) fn refused(mut self) -> Self {
        self.refused = true;
        self
    }

    /// Nobody is sent to a page there.
    pub(crate) fn of_programs(mut self) -> Self {
        self.person = false;
        self
    }

    pub(crate) const fn is_person(&self) -> bool {
        self.person
    }

    /// Where they want to go, or the front page. `None` if nothing says on which origin they are.
    pub(crate) fn place(&self, auth: &Auth) -> Option<ReturnTo> {
        let places = auth.0.places.of(&self.asked)?;
        Some(places.read_or_home(self.wanted.as_deref()))
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
        let place = self.person.then(|| self.place(auth)).flatten();
        let answer = Answer::from(match place {
            Some(place) => auth.0.pages.refusal(refusal, id, &place),
            None => refusal.problem(id),
        });
        match auth.0.challenge(self.refused) {
            Some(challenge) if refusal.status() == 401 => {
                answer.with("www-authenticate", challenge)
            }
            _ => answer,
        }
    }

    /// The page to sign in on, which leads to the place.
    fn sign_in(&self, auth: &Auth) -> Option<String> {
        let home = auth.0.places.of(&self.asked)?.home();
        let place = self.place(auth)?;
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
