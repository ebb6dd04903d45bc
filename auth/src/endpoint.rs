//! The pages below the prefix: signing in and out, and who somebody is.

use std::future::Future;

use apply_cookies::web::{Answer, BodyRefused, Fields, Rest, Slot};
use apply_cookies::{Rejection, UnixMillis};
use bytes::Bytes;
use form_urlencoded::parse;
use serde_json::json;
use zeroize::Zeroizing;

use crate::auth::Auth;
use crate::identity::Identity;
use crate::metrics;
#[cfg(feature = "providers")]
use crate::modules;
use crate::pages::SignInPage;
use crate::prove::prove_nothing;
use crate::refusal::{Refusal, RefusalCode};
use crate::request::Request;
#[cfg(feature = "providers")]
use crate::request::only;
use crate::respond::{Audience, see_other};
use crate::sign_in::SignInError;

/// The fields of a form, each at most once; others are ignored.
const FIELDS: [&str; 6] = [
    "name",
    "password",
    "access_token",
    "id_token",
    "roles",
    "return_to",
];

#[derive(Default)]
struct Form([Option<Zeroizing<String>>; FIELDS.len()]);

impl Form {
    /// `None` if a field comes twice.
    fn read(body: &[u8]) -> Option<Self> {
        let mut form = Self::default();
        for (name, value) in parse(body) {
            let known = FIELDS.iter().position(|field| *field == name);
            let value = Zeroizing::new(value.into_owned());
            if known.is_some_and(|at| form.0[at].replace(value).is_some()) {
                return None;
            }
        }
        Some(form)
    }

    fn get(&self, name: &str) -> Option<&str> {
        let at = FIELDS.iter().position(|field| *field == name)?;
        self.0[at].as_ref().map(|value| value.as_str())
    }
}

fn read(form: Result<Bytes, BodyRefused>) -> Result<Form, (Refusal, Rest)> {
    let body = form.map_err(|refused| {
        let code = match &refused.rejection {
            Rejection::Origin(_) => RefusalCode::Origin,
            _ => RefusalCode::Form,
        };
        let why = refused.rejection.to_string();
        (Refusal::new(code).because(why), refused.rest)
    })?;
    let twice = || Refusal::new(RefusalCode::Form).because("a field stands twice");
    Form::read(&body).ok_or_else(|| (twice(), Rest::Read))
}

impl Auth {
    /// Answers a request to a page: the part of its path below the [prefix](Self::prefix).
    pub(crate) async fn answer<F: Fields>(
        &self,
        page: &str,
        request: &Request<'_, F>,
        slot: &Slot,
        form: impl Future<Output = Result<Bytes, BodyRefused>>,
    ) -> Answer {
        #[cfg(feature = "providers")]
        if let Some(step) = self.0.providers.step(page) {
            return self.answer_of_provider(step, request, slot, form).await;
        }
        #[cfg(feature = "providers")]
        if let Some(admin) = &self.0.admin
            && let Some(below) = page.strip_prefix("/admin")
            && (below.is_empty() || below.starts_with('/'))
        {
            return self.administer(admin, below, request, slot, form).await;
        }
        let (get, post) = (request.is_read(), request.method == "POST");
        match page {
            "/me" if get => self.me(request, slot).await,
            #[cfg(feature = "providers")]
            "/sign-in.js" if get && self.0.pages.has_providers => {
                modules::SIGN_IN.answer(request.fields)
            }
            "/sign-out" if self.0.basic && get => self.0.pages.sign_out_of_basic(),
            #[cfg(feature = "providers")]
            "/firebase.js" if get && self.0.vouched.firebase.is_some() => {
                modules::FIREBASE.answer(request.fields)
            }
            #[cfg(feature = "providers")]
            "/firebase" if self.0.vouched.firebase.is_none() => {
                Answer::uncached(404, Rest::Unasked)
            }
            "/sign-out" if get => self.sign_out_page(request, slot).await,
            "/sign-in" if get && self.0.page_of_the_app().is_some() => {
                self.go_to_the_app(&Audience::bound_for(self, request, request.return_to()))
            }
            "/sign-in" if !self.0.has_page() => Answer::uncached(404, Rest::Unasked),
            "/sign-in" if get => {
                let audience = Audience::bound_for(self, request, request.return_to());
                #[cfg(feature = "providers")]
                if let Some(only) = self.only_provider(request, slot).await {
                    return self.begin_at(only, &audience, request, slot).await;
                }
                self.sign_in_page(request, &audience, "", None)
            }
            "/sign-in" | "/sign-out" | "/firebase" if post => match read(form.await) {
                Ok(form) => {
                    let wanted = form.get("return_to").map(str::to_owned);
                    let audience = Audience::bound_for(self, request, wanted);
                    if page == "/sign-out" {
                        self.post_sign_out(request, &audience, slot, &form).await
                    } else {
                        self.post_sign_in(request, &audience, slot, &form).await
                    }
                }
                // A script's request without a body: it needs no field.
                Err((refusal, Rest::Read | Rest::Unasked))
                    if page == "/sign-out"
                        && refusal.code() == RefusalCode::Form
                        && !request.has("content-type") =>
                {
                    let audience = Audience::bound_for(self, request, None);
                    let form = Form::default();
                    self.post_sign_out(request, &audience, slot, &form).await
                }
                Err((refusal, rest)) => {
                    let audience = Audience::bound_for(self, request, None);
                    let mut answer = audience.refuse(self, &refusal);
                    answer.rest = rest;
                    answer
                }
            },
            "/me" => Answer::uncached(405, Rest::Unasked).with("allow", &b"GET, HEAD"[..]),
            "/firebase" => Answer::uncached(405, Rest::Unasked).with("allow", &b"POST"[..]),
            "/sign-in" | "/sign-out" => {
                Answer::uncached(405, Rest::Unasked).with("allow", &b"GET, HEAD, POST"[..])
            }
            _ => Answer::uncached(404, Rest::Unasked),
        }
    }

