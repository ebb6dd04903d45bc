//! A request → who made it, before the app sees it.

use apply_cookies::web::{Answer, Fields, Slot};

use crate::auth::Auth;
use crate::header::Authorization;
use crate::identity::Identity;
use crate::prove::unavailable;
use crate::refusal::{Refusal, RefusalCode};
use crate::request::{ACCESS_TOKEN_PARAMETER, Request};
use crate::respond::{Audience, see_other};
use crate::rule;
use crate::session::Session;
use crate::standing::{Seen, Unknown};
use crate::visitor::Visitor;

/// Who a request proves to be, and by which session.
type Who = (Option<Identity>, Option<Session>);

impl Auth {
    /// Finds out who made a request to the app.
    ///
    /// # Errors
    ///
    /// The answer, if the app is not to see it: nobody can say who it is, a rule refuses it, or a
    /// link with an access token becomes a cookie.
    pub async fn admit<F: Fields>(
        &self,
        request: Request<'_, F>,
        slot: &Slot,
    ) -> Result<Visitor, Answer> {
        let parts = &self.0;
        let audience = Audience::of(self, request);
        let refuse = |refusal: &Refusal| audience.refuse(self, refusal);
        if let Some(why) = self.is_not_development(request) {
            return Err(refuse(&Refusal::new(RefusalCode::Origin).because(why)));
        }
        let address = parts.proxies.person(request.peer(), request.asked.fields);
        let who = match self.who(request, slot).await {
            Ok(who) => who,
            Err(Stopped::Refused(refusal)) => {
                return Err(audience.refused().refuse(self, &refusal));
            }
            Err(Stopped::Answered(answer)) => return Err(answer),
        };
        let who = if may_be_known(self, request, &who) {
            who
        } else {
            (None, None)
        };
        if parts.basic {
            slot.note_read();
        }
        if parts.basic && who.0.is_none() {
            return Err(refuse(&Refusal::new(RefusalCode::SignedOut)));
        }
        if let Some(rules) = parts
            .rules
            .as_ref()
            .filter(|_| !self.owns_path(request.asked.path))
        {
            let address = request.address_without("");
            let preflight = request.has("origin") && request.has("access-control-request-method");
            let asked = rule::Asked::new(&address, request.asked.method).preflight(preflight);
            let demand = rules
                .demand(&asked)
                .map_err(|error| refuse(&error.into()))?;
            if !demand.is_public() {
                // Whatever the app answers here is for those who may see it, and for no shared cache.
                slot.note_read();
            }
            demand.check(who.0.as_ref()).map_err(|error| {
                let audience = audience.clone();
                let audience = if demand.takes_bearer() {
                    audience.of_programs()
                } else {
                    audience
                };
                audience.refuse(self, &error.into())
            })?;
        }
        Ok(Visitor::new(
            self,
            who,
            address,
            #[cfg(feature = "password")]
            parts.device_of(request.asked.fields),
            audience,
            slot.clone(),
        ))
    }

    async fn who<F: Fields>(&self, request: Request<'_, F>, slot: &Slot) -> Result<Who, Stopped> {
        let parts = &self.0;
        if let Some(who) = self.by_header(request).await? {
            // There is no sign-in that would have asked.
            parts.gate.check(&who).map_err(Refusal::from)?;
            return Ok((Some(who), None));
        }
        if parts.access_token.is_some()
            && request.is_read()
            && may_bring_a_token(request)
            && let Some(token) = request.parameter(ACCESS_TOKEN_PARAMETER)
        {
            let address = parts.proxies.person(request.peer(), request.asked.fields);
            if !request.is_navigation() {
                let who = parts.prove_token_alone(token.as_bytes(), address)?;
                parts.gate.check(&who).map_err(Refusal::from)?;
                return Ok((Some(who), None));
            }
            let who = parts.prove_token(token.as_bytes(), address).await?;
            let pending = slot.pending();
            self.sign_in(&pending, who)
                .push()
                .await
                .map_err(Refusal::from)?;
            return Err(Stopped::Answered(self.without_token(request)));
        }
        let seen = parts.see(request.asked.fields).await;
        match seen {
            Ok(Seen::Somebody(seen)) => {
                let (session, check) = *seen;
                Ok((Some(parts.identity_of(&session, check)), Some(session)))
            }
            Ok(Seen::Nobody) => Ok((None, None)),
            Ok(Seen::Over(over)) => {
                tracing::debug!(?over, "the sign-in is not in force");
                Ok((None, None))
            }
            Err(Unknown::Revocations(error)) => Err(unavailable(&error).into()),
            #[cfg(feature = "password")]
            Err(Unknown::Accounts(error)) => Err(Refusal::new(RefusalCode::Unavailable)
                .because(error.to_string())
                .into()),
        }
    }

