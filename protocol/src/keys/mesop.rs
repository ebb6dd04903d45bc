//! The keys of the profile `mesop`: those that Mesop derives from its one secret, and one that we
//! add.

use std::fmt;

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::derived::{KeyId, key_id_of, mesop_binding_key};
use super::secret::Secret;
use crate::crypto::{FernetKey, MacKey, MacSha1};

/// The salt of apply tokens.
const TOKEN: &[u8] = b"mesop-apply-cookies";
/// The salt of a cookie's signed values; the cookie's name follows it.
const COOKIE: &[u8] = b"mesop-cookie-";

/// The keys of a secret shared with a Mesop app: the value of its `MESOP_COOKIE_SECRET_KEY`.
///
/// There is one secret and no rotation, as in Mesop.
///
/// ```
/// use apply_cookies_protocol::Secret;
/// use apply_cookies_protocol::mesop::MesopKeys;
///
/// let keys = MesopKeys::new(&Secret::from_mesop("8uNnT5lZQ0zGm1rVxkPqYc3sEJfHdOaW7bKtLi2vRyA")?);
/// assert_eq!(format!("{keys:?}"), "MesopKeys(..)");
/// # Ok::<(), apply_cookies_protocol::WeakSecret>(())
/// ```
pub struct MesopKeys {
    /// For the keys of single cookies: each has its own salt.
    secret: Zeroizing<Vec<u8>>,
    /// Signs tokens.
    pub(crate) tokens: MacSha1,
    /// Binds tokens to a browser. Mesop has no bindings, so only we use this key.
    pub(crate) binding: MacKey,
    /// The id that a native ring would give this secret, to find it there.
    pub(crate) native_id: KeyId,
}

impl MesopKeys {
    /// Derives the keys.
    #[must_use]
    pub fn new(secret: &Secret) -> Self {
        Self {
            secret: Zeroizing::new(secret.bytes().to_vec()),
            tokens: MacSha1::new(secret.bytes(), TOKEN),
            binding: mesop_binding_key(secret),
            native_id: key_id_of(secret),
        }
    }

    /// The key that signs values of the cookie with this name.
    pub(crate) fn cookie_signing(&self, name: &str) -> MacSha1 {
        MacSha1::new(&self.secret, &[COOKIE, name.as_bytes()].concat())
    }

    /// The key that encrypts values of every cookie: Mesop has one for all.
    pub(crate) fn cookie_encryption(&self) -> FernetKey {
        let mut key = Zeroizing::new([0_u8; 32]);
        Sha256::new()
            .chain_update(&*self.secret)
            .finalize_into((&mut *key).into());
        FernetKey::new(&key)
    }
}

impl fmt::Debug for MesopKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MesopKeys(..)")
    }
}
