//! A request → who made it, before the app sees it.

use std::future::Future;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use apply_cookies::seldom;
use apply_cookies::web::{Answer, Asked, BodyRefused, Fields, Rest, Slot, is_ahead_of_a_visit};
use bytes::Bytes;
use futures_core::Stream;

use crate::auth::{Auth, Parts};
use crate::header::Authorization;
use crate::identity::Identity;
#[cfg(feature = "providers")]
use crate::providers::Step;
use crate::refusal::{Refusal, RefusalCode};
use crate::request::{ACCESS_TOKEN_PARAMETER, Request, only};
use crate::respond::{Audience, see_other};
use crate::rule::Demand;
use crate::session::Session;
use crate::visitor::{Inner, Visitor};

/// Who a request proves to be, and by which session.
type Who = (Option<Identity>, Option<Arc<Session>>);

impl Auth {
    /// All that a middleware does before the app: answers the pages, and finds out who makes every
    /// other request. What is queued in the slot must leave with the answer. `form` is read only where
    /// one is posted to a page.
    pub(crate) async fn begin<F: Fields>(
        &self,
        request: Request<'_, F>,
        slot: &Slot,
        form: impl Future<Output = Result<Bytes, BodyRefused>>,
    ) -> Result<Visitor, Answer> {
        if let Some(why) = self.0.is_not_development(&request) {
            let refusal = Refusal::new(RefusalCode::Origin).because(why);
            let mut answer = Audience::of(self, &request).refuse(self, &refusal);
            answer.rest = Rest::GivenUp;
            return Err(answer);
        }
        match self.strip_token(&request, slot).await {
            Ok(None) => {}
            Ok(Some(answer)) => return Err(answer),
            Err(refusal) => return Err(Audience::of(self, &request).refuse_proof(self, &refusal)),
        }
        match self.0.page(request.path) {
            Some(page) => Err(self.answer(page, &request, slot, form).await),
            None => self.admit(&request, slot).await,
        }
    }

    /// Reads the form that is posted to a page, by who posts it: another server, or one of our own pages.
    pub(crate) async fn read_form<F, B, E, T>(
        &self,
        asked: Asked<'_, F>,
        body: &mut B,
        timer: impl FnOnce(Duration) -> T,
    ) -> Result<Bytes, BodyRefused>
    where
        F: Fields,
        B: Stream<Item = Result<Bytes, E>> + Unpin,
        T: Future,
    {
        let cookies = &self.0.cookies;
        #[cfg(feature = "providers")]
        if let Some(Step::BackChannel(_)) = self.0.step(asked.path) {
            return cookies.read_form_from_server(asked, body, timer).await;
        }
        cookies.read_form(asked, body, timer).await
    }

    /// Finds out who made a request.
    pub(crate) async fn admit<F: Fields>(
        &self,
        request: &Request<'_, F>,
        slot: &Slot,
    ) -> Result<Visitor, Answer> {
        let parts = &self.0;
        let mut audience = Audience::of(self, request);
        let address = parts.person(request);
        let proved = self.who(request, slot, address).await;
        let who = match proved {
            Ok(who) => who,
            Err(refusal) => return Err(audience.refuse_proof(self, &refusal)),
        };
        let demand = match &parts.rules {
            Some(rules) if parts.page(request.path).is_none() => {
                let preflight =
                    request.has("origin") && request.has("access-control-request-method");
                rules.demand(request.path, request.method, preflight)
            }
            _ if parts.basic || parts.vouched.has_header() => Ok(Demand::SIGNED_IN),
            _ => Ok(Demand::NOTHING),
        };
        let demand = demand.map_err(|refusal| audience.refuse(self, &refusal))?;
        if !demand.anyone {
            // Whatever the app answers here is for those who may see it, and for no shared cache.
            slot.note_read();
        }
        demand.check(who.0.as_ref()).map_err(|refusal| {
            audience.person &= !demand.bearer;
            audience.refuse(self, &parts.explained(refusal))
        })?;
        let (who, session) = who;
        Ok(Visitor(Arc::new(Inner {
            auth: self.clone(),
            who,
            session,
            address,
            audience,
            slot: slot.clone(),
        })))
    }