    /// The identity that `Authorization` proves, where such is taken. Schemes that the app takes
    /// itself are left alone.
    #[cfg_attr(
        not(feature = "password"),
        expect(clippy::unused_async, reason = "only passwords are awaited")
    )]
    async fn by_header<F: Fields>(
        &self,
        request: Request<'_, F>,
    ) -> Result<Option<Identity>, Refusal> {
        let parts = &self.0;
        if (!parts.basic && parts.access_token.is_none()) || !request.has("authorization") {
            return Ok(None);
        }
        let form = || Refusal::new(RefusalCode::TokenInvalid).because("Authorization stands twice");
        let value = request.only("authorization").ok_or_else(form)?;
        let address = parts.proxies.person(request.peer(), request.asked.fields);
        match Authorization::parse(value) {
            Ok(Authorization::Bearer(bearer)) if parts.access_token.is_some() => parts
                .prove_token_alone(bearer.as_str().as_bytes(), address)
                .map(Some),
            // Any name goes with the access token.
            Ok(Authorization::Basic(basic)) if parts.access_token.is_some() => {
                let token = basic.password.as_bytes();
                parts.prove_token_alone(token, address).map(Some)
            }
            #[cfg(feature = "password")]
            Ok(Authorization::Basic(basic)) if parts.basic => {
                parts.prove_basic(&basic, address).await.map(Some)
            }
            Ok(_) => Ok(None),
            Err(error) => Err(Refusal::new(RefusalCode::TokenInvalid).because(error.to_string())),
        }
    }

    /// The address that was asked for, without the token, which stays in no history.
    fn without_token<F: Fields>(&self, request: Request<'_, F>) -> Answer {
        let wanted = request.address_without(ACCESS_TOKEN_PARAMETER);
        let place = Audience::bound_for(self, request, Some(wanted.clone())).place(self);
        let location = place.map_or(wanted, |place| place.location().to_owned());
        see_other(location).with("referrer-policy", &b"no-referrer"[..])
    }

    /// Development is on this machine alone, and behind no proxy.
    pub(crate) fn is_not_development<F: Fields>(
        &self,
        request: Request<'_, F>,
    ) -> Option<&'static str> {
        if !self.0.dev {
            return None;
        }
        let forwarded = [
            "forwarded",
            "x-forwarded-for",
            "x-forwarded-host",
            "x-real-ip",
            "via",
        ];
        if forwarded.into_iter().any(|name| request.has(name)) {
            return Some("Auth::dev() takes no request that a proxy has forwarded");
        }
        match request.peer {
            Some(peer) if peer.to_canonical().is_loopback() => None,
            Some(_) => Some("Auth::dev() takes no request from another machine"),
            None => Some(
                "Auth::dev() needs the peer's address; serve with into_make_service_with_connect_info",
            ),
        }
    }
}

/// Why the app does not see a request.
enum Stopped {
    Refused(Refusal),
    Answered(Answer),
}

impl From<Refusal> for Stopped {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Whether a query may bring a token: not that of a picture on another site's page, whose wrong tokens
/// would spend the tries of the person's network.
fn may_bring_a_token<F: Fields>(request: Request<'_, F>) -> bool {
    match request.only("sec-fetch-site") {
        Some(b"same-origin" | b"none") => true,
        None => !request.has("sec-fetch-site"),
        Some(_) => request.only("sec-fetch-dest") == Some(b"document"),
    }
}

/// Whether what a browser sends by itself may count. Another site's page can make it send
/// credentials, and open sockets: `SameSite` does not hold for sockets of a neighbouring subdomain,
/// and not at all for `Authorization: Basic`.
fn may_be_known<F: Fields>(auth: &Auth, request: Request<'_, F>, who: &Who) -> bool {
    let (cookies, fields) = (&auth.0.cookies, request.asked.fields);
    let says_nothing = !request.has("origin") && !request.has("sec-fetch-site");
    let bearer = request.only("authorization").is_some_and(|value| {
        value
            .get(..7)
            .is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"bearer "))
    });
    if request.is_upgrade() {
        return if says_nothing {
            bearer
        } else {
            request.has("origin") && cookies.is_own_page(fields)
        };
    }
    let by_cookie = who.1.is_some();
    if by_cookie || bearer || says_nothing {
        return true;
    }
    match request.only("sec-fetch-site") {
        Some(b"same-origin" | b"none") => true,
        _ => request.asked.method == "GET" && request.only("sec-fetch-mode") == Some(b"navigate"),
    }
}
