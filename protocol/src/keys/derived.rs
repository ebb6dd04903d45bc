//! One key per purpose, derived with HKDF-SHA256 (RFC 5869). SPEC §2 lists the labels.

use std::fmt;

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::secret::Secret;
use crate::token::FernetKey;

/// HMAC-SHA256 that already holds its key: cloning it is cheaper than keying it again.
pub(crate) type HmacSha256 = Hmac<Sha256>;

/// Extraction salt: fixes the protocol and the version of this derivation.
const SALT: &[u8] = b"apply-cookies/v1";

/// `info` of each expansion: `apply-cookies/v1/<purpose>/<algorithm>/<cookie name>`. The cookie
/// name stands last and nothing else in a label varies, so no two labels are equal, and a key made
/// for one purpose is useless for every other (threat T23).
mod info {
    pub(super) const KEY_ID: &[u8] = b"apply-cookies/v1/key-id//";
    pub(super) const TOKEN_SIGNED: &[u8] = b"apply-cookies/v1/token/hmac-sha256/";
    pub(super) const TOKEN_ENCRYPTED: &[u8] = b"apply-cookies/v1/token/fernet/";
    pub(super) const BINDING: &[u8] = b"apply-cookies/v1/binding/hmac-sha256/";
    pub(super) const COOKIE_SIGNED: &[u8] = b"apply-cookies/v1/cookie/hmac-sha256/";
    pub(super) const COOKIE_ENCRYPTED: &[u8] = b"apply-cookies/v1/cookie/fernet/";
}

/// Four derived bytes that tell which key sealed a token. Derived under its own label, so they
/// say nothing about the secret.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyId(pub(crate) [u8; 4]);

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({:08x})", u32::from_be_bytes(self.0))
    }
}

/// All keys of one root secret. The keyed states wipe themselves when dropped.
pub(crate) struct DerivedKeys {
    pub(crate) id: KeyId,
    pub(crate) signing: HmacSha256,
    pub(crate) encryption: FernetKey,
    pub(crate) binding: HmacSha256,
    /// Kept for the keys of single cookies.
    hkdf: Hkdf<Sha256>,
}

impl DerivedKeys {
    pub(crate) fn derive(secret: &Secret) -> Self {
        let hkdf = Hkdf::<Sha256>::new(Some(SALT), secret.bytes());
        Self {
            id: KeyId(*expand(&hkdf, info::KEY_ID)),
            signing: hmac(&expand(&hkdf, info::TOKEN_SIGNED)),
            encryption: FernetKey::new(&expand(&hkdf, info::TOKEN_ENCRYPTED)),
            binding: hmac(&expand(&hkdf, info::BINDING)),
            hkdf,
        }
    }

    /// The key that signs values of the cookie of this name.
    pub(crate) fn cookie_signing(&self, name: &str) -> HmacSha256 {
        hmac(&self.of_cookie(info::COOKIE_SIGNED, name))
    }

    /// The key that encrypts values of the cookie of this name.
    pub(crate) fn cookie_encryption(&self, name: &str) -> FernetKey {
        FernetKey::new(&self.of_cookie(info::COOKIE_ENCRYPTED, name))
    }

    fn of_cookie(&self, label: &[u8], name: &str) -> Zeroizing<[u8; 32]> {
        expand(&self.hkdf, &[label, name.as_bytes()].concat())
    }
}

fn expand<const N: usize>(hkdf: &Hkdf<Sha256>, info: &[u8]) -> Zeroizing<[u8; N]> {
    let mut key = Zeroizing::new([0; N]);
    hkdf.expand(info, key.as_mut())
        .expect("HKDF-SHA256 gives up to 8160 bytes");
    key
}

fn hmac(key: &[u8; 32]) -> HmacSha256 {
    HmacSha256::new_from_slice(key).expect("HMAC takes keys of any length")
}