    /// Sends a person to the app's own page to sign in on.
    fn go_to_the_app(&self, audience: &Audience) -> Answer {
        let (path, place) = (self.0.page_of_the_app(), audience.place(self));
        let (Some(path), Some(place)) = (path, place) else {
            return audience.refuse(self, &Refusal::new(RefusalCode::Origin));
        };
        if place.as_text().split(['?', '#']).next() == Some(path) {
            let why = "the page to sign in on asks for a sign-in itself; open it to everybody";
            let refusal = Refusal::new(RefusalCode::SignedOut).because(why);
            return (self.0.pages).refusal(&refusal, self.0.log(&refusal), &place, None);
        }
        see_other(audience.at_origin(&place.asked_on(path)))
    }

    /// The page to sign in on, perhaps with the refusal of the last attempt.
    #[cfg_attr(
        not(feature = "providers"),
        expect(unused_variables, reason = "what a link passes on is for providers")
    )]
    pub(crate) fn sign_in_page<F: Fields>(
        &self,
        request: &Request<'_, F>,
        audience: &Audience,
        name: &str,
        refused: Option<&Refusal>,
    ) -> Answer {
        let parts = &self.0;
        let Some(place) = audience.place(self) else {
            return audience.refuse(self, &Refusal::new(RefusalCode::Origin));
        };
        #[cfg(feature = "providers")]
        let providers = &*self.links(request, &place);
        #[cfg(not(feature = "providers"))]
        let providers = &[];
        parts.pages.sign_in(&SignInPage {
            place: &place,
            providers,
            password: parts.takes_passwords(),
            access_token: parts.access_token.is_some(),
            anybody: parts.dev,
            name,
            refused: refused.map(|refusal| (refusal, parts.log(refusal))),
        })
    }

    async fn post_sign_in<F: Fields>(
        &self,
        request: &Request<'_, F>,
        audience: &Audience,
        slot: &Slot,
        form: &Form,
    ) -> Answer {
        let pending = slot.pending();
        let pushed = match self.prove(request, form).await {
            Ok(who) => self
                .sign_in(&pending, who)
                .push()
                .await
                .map_err(Refusal::from),
            Err(refusal) => Err(refusal),
        };
        match pushed {
            Ok(_) => match audience.place(self).filter(|_| audience.person) {
                Some(place) => see_other(place.location()),
                None => Answer::uncached(204, Rest::Read),
            },
            Err(refusal) => {
                metrics::sign_in("page", refusal.code().as_str());
                let again = matches!(
                    refusal.code(),
                    RefusalCode::WrongPassword | RefusalCode::TokenInvalid | RefusalCode::Throttled
                );
                if again && audience.person && self.0.has_page() {
                    let name = form.get("name").unwrap_or_default();
                    self.sign_in_page(request, audience, name, Some(&refusal))
                } else {
                    audience.refuse(self, &refusal)
                }
            }
        }
    }

    async fn prove<F: Fields>(
        &self,
        request: &Request<'_, F>,
        form: &Form,
    ) -> Result<Identity, Refusal> {
        let (parts, address) = (&self.0, self.0.person(request));
        if let Some(token) = form
            .get("access_token")
            .filter(|_| parts.access_token.is_some())
        {
            // A token is often pasted, with a line end behind it.
            return parts.prove_token(token.trim().as_bytes(), address).await;
        }
        #[cfg(feature = "providers")]
        if let Some(token) = form.get("id_token")
            && parts.vouched.firebase.is_some()
        {
            return parts.prove_firebase(token, address).await;
        }
        match (form.get("name"), form.get("password")) {
            #[cfg(feature = "password")]
            (Some(name), Some(password)) if parts.takes_passwords() => {
                let device = parts.device_of(request.fields);
                parts
                    .prove_password(name, password, address, device.as_ref())
                    .await
            }
            (Some(name), _) if parts.dev => {
                prove_nothing(name, form.get("roles").unwrap_or_default())
            }
            _ => Err(RefusalCode::Form.into()),
        }
    }

    async fn sign_out_page<F: Fields>(&self, request: &Request<'_, F>, slot: &Slot) -> Answer {
        let wanted = request.return_to();
        let place = Audience::bound_for(self, request, wanted).place(self);
        match self.admit(request, slot).await {
            Err(answer) => answer,
            Ok(visitor) => match (visitor.identity(), place) {
                (None, _) => self.signed_out_page(request),
                (Some(who), Some(place)) => {
                    #[cfg(feature = "providers")]
                    let there = self.ends_at(who.provider(), self.0.now()).await;
                    #[cfg(not(feature = "providers"))]
                    let there: Option<String> = None;
                    self.0.pages.sign_out(who, &place, there.as_deref())
                }
                (Some(_), None) => visitor.refuse(&RefusalCode::Origin.into()),
            },
        }
    }

    /// The page after a sign-out, to which a provider leads back as well.
    #[cfg_attr(
        not(feature = "providers"),
        expect(unused_variables, reason = "nothing leads on without providers")
    )]
    fn signed_out_page<F: Fields>(&self, request: &Request<'_, F>) -> Answer {
        #[cfg(feature = "providers")]
        if let Some(state) = only(request.parameters("state"))
            && let Some(place) = self.0.providers.open_place(&state, self.0.now())
            && let Some(place) = Audience::bound_for(self, request, Some(place)).place(self)
        {
            return see_other(place.location());
        }
        self.0.pages.signed_out(None)
    }

    #[cfg_attr(
        not(feature = "providers"),
        expect(
            unused_variables,
            reason = "only a provider's session ends elsewhere too"
        )
    )]
    async fn post_sign_out<F: Fields>(
        &self,
        request: &Request<'_, F>,
        audience: &Audience,
        slot: &Slot,
        form: &Form,
    ) -> Answer {
        #[cfg(feature = "providers")]
        let ended = self.0.session_of(&slot.pending());
        match self.sign_out(&slot.pending()).push().await {
            // The browser has no way to forget a password; a session that the app gave it is over.
            Ok(_) | Err(SignInError::SignedOut) if self.0.basic => self.0.pages.sign_out_of_basic(),
            Ok(_) | Err(SignInError::SignedOut) if !audience.person => {
                Answer::uncached(204, Rest::Read)
            }
            // Somebody who cannot be signed out everywhere stays signed in, and reads that.
            Err(error) if !matches!(error, SignInError::SignedOut) => {
                audience.refuse(self, &error.into())
            }
            _ => {
                let place = form.get("return_to").and_then(|_| audience.place(self));
                #[cfg(feature = "providers")]
                if let Some(session) = ended
                    && let Some(answer) =
                        (self.sign_out_at_provider(&session, request, audience, place.as_ref()))
                            .await
                {
                    return answer;
                }
                #[cfg(feature = "providers")]
                if let Some(header) = &self.0.vouched.header {
                    // Whoever is still signed in there would be signed in here with the next request.
                    return match header.sign_out() {
                        Some(path) => see_other(audience.at_origin(path)),
                        None => self.0.pages.sign_out_of_proxy(),
                    };
                }
                match place {
                    Some(place) => see_other(place.location()),
                    None => self.0.pages.signed_out(None),
                }
            }
        }
    }

    /// `GET /auth/me`: who somebody is, for scripts.
    async fn me<F: Fields>(&self, request: &Request<'_, F>, slot: &Slot) -> Answer {
        let visitor = match self.admit(request, slot).await {
            Ok(visitor) => visitor,
            Err(answer) => return answer,
        };
        let Some(who) = visitor.identity() else {
            let refusal = Refusal::new(RefusalCode::SignedOut);
            return refusal.problem(self.0.log(&refusal));
        };
        let body = json!({
            "provider": who.provider(),
            "subject": who.subject(),
            "email": who.email(),
            "email_verified": who.email_verified(),
            "name": who.name(),
            "roles": who.roles(),
            "expires_at": who.session_ends_at().map(UnixMillis::get),
        });
        Answer::uncached(200, Rest::Unasked)
            .with_body("application/json", body.to_string())
            .with("x-content-type-options", &b"nosniff"[..])
    }
}
