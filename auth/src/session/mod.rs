//! A session: one identity in one browser, with a random id and an end.

mod cookie;
mod in_cookie;

use apply_cookies::UnixMillis;
use apply_cookies::protocol::{PurposeKey, StoreScope};
use apply_cookies::replay::{RevocationDigest, SessionCheck, Subject, Subjects};
use serde::{Deserialize, Serialize};

use crate::credential::Credential;
use crate::identity::{Identity, in_cookie as identity_in_cookie};

pub use cookie::IdentityTooLarge;
pub(crate) use cookie::SessionCookie;
pub(crate) use in_cookie::{Bytes, millis};

/// A session, as its cookie says: JSON, encrypted. The names are short, because every request carries
/// them; they persist in browsers, so none may change its meaning.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Session {
    #[serde(rename = "sid")]
    pub(crate) id: Bytes,
    /// The moment before its evidence was asked for, by the clock of the store of revocations.
    /// Copies keep it: a copy must not outrun a revocation.
    #[serde(with = "millis")]
    pub(crate) since: UnixMillis,
    /// Copies keep it.
    #[serde(with = "millis")]
    pub(crate) end: UnixMillis,
    /// When this copy was written.
    #[serde(with = "millis", rename = "at")]
    pub(crate) written: UnixMillis,
    /// The store's, if it is of one process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) scope: Option<Bytes>,
    /// The digest of the browser's binding.
    #[serde(rename = "bind")]
    pub(crate) binding: Bytes,
    /// The digest of the password's hash or the access token that it began with.
    #[serde(default, skip_serializing_if = "Option::is_none", rename = "cred")]
    pub(crate) credential: Option<Bytes>,
    #[serde(with = "identity_in_cookie")]
    pub(crate) who: Identity,
}

// Stores keep the digests below for as long as the longest session: they cannot change.

impl Session {
    pub(crate) fn alone(&self) -> Subject {
        alone(self.id)
    }

    /// Those of its browser that have begun.
    pub(crate) fn browser(&self) -> Subject {
        Subject::Timed(RevocationDigest::from_bytes(self.binding.0))
    }

    pub(crate) fn credential(&self) -> Option<Credential> {
        (self.credential).map(|bytes| Credential::from_bytes(bytes.0))
    }

    /// What the store of revocations is asked. A session is over once one thing that it belongs to is
    /// revoked.
    pub(crate) fn check(&self, keys: &[PurposeKey]) -> SessionCheck {
        let mut subjects = vec![self.alone(), self.browser()];
        let (who, provider) = (&self.who, self.who.provider());
        subjects.extend(person(keys, provider, who.subject()));
        if self.credential.is_none() {
            let sid = who.provider_session();
            subjects.extend(there(keys, provider, who.subject(), sid));
        }
        let mut check = SessionCheck::new(self.since, all(&subjects));
        check.scope = self.scope.map(|scope| StoreScope::from_random(scope.0));
        check
    }
}

/// A session alone, by its id. That is random, and so is the browser's binding: a store learns nothing from
/// them, and they outlive a rotation of the secret.
pub(crate) fn alone(id: Bytes) -> Subject {
    Subject::Absolute(RevocationDigest::from_bytes(id.0))
}

/// The most keys whose digests fit into one look-up, beside the session's own and its browser's.
pub(crate) const KEYS_MAX: usize = (Subjects::MAX - 2) / 2;

/// A person, under each key of the deployment, so that a store learns no name: a revocation is written
/// and looked up under all of them, and a rotation of the secret neither ends a session nor revives
/// one.
pub(crate) fn person(keys: &[PurposeKey], provider: &str, subject: &str) -> Vec<Subject> {
    digests(keys, 3, [provider, subject])
        .map(Subject::Timed)
        .collect()
}

/// A session at a provider, by the name that its tokens have for it (`sid`), in the same way. It ends
/// once, whenever ours began in it.
pub(crate) fn provider_session(keys: &[PurposeKey], provider: &str, sid: &str) -> Vec<Subject> {
    digests(keys, 4, [provider, sid])
        .map(Subject::Absolute)
        .collect()
}

/// Those of a person for whose sessions the provider has no name (`sid`), in the same way. A logout token
/// that names the person and a session may mean each of them.
pub(crate) fn unnamed_sessions(keys: &[PurposeKey], provider: &str, subject: &str) -> Vec<Subject> {
    digests(keys, 5, [provider, subject])
        .map(Subject::Timed)
        .collect()
}

/// What the provider ends a session by.
pub(crate) fn there(
    keys: &[PurposeKey],
    provider: &str,
    subject: &str,
    sid: Option<&str>,
) -> Vec<Subject> {
    match sid {
        Some(sid) => provider_session(keys, provider, sid),
        None => unnamed_sessions(keys, provider, subject),
    }
}

/// HMAC-SHA256(key, kind ‖ L(part) ‖ part, for each part), its first half; L is a length of 16 bits, and
/// no cookie has room for a longer text.
fn digests(
    keys: &[PurposeKey],
    kind: u8,
    parts: [&str; 2],
) -> impl Iterator<Item = RevocationDigest> {
    let mut message = vec![kind];
    for part in parts {
        let length = u16::try_from(part.len()).unwrap_or(u16::MAX);
        message.extend_from_slice(&length.to_be_bytes());
        message.extend_from_slice(part.as_bytes());
    }
    keys.iter().map(move |key| {
        let mut half = [0; 16];
        half.copy_from_slice(&key.tag(&message)[..16]);
        RevocationDigest::from_bytes(half)
    })
}

/// As a store takes them.
pub(crate) fn all(subjects: &[Subject]) -> Subjects {
    Subjects::new(subjects).expect("there are two, and one for each of a few keys")
}

#[cfg(test)]
mod tests;
