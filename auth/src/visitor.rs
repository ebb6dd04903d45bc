//! Who asks: the person behind a request, as far as the middleware knows, and where from.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use apply_cookies::PendingState;
use apply_cookies::web::{Answer, ExtractError, Slot};

use crate::auth::Auth;
#[cfg(feature = "password")]
use crate::device::Device;
use crate::identity::Identity;
use crate::metrics;
use crate::refusal::{Refusal, RefusalCode};
use crate::respond::Audience;
#[cfg(feature = "providers")]
use crate::respond::see_other;
use crate::session::Session;
#[cfg(feature = "providers")]
use crate::sign_in_options::SignInOptions;
#[cfg(feature = "providers")]
use crate::step_up::StepUp;

/// The person behind a request. The middleware makes one for each request; handlers take it as an
/// argument, and can keep it in a stream or a socket: a password that arrives there is checked for
/// this visitor.
#[derive(Clone)]
pub struct Visitor(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) auth: Auth,
    pub(crate) who: Option<Identity>,
    /// What the cookie says, if it is what proves who this is.
    pub(crate) session: Option<Arc<Session>>,
    pub(crate) address: IpAddr,
    pub(crate) audience: Audience,
    pub(crate) slot: Slot,
}

impl Visitor {
    /// Who it is, if somebody is signed in.
    #[must_use]
    pub fn identity(&self) -> Option<&Identity> {
        // Whatever the handler answers now depends on the cookie.
        self.0.slot.note_read();
        self.0.who.as_ref()
    }

    /// The person's address, not a proxy's.
    #[must_use]
    pub fn address(&self) -> IpAddr {
        self.0.address
    }

    /// The sign-ins that the middleware belongs to.
    #[must_use]
    pub fn auth(&self) -> &Auth {
        &self.0.auth
    }

    /// The browser, if it is known.
    #[cfg(feature = "password")]
    pub(crate) fn device(&self) -> Option<Device> {
        let (parts, fields) = (&self.0.auth.0, self.0.slot.pending().cookie_fields());
        parts.device.read([&*fields].into_iter(), parts.now())
    }

    /// The identity, for handlers that need one.
    ///
    /// # Errors
    ///
    /// The answer for whoever is not signed in: a person who wanted a page goes to the sign-in, a
    /// script gets 401.
    pub fn required(&self) -> Result<Identity, Answer> {
        self.identity()
            .cloned()
            .ok_or_else(|| self.refuse_signed_out())
    }

    /// The answer for whoever is not signed in.
    #[must_use]
    pub fn refuse_signed_out(&self) -> Answer {
        self.refuse(&Refusal::new(RefusalCode::SignedOut))
    }

    /// Sends somebody to their provider again who has not shown it who they are in the way required here.
    #[cfg(feature = "providers")]
    pub(crate) fn check_step_up(&self, who: &Identity, asked: &StepUp) -> Result<(), Answer> {
        let Inner { auth, audience, .. } = &*self.0;
        if asked.is_met_by(who, auth.0.now()) {
            return Ok(());
        }
        let place = audience.person.then(|| audience.place(auth)).flatten();
        let Some((origin, place)) = audience.origin().zip(place) else {
            return Err(audience.show(auth, &RefusalCode::SignedOut.into()));
        };
        let options = SignInOptions {
            other_account: false,
            step_up: asked.clone(),
        };
        let at = auth.0.providers.find(who.provider());
        let at = at.map_or_else(String::new, |provider| format!("/{}", provider.name()));
        let (prefix, query) = (auth.prefix(), options.query(&place));
        Err(see_other(format!("{origin}{prefix}/sign-in{at}?{query}")))
    }

    /// The answer where the middleware is missing, which `remedy` adds.
    pub(crate) fn forgotten(remedy: &'static str) -> Answer {
        metrics::middleware_missing();
        ExtractError::no_middleware(remedy).to_answer()
    }

    /// Called when the response is about to leave: writes the session's cookie anew if that is due. A
    /// session that has ended in the meantime, or that the handler itself has begun or ended, is left
    /// alone.
    pub(crate) async fn leaves(&self) {
        let (auth, pending) = (&self.0.auth, self.0.slot.pending());
        let due = |copy: &Arc<Session>| auth.0.cookie.is_due(copy, auth.0.now());
        if !self.0.session.as_ref().is_some_and(due) || pending.state() != PendingState::Headers {
            return;
        }
        if let Err(error) = auth.keep(&pending).push().await {
            tracing::debug!(%error, "the session is not written anew");
        }
    }

    /// The answer for this visitor to a refusal.
    #[must_use]
    pub fn refuse(&self, refusal: &Refusal) -> Answer {
        self.0.audience.refuse(&self.0.auth, refusal)
    }
}

impl fmt::Debug for Visitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Visitor")
            .field("signed_in", &self.0.who.is_some())
            .finish_non_exhaustive()
    }
}
