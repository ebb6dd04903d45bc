//! Who somebody is, verified.

use std::fmt;
use std::future::pending;
use std::pin::Pin;
use std::sync::Arc;

use apply_cookies::UnixMillis;
#[cfg(feature = "providers")]
use apply_cookies::replay::SessionCheck;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::credential::Credential;

/// The longest subject, in bytes (as OIDC bounds `sub`).
const SUBJECT_MAX: usize = 255;
/// The longest name of a provider, in bytes.
const PROVIDER_MAX: usize = 64;

/// Who somebody is: a provider vouches for a subject, and says more about it.
///
/// An identity is made by what has verified it. To change a person's roles, change them where they
/// come from, or in the app's own step after a sign-in
/// ([`on_sign_in`](crate::AuthBuilder::on_sign_in)).
#[derive(Clone)]
pub struct Identity {
    person: Person,
    /// What a session begins with, if there is to be one.
    pub(crate) evidence: Evidence,
    /// The session that proves it, if one does.
    pub(crate) life: Option<Arc<dyn Life>>,
}

/// An identity as a session's cookie has it. Its names are short, because every request carries
/// them; they persist in browsers, so none may change its meaning.
#[derive(Clone, Serialize, Deserialize)]
struct Person {
    #[serde(rename = "p")]
    provider: String,
    #[serde(rename = "sub")]
    subject: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not", rename = "ev")]
    email_verified: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    roles: Vec<String>,
    /// The roles are the account's, whatever those are by now, and not in the cookie.
    #[serde(default, skip_serializing_if = "std::ops::Not::not", rename = "acc")]
    follows_account: bool,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    claims: Map<String, Value>,
    /// What the provider has said of its own session.
    #[serde(flatten)]
    there: AtProvider,
}

/// The session that a person has with a provider, as far as its token says.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct AtProvider {
    /// The provider's name for it.
    #[serde(default, skip_serializing_if = "Option::is_none", rename = "psid")]
    pub(crate) sid: Option<String>,
    /// When the person last showed the provider who they are, in seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) auth_time: Option<u64>,
    /// How.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) acr: Option<String>,
    /// The name and half of the key of its tokens in the vault.
    #[serde(default, skip_serializing_if = "Option::is_none", rename = "vault")]
    pub(crate) vault: Option<String>,
}

/// What a session begins with.
#[derive(Clone, Copy, Default)]
pub(crate) struct Evidence {
    /// The moment before the evidence was asked for, by the clock of the store of revocations.
    pub(crate) since: Option<UnixMillis>,
    /// Of the password's hash, or the access token.
    pub(crate) credential: Option<Credential>,
}

/// Why a session has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ended {
    /// Its time is over, or nobody has used it for too long.
    Expired,
    /// A sign-out, here or elsewhere, a revocation, another password, an account that was removed, or
    /// a person who was taken off a gate's list at an address.
    Revoked,
    /// The store of revocations has not answered for ten seconds, or no longer knows.
    Unknown,
}

/// The rest of a session's life.
pub(crate) trait Life: Send + Sync {
    /// When it ends by itself.
    fn ends_at(&self) -> UnixMillis;

    /// What the store of revocations is asked about it.
    #[cfg(feature = "providers")]
    fn check(&self) -> SessionCheck;

    /// Ready once it has ended.
    fn ended(&self) -> Pin<Box<dyn Future<Output = Ended> + Send + '_>>;
}

impl Identity {
    /// Somebody whom `provider` knows as `subject`: an account's name, or what a provider calls
    /// `sub`. Both together never change, and never mean somebody else.
    ///
    /// # Errors
    ///
    /// If the provider's name is not 1 to 64 letters, digits, `.`, `_` or `-`, or the subject is
    /// empty, longer than 255 bytes or has a control character.
    pub fn new(
        provider: impl Into<String>,
        subject: impl Into<String>,
    ) -> Result<Self, IdentityError> {
        let (provider, subject) = (provider.into(), subject.into());
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        if !(1..=PROVIDER_MAX).contains(&provider.len()) || !provider.bytes().all(plain) {
            return Err(IdentityError::Provider);
        }
        if !(1..=SUBJECT_MAX).contains(&subject.len()) {
            return Err(IdentityError::SubjectLength);
        }
        if subject.chars().any(char::is_control) {
            return Err(IdentityError::SubjectControl);
        }
        Ok(Self::from(Person {
            provider,
            subject,
            email: None,
            email_verified: false,
            name: None,
            roles: Vec::new(),
            follows_account: false,
            claims: Map::new(),
            there: AtProvider::default(),
        }))
    }

    /// The same, with what a session would begin with.
    pub(crate) fn proved_by(mut self, evidence: Evidence) -> Self {
        self.evidence = evidence;
        self
    }

