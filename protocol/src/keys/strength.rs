//! How hard a secret is to guess, as far as its text shows.

use zeroize::Zeroizing;

use super::printed::{base64, base64_in, hex};
use crate::limits::{SECRET_ENTROPY_MIN, SECRET_MAX, SECRET_MIN};

/// The starts of what everybody knows: digests (MD5, SHA-1 and SHA-256 in each row), keys from the
/// guides of Flask and `FastAPI` and of a much copied one for Spring, and headers of a JWT.
#[rustfmt::skip]
const KNOWN: [&str; 29] = [
    "d41d8cd98f00b204e980", "da39a3ee5e6b4b0d3255", "e3b0c44298fc1c149afb", // nothing
    "5ebe2294ecd0e0f08eab", "e5e9fa1ba31ecd1ae84f", "2bb80d537b1da3e38bd3", // secret
    "5f4dcc3b5aa765d61d83", "5baa61e4c9b93f3f0682", "5e884898da28047151d0", // password
    "098f6bcd4621d373cade", "a94a8fe5ccb19ba61c4c", "9f86d081884c7d659a2f", // test
    "21232f297a57a5a74389", "d033e22ae348aeb5660f", "8c6976e5b5410415bde9", // admin
    "e10adc3949ba59abbe56", "7c4a8d09ca3762af61e5", "8d969eef6ecad3c29a3a", // 123456
    "4cb9c8a8048fd0229447", "fa9beb99e4029ad5a661", "057ba03d6c44104863dc", // changeme
    "5d41402abc4b2a76b971", "aaf4c61ddcc5e8a2dabe", "2cf24dba5fb0a30e26e8", // hello
    "09d25e094faa6ca2556c", "192b9bdd22ab9ed4d12e", "404e635266556a586e32",
    "7b22616c67223a224853", "7b22747970223a224a57", // `{"alg":"HS` and `{"typ":"JW`
];

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
    let steps = differences(&decoded(text));
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
/// million each, the lowest had 86.3 and 99.5; of base58, 110.9, and two were below 112. Less is asked
/// of what a secret encodes, where that is shorter than a secret.
#[expect(
    clippy::cast_precision_loss,
    reason = "at most the length of a short secret"
)]
pub(super) fn least_entropy(text: &str) -> f64 {
    const HEXADECIMAL: f64 = 84.0;
    const BASE32: f64 = 98.0;
    let is_of = |is_one: fn(u8) -> bool| text.bytes().all(is_one);
    let least = if is_hexadecimal(text.as_bytes()) {
        HEXADECIMAL
    } else if is_of(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'=')
        || is_of(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'=')
    {
        BASE32
    } else {
        SECRET_ENTROPY_MIN
    };
    least * (text.len().min(SECRET_MIN) as f64) / (SECRET_MIN as f64)
}

/// Whether the text has bytes, in hexadecimal or base64, that everybody knows.
pub(super) fn has_known_bytes(text: &str) -> bool {
    let is_known = |digits: &str| KNOWN.iter().any(|start| digits.contains(start));
    let lower = Zeroizing::new(text.to_ascii_lowercase());
    is_known(&lower) || base64_in(text.as_bytes()).any(|bytes| is_known(&in_hex(&bytes)))
}

fn in_hex(bytes: &[u8]) -> Zeroizing<String> {
    let digit = |half: u8| char::from(b"0123456789abcdef"[usize::from(half)]);
    let digits = bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]);
    Zeroizing::new(digits.collect())
}

/// The text that the whole text is, in base64 or hexadecimal, without blanks and line ends around
/// it. Random bytes of that number are never all printable.
pub(super) fn encoded_text(text: &str) -> Option<Zeroizing<String>> {
    let decoded = decoded(text);
    let content = decoded.trim_ascii();
    let is_printable = |byte: &u8| (b' '..=b'~').contains(byte);
    (content.len() >= 12 && content.iter().all(is_printable))
        .then(|| Zeroizing::new(content.iter().copied().map(char::from).collect()))
}

/// What the whole text is in hexadecimal or else base64: nothing where it is neither. `0x`
/// may be in front.
fn decoded(text: &str) -> Zeroizing<Vec<u8>> {
    let text = text.strip_prefix("0x").unwrap_or(text);
    let run = text.trim_end_matches('=').as_bytes();
    let is_hex = run.iter().all(u8::is_ascii_hexdigit);
    if is_hex { hex(run) } else { base64(run) }
}
