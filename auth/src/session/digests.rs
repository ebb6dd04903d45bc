//! What a session belongs to, as a store of revocations knows it: digests under a key of the
//! deployment, so that the store learns no name.

use apply_cookies::ApplyCookies;
use apply_cookies::protocol::{Purpose, PurposeKey};
use apply_cookies::replay::{RevocationDigest, Subject, Subjects};

use super::Session;

/// The keys of digests: the current secret's, and the previous one's. Revocations are written and
/// looked up under both, so that a rotation of the secret neither ends a session nor revives one.
pub(crate) struct SubjectKeys(Vec<PurposeKey>);

/// Sessions can be revoked under this many keys: each has four subjects, and a look-up at most eight.
const KEYS_MAX: usize = 2;

/// The deployment has more than one previous secret. A revocation that was written before the last
/// two rotations would not be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "sign-ins take at most one previous secret; wait for a session's length between two rotations"
)]
pub struct TooManySecrets;

impl SubjectKeys {
    pub(crate) fn new(cookies: &ApplyCookies) -> Result<Self, TooManySecrets> {
        let keys = cookies.purpose_keys(Purpose::Revocation, "");
        if keys.len() > KEYS_MAX {
            return Err(TooManySecrets);
        }
        Ok(Self(keys))
    }

    /// All that a session belongs to. It is over once one of them is revoked.
    pub(crate) fn of(&self, session: &Session) -> Subjects {
        let who = &session.who;
        let mut parts = vec![
            Part::Session(&session.id),
            Part::Browser(&session.binding),
            Part::Person(who.provider(), who.subject()),
        ];
        if let Some(sid) = &session.at_provider {
            parts.push(Part::ProviderSession(who.provider(), sid));
        }
        self.subjects(&parts)
    }

    /// The session alone: another one follows in the same browser.
    pub(crate) fn of_session(&self, session: &Session) -> Subjects {
        self.subjects(&[Part::Session(&session.id)])
    }

    /// The session, and those of the same browser that are still on their way to it.
    pub(crate) fn of_browser(&self, session: &Session) -> Subjects {
        self.subjects(&[Part::Session(&session.id), Part::Browser(&session.binding)])
    }

    /// All sessions of a person.
    pub(crate) fn of_person(&self, provider: &str, subject: &str) -> Subjects {
        self.subjects(&[Part::Person(provider, subject)])
    }

    fn subjects(&self, parts: &[Part<'_>]) -> Subjects {
        let (first, rest) = parts.split_first().expect("a session has an id");
        let mut all: Vec<Subject> = Vec::with_capacity(Subjects::MAX);
        for part in std::iter::once(first).chain(rest) {
            all.extend(self.0.iter().map(|key| part.under(key)));
        }
        Subjects::new(&all).expect("at most four parts under at most two keys")
    }
}

/// One of the things that a session belongs to.
enum Part<'a> {
    Session(&'a [u8; 16]),
    Browser(&'a [u8; 16]),
    Person(&'a str, &'a str),
    ProviderSession(&'a str, &'a str),
}

impl Part<'_> {
    /// HMAC-SHA256(key, kind ‖ L(part) for each part), its first half; L is a length of 16 bits in
    /// front of the bytes. Stores keep this: it cannot change.
    fn under(&self, key: &PurposeKey) -> Subject {
        let digest = |kind: u8, parts: &[&[u8]]| {
            let mut message = vec![kind];
            for part in parts {
                // Ids and digests are short, and texts of an identity have at most 255 bytes.
                let length = u16::try_from(part.len()).unwrap_or(u16::MAX);
                message.extend_from_slice(&length.to_be_bytes());
                message.extend_from_slice(part);
            }
            let tag = key.tag(&message);
            let mut half = [0; 16];
            half.copy_from_slice(&tag[..16]);
            RevocationDigest::from_bytes(half)
        };
        match self {
            Self::Session(id) => Subject::Absolute(digest(1, &[&id[..]])),
            Self::Browser(binding) => Subject::Timed(digest(2, &[&binding[..]])),
            Self::Person(provider, subject) => {
                Subject::Timed(digest(3, &[provider.as_bytes(), subject.as_bytes()]))
            }
            Self::ProviderSession(provider, sid) => {
                Subject::Absolute(digest(4, &[provider.as_bytes(), sid.as_bytes()]))
            }
        }
    }
}
