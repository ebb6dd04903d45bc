//! Keys of purposes outside this codec, which packages built on it use (SPEC §2).

use std::fmt;

use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::derived::{root_of, under};
use super::secret::Secret;
use crate::crypto::MacKey;

/// A use of keys outside tokens and cookie values. Each has keys of its own, so that a tag made for
/// one purpose says nothing in another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Purpose {
    /// `auth-access-token`: the text of an access token. The key's name is the token's.
    AccessToken,
    /// `auth-attempt`: what is derived for one sign-in with a provider.
    Attempt,
    /// `auth-basic`: remembered answers to passwords.
    Basic,
    /// `auth-credential`: digests in sessions of the password hash or token that they began with.
    Credential,
    /// `auth-crowd`: which costs an unknown account's name is verified at.
    Crowd,
    /// `auth-revocation`: digests of ended sessions.
    Revocation,
    /// `auth-vault`: providers' tokens, kept on the server.
    Vault,
}

impl Purpose {
    /// Purpose and algorithm as the labels of keys have them.
    fn label(self) -> &'static str {
        match self {
            Self::AccessToken => "auth-access-token/",
            Self::Attempt => "auth-attempt/hmac-sha256",
            Self::Basic => "auth-basic/hmac-sha256",
            Self::Credential => "auth-credential/hmac-sha256",
            Self::Crowd => "auth-crowd/hmac-sha256",
            Self::Revocation => "auth-revocation/hmac-sha256",
            Self::Vault => "auth-vault/hmac-sha256",
        }
    }
}

/// The key of one [`Purpose`]. Wiped from memory when dropped, and never shown by `Debug`.
///
/// ```
/// use apply_cookies_protocol::{Purpose, PurposeKey, Secret};
///
/// let secret = Secret::new("8uNnT5lZQ0zGm1rVxkPqYc3sEJfHdOaW7bKtLi2vRyA")?;
/// let key = |purpose, name| PurposeKey::derive(&secret, purpose, name);
/// let tag = key(Purpose::Credential, "").tag(b"message");
/// assert_eq!(tag, key(Purpose::Credential, "").tag(b"message"));
/// assert_ne!(tag, key(Purpose::Crowd, "").tag(b"message"));
/// # Ok::<(), apply_cookies_protocol::WeakSecret>(())
/// ```
pub struct PurposeKey {
    bytes: Zeroizing<[u8; 32]>,
    mac: MacKey,
}

impl PurposeKey {
    /// Derives it. `name` tells keys of one purpose apart; it is empty where there is only one.
    #[must_use]
    pub fn derive(secret: &Secret, purpose: Purpose, name: &str) -> Self {
        Self::expand(&root_of(secret), purpose, name)
    }

    pub(super) fn expand(root: &Hkdf<Sha256>, purpose: Purpose, name: &str) -> Self {
        let label = format!("apply-cookies/v1/{}/{name}", purpose.label());
        let bytes = under(root, label.as_bytes());
        Self {
            mac: MacKey::new(&*bytes),
            bytes,
        }
    }

    /// The key itself.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.bytes
    }

    /// HMAC-SHA256 of a message under this key.
    #[must_use]
    pub fn tag(&self, message: &[u8]) -> [u8; 32] {
        self.mac.tag(message)
    }
}

impl fmt::Debug for PurposeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PurposeKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use hmac::{Hmac, KeyInit, Mac};

    use super::*;

    #[test]
    fn keys_and_tags_are_those_of_the_specification() {
        let text = "8uNnT5lZQ0zGm1rVxkPqYc3sEJfHdOaW7bKtLi2vRyA";
        let root = Hkdf::<Sha256>::new(Some(b"apply-cookies/v1"), text.as_bytes());
        for (purpose, name, label) in [
            (
                Purpose::AccessToken,
                "reports",
                "apply-cookies/v1/auth-access-token//reports",
            ),
            (
                Purpose::Attempt,
                "",
                "apply-cookies/v1/auth-attempt/hmac-sha256/",
            ),
            (
                Purpose::Vault,
                "",
                "apply-cookies/v1/auth-vault/hmac-sha256/",
            ),
            (
                Purpose::Basic,
                "",
                "apply-cookies/v1/auth-basic/hmac-sha256/",
            ),
            (
                Purpose::Credential,
                "",
                "apply-cookies/v1/auth-credential/hmac-sha256/",
            ),
            (
                Purpose::Crowd,
                "",
                "apply-cookies/v1/auth-crowd/hmac-sha256/",
            ),
            (
                Purpose::Revocation,
                "",
                "apply-cookies/v1/auth-revocation/hmac-sha256/",
            ),
        ] {
            let mut expected = [0; 32];
            root.expand(label.as_bytes(), &mut expected).unwrap();
            let key = PurposeKey::derive(&Secret::new(text).unwrap(), purpose, name);
            assert_eq!(key.as_bytes(), &expected, "{label}");
            let mut mac = Hmac::<Sha256>::new_from_slice(&expected).unwrap();
            mac.update(b"message");
            assert_eq!(key.tag(b"message"), *mac.finalize().into_bytes());
        }
    }
}
