//! A provider's document, fetched when it is first needed and kept like its keys.

use std::sync::{Arc, Mutex, PoisonError};

use apply_cookies::UnixMillis;
use url::Url;

use super::metadata::Metadata;
use super::settings::Oidc;
use crate::jws::{Claims, TokenRule, strict_object};
use crate::key_source;
use crate::keys::Keys;
use crate::outgoing::{Budget, Cached, DOCUMENT, Outgoing};
use crate::refusal::{Refusal, RefusalCode};

/// The document of one provider.
pub(super) struct Discovery(Cached<Discovered>);

/// What a document says, and the keys at the address that it names.
pub(super) struct Discovered {
    pub(super) metadata: Metadata,
    pub(super) keys: Keys,
}

/// What an ID token must look like.
pub(super) fn rule(settings: &Oidc) -> TokenRule<'_> {
    TokenRule {
        algorithms: &settings.algorithms,
        types: &["jwt", ""],
    }
}

impl Discovered {
    /// The claims of an ID token that one of the keys has signed.
    pub(super) async fn verify(
        &self,
        id_token: &str,
        settings: &Oidc,
        now: UnixMillis,
    ) -> Result<Claims, Refusal> {
        let rule = rule(settings);
        let claims = self
            .keys
            .verify(id_token, &rule, Budget::Fetched, now)
            .await;
        claims.map_err(|error| key_source::refusal("the ID token", &error))
    }
}

impl Discovery {
    /// `address` is the issuer's, parsed.
    pub(super) fn new(issuer: &str, address: &Url, outgoing: Outgoing) -> Self {
        let mut document = address.clone();
        // OpenID Connect Discovery 1.0 §4: a slash at the issuer's end is not doubled.
        let path = address.path().trim_end_matches('/');
        document.set_path(&format!("{path}/.well-known/openid-configuration"));
        let (issuer, is_https) = (issuer.to_owned(), address.scheme() == "https");
        let (client, last) = (outgoing.clone(), Mutex::new(None::<(Url, Keys)>));
        let read = move |json: &[u8]| {
            let object = strict_object(json).map_err(|fault| fault.to_string())?;
            let metadata = Metadata::read(&object, &issuer, is_https)?;
            // The keys that are known stay known while their address does.
            let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
            let keys = match last.take() {
                Some((url, keys)) if url == metadata.keys => keys,
                _ => Keys::at(metadata.keys.clone(), client.clone()),
            };
            *last = Some((metadata.keys.clone(), keys.clone()));
            Ok(Discovered { metadata, keys })
        };
        Self(Cached::new(document, outgoing, DOCUMENT, read))
    }

    /// The document. One fetch serves everybody who waits.
    ///
    /// # Errors
    ///
    /// `provider-unreachable` if there is none that may still be used.
    pub(super) async fn get(&self, now: UnixMillis) -> Result<Arc<Discovered>, Refusal> {
        self.0.get(Budget::Fetched, now).await.map_err(|error| {
            Refusal::new(RefusalCode::ProviderUnreachable)
                .because(format!("the discovery document: {error}"))
        })
    }
}
