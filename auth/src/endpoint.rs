//! The pages below the prefix: signing in and out, and who somebody is.

use std::future::Future;
use std::time::Duration;

use apply_cookies::web::{Answer, Fields, Rest, Slot, read_body};
use bytes::Bytes;
use form_urlencoded::parse;
use futures_core::Stream;
use serde_json::json;
use zeroize::Zeroizing;

use crate::auth::Auth;
use crate::identity::Identity;
use crate::metrics;
use crate::pages::SignInPage;
use crate::prove::prove_nothing;
use crate::random;
use crate::refusal::{Refusal, RefusalCode, RefusalId};
use crate::request::Request;
use crate::respond::{Audience, see_other};

/// A form, whose fields stand once each.
#[derive(Default)]
struct Form {
    name: Option<String>,
    password: Option<Zeroizing<String>>,
    access_token: Option<Zeroizing<String>>,
    roles: Option<String>,
    return_to: Option<String>,
}

impl Form {
    /// `None` if a field stands twice. Others than these are ignored.
    fn read(body: &[u8]) -> Option<Self> {
        let mut form = Self::default();
        for (name, value) in parse(body) {
            let value = value.into_owned();
            let twice = match &*name {
                "name" => form.name.replace(value).is_some(),
                "password" => form.password.replace(value.into()).is_some(),
                "access_token" => form.access_token.replace(value.into()).is_some(),
                "roles" => form.roles.replace(value).is_some(),
                "return_to" => form.return_to.replace(value).is_some(),
                _ => false,
            };
            if twice {
                return None;
            }
        }
        Some(form)
    }
}

impl Auth {
    /// Answers a request below the [prefix](Self::prefix), for adapters of frameworks. What it queues
    /// in the slot must leave with the answer.
    pub async fn answer<F, B, E, T>(
        &self,
        request: Request<'_, F>,
        slot: &Slot,
        body: &mut B,
        timer: impl FnOnce(Duration) -> T,
    ) -> Answer
    where
        F: Fields,
        B: Stream<Item = Result<Bytes, E>> + Unpin,
        T: Future,
    {
        let page = self.0.page(request.asked.path).unwrap_or_default();
        let get = matches!(request.asked.method, "GET" | "HEAD");
        let post = request.asked.method == "POST";
        if let Some(why) = self.is_not_development(request) {
            let audience = Audience::bound_for(self, request, None);
            let refusal = Refusal::new(RefusalCode::Origin).because(why);
            let mut answer = audience.refuse(self, &refusal);
            // A form is not read.
            answer.rest = if post { Rest::GivenUp } else { Rest::Unasked };
            return answer;
        }
        match page {
            "/me" if get => self.me(request, slot).await,
            "/sign-in" if get && self.0.has_page() => self.sign_in_page(request),
            "/sign-out" if get => self.sign_out_page(request, slot).await,
            "/sign-in" | "/sign-out" if post => {
                let form = match self.read_form(request, body, timer).await {
                    Ok(form) => form,
                    Err((refusal, rest)) => {
                        let audience = Audience::bound_for(self, request, None);
                        let mut answer = audience.refuse(self, &refusal);
                        answer.rest = rest;
                        return answer;
                    }
                };
                if page == "/sign-in" {
                    self.post_sign_in(request, slot, form).await
                } else {
                    self.post_sign_out(request, slot, &form).await
                }
            }
            "/me" | "/sign-in" | "/sign-out" => {
                let allow = if page == "/me" {
                    "GET, HEAD"
                } else {
                    "GET, HEAD, POST"
                };
                Answer::uncached(405, Rest::Unasked).with("allow", allow.as_bytes())
            }
            _ => Answer::uncached(404, Rest::Unasked),
        }
    }

    /// The checks of the cookies' own endpoint, in its order: origin, media type, body, form.
    async fn read_form<F, B, E, T>(
        &self,
        request: Request<'_, F>,
        body: &mut B,
        timer: impl FnOnce(Duration) -> T,
    ) -> Result<Form, (Refusal, Rest)>
    where
        F: Fields,
        B: Stream<Item = Result<Bytes, E>> + Unpin,
        T: Future,
    {
        let (cookies, asked) = (&self.0.cookies, request.asked);
        let body = read_body(asked, body, timer).await;
        let rest = body
            .as_ref()
            .map_or_else(|refused| refused.rest, |_| Rest::Read);
        if let Err(rejection) = cookies.check_post(asked.fields) {
            return Err((rejection.into(), rest));
        }
        let form = |why: &'static str| Refusal::new(RefusalCode::Form).because(why);
        let media_type = request.only("content-type").unwrap_or_default();
        let essence = media_type
            .split(|byte| *byte == b';')
            .next()
            .unwrap_or_default();
        let is_form = essence.trim_ascii();
        if !is_form.eq_ignore_ascii_case(b"application/x-www-form-urlencoded") {
            return Err((form("the content type is not that of a form"), rest));
        }
        let body = body.map_err(|refused| (form("the body cannot be read"), refused.rest))?;
        Form::read(&body).ok_or_else(|| (form("a field stands twice"), rest))
    }

    fn sign_in_page<F: Fields>(&self, request: Request<'_, F>) -> Answer {
        let wanted = request.parameter("return_to");
        let audience = Audience::bound_for(self, request, wanted);
        self.sign_in_again(&audience, "", None)
    }