    /// A token leaves the address of a page, so that it stays in no history. It becomes a cookie if
    /// it is the only one, and no other site's frame has brought it.
    async fn strip_token<F: Fields>(
        &self,
        request: &Request<'_, F>,
        slot: &Slot,
    ) -> Result<Option<Answer>, Refusal> {
        let is_page = request.is_read() && request.is_navigation();
        let tokens = || request.parameters(ACCESS_TOKEN_PARAMETER);
        if self.0.access_token.is_none() || !is_page || tokens().next().is_none() {
            return Ok(None);
        }
        if let Some(token) = only(tokens()).filter(|_| may_bring_a_token(request)) {
            let address = self.0.person(request);
            match self.0.prove_token(token.as_bytes(), address).await {
                Ok(who) => drop(self.sign_in(&slot.pending(), who).push().await?),
                // An old link, followed by somebody who is signed in.
                Err(_) if self.see(request.fields, slot).await?.is_some() => {}
                Err(refusal) => return Err(refusal),
            }
        }
        let wanted = request.address();
        let place = Audience::bound_for(self, request, Some(wanted.clone())).place(self);
        let location = place.ok_or(RefusalCode::Origin)?.location().to_owned();
        Ok(Some(
            see_other(location).with("referrer-policy", &b"no-referrer"[..]),
        ))
    }

    async fn who<F: Fields>(
        &self,
        request: &Request<'_, F>,
        slot: &Slot,
        address: IpAddr,
    ) -> Result<Who, Refusal> {
        let parts = &self.0;
        // Asked before anything is proved: a wrong password that another site has sent would spend the
        // person's tries.
        let counts_alone = parts.may_be_known(request, false);
        let mut proved = None;
        if counts_alone {
            proved = parts.by_header(request, address).await?;
        }
        let takes_token = parts.access_token.is_some() && request.is_read();
        if proved.is_none()
            && counts_alone
            && takes_token
            && let Some(token) = only(request.parameters(ACCESS_TOKEN_PARAMETER))
            && may_bring_a_token(request)
        {
            // A script's: that of a page has left its address.
            proved = Some(parts.prove_token_alone(token.as_bytes(), address)?);
        }
        if let Some(who) = proved {
            if parts.vouched.has_header()
                && let Some((other, _)) = self.see(request.fields, slot).await?
                && (other.provider(), other.subject()) != (who.provider(), who.subject())
            {
                let why = "the signed header and the session are of different people";
                return Err(Refusal::new(RefusalCode::TokenInvalid).because(why));
            }
            // There is no sign-in that would have asked.
            parts.ask_gate(&who).await?;
            return Ok((Some(who), None));
        }
        // Past the proxy that signs, a copied cookie would do.
        if parts.vouched.has_header() || !parts.may_be_known(request, true) {
            return Ok((None, None));
        }
        let seen = self.see(request.fields, slot).await?;
        Ok(seen.map_or((None, None), |(who, session)| (Some(who), Some(session))))
    }
}

