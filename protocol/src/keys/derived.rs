//! One key per purpose, derived with HKDF-SHA256 (RFC 5869). SPEC §2 lists the labels.

use std::fmt;

use hkdf::{Hkdf, InvalidLength};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::secret::Secret;
use crate::crypto::{FernetKey, MacKey};

/// Extraction salt: fixes the protocol and the version of this derivation.
const SALT: &[u8] = b"apply-cookies/v1";

/// `info` of each expansion: `apply-cookies/v1/<purpose>/<algorithm>/<cookie name>`. The cookie
/// name comes last and nothing else in a label varies, so no two labels are equal, and a key made
/// for one purpose is useless for every other.
mod info {
    pub(super) const KEY_ID: &[u8] = b"apply-cookies/v1/key-id//";
    pub(super) const TOKEN_SIGNED: &[u8] = b"apply-cookies/v1/token/hmac-sha256/";
    pub(super) const TOKEN_ENCRYPTED: &[u8] = b"apply-cookies/v1/token/fernet/";
    pub(super) const BINDING: &[u8] = b"apply-cookies/v1/binding/hmac-sha256/";
    pub(super) const COOKIE_SIGNED: &[u8] = b"apply-cookies/v1/cookie/hmac-sha256/";
    pub(super) const COOKIE_ENCRYPTED: &[u8] = b"apply-cookies/v1/cookie/fernet/";
    #[cfg(feature = "mesop")]
    pub(super) const MESOP_BINDING: &[u8] = b"apply-cookies/v1/mesop-binding/hmac-sha256/";
}

/// Four derived bytes that say which key sealed a token. They are derived under their own label, so
/// they reveal nothing about the secret.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyId(pub(crate) [u8; 4]);

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

/// Eight hexadecimal digits.
impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", u32::from_be_bytes(self.0))
    }
}

/// All keys of one root secret. The keyed states wipe themselves when dropped.
pub(crate) struct DerivedKeys {
    pub(crate) id: KeyId,
    pub(crate) signing: MacKey,
    pub(crate) encryption: FernetKey,
    pub(crate) binding: MacKey,
    /// Kept to derive the keys of single cookies and purposes.
    pub(super) root: Hkdf<Sha256>,
}

impl DerivedKeys {
    pub(crate) fn derive(secret: &Secret) -> Self {
        let root = root_of(secret);
        Self {
            id: KeyId(*key(&root, info::KEY_ID)),
            signing: MacKey::new(&*key::<32>(&root, info::TOKEN_SIGNED)),
            encryption: FernetKey::new(&key(&root, info::TOKEN_ENCRYPTED)),
            binding: MacKey::new(&*key::<32>(&root, info::BINDING)),
            root,
        }
    }

    /// The key that signs values of the cookie with this name.
    pub(crate) fn cookie_signing(&self, name: &str) -> MacKey {
        MacKey::new(&*self.of_cookie(info::COOKIE_SIGNED, name))
    }

    /// The key that encrypts values of the cookie with this name.
    pub(crate) fn cookie_encryption(&self, name: &str) -> FernetKey {
        FernetKey::new(&self.of_cookie(info::COOKIE_ENCRYPTED, name))
    }

    /// Every key, by its info behind the part that all have.
    #[cfg(feature = "vectors")]
    pub(crate) fn named(&self, name: &str) -> Vec<(String, Vec<u8>)> {
        let of_cookie = |label: &[u8]| [label, name.as_bytes()].concat();
        let infos = [
            info::TOKEN_SIGNED.to_vec(),
            info::TOKEN_ENCRYPTED.to_vec(),
            info::BINDING.to_vec(),
            of_cookie(info::COOKIE_SIGNED),
            of_cookie(info::COOKIE_ENCRYPTED),
        ];
        let short = |info: &[u8]| String::from_utf8_lossy(&info[SALT.len() + 1..]).into_owned();
        std::iter::once((short(info::KEY_ID), self.id.0.to_vec()))
            .chain(
                infos
                    .iter()
                    .map(|info| (short(info), key::<32>(&self.root, info).to_vec())),
            )
            .collect()
    }

    fn of_cookie(&self, label: &[u8], name: &str) -> Zeroizing<[u8; 32]> {
        key(&self.root, &[label, name.as_bytes()].concat())
    }
}

/// The id that a native ring gives this secret. It would leave out a trailing line end.
#[cfg(feature = "mesop")]
pub(crate) fn key_id_of(secret: &Secret) -> KeyId {
    let root = extract(SALT, secret.bytes_without_line_end());
    KeyId(*key(&root, info::KEY_ID))
}

/// The key of bindings in tokens of the profile `mesop`, which itself has no bindings.
#[cfg(feature = "mesop")]
pub(crate) fn mesop_binding_key(secret: &Secret) -> MacKey {
    MacKey::new(&*key::<32>(
        &extract(SALT, secret.bytes()),
        info::MESOP_BINDING,
    ))
}

/// What every key of a secret is expanded from.
pub(super) fn root_of(secret: &Secret) -> Hkdf<Sha256> {
    extract(SALT, secret.bytes())
}

/// The key under a label that is not listed above.
pub(super) fn under(root: &Hkdf<Sha256>, label: &[u8]) -> Zeroizing<[u8; 32]> {
    key(root, label)
}

/// The key of one purpose.
fn key<const N: usize>(root: &Hkdf<Sha256>, info: &[u8]) -> Zeroizing<[u8; N]> {
    let mut key = Zeroizing::new([0; N]);
    expand(root, info, key.as_mut()).expect("a key is far shorter than 8160 bytes");
    key
}

/// HKDF-Extract (RFC 5869 §2.2).
pub(super) fn extract(salt: &[u8], ikm: &[u8]) -> Hkdf<Sha256> {
    Hkdf::new(Some(salt), ikm)
}

/// HKDF-Expand (RFC 5869 §2.3): fills `okm`, of at most 8160 bytes.
pub(super) fn expand(
    root: &Hkdf<Sha256>,
    info: &[u8],
    okm: &mut [u8],
) -> Result<(), InvalidLength> {
    root.expand(info, okm)
}