    /// The page to sign in on, perhaps with the refusal of the last attempt.
    fn sign_in_again(&self, audience: &Audience, name: &str, refusal: Option<&Refusal>) -> Answer {
        let refused = refusal.map(|refusal| {
            let id = RefusalId::new(random::bytes());
            refusal.log(id);
            (refusal, id)
        });
        let Some(place) = audience.place(self) else {
            return audience.refuse(self, &Refusal::new(RefusalCode::Origin));
        };
        let mut page = SignInPage::to(&place).name(name);
        if self.0.takes_passwords() {
            page = page.password();
        }
        if self.0.access_token.is_some() {
            page = page.access_token();
        }
        if self.0.dev {
            page = page.anybody();
        }
        if let Some((refusal, id)) = refused {
            page = page.refused(refusal, id);
        }
        page.among(&self.0.pages).into()
    }

    async fn post_sign_in<F: Fields>(
        &self,
        request: Request<'_, F>,
        slot: &Slot,
        form: Form,
    ) -> Answer {
        let audience = Audience::bound_for(self, request, form.return_to.clone());
        let proved = match self.prove(request, &form).await {
            Ok(who) => self
                .sign_in(&slot.pending(), who)
                .push()
                .await
                .map_err(Refusal::from),
            Err(refusal) => Err(refusal),
        };
        if let Err(refusal) = &proved {
            metrics::sign_in("page", refusal.code().as_str());
        }
        match (proved, audience.place(self)) {
            (Ok(_), Some(place)) if audience.is_person() => see_other(place.location()),
            (Ok(_), _) => Answer::uncached(204, Rest::Read),
            (Err(refusal), _) => {
                let again = matches!(
                    refusal.code(),
                    RefusalCode::WrongPassword | RefusalCode::TokenInvalid | RefusalCode::Throttled
                );
                if again && audience.is_person() {
                    let name = form.name.as_deref().unwrap_or_default();
                    self.sign_in_again(&audience, name, Some(&refusal))
                } else {
                    audience.refuse(self, &refusal)
                }
            }
        }
    }

    async fn prove<F: Fields>(
        &self,
        request: Request<'_, F>,
        form: &Form,
    ) -> Result<Identity, Refusal> {
        let parts = &self.0;
        let fields = request.asked.fields;
        let address = parts.proxies.person(request.peer(), fields);
        match form {
            Form {
                access_token: Some(token),
                ..
            } if parts.access_token.is_some() => {
                // A token is often pasted, with a line end behind it.
                parts.prove_token(token.trim().as_bytes(), address).await
            }
            #[cfg(feature = "password")]
            Form {
                name: Some(name),
                password: Some(password),
                ..
            } if parts.takes_passwords() => {
                let device = parts.device_of(fields);
                parts
                    .prove_password(name, password, address, device.as_ref())
                    .await
            }
            Form {
                name: Some(name),
                roles,
                ..
            } if parts.dev => prove_nothing(name, roles.as_deref().unwrap_or_default()),
            _ => Err(Refusal::new(RefusalCode::Form)),
        }
    }

    async fn sign_out_page<F: Fields>(&self, request: Request<'_, F>, slot: &Slot) -> Answer {
        let wanted = request.parameter("return_to");
        let audience = Audience::bound_for(self, request, wanted);
        match self.admit(request, slot).await {
            Err(answer) => answer,
            Ok(visitor) => match (visitor.identity(), audience.place(self)) {
                (Some(who), Some(place)) => self.0.pages.sign_out(who, &place).into(),
                _ => self.0.pages.signed_out().into(),
            },
        }
    }

    async fn post_sign_out<F: Fields>(
        &self,
        request: Request<'_, F>,
        slot: &Slot,
        form: &Form,
    ) -> Answer {
        let audience = Audience::bound_for(self, request, form.return_to.clone());
        match self.sign_out(&slot.pending()).push().await {
            // Somebody who cannot be signed out everywhere stays signed in, and reads that.
            Err(error) => audience.refuse(self, &error.into()),
            Ok(_) if !audience.is_person() => Answer::uncached(204, Rest::Read),
            Ok(_) => match (&form.return_to, audience.place(self)) {
                (Some(_), Some(place)) => see_other(place.location()),
                _ => self.0.pages.signed_out().into(),
            },
        }
    }

    /// `GET /auth/me`: who somebody is, for scripts.
    async fn me<F: Fields>(&self, request: Request<'_, F>, slot: &Slot) -> Answer {
        let visitor = match self.admit(request, slot).await {
            Ok(visitor) => visitor,
            Err(answer) => return answer,
        };
        let Some(who) = visitor.identity() else {
            let id = RefusalId::new(random::bytes());
            return Refusal::new(RefusalCode::SignedOut).problem(id).into();
        };
        let body = json!({
            "provider": who.provider(),
            "subject": who.subject(),
            "email": who.email(),
            "email_verified": who.email_verified(),
            "name": who.name(),
            "roles": who.roles(),
            "expires_at": who.session_ends_at().map(apply_cookies::UnixMillis::get),
        });
        Answer::uncached(200, Rest::Unasked).with_body("application/json", body.to_string())
    }
}