impl Parts {
    /// The identity that a header proves: the one that a proxy signs, or `Authorization`, where such is
    /// taken. Schemes that the app takes itself are left alone.
    #[cfg_attr(
        not(any(feature = "password", feature = "providers")),
        expect(clippy::unused_async, reason = "only passwords and keys are awaited")
    )]
    async fn by_header<F: Fields>(
        &self,
        request: &Request<'_, F>,
        address: IpAddr,
    ) -> Result<Option<Identity>, Refusal> {
        #[cfg(feature = "providers")]
        if let Some(header) = &self.vouched.header {
            return header.read(request.fields, self.now()).await;
        }
        if (!self.basic && self.access_token.is_none()) || !request.has("authorization") {
            return Ok(None);
        }
        let invalid = |why: String| Refusal::new(RefusalCode::TokenInvalid).because(why);
        let value = request.only("authorization");
        let value = value.ok_or_else(|| invalid("Authorization stands twice".to_owned()))?;
        match Authorization::parse(value) {
            Ok(Authorization::Bearer(bearer)) if self.access_token.is_some() => self
                .prove_token_alone(bearer.as_str().as_bytes(), address)
                .map(Some),
            // Any name goes with the access token.
            Ok(Authorization::Basic(basic)) if self.access_token.is_some() => self
                .prove_token_alone(basic.password.as_bytes(), address)
                .map(Some),
            #[cfg(feature = "password")]
            Ok(Authorization::Basic(basic)) if self.basic => {
                self.prove_basic(&basic, address).await.map(Some)
            }
            Ok(_) => Ok(None),
            Err(error) => Err(invalid(error.to_string())),
        }
    }

    /// A refusal of nobody, with what the log needs to know of a proxy that should have named somebody.
    fn explained(&self, refusal: Refusal) -> Refusal {
        match self.vouched.missing() {
            Some(why) if refusal.code() == RefusalCode::SignedOut => refusal.because(why),
            _ => refusal,
        }
    }

    /// The person's address, by which guessing is throttled.
    pub(crate) fn person<F: Fields>(&self, request: &Request<'_, F>) -> IpAddr {
        let Some(peer) = request.peer else {
            seldom!(
                self.logged.no_peer,
                self.now(),
                WARN,
                "nobody's address is known, so all people share one in the throttle; serve with into_make_service_with_connect_info::<SocketAddr>()"
            );
            return IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        };
        if !self.proxies.trusts(peer) && request.has("x-forwarded-for") {
            seldom!(
                self.logged.forwarded,
                self.cookies.clock().now(),
                WARN,
                %peer,
                "X-Forwarded-For of a peer that is not a trusted proxy is not believed; if it is a proxy of yours, all people behind it share one address in the throttle: name it with AuthBuilder::trusted_proxy"
            );
        }
        self.proxies.person(peer, request.fields)
    }

    /// Development is on this machine alone, under its own names (a page of another site can have its
    /// name lead here, once it is loaded), and behind no proxy.
    fn is_not_development<F: Fields>(&self, request: &Request<'_, F>) -> Option<&'static str> {
        let is_forwarded = |name: &str| {
            name.starts_with("x-forwarded-") || matches!(name, "forwarded" | "via" | "x-real-ip")
        };
        match request.peer {
            _ if !self.is_local() => None,
            _ if request.fields.any_name(is_forwarded) => {
                Some("development takes no request that a proxy has forwarded")
            }
            _ if !request.is_called_loopback() => {
                Some("development takes no request to another host than localhost")
            }
            Some(peer) if peer.to_canonical().is_loopback() => None,
            Some(_) => Some("development takes no request from another machine"),
            None => Some(
                "development needs the peer's address; serve with into_make_service_with_connect_info",
            ),
        }
    }

    /// Whether what a browser sends by itself may count. Another site's page can make it send
    /// credentials, and open sockets: `SameSite` does not hold for sockets of a neighbouring
    /// subdomain, and not at all for `Authorization: Basic`.
    fn may_be_known<F: Fields>(&self, request: &Request<'_, F>, by_cookie: bool) -> bool {
        let says_nothing = !request.has("origin") && !request.has("sec-fetch-site");
        let scheme = request
            .only("authorization")
            .and_then(|value| value.get(..7));
        // A proxy that signs does so for whatever its own cookie comes with.
        let bearer = !self.vouched.has_header()
            && scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"bearer "));
        if request.is_upgrade() {
            let own = || request.has("origin") && self.cookies.is_own_page(request.fields);
            return if says_nothing { bearer } else { own() };
        }
        by_cookie
            || bearer
            || says_nothing
            || matches!(
                request.only("sec-fetch-site"),
                Some(b"same-origin" | b"none")
            )
            || (request.method == "GET" && request.only("sec-fetch-mode") == Some(b"navigate"))
    }
}

/// Whether a query may bring a token: that of a link which a person follows, and not of a picture, a
/// popup or a prefetch of another site's page, whose wrong tokens would spend the tries of the person's
/// network. Chromium says `none` of a prefetch by speculation rules, as of an address that was typed.
fn may_bring_a_token<F: Fields>(request: &Request<'_, F>) -> bool {
    if is_ahead_of_a_visit(request.fields) {
        return false;
    }
    match request.only("sec-fetch-site") {
        Some(b"same-origin" | b"none") => true,
        None => !request.has("sec-fetch-site"),
        Some(_) => {
            request.only("sec-fetch-dest") == Some(b"document")
                && request.only("sec-fetch-user") == Some(b"?1")
        }
    }
}
