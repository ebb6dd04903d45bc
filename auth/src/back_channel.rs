//! A provider says that a session there is over (OpenID Connect Back-Channel Logout 1.0).

use apply_cookies::replay::Revocation;
use apply_cookies::web::{Answer, BodyRefused, Rest};
use bytes::Bytes;
use form_urlencoded::parse;

use crate::auth::{Auth, Parts};
use crate::metrics;
use crate::oidc::Provider;
use crate::refusal::{Refusal, RefusalCode};
use crate::request::only;
use crate::session::{all, person, provider_session, unnamed_sessions};
use crate::standing::unavailable;

impl Auth {
    /// `POST /auth/back-channel/NAME`. Sent by the provider's server, so neither a page's origin nor a
    /// cookie counts here: the token alone does.
    pub(crate) async fn back_channel(
        &self,
        provider: &Provider,
        form: Result<Bytes, BodyRefused>,
    ) -> Answer {
        let (body, rest) = match form {
            Ok(body) => (body, Rest::Read),
            Err(refused) => (Bytes::new(), refused.rest),
        };
        let mut fields = parse(&body).filter(|(name, _)| name == "logout_token");
        let ended = match only(&mut fields) {
            Some((_, token)) => self.0.end_there(provider, &token).await,
            None => Err(RefusalCode::Form.into()),
        };
        match ended {
            Ok(()) => Answer::uncached(200, rest),
            Err(refusal) => {
                self.0.log(&refusal);
                // Whatever went wrong (§2.8), so that a provider that retries does so.
                let error = r#"{"error":"invalid_request"}"#;
                Answer::uncached(400, rest).with_body("application/json", error)
            }
        }
    }
}

impl Parts {
    /// Ends the sessions that the token names. A repeated one ends nothing newer, so none is remembered.
    async fn end_there(&self, provider: &Provider, token: &str) -> Result<(), Refusal> {
        let over = provider.logout(token, self.now()).await;
        let over = over.map_err(|refusal| refusal.of(provider.name()))?;
        let (keys, name) = (&self.person_keys, provider.name());
        let subjects = match (&over.sid, &over.subject) {
            (Some(sid), subject) => {
                let mut subjects = provider_session(keys, name, sid);
                let unnamed = |subject: &String| unnamed_sessions(keys, name, subject);
                subjects.extend(subject.iter().flat_map(unnamed));
                subjects
            }
            (None, Some(subject)) => person(keys, name, subject),
            (None, None) => return Err(RefusalCode::TokenInvalid.into()),
        };
        let mut revocation = Revocation::new(all(&subjects), self.length);
        revocation.at = Some(over.at);
        let revoked = self.revocations.revoke(revocation).await;
        revoked.map_err(|error| unavailable(&error))?;
        metrics::session_ended("back-channel");
        tracing::info!(provider = name, "the provider has ended a session");
        Ok(())
    }
}
