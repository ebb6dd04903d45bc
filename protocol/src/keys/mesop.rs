//! The keys of the profile `mesop`: those that Mesop makes of its one secret, and one of our own.

use std::fmt;

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::derived::{KeyId, key_id_of, mesop_binding_key};
use super::secret::Secret;
use crate::crypto::{FernetKey, MacKey, MacSha1};

/// Salt of apply tokens.
const TOKEN: &[u8] = b"mesop-apply-cookies";
/// Salt of the signed values of a cookie, in front of the cookie's name.
const COOKIE: &[u8] = b"mesop-cookie-";

/// The keys of a secret that is shared with a Mesop app: what stands in its
/// `MESOP_COOKIE_SECRET_KEY`.
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
    /// For the keys of single cookies: each has a salt of its own.
    secret: Zeroizing<Vec<u8>>,
    /// Signs tokens.
    pub(crate) tokens: MacSha1,
    /// Binds tokens to a browser. Mesop has no bindings, so this key is ours alone.
    pub(crate) binding: MacKey,
    /// What a native ring would call this secret, to find it there.
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

    /// The key that signs values of the cookie of this name.
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
