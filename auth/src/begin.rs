//! A person goes to a provider: an attempt begins.

use apply_cookies::web::{Answer, Fields, Slot, is_ahead_of_a_visit};

use crate::attempt::Attempt;
use crate::auth::Auth;
use crate::metrics;
use crate::oidc::{AuthorizationRequest, Provider};
use crate::popups::popup_path;
use crate::refusal::{Refusal, RefusalCode};
use crate::request::{Request, only};
use crate::respond::{Audience, see_other};
use crate::return_to::ReturnTo;
use crate::session::Bytes;
use crate::sign_in_options::SignInOptions;

/// What an attempt begins with.
pub(crate) struct SignInRequest<'a> {
    pub(crate) provider: &'a Provider,
    /// Who goes there, and where they want to go afterwards.
    pub(crate) audience: &'a Audience,
    pub(crate) options: SignInOptions,
    /// The popup that a stream has asked for, if the person is in one.
    pub(crate) popup: Option<Bytes>,
    /// How often it has restarted by itself.
    pub(crate) restarts: u8,
    /// The browser's session, where the callback does not see it.
    pub(crate) had: Option<Bytes>,
}

/// Whether a page of another origin sends the person here, by what browsers say.
fn is_sent<F: Fields>(request: &Request<'_, F>) -> bool {
    let mut sites = request.fields.all("sec-fetch-site");
    sites.any(|site| matches!(site, b"cross-site" | b"same-site"))
}

impl Auth {
    /// Whether a person is there and waits for the page: a script's request in the background, or a page
    /// that is loaded ahead of a visit, begins nothing. Nor does a page of another origin where somebody is
    /// signed in: a provider that knows the browser answers without a question, and the session would be
    /// replaced by a mere visit to that page.
    pub(crate) async fn may_begin<F: Fields>(&self, request: &Request<'_, F>, slot: &Slot) -> bool {
        request.method == "GET"
            && request.is_navigation()
            && !is_ahead_of_a_visit(request.fields)
            && !(is_sent(request) && self.may_be_signed_in(request, slot).await)
    }

    /// Whether somebody is signed in, or may be: a `SameSite=Strict` cookie does not come along from
    /// another site.
    async fn may_be_signed_in<F: Fields>(&self, request: &Request<'_, F>, slot: &Slot) -> bool {
        let parts = &self.0;
        let is_hidden =
            parts.cookie.is_strict() && parts.cookies.binding_of(request.fields).is_some();
        is_hidden || !matches!(self.see(request.fields, slot).await, Ok(None))
    }

    /// The provider to which a person is sent at once: the only one, if there is no other way to sign in
    /// and nobody has just signed out.
    pub(crate) async fn only_provider<F: Fields>(
        &self,
        request: &Request<'_, F>,
        slot: &Slot,
    ) -> Option<&Provider> {
        let parts = &self.0;
        let [only] = parts.providers.all() else {
            return None;
        };
        let may_go = SignInOptions::read(request.query).other_account
            || !parts.providers.is_signed_out(request.fields.all("cookie"));
        let goes = !parts.has_form() && may_go && self.may_begin(request, slot).await;
        goes.then_some(only)
    }

    /// The address of each provider's sign-in, and its title. What the request's own address asks for is
    /// passed on.
    pub(crate) fn links<F: Fields>(
        &self,
        request: &Request<'_, F>,
        place: &ReturnTo,
    ) -> Vec<(String, &str)> {
        let (prefix, query) = (
            self.prefix(),
            SignInOptions::read(request.query).query(place),
        );
        let link = |one: &'_ Provider| format!("{prefix}/sign-in/{}?{query}", one.name());
        let all = self.0.providers.all().iter();
        all.map(|one| (link(one), one.title())).collect()
    }

