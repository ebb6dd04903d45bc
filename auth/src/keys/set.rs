//! A provider's key set (RFC 7517 §5), and which of its keys a token names.

use serde_json::Value;

use super::key::{Key, Unusable};
use crate::jws::{Fault, Token, strict_object};

/// The most keys of a set. Real ones have two to five.
const KEYS_MAX: usize = 64;

/// The keys of a set that can verify.
pub(super) struct KeySet(Vec<Key>);

/// What a set says about a token.
pub(super) enum Verdict {
    Verified,
    /// A newer set may know the key.
    Unknown(Fault),
    Wrong(Fault),
}

impl KeySet {
    /// Reads a set. A key that cannot be used is left out, as RFC 7517 §5 asks: providers publish keys for
    /// encryption and of newer kinds beside those for signatures. So are private and symmetric ones:
    /// everybody can sign with them, so they verify nothing. But refusing the whole set because of one
    /// would lock out everybody whose tokens the other keys sign.
    pub(super) fn read(json: &[u8]) -> Result<Self, Fault> {
        let set = strict_object(json)?;
        let keys = set.get("keys").and_then(Value::as_array);
        let keys = keys.ok_or_else(|| Fault::new("keys is not a list"))?;
        if keys.len() > KEYS_MAX {
            return Err(Fault::new("the set has more than 64 keys"));
        }
        let mut usable = Vec::new();
        for key in keys {
            let jwk = key.as_object();
            match Key::read(jwk.ok_or_else(|| Fault::new("a key is not an object"))?) {
                Ok(key) => usable.push(key),
                Err(Unusable::Other) => {}
                Err(Unusable::Private) => tracing::warn!(
                    "a provider's key set contains a private or symmetric key, which is ignored: whoever \
                     reads the set could sign with it"
                ),
            }
        }
        Ok(Self(usable))
    }

    /// Whether one of the keys has signed the token: the one with its `kid`, or without one the only key
    /// that fits its algorithm.
    pub(super) fn verify(&self, token: &Token<'_>) -> Verdict {
        let id = token.key_id.as_ref();
        let named = |key: &&Key| id.is_none() || key.id.as_ref() == id;
        if id.is_some() && !self.0.iter().any(|key| named(&key)) {
            return Verdict::Unknown(Fault::new("no key has the token's kid"));
        }
        let fits = |key: &&Key| named(key) && key.fits(token.algorithm);
        let mut keys = self.0.iter().filter(fits);
        match (keys.next(), keys.next()) {
            (Some(key), None) if key.verifies(token) => Verdict::Verified,
            // Without names, a new key cannot be recognised by its name.
            (Some(_), None) if id.is_none() => {
                Verdict::Unknown(Fault::new("the signature is wrong"))
            }
            (Some(_), None) => Verdict::Wrong(Fault::new("the signature is wrong")),
            (None, _) if id.is_none() => Verdict::Unknown(Fault::new("no key fits the algorithm")),
            (None, _) => Verdict::Wrong(Fault::new("the key is not for this algorithm")),
            (Some(_), Some(_)) => Verdict::Wrong(Fault::new("more than one key fits the token")),
        }
    }
}
