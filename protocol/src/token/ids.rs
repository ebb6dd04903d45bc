//! The random numbers and digests that identify tokens, stores and retries.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::base64url;
use crate::crypto::digest16;
use crate::limits::REDEMPTION_ID_MAX;

/// Sixteen random bytes: the identity of a token. Single use is keyed on it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Nonce([u8; 16]);

impl Nonce {
    /// A nonce of random bytes from the caller's generator, which must be fit for cryptography.
    #[must_use]
    pub const fn from_random(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0
    }

    /// The bytes as 22 characters of URL-safe base64, as `inspect` prints them.
    #[must_use]
    pub fn to_text(self) -> String {
        base64url::encode(&self.0)
    }
}

impl fmt::Debug for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Nonce({})", TokenId::from_nonce(*self))
    }
}

/// The name of a token in logs: eight hexadecimal digits of a digest of its nonce. Nothing can be
/// redeemed with it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenId([u8; 4]);

impl TokenId {
    /// The name of the token with this nonce.
    #[must_use]
    pub fn from_nonce(nonce: Nonce) -> Self {
        let digest = Sha256::digest(nonce.0);
        Self([digest[0], digest[1], digest[2], digest[3]])
    }
}

impl fmt::Display for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "token#{:08x}", u32::from_be_bytes(self.0))
    }
}

impl fmt::Debug for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The name of a token's receipt: a digest of its nonce. Whoever minted the token knows it, and nobody
/// gets a token from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ReceiptId([u8; 16]);

impl ReceiptId {
    /// The receipt of the token with this nonce.
    #[must_use]
    pub fn from_nonce(nonce: Nonce) -> Self {
        Self(digest16(
            Sha256::new()
                .chain_update(b"apply-cookies/v1/receipt")
                .chain_update(nonce.0),
        ))
    }

    /// Reads what [`to_text`](Self::to_text) writes. `None` unless it is exactly 22 canonical
    /// characters.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        base64url::decode_array(text).map(Self)
    }

    /// The bytes as 22 characters of URL-safe base64.
    #[must_use]
    pub fn to_text(self) -> String {
        base64url::encode(&self.0)
    }

    /// The bytes.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0
    }
}

/// Sixteen random bytes that name one run of an in-process replay store. A token that carries
/// another store's scope was issued for a memory that is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StoreScope([u8; 16]);

impl StoreScope {
    /// A scope of random bytes from the caller's generator.
    #[must_use]
    pub const fn from_random(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes as 22 characters of URL-safe base64, as `inspect` prints them.
    #[must_use]
    pub fn to_text(self) -> String {
        base64url::encode(&self.0)
    }

    /// The bytes.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0
    }
}

/// A store keeps this digest of a redemption id: enough to recognize it, not enough to repeat it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RedemptionDigest([u8; 16]);

impl RedemptionDigest {
    /// A digest that was kept as bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The digest of a redemption id as the client sent it. `None` if the id is empty or longer
    /// than 64 bytes.
    #[must_use]
    pub fn from_id(redemption_id: &[u8]) -> Option<Self> {
        if redemption_id.is_empty() || redemption_id.len() > REDEMPTION_ID_MAX {
            return None;
        }
        Some(Self(digest16(
            Sha256::new()
                .chain_update(b"apply-cookies/v1/redemption-id")
                .chain_update(redemption_id),
        )))
    }

    /// The bytes.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0
    }
}

impl fmt::Debug for RedemptionDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RedemptionDigest(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed with Python's hashlib.
    #[test]
    fn a_receipts_id_is_half_of_a_sha_256() {
        let id = ReceiptId::from_nonce(Nonce([7; 16]));
        assert_eq!(id.to_text(), "vdTJTGcqnM5dkYtlOEfrIA");
        assert_eq!(ReceiptId::parse(id.to_text().as_bytes()), Some(id));
        assert_eq!(ReceiptId::parse(b"AAAAAAAAAAAAAAAAAAAAAB"), None);
    }
}
