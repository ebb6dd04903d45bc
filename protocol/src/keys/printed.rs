//! The secrets that this project prints: in its guides, examples, vectors and tests.

use std::sync::LazyLock;

use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

/// Whoever prints another adds it here: a test of the program looks for them in the whole
/// repository.
const PUBLISHED: [&str; 8] = [
    "8uNnT5lZQ0zGm1rVxkPqYc3sEJfHdOaW7bKtLi2vRyA",
    "Zk3vT0pQ8sX1yB6nM4cJ7wL2hG5dF9aRu-cE4iO_qTs",
    "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4",
    "NYvjNdLfWhE0KEsRrVELEdr7j0Sju3XcclMEn9aRf48",
    "d2c1f7a09b3e58464c7be1902d6f8a35c04e9b7163f2ad58907b1e4c6d3fa285",
    "grüne Ameisen zählen 47 Wolken über dem Hafen",
    "public-secret-0123456789abcdef0123456789abcdef",
    // A member of a provider's document (RFC 8414 §2), which looks like a secret enough.
    "token_endpoint_auth_methods_supported",
];

/// Each of them folded, and the bytes that it encodes.
static FORMS: LazyLock<Vec<[Zeroizing<Vec<u8>>; 2]>> = LazyLock::new(|| {
    let forms = PUBLISHED.iter().map(|published| {
        let bytes = published.as_bytes();
        let is_hex = bytes.iter().all(u8::is_ascii_hexdigit);
        let encoded = if is_hex { hex(bytes) } else { base64(bytes) };
        [folded(bytes), encoded]
    });
    forms.collect()
});

/// As much of one is one: the shortest secret is as long.
const SHORTEST: usize = 32;

/// Whether 32 characters in a row of one that this project has printed are in the text, in whichever
/// case and alphabet of base64, with anything beside them; or in what the text holds in base64 or
/// hexadecimal, as its characters or as the bytes that they encode.
///
/// Of a text of n bytes, it searches 4n bytes decoded once and 16n decoded twice.
pub(super) fn is_published(text: &str) -> bool {
    has_published(text.as_bytes(), 2)
}

fn has_published(bytes: &[u8], encodings: u8) -> bool {
    let content = folded(bytes);
    let found = FORMS.iter().any(|[spelled, encoded]| {
        have_common_run(&content, spelled, SHORTEST)
            || have_common_run(bytes, encoded, SHORTEST / 4 * 3)
    });
    found
        || (encodings > 0
            && base64_in(bytes)
                .chain(
                    runs(bytes, u8::is_ascii_hexdigit)
                        .flat_map(|run| (0..2).map(|skipped| hex(&run[skipped..]))),
                )
                .any(|decoded| has_published(&decoded, encodings - 1)))
}

/// What each run of base64 encodes, from each of four places: something beside it may shift it.
pub(super) fn base64_in(bytes: &[u8]) -> impl Iterator<Item = Zeroizing<Vec<u8>>> {
    runs(bytes, |byte| {
        byte.is_ascii_alphanumeric() || b"-_+/".contains(byte)
    })
    .flat_map(|run| (0..4).map(|skipped| base64(&run[skipped..])))
}

fn runs(bytes: &[u8], of: fn(&u8) -> bool) -> impl Iterator<Item = &[u8]> {
    let runs = bytes.split(move |byte| !of(byte));
    runs.filter(|run| run.len() >= SHORTEST)
}

fn have_common_run(one: &[u8], other: &[u8], length: usize) -> bool {
    one.windows(length).any(|run| {
        let of_other = other.windows(length);
        of_other
            .filter(|of_other| of_other[0] == run[0])
            .any(|of_other| of_other == run)
    })
}

/// In lower case and with the alphabet of URLs.
fn folded(bytes: &[u8]) -> Zeroizing<Vec<u8>> {
    let fold = |byte: &u8| for_url(*byte).to_ascii_lowercase();
    Zeroizing::new(bytes.iter().map(fold).collect())
}

fn for_url(byte: u8) -> u8 {
    match byte {
        b'+' => b'-',
        b'/' => b'_',
        byte => byte,
    }
}

/// What a run of either alphabet, or of both, encodes, without what is left over at its end.
pub(super) fn base64(run: &[u8]) -> Zeroizing<Vec<u8>> {
    let config = GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let run = if run.len() % 4 == 1 {
        &run[..run.len() - 1]
    } else {
        run
    };
    let for_urls = Zeroizing::new(run.iter().copied().map(for_url).collect::<Vec<_>>());
    let decoded = GeneralPurpose::new(&URL_SAFE, config).decode(&for_urls[..]);
    Zeroizing::new(decoded.unwrap_or_default())
}

pub(super) fn hex(run: &[u8]) -> Zeroizing<Vec<u8>> {
    let digit = |byte: u8| {
        let digit = char::from(byte).to_digit(16).unwrap_or(0);
        u8::try_from(digit).unwrap_or(0)
    };
    let pairs = run.chunks_exact(2);
    Zeroizing::new(
        pairs
            .map(|pair| digit(pair[0]) << 4 | digit(pair[1]))
            .collect(),
    )
}
