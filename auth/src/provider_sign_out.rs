//! A sign-out goes on at the provider (OpenID Connect RP-Initiated Logout 1.0).

use apply_cookies::UnixMillis;
use apply_cookies::web::{Answer, Fields};
use url::Url;

use crate::auth::Auth;
use crate::request::Request;
use crate::respond::{Audience, see_other};
use crate::return_to::ReturnTo;
use crate::session::Session;

impl Auth {
    /// Continues a sign-out at the session's provider, if it has one. Afterwards the person comes back
    /// here, and goes to `place` if there is one.
    pub(crate) async fn sign_out_at_provider<F: Fields>(
        &self,
        session: &Session,
        request: &Request<'_, F>,
        audience: &Audience,
        place: Option<&ReturnTo>,
    ) -> Option<Answer> {
        let (parts, now) = (&self.0, self.0.now());
        let provider = parts.providers.find(session.who.provider())?;
        let back = format!("{}{}/sign-out", audience.origin()?, self.prefix());
        let cookies = request.fields.all("cookie");
        let hint = parts.providers.hint.read(session, cookies, now);
        let hint = hint.as_ref().map(|hint| hint.as_str());
        let state = parts.providers.seal_place(place, now);
        match provider.end_session_url(hint, &back, &state, now).await {
            Some(address) => Some(see_other(address)),
            // The provider has no sign-out for apps.
            None if place.is_none() => Some(parts.pages.signed_out(Some(provider.title()))),
            None => None,
        }
    }

    /// The origin of a provider's own sign-out, to which the page's form must be allowed to lead.
    pub(crate) async fn ends_at(&self, provider: &str, now: UnixMillis) -> Option<String> {
        let provider = self.0.providers.find(provider)?;
        let address = provider.end_session_url(None, "", "", now).await?;
        Some(Url::parse(&address).ok()?.origin().ascii_serialization())
    }
}
