//! The binding: the proof that a token belongs to the browser that posts it.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::base64url;
use crate::crypto::{MacKey, digest16, same};
use crate::keys::KeyRing;

/// The value of a browser's binding cookie: 256 random bits, as 43 characters of URL-safe
/// base64. Anyone who holds it can redeem that browser's tokens, so `Debug` does not show it.
///
/// ```
/// use apply_cookies_protocol::BindingCookie;
///
/// let cookie = BindingCookie::from_random([7; 32]);
/// assert_eq!(BindingCookie::parse(cookie.to_text().as_bytes()), Some(cookie));
/// assert_eq!(BindingCookie::parse(b"not 43 characters"), None);
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct BindingCookie([u8; 32]);

impl BindingCookie {
    /// A new value, from random bytes of the caller's generator.
    #[must_use]
    pub const fn from_random(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Reads a value as a browser sends it. `None` unless it is exactly 43 canonical characters.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        base64url::decode_array(text).map(Self)
    }

    /// The value as the cookie has it.
    #[must_use]
    pub fn to_text(&self) -> String {
        base64url::encode(&self.0)
    }

    /// A digest that names this browser to a replay store. Unlike [`Binding`] it does not change
    /// when keys rotate.
    #[must_use]
    pub fn digest(&self) -> BindingDigest {
        BindingDigest(digest16(
            Sha256::new()
                // At most 23 bytes: with the cookie they are one block of SHA-256.
                .chain_update(b"apply-cookies/v1/client")
                .chain_update(self.0),
        ))
    }
}

impl fmt::Debug for BindingCookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BindingCookie(..)")
    }
}

/// The part of the binding cookie that a token carries: the first 16 bytes of its HMAC-SHA256 under
/// the ring's binding key. The cookie cannot be computed from it.
#[derive(Clone, Copy)]
pub struct Binding(pub(crate) [u8; 16]);

impl Binding {
    /// The binding to this browser, under the key that seals.
    #[must_use]
    pub fn new(ring: &KeyRing, cookie: &BindingCookie) -> Self {
        Self::from_cookie(&ring.current().binding, cookie)
    }

    /// The binding under a key that is used for nothing else.
    pub(crate) fn from_cookie(key: &MacKey, cookie: &BindingCookie) -> Self {
        Self::from_tag(key, &cookie.0)
    }

    /// The leftmost half of the tag (RFC 2104 §5).
    pub(crate) fn from_tag(key: &MacKey, message: &[u8]) -> Self {
        let mut binding = [0; 16];
        binding.copy_from_slice(&key.tag(message)[..16]);
        Self(binding)
    }

    /// Compares in constant time.
    pub(crate) fn matches(&self, other: &Self) -> bool {
        same(&self.0, &other.0)
    }
}

impl fmt::Debug for Binding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Binding(..)")
    }
}

/// Sixteen bytes that name a browser to a replay store.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct BindingDigest([u8; 16]);

impl BindingDigest {
    /// The bytes.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0
    }
}

impl fmt::Debug for BindingDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BindingDigest(..)")
    }
}

/// Whether tokens must carry a binding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum BindingPolicy {
    /// A token without a binding is refused. The default.
    #[default]
    Required,
    /// A token without a binding is redeemed for anyone who posts it from an allowed origin: a
    /// stranger who holds one can sign a visitor in as somebody else. A binding that is present is
    /// still enforced.
    Optional,
}
