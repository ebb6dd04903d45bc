//! How hard a secret is to guess, as far as its text shows.

use zeroize::Zeroizing;

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
