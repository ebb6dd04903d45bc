//! Batch → token.

use std::fmt;

use crate::base64url;
use crate::batch::Batch;
use crate::keys::KeyRing;

use super::header::TokenHeader;
use super::ids::{Nonce, TokenId};
use super::payload::encode_payload;
use super::seal::Seal;

/// A seal with the randomness that it needs. The crate draws none itself.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Sealing {
    /// [`Seal::Encrypted`].
    Encrypted {
        /// Initialisation vector: fresh random bytes for every token.
        iv: [u8; 16],
    },
    /// [`Seal::Signed`].
    Signed,
}

/// Seals a batch with the ring's current key.
///
/// ```
/// use apply_cookies_protocol::{
///     Batch, KeyRing, Lifetime, Nonce, Seal, Sealing, Secret, SetCookie, TokenHeader,
///     UnixMillis, UntrustedToken, seal,
/// };
///
/// # fn random<const N: usize>() -> [u8; N] { [4; N] } // your generator
/// let ring = KeyRing::new(&Secret::new("8uNnT5lZQ0zGm1rVxkPqYc3sEJfHdOaW7bKtLi2vRyA")?, &[])?;
/// let batch = Batch::new(SetCookie::new("session", "8f14e45f").try_into()?);
/// let now = UnixMillis::from_secs(1_700_000_000).unwrap();
/// let header = TokenHeader::new(Nonce::from_random(random()), now, Lifetime::default());
///
/// let token = seal(&ring, Sealing::Encrypted { iv: random() }, &header, &batch);
/// assert!(token.as_str().starts_with("e1."));
///
/// let mut buffer = Vec::new();
/// let authentic = UntrustedToken::new(token.as_str()).open(&ring, &mut buffer)?;
/// assert_eq!(authentic.seal(), Seal::Encrypted);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn seal(
    ring: &KeyRing,
    sealing: Sealing,
    header: &TokenHeader<'_>,
    batch: &Batch<'_>,
) -> Token {
    let keys = ring.current();
    let mut sealed = Vec::with_capacity(512);
    sealed.extend_from_slice(&keys.id.0);
    let kind = match sealing {
        Sealing::Encrypted { iv } => {
            let seconds = header.issued_at.get() / 1000;
            keys.encryption.seal_into(&mut sealed, seconds, &iv, |out| {
                encode_payload(out, header, batch);
            });
            Seal::Encrypted
        }
        Sealing::Signed => {
            let payload = sealed.len();
            encode_payload(&mut sealed, header, batch);
            let tag = keys.signing.tag(&sealed[payload..]);
            sealed.extend_from_slice(&tag);
            Seal::Signed
        }
    };
    Token {
        text: base64url::encode_behind(kind.prefix(), sealed),
        nonce: header.nonce,
    }
}

/// A sealed batch. Posting its text from the right browser applies it, so `Debug` and `Display`
/// print a short digest instead.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    text: String,
    nonce: Nonce,
}

impl Token {
    /// A token of another profile, by the nonce that its redeemer will claim.
    #[cfg(feature = "mesop")]
    pub(crate) const fn new(text: String, nonce: Nonce) -> Self {
        Self { text, nonce }
    }

    /// The text that travels.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The text that travels.
    #[must_use]
    pub fn into_string(self) -> String {
        self.text
    }

    /// The name of the token in logs.
    #[must_use]
    pub fn id(&self) -> TokenId {
        TokenId::from_nonce(self.nonce)
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.id(), f)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.id(), f)
    }
}
