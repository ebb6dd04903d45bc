//! Whether a text was drawn at random or written: a name, a path, an expression (SPEC §2.1).

/// The letters that follow each letter, from `a` to `z`, most often in English and in programs.
const FOLLOWERS: [&str; 26] = [
    "trlncsdmbp",
    "laeoiurs",
    "oatehklriu",
    "eiaos",
    "rsndtclax",
    "iofearult",
    "erisnhoula",
    "eaoit",
    "ntosclmdge",
    "easuow",
    "eisa",
    "eioalsy",
    "eapio",
    "tgdseacoi",
    "nrlumcpsdtw",
    "reaoltip",
    "ul",
    "eaiost",
    "teiscphuoa",
    "eiarohs",
    "nrtslmpibeac",
    "eai",
    "iaeorhns",
    "tpeicma",
    "pstmlneiao",
    "eaio",
];

/// How often one of them follows, as the model has it: a little less than in words.
const SHARE: f64 = 0.66;

/// Written texts gain more. Of ten million drawn ones of each usual form, one gained 14 and none 15.
const GAIN_OF_WRITTEN: f64 = 16.0;

/// Whether letters follow one another as they do in words.
pub(super) fn is_written(text: &str) -> bool {
    gain(text) >= GAIN_OF_WRITTEN
}

/// By how many bits the model of [`FOLLOWERS`] writes a text shorter than one that takes every
/// character of an alphabet to be equally likely.
///
/// Both are distributions, so their ratio is 1 on average over texts drawn from the alphabet, and is
/// 2^b or more with a probability of at most 2^-b (Markov's inequality), whatever the alphabet.
fn gain(text: &str) -> f64 {
    let alphabet = f64::from(fewest_characters(text)).log2();
    let bytes = text.as_bytes();
    let gain_of = |at: usize| {
        let (letter, next) = (bytes[at - 1], bytes[at]);
        if !letter.is_ascii_alphabetic() {
            return 0.0;
        }
        let followers = FOLLOWERS[usize::from(letter.to_ascii_lowercase() - b'a')].as_bytes();
        // `aa`, `AAA`, and either case behind the first letter of a word: `Aa` or `AA`.
        let is_first = at < 2 || !bytes[at - 2].is_ascii_uppercase();
        let (in_word, share) = match (letter.is_ascii_lowercase(), is_first) {
            (true, _) => (next.is_ascii_lowercase(), SHARE),
            (false, false) => (next.is_ascii_uppercase(), SHARE),
            (false, true) => (next.is_ascii_alphabetic(), SHARE / 2.0),
        };
        if in_word && followers.contains(&next.to_ascii_lowercase()) {
            alphabet + (share / count(followers)).log2()
        } else {
            (1.0 - SHARE).log2()
        }
    };
    (1..bytes.len()).map(gain_of).sum()
}

#[expect(clippy::cast_precision_loss, reason = "a dozen letters")]
fn count(followers: &[u8]) -> f64 {
    followers.len() as f64
}

/// The size of the smallest alphabet that people draw secrets from and that has all of the text's
/// characters, or a little less: nobody uses all of base64's letters in base58, nor all marks.
fn fewest_characters(text: &str) -> u32 {
    let all = |is_one: &dyn Fn(u8) -> bool| text.bytes().all(is_one);
    let is_mark = |byte: u8| !byte.is_ascii_alphanumeric();
    let marks = |some: &'static [u8]| move |byte| !is_mark(byte) || some.contains(&byte);
    let no_capitals = all(&|byte| !byte.is_ascii_uppercase());
    let one_case = no_capitals || all(&|byte| !byte.is_ascii_lowercase());
    if all(&|byte| byte.is_ascii_hexdigit() || is_mark(byte)) {
        16 // Hexadecimal, and UUIDs.
    } else if one_case && all(&marks(b"-=")) {
        32 // Base32.
    } else if no_capitals && all(&marks(b"._-/\\:~+@")) {
        42 // Small letters, digits, and some marks of paths: 38 would miss short paths.
    } else if no_capitals && all(&marks(b"!@#$%^&*(-_=+)")) {
        50 // Django's `get_random_secret_key`.
    } else if all(&marks(b"-_+/=")) {
        58 // Base58 and base64.
    } else if text.contains(['/', '\\', ':', '"', '\'']) {
        85 // Who draws these draws all marks, or most.
    } else {
        66 // Letters, digits and a few marks.
    }
}
