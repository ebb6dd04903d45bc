//! A sign-out goes on at the provider (OpenID Connect RP-Initiated Logout 1.0).

use apply_cookies::UnixMillis;
use apply_cookies::web::Fields;
use url::Url;

use crate::auth::Auth;
use crate::request::Request;
use crate::respond::Audience;
use crate::return_to::ReturnTo;
use crate::session::Session;

/// What is left of a session that has ended here.
#[derive(Default)]
pub(crate) enum Farewell {
    /// Nothing.
    #[default]
    Done,
    /// The provider's own, which ends at this address.
    There(String),
    /// The provider's own, which apps cannot end; what the provider is called.
    Stays(String),
}

impl Auth {
    /// What is left of this session. Afterwards the person comes back here, and goes to `place` if there
    /// is one.
    pub(crate) async fn farewell<F: Fields>(
        &self,
        session: &Session,
        request: &Request<'_, F>,
        audience: &Audience,
        place: Option<&ReturnTo>,
    ) -> Farewell {
        let (parts, now) = (&self.0, self.0.now());
        let Some(provider) = parts.providers.find(session.who.provider()) else {
            return Farewell::Done;
        };
        let Some(origin) = audience.origin() else {
            return Farewell::Done;
        };
        let hint = parts
            .providers
            .hint
            .read(session, request.fields.all("cookie"), now);
        let hint = hint.as_ref().map(|hint| hint.as_str());
        let back = format!("{origin}{}/sign-out", self.prefix());
        let state = parts.providers.seal_place(place, now);
        let there = provider.end_session_url(hint, &back, &state, now).await;
        there.map_or_else(
            || Farewell::Stays(provider.title().to_owned()),
            Farewell::There,
        )
    }

    /// The origin where a session's provider ends its own, which the page's form must be let go to.
    pub(crate) async fn ends_at(&self, provider: &str, now: UnixMillis) -> Option<String> {
        let provider = self.0.providers.find(provider)?;
        let address = provider.end_session_url(None, "", "", now).await?;
        Some(Url::parse(&address).ok()?.origin().ascii_serialization())
    }
}
