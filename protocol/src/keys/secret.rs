//! The root secret, and why some are refused.

use std::fmt;

use zeroize::Zeroizing;

use crate::limits::{SECRET_ENTROPY_MIN, SECRET_MIN};

/// One root secret, from which every key is derived. Wiped from memory when dropped, and never
/// shown by `Debug`.
///
/// ```
/// use apply_cookies_protocol::Secret;
///
/// let secret = Secret::new("8uNnT5lZQ0zGm1rVxkPqYc3sEJfHdOaW7bKtLi2vRyA")?;
/// assert_eq!(format!("{secret:?}"), "Secret(..)");
/// assert!(Secret::new("too short").is_err());
/// # Ok::<(), apply_cookies_protocol::WeakSecret>(())
/// ```
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Takes the UTF-8 bytes of `text`, without one trailing newline (files have one).
    ///
    /// # Errors
    ///
    /// When the secret can be guessed: too short, a pattern, a placeholder.
    pub fn new(text: &str) -> Result<Self, WeakSecret> {
        Self::judged(without_line_end(text), estimated_entropy)
    }

    fn judged(text: &str, entropy: impl Fn(&[u8]) -> f64) -> Result<Self, WeakSecret> {
        let bytes = text.as_bytes();
        if bytes.len() < SECRET_MIN {
            return Err(WeakSecret::TooShort {
                actual: bytes.len(),
            });
        }
        if is_placeholder(text) {
            return Err(WeakSecret::Placeholder);
        }
        if is_repetition(bytes) || entropy(bytes) < SECRET_ENTROPY_MIN {
            return Err(WeakSecret::Guessable);
        }
        Ok(Self(Zeroizing::new(bytes.to_vec())))
    }

    /// The secret of a Mesop app. The app has already chosen it and uses every byte of it,
    /// including a line end: at least 32 bytes, and not a repetition, but it may be one that
    /// [`new`](Self::new) refuses for its sequences of characters. Use a random one where you can:
    /// `apply-cookies keygen` makes one, and Mesop takes any text.
    ///
    /// # Errors
    ///
    /// When the secret can be guessed.
    #[cfg(feature = "mesop")]
    pub fn from_mesop(text: &str) -> Result<Self, WeakSecret> {
        Self::judged(text, shannon_bits)
    }

    /// The bytes that [`new`](Self::new) would have taken from the same text.
    #[cfg(feature = "mesop")]
    pub(crate) fn bytes_without_line_end(&self) -> &[u8] {
        let bytes = self.bytes();
        bytes
            .strip_suffix(b"\r\n")
            .or_else(|| bytes.strip_suffix(b"\n"))
            .unwrap_or(bytes)
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

fn without_line_end(text: &str) -> &str {
    text.strip_suffix("\r\n")
        .or_else(|| text.strip_suffix('\n'))
        .unwrap_or(text)
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// A refused secret. The command in each message makes a good one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WeakSecret {
    /// Fewer than 32 bytes.
    #[error(
        "the secret has {actual} bytes and needs at least 32; `apply-cookies keygen` makes a good one"
    )]
    TooShort {
        /// Bytes that were given.
        actual: usize,
    },
    /// A repetition, a sequence, or too few different bytes.
    #[error("the secret can be guessed; `apply-cookies keygen` makes a good one")]
    Guessable,
    /// Text from an example.
    #[error("the secret looks like a placeholder; `apply-cookies keygen` makes a good one")]
    Placeholder,
}

/// Words that mark a value nobody meant to keep. None has a real chance of occurring in random
/// base64.
fn is_placeholder(text: &str) -> bool {
    const MARKS: [&str; 13] = [
        "changeme",
        "change-me",
        "change_me",
        "change me",
        "change-this",
        "replace-me",
        "replace_me",
        "do-not-use",
        "super-secret",
        "your-secret",
        "your_secret",
        "password",
        "insecure",
    ];
    let lower = text.to_ascii_lowercase();
    MARKS.iter().any(|mark| lower.contains(mark))
}

/// Whether the whole is a shorter unit, repeated.
fn is_repetition(bytes: &[u8]) -> bool {
    (1..=bytes.len() / 2).any(|period| {
        bytes[period..]
            .iter()
            .zip(bytes)
            .all(|(later, earlier)| later == earlier)
    })
}

/// Shannon's estimate over single bytes and over differences of neighbours, whichever is lower: the
/// first detects few different bytes, the second detects sequences.
fn estimated_entropy(bytes: &[u8]) -> f64 {
    let differences: Zeroizing<Vec<u8>> = Zeroizing::new(
        bytes
            .windows(2)
            .map(|pair| pair[1].wrapping_sub(pair[0]))
            .collect(),
    );
    shannon_bits(bytes).min(shannon_bits(&differences))
}

#[expect(clippy::cast_precision_loss, reason = "counts of a short secret")]
fn shannon_bits(bytes: &[u8]) -> f64 {
    let mut counts = [0_usize; 256];
    for byte in bytes {
        counts[usize::from(*byte)] += 1;
    }
    let length = bytes.len() as f64;
    counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| {
            let count = *count as f64;
            count * (length / count).log2()
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weak_secrets_are_refused_with_the_command_that_makes_a_good_one() {
        let weak = [
            String::new(),
            "short".to_owned(),
            "q".repeat(31),
            "a".repeat(64),
            "\0".repeat(32),
            "ab".repeat(32),
            "secret".repeat(8),
            "0123456789abcdef".repeat(3),
            "0123456789".repeat(5),
            "abcdefghijklmnopqrstuvwxyz012345".to_owned(),
            "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz".to_owned(),
            "ZYXWVUTSRQPONMLKJIHGFEDCBAzyxwvutsrqponmlkjihgfedcba".to_owned(),
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab".to_owned(),
            "change-me-change-me-please-now-1234".to_owned(),
            "ChangeMe0f8d2b7c6e1a9435kd82nf03jqz".to_owned(),
            "your-secret-key-goes-here-0f8d2b7c6e".to_owned(),
            "Password0f8d2b7c6e1a9435kd82nf03jqzp".to_owned(),
            "11112222333344445555666677778888".to_owned(),
        ];
        for secret in weak {
            let error = Secret::new(&secret).expect_err(&secret);
            assert!(error.to_string().contains("apply-cookies keygen"));
        }
    }

    #[test]
    fn random_secrets_pass_in_every_usual_writing() {
        for secret in [
            "8uNnT5lZQ0zGm1rVxkPqYc3sEJfHdOaW7bKtLi2vRyA",
            "d2c1f7a09b3e58464c7be1902d6f8a35c04e9b7163f2ad58907b1e4c6d3fa285",
            "Zk3vT0pQ8sX1yB6nM4cJ7wL2hG5dF9aR",
            "grüne Ameisen zählen 47 Wolken über dem Hafen",
        ] {
            assert!(Secret::new(secret).is_ok(), "{secret}");
        }
    }

    #[test]
    fn one_newline_at_the_end_is_not_part_of_the_secret() {
        let secret = "8uNnT5lZQ0zGm1rVxkPqYc3sEJfHdOaW7bKtLi2vRyA";
        let bytes = |text: String| Secret::new(&text).unwrap().bytes().to_vec();
        assert_eq!(bytes(format!("{secret}\n")), secret.as_bytes());
        assert_eq!(bytes(format!("{secret}\r\n")), secret.as_bytes());
        assert_eq!(bytes(format!("{secret}\n\n")).len(), secret.len() + 1);
        assert_eq!(bytes(format!("{secret} ")).len(), secret.len() + 1);
    }
}
