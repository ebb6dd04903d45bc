//! How hard a secret is to guess, as far as its text shows.

use zeroize::Zeroizing;

use super::printed::{base64, hex};
use crate::limits::{SECRET_ENTROPY_MIN, SECRET_MAX};

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
/// first detects few different bytes, the second detects sequences. What repeats adds nothing.
pub(super) fn estimated_entropy(bytes: &[u8]) -> f64 {
    let bytes = without_repeats(bytes);
    shannon_bits(&bytes).min(shannon_bits(&differences(&bytes)))
}

fn differences(bytes: &[u8]) -> Zeroizing<Vec<u8>> {
    let pairs = bytes.windows(2);
    Zeroizing::new(pairs.map(|pair| pair[1].wrapping_sub(pair[0])).collect())
}

/// Without what was there before, in runs that random texts do not repeat.
fn without_repeats(bytes: &[u8]) -> Zeroizing<Vec<u8>> {
    let shortest = if is_hexadecimal(bytes) { 8 } else { 6 };
    let mut kept = Zeroizing::new(Vec::with_capacity(bytes.len()));
    let mut at = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        // No further than a secret from outside is long, so that the time is bounded.
        let mut earlier = bytes[..at.min(SECRET_MAX)].windows(shortest);
        if rest.len() >= shortest && earlier.any(|run| run == &rest[..shortest]) {
            at += shortest;
        } else {
            kept.push(rest[0]);
            at += 1;
        }
    }
    kept
}

/// Hexadecimal digits, and the hyphens of a UUID.
fn is_hexadecimal(bytes: &[u8]) -> bool {
    bytes
        .iter()
        .all(|byte| byte.is_ascii_hexdigit() || *byte == b'-')
}

/// Whether the text has bytes in hexadecimal or base64 that count up or down, or are all the same.
pub(super) fn encodes_sequence(text: &str) -> bool {
    let run = text.trim_end_matches('=').as_bytes();
    let is_hex = run.iter().all(u8::is_ascii_hexdigit);
    let decoded = if is_hex { hex(run) } else { base64(run) };
    let steps = differences(&decoded);
    steps.len() > 12 && steps.iter().all(|step| *step == steps[0])
}

/// Whether the text is a UUID that was not drawn at random (RFC 9562): its version is not 4.
pub(super) fn is_derived_uuid(text: &str) -> bool {
    let is_form = |(at, byte): (usize, u8)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    text.len() == 36 && text.bytes().enumerate().all(is_form) && text.as_bytes()[14] != b'4'
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
/// with a deviation of 4.2, as many of base32 have 160 and are estimated at 133.4, with 4.3. Of ten
/// million each, the lowest had 86.3 and 99.5; of base58, 110.9, and two were below 112.
pub(super) fn least_entropy(text: &str) -> f64 {
    const HEXADECIMAL: f64 = 84.0;
    const BASE32: f64 = 98.0;
    let is_of = |is_one: fn(u8) -> bool| text.bytes().all(is_one);
    if is_hexadecimal(text.as_bytes()) {
        HEXADECIMAL
    } else if is_of(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'=')
        || is_of(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'=')
    {
        BASE32
    } else {
        SECRET_ENTROPY_MIN
    }
}

/// Whether the text has the digest (MD5, SHA-1 or SHA-256, in hexadecimal) of nothing, of `secret` or
/// of `password`: each is the start of one.
pub(super) fn has_known_digest(text: &str) -> bool {
    const KNOWN: [&str; 9] = [
        "d41d8cd98f00b204e980",
        "da39a3ee5e6b4b0d3255",
        "e3b0c44298fc1c149afb",
        "5ebe2294ecd0e0f08eab",
        "e5e9fa1ba31ecd1ae84f",
        "2bb80d537b1da3e38bd3",
        "5f4dcc3b5aa765d61d83",
        "5baa61e4c9b93f3f0682",
        "5e884898da28047151d0",
    ];
    let lower = Zeroizing::new(text.to_ascii_lowercase());
    KNOWN.iter().any(|digest| lower.contains(digest))
}
