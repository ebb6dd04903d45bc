//! The ring of keys: the newest seals, the others still verify.

use std::fmt;

use super::derived::{DerivedKeys, KeyId};
#[cfg(feature = "mesop")]
use super::mesop::MesopKeys;
use super::purpose::{Purpose, PurposeKey};
use super::secret::Secret;

/// The keys of tokens and cookie values: the current secret writes, previous ones still read what
/// they wrote. The guide says how to [rotate a secret](crate#how-to-rotate-a-secret).
///
/// ```
/// use apply_cookies_protocol::{KeyRing, Secret};
///
/// let ring = KeyRing::new(
///     &Secret::new("8uNnT5lZQ0zGm1rVxkPqYc3sEJfHdOaW7bKtLi2vRyA")?,
///     &[Secret::new("Zk3vT0pQ8sX1yB6nM4cJ7wL2hG5dF9aRu-cE4iO_qTs")?],
/// )?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct KeyRing {
    keys: Vec<DerivedKeys>,
    #[cfg(feature = "mesop")]
    mesop: Option<MesopKeys>,
}

impl KeyRing {
    /// A ring that seals with `current` and verifies with all.
    ///
    /// # Errors
    ///
    /// [`KeyRingError::SameKeyId`] when two secrets are equal, or (one chance in four thousand
    /// million) derive the same key id: a token could then not say which key is meant.
    pub fn new(current: &Secret, previous: &[Secret]) -> Result<Self, KeyRingError> {
        let mut keys: Vec<DerivedKeys> = Vec::with_capacity(1 + previous.len());
        for secret in std::iter::once(current).chain(previous) {
            let derived = DerivedKeys::derive(secret);
            if keys.iter().any(|earlier| earlier.id == derived.id) {
                return Err(KeyRingError::SameKeyId);
            }
            keys.push(derived);
        }
        Ok(Self {
            keys,
            #[cfg(feature = "mesop")]
            mesop: None,
        })
    }

    /// Adds the keys of a Mesop app, for cookie classes of the profile `mesop`.
    ///
    /// # Errors
    ///
    /// [`KeyRingError::SecretOfMesop`] when its secret is also one of this ring's: a token or value
    /// of one profile must never pass as one of the other.
    #[cfg(feature = "mesop")]
    pub fn with_mesop(mut self, keys: MesopKeys) -> Result<Self, KeyRingError> {
        if self.find(keys.native_id).is_some() {
            return Err(KeyRingError::SecretOfMesop);
        }
        self.mesop = Some(keys);
        Ok(self)
    }

    /// The keys of the profile `mesop`, if the ring has any.
    #[must_use]
    #[cfg(feature = "mesop")]
    pub fn mesop(&self) -> Option<&MesopKeys> {
        self.mesop.as_ref()
    }

    /// The id of the key that seals.
    #[must_use]
    pub fn current_id(&self) -> KeyId {
        self.current().id
    }

    /// The ids of all keys, that of the one that seals first.
    pub fn ids(&self) -> impl Iterator<Item = KeyId> {
        self.all().map(|keys| keys.id)
    }

    /// The keys of a purpose outside this codec, the current secret's first: it writes, and the
    /// others still read what they wrote.
    #[must_use]
    pub fn purpose_keys(&self, purpose: Purpose, name: &str) -> Vec<PurposeKey> {
        self.all()
            .map(|keys| PurposeKey::expand(&keys.root, purpose, name))
            .collect()
    }

    pub(crate) fn current(&self) -> &DerivedKeys {
        // Never empty: `new` starts with one key and nothing removes any.
        &self.keys[0]
    }

    /// All keys, the current one first.
    pub(crate) fn all(&self) -> impl Iterator<Item = &DerivedKeys> {
        self.keys.iter()
    }

    /// The key with this id. Ids are unique, so a token is never tried with several keys.
    pub(crate) fn find(&self, id: KeyId) -> Option<&DerivedKeys> {
        self.keys.iter().find(|keys| keys.id == id)
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.keys.iter().map(|keys| keys.id))
            .finish()
    }
}

/// Secrets that cannot be in one ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyRingError {
    /// Two secrets have the same key id.
    #[error("two secrets of the key ring are the same (equal key ids); remove one")]
    SameKeyId,
    /// The secret of a Mesop app is also a secret of the native profile.
    #[cfg(feature = "mesop")]
    #[error(
        "the Mesop app's secret is also one of this service's; give each its own (`apply-cookies keygen` makes one)"
    )]
    SecretOfMesop,
}