    /// The same, with what a provider has said of its own session.
    pub(crate) fn with_session_at_provider(mut self, there: AtProvider) -> Self {
        self.person.there = there;
        self
    }

    /// The same, of a session.
    pub(crate) fn living(mut self, life: Arc<dyn Life>) -> Self {
        self.life = Some(life);
        self
    }

    /// Ready once the session has ended: for streams and sockets, which outlive the request that opened
    /// them. Never ready for an identity without a session, as of a header that every request brings.
    ///
    /// | what ends it | heard of |
    /// |---|---|
    /// | a sign-out or a revocation | at once; from another process within two seconds |
    /// | another password, an account that was removed | within six seconds, or as long as it takes to look the accounts of all open sessions up, one at a time |
    /// | its end, or the [idle](crate::AuthBuilder::idle) end of its cookie, unless this process has written the cookie anew: `Auth::keep`, or another request of the browser | at once |
    /// | a store of revocations that does not answer | after ten seconds |
    ///
    /// ```
    /// # use apply_cookies_auth::Identity;
    /// # async fn next_message() -> String { String::new() }
    /// async fn socket(me: Identity) {
    ///     loop {
    ///         tokio::select! {
    ///             _ = me.ended() => break, // say goodbye, and close
    ///             message = next_message() => drop(message),
    ///         }
    ///     }
    /// }
    /// ```
    pub async fn ended(&self) -> Ended {
        match &self.life {
            Some(life) => life.ended().await,
            None => pending().await,
        }
    }

    /// When the session ends by itself. `None` for an identity without one.
    #[must_use]
    pub fn session_ends_at(&self) -> Option<UnixMillis> {
        self.life.as_ref().map(|life| life.ends_at())
    }

    /// Adds an e-mail address, and whether the provider has verified that it is this person's.
    #[must_use]
    pub fn with_email(mut self, address: impl Into<String>, verified: bool) -> Self {
        self.person.email = Some(address.into());
        self.person.email_verified = verified;
        self
    }

    /// Adds the name to show.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.person.name = Some(name.into());
        self
    }

    /// Replaces the roles. A session that begins with this identity keeps them. One that begins with
    /// what [`Auth::check_password`](crate::Auth::check_password) gave has the account's roles of
    /// each moment.
    #[must_use]
    pub fn with_roles(mut self, roles: impl IntoIterator<Item: Into<String>>) -> Self {
        let mut roles: Vec<String> = roles.into_iter().map(Into::into).collect();
        roles.sort_unstable();
        roles.dedup();
        self.person.roles = roles;
        self.person.follows_account = false;
        self
    }

    /// The roles of the account, which may change.
    #[cfg(feature = "password")]
    pub(crate) fn with_roles_of_account(mut self, roles: Vec<String>) -> Self {
        self = self.with_roles(roles);
        self.person.follows_account = true;
        self
    }

    #[cfg(feature = "password")]
    pub(crate) const fn follows_account(&self) -> bool {
        self.person.follows_account
    }

    /// Adds a claim under a name, or replaces it.
    #[must_use]
    pub fn with_claim(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.person.claims.insert(name.into(), value.into());
        self
    }

    /// Who vouches.
    #[must_use]
    pub fn provider(&self) -> &str {
        &self.person.provider
    }

    /// The provider's name for the person. Store this with the provider, not the e-mail address:
    /// addresses are given to other people.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.person.subject
    }

    /// The e-mail address, verified or not.
    #[must_use]
    pub fn email(&self) -> Option<&str> {
        self.person.email.as_deref()
    }

    /// The e-mail address, if the provider has verified it.
    #[must_use]
    pub fn verified_email(&self) -> Option<&str> {
        self.email().filter(|_| self.email_verified())
    }

    /// Whether there is an e-mail address that the provider has verified.
    #[must_use]
    pub fn email_verified(&self) -> bool {
        self.person.email_verified
    }

    /// The name to show: if there is none, the e-mail address, or else the subject. Anybody may
    /// choose any name, so it proves nothing.
    #[must_use]
    pub fn name(&self) -> &str {
        let given = self.person.name.as_deref();
        let given = given.filter(|name| !name.trim().is_empty());
        let email = || self.email().filter(|address| !address.is_empty());
        given.or_else(email).unwrap_or(&self.person.subject)
    }

    /// The roles, sorted, each once.
    #[must_use]
    pub fn roles(&self) -> &[String] {
        &self.person.roles
    }

    /// Whether the person has this role, in exactly this spelling.
    #[must_use]
    pub fn has_role(&self, role: &str) -> bool {
        self.person.roles.iter().any(|one| one == role)
    }

    pub(crate) fn has_one_of(&self, roles: &[String]) -> bool {
        roles.iter().any(|role| self.has_role(role))
    }

    /// When the person last showed the provider who they are, as the provider says. `None` if there is no
    /// provider, or it does not say.
    #[must_use]
    pub fn auth_time(&self) -> Option<UnixMillis> {
        self.person.there.auth_time.and_then(UnixMillis::from_secs)
    }

    /// How the person showed the provider who they are, in the provider's own words (OpenID Connect's
    /// `acr`).
    #[must_use]
    pub fn acr(&self) -> Option<&str> {
        self.person.there.acr.as_deref()
    }

    /// The provider's name for its own session.
    pub(crate) fn provider_session(&self) -> Option<&str> {
        self.person.there.sid.as_deref()
    }

    /// What the provider has said of its own session.
    pub(crate) const fn at_provider(&self) -> &AtProvider {
        &self.person.there
    }

    /// The chosen claims by name.
    #[must_use]
    pub const fn claims(&self) -> &Map<String, Value> {
        &self.person.claims
    }

    /// A chosen claim.
    #[must_use]
    pub fn claim(&self, name: &str) -> Option<&Value> {
        self.person.claims.get(name)
    }
}

