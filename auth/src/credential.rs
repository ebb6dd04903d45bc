//! A digest of a password's hash or of an access token, for sessions: one that began with a hash or
//! token which is no longer in force is over.

use std::fmt;

use apply_cookies::protocol::PurposeKey;
use subtle::{Choice, ConstantTimeEq};

/// A keyed digest of what a session began with.
#[derive(Clone, Copy)]
#[cfg_attr(test, derive(PartialEq))]
pub(crate) struct Credential([u8; 16]);

impl Credential {
    /// One that was read back from a session.
    pub(crate) fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes, for the session.
    pub(crate) fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credential(..)")
    }
}

/// The keys of [`Credential`]s: the current secret's makes them, and those of previous secrets still
/// recognise theirs, so that a rotation signs nobody out.
pub(crate) struct CredentialKeys(pub(crate) Vec<PurposeKey>);

impl CredentialKeys {
    pub(crate) fn make(&self, kind: Kind, content: &[u8]) -> Credential {
        // Never empty: there is a current secret.
        digest(&self.0[0], kind, content)
    }

    /// Whether it is a digest of this, under any of the keys.
    pub(crate) fn matches(&self, credential: &Credential, kind: Kind, content: &[u8]) -> bool {
        let same = |key| digest(key, kind, content).0.ct_eq(&credential.0);
        let any = self.0.iter().map(same);
        any.fold(Choice::from(0), |any, one| any | one).into()
    }
}

/// What a credential is a digest of, so that one is never taken for another.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    #[cfg(feature = "password")]
    PasswordHash = 1,
    AccessToken = 2,
}

fn digest(key: &PurposeKey, kind: Kind, content: &[u8]) -> Credential {
    let tag = key.tag(&[&[kind as u8], content].concat());
    let mut half = [0; 16];
    half.copy_from_slice(&tag[..16]);
    Credential(half)
}