    /// Sends a person to a provider, or says why not.
    pub(crate) async fn begin_at<F: Fields>(
        &self,
        provider: &Provider,
        audience: &Audience,
        request: &Request<'_, F>,
        slot: &Slot,
    ) -> Answer {
        let parts = &self.0;
        let had = (parts.cookie.is_strict()).then(|| parts.session_of(&slot.pending()));
        let popup = only(request.parameters("popup")).and_then(|id| Bytes::read(&id));
        let address = popup.map(|id| popup_path(self.prefix(), provider.name(), id));
        let audience = &audience.clone().in_popup(address);
        let wanted = SignInRequest {
            provider,
            audience,
            options: SignInOptions::read(request.query),
            popup,
            restarts: 0,
            had: had.flatten().map(|session| session.id),
        };
        self.go(wanted, request, slot)
            .await
            .unwrap_or_else(|refusal| {
                metrics::sign_in(provider.name(), refusal.code().as_str());
                audience.show(self, &refusal)
            })
    }

    /// Begins an attempt.
    pub(crate) async fn go<F: Fields>(
        &self,
        wanted: SignInRequest<'_>,
        request: &Request<'_, F>,
        slot: &Slot,
    ) -> Result<Answer, Refusal> {
        let (parts, pending) = (&self.0, slot.pending());
        let SignInRequest {
            provider,
            audience,
            options,
            ..
        } = wanted;
        let (now, cookies) = (parts.now(), request.fields.all("cookie"));
        let place = audience.place(self).filter(|_| !pending.is_foreign());
        let place = place.ok_or(RefusalCode::Origin)?;
        let redirect_uri = audience
            .callback(self, provider)
            .ok_or(RefusalCode::Origin)?;
        parts.throttle.begin_attempt(now, parts.person(request))?;
        let begun_at = parts.moment().await?;
        let scope = |scope: apply_cookies::protocol::StoreScope| Bytes(scope.to_bytes());
        let binding = parts.cookies.binding_of(request.fields);
        let mut attempt = Attempt::with(provider.name(), begun_at);
        attempt.claims = parts.cookies.replay_store().scope().map(scope);
        attempt.revocations = parts.revocations.scope().map(scope);
        attempt.binding = binding.map(|binding| Bytes(binding.digest().to_bytes()));
        place.as_text().clone_into(&mut attempt.to);
        attempt.popup = wanted.popup;
        attempt.restarts = wanted.restarts;
        attempt.had = wanted.had;
        attempt.step_up.clone_from(&options.step_up);
        let begun = parts.providers.attempts.begin(attempt, now);
        let too_long = || Refusal::new(RefusalCode::Form).because("its state is too long");
        let begun = begun.ok_or_else(too_long)?;
        let asks_for_account =
            options.other_account || parts.providers.is_signed_out(cookies.clone());
        let ask = AuthorizationRequest {
            redirect_uri: &redirect_uri,
            state: &begun.state,
            nonce: &begun.proof.nonce,
            challenge: &begun.proof.challenge(),
            prompt: asks_for_account.then_some("select_account"),
            max_age: options.step_up.max_age.map(std::time::Duration::from_secs),
            acr: &options.step_up.acr,
        };
        let address = provider.authorization_url(&ask, now).await;
        let address = address.map_err(|refusal| refusal.of(provider.name()))?;
        let mut batch = pending.batch().set(begun.cookie);
        for name in parts.providers.attempts.in_excess(cookies, now) {
            batch = batch.delete_cookie(&*name);
        }
        let unavailable = |error: apply_cookies::PushError| {
            Refusal::new(RefusalCode::Unavailable).because(error.to_string())
        };
        batch.push().map_err(unavailable)?;
        Ok(see_other(address))
    }
}

impl Audience {
    /// Where a provider sends the browser back to: on the origin that it came from, as configured.
    pub(crate) fn callback(&self, auth: &Auth, provider: &Provider) -> Option<String> {
        let (origin, prefix) = (self.origin()?, auth.prefix());
        Some(format!("{origin}{prefix}/callback/{}", provider.name()))
    }
}