impl From<Person> for Identity {
    fn from(person: Person) -> Self {
        Self {
            person,
            evidence: Evidence::default(),
            life: None,
        }
    }
}

/// How a session's cookie has it: not `Serialize`, which would let an app depend on it.
pub(crate) mod in_cookie {
    use super::{Deserialize, Identity, Person, Serialize};

    pub(crate) fn serialize<S: serde::Serializer>(
        who: &Identity,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        let mut person = who.person.clone();
        if person.follows_account {
            person.roles.clear();
        }
        person.serialize(to)
    }

    pub(crate) fn deserialize<'de, D: serde::Deserializer<'de>>(
        from: D,
    ) -> Result<Identity, D::Error> {
        Person::deserialize(from).map(Identity::from)
    }
}

/// Nothing about the person: identities are logged by accident.
impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("provider", &self.person.provider)
            .finish_non_exhaustive()
    }
}

/// Why an identity cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// The provider's name.
    #[error("the provider's name is not 1 to {PROVIDER_MAX} letters, digits, `.`, `_` or `-`")]
    Provider,
    /// The subject's length.
    #[error("the subject is not 1 to {SUBJECT_MAX} bytes long")]
    SubjectLength,
    /// A character of the subject.
    #[error("the subject has a control character")]
    SubjectControl,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ada() -> Identity {
        Identity::new("password", "ada").unwrap()
    }

    #[test]
    fn a_subject_has_bounds() {
        let refused = |provider: &str, subject: &str| Identity::new(provider, subject).err();
        assert_eq!(refused("a", &"x".repeat(255)), None);
        assert_eq!(refused("auth0", "auth0|ä b,%"), None);
        for subject in ["", &"x".repeat(256), &"ä".repeat(128)] {
            assert_eq!(refused("a", subject), Some(IdentityError::SubjectLength));
        }
        for subject in ["a\nb", "\0", "a\u{7f}", "a\u{85}"] {
            assert_eq!(refused("a", subject), Some(IdentityError::SubjectControl));
        }
        for provider in ["", "a:b", "a b", "ä", &"x".repeat(65)] {
            assert_eq!(refused(provider, "ada"), Some(IdentityError::Provider));
        }
    }

    #[test]
    fn there_is_always_a_name_to_show() {
        assert_eq!(ada().name(), "ada");
        let mailed = ada().with_email("ada@example.com", false);
        assert_eq!(mailed.name(), "ada@example.com");
        assert_eq!(mailed.clone().with_name("  ").name(), "ada@example.com");
        assert_eq!(mailed.with_name("Ada Lovelace").name(), "Ada Lovelace");
    }

    #[test]
    fn an_address_counts_as_verified_only_if_it_is() {
        assert_eq!(ada().verified_email(), None);
        assert!(!ada().email_verified());
        let told = ada().with_email("ada@example.com", false);
        assert_eq!(
            (told.email(), told.verified_email()),
            (Some("ada@example.com"), None)
        );
        let verified = ada().with_email("ada@example.com", true);
        assert_eq!(verified.verified_email(), Some("ada@example.com"));
    }

    #[test]
    fn roles_are_a_set_in_exact_spelling() {
        let ada = ada().with_roles(["editor", "admin", "editor"]);
        assert_eq!(ada.roles(), ["admin", "editor"]);
        assert!(ada.has_role("admin"));
        assert!(!ada.has_role("Admin") && !ada.has_role("adm") && !ada.has_role(""));
    }

    #[test]
    fn nothing_personal_is_in_debug() {
        let ada = ada()
            .with_email("ada@example.com", true)
            .with_name("Ada Lovelace")
            .with_roles(["secret-role"])
            .with_claim("department", "analytical engines");
        assert_eq!(
            format!("{ada:?}"),
            r#"Identity { provider: "password", .. }"#
        );
        assert_eq!(ada.claim("department").unwrap(), "analytical engines");
    }
}
