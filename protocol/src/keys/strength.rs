//! How hard a secret is to guess, as far as its text shows.

use zeroize::Zeroizing;

use crate::limits::SECRET_ENTROPY_MIN;

/// Whether the whole is a shorter unit, repeated.
pub(super) fn is_repetition(bytes: &[u8]) -> bool {
    (1..=bytes.len() / 2).any(|period| {
        bytes[period..]
            .iter()
            .zip(bytes)
            .all(|(later, earlier)| later == earlier)
    })
}

/// Shannon's estimate over single bytes and over differences of neighbours, whichever is lower: the
/// first detects few different bytes, the second detects sequences.
pub(super) fn estimated_entropy(bytes: &[u8]) -> f64 {
    let differences: Zeroizing<Vec<u8>> = Zeroizing::new(
        bytes
            .windows(2)
            .map(|pair| pair[1].wrapping_sub(pair[0]))
            .collect(),
    );
    shannon_bits(bytes).min(shannon_bits(&differences))
}

#[expect(clippy::cast_precision_loss, reason = "counts of a short secret")]
pub(super) fn shannon_bits(bytes: &[u8]) -> f64 {
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

/// The least estimate of a good secret. Random texts are estimated below what they have, most of all
/// those of few characters: 32 random hexadecimal digits have 128 bits and are estimated at 115.5
/// with a deviation of 4.2, and a UUID has 122 bits.
pub(super) fn least_entropy(text: &str) -> f64 {
    const HEXADECIMAL: f64 = 84.0;
    if text.chars().all(|c| c.is_ascii_hexdigit() || c == '-') {
        HEXADECIMAL
    } else {
        SECRET_ENTROPY_MIN
    }
}

/// Whether the text has the digest (MD5, SHA-1 or SHA-256, in hexadecimal) of a word that everybody
/// tries: each is the start of one.
pub(super) fn has_known_digest(text: &str) -> bool {
    const KNOWN: [&str; 24] = [
        // Of nothing, `secret`, `password`, `test`, `admin`, `123456`, `changeme` and `hello`.
        "d41d8cd98f00b204e980",
        "da39a3ee5e6b4b0d3255",
        "e3b0c44298fc1c149afb",
        "5ebe2294ecd0e0f08eab",
        "e5e9fa1ba31ecd1ae84f",
        "2bb80d537b1da3e38bd3",
        "5f4dcc3b5aa765d61d83",
        "5baa61e4c9b93f3f0682",
        "5e884898da28047151d0",
        "098f6bcd4621d373cade",
        "a94a8fe5ccb19ba61c4c",
        "9f86d081884c7d659a2f",
        "21232f297a57a5a74389",
        "d033e22ae348aeb5660f",
        "8c6976e5b5410415bde9",
        "e10adc3949ba59abbe56",
        "7c4a8d09ca3762af61e5",
        "8d969eef6ecad3c29a3a",
        "4cb9c8a8048fd0229447",
        "fa9beb99e4029ad5a661",
        "057ba03d6c44104863dc",
        "5d41402abc4b2a76b971",
        "aaf4c61ddcc5e8a2dabe",
        "2cf24dba5fb0a30e26e8",
    ];
    let lower = Zeroizing::new(text.to_ascii_lowercase());
    KNOWN.iter().any(|digest| lower.contains(digest))
}
