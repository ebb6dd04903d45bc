//! Text that a shell, a tool or a program was meant to replace by the secret (SPEC §2.1): templates,
//! expressions, paths, references.

use super::configured::{is_plain, is_quote};
use super::drawn::is_written;
use super::weak::WeakSecret;

/// Starts of references whose rest looks random.
const PREFIXES: [&str; 8] = [
    "arn:", "base64:", "base32:", "hex:", "vault:", "ENC(", "ENC[", "{cipher}",
];

/// Refuses templates and references that nothing has replaced.
///
/// Where letters follow one another as in words, it decides how the words are joined: those of a
/// passphrase by one and the same character, those of code by more than one. Some texts are refused
/// whatever their letters are, each kind where a random text is one less than once in ten million.
pub(super) fn check_is_no_code(text: &str) -> Result<(), WeakSecret> {
    let text = without_number(text.trim());
    let is_code = is_joined_as_code(text) && (is_written(text) || is_lower_case_path(text));
    if is_code && is_template(text) || is_wrapped_name(text) {
        return Err(WeakSecret::Template);
    }
    let is_prefixed = PREFIXES.iter().any(|prefix| text.starts_with(prefix));
    if is_code || is_prefixed || has_scheme(text) || is_in_two_folders(text) {
        return Err(WeakSecret::Reference);
    }
    Ok(())
}

/// Without `v1:` or the like: programs number their secrets so.
fn without_number(text: &str) -> &str {
    let is_number = |number: &str| {
        let digits = number.strip_prefix(|c: char| c.is_ascii_lowercase());
        digits.is_some_and(|digits| {
            (1..=3).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
        })
    };
    match text.split_once(':') {
        Some((number, secret)) if is_number(number) => secret,
        _ => text,
    }
}

/// Whether marks are where code has them, and no passphrase: in front of everything, two different
/// ones between words or one of code alone, two in a row, or a bracket right behind a word.
fn is_joined_as_code(text: &str) -> bool {
    let is_mark = |c: char| c.is_ascii_punctuation() && !is_quote(c);
    let is_code_mark = |c: char| is_mark(c) && !"-.!?*+~^".contains(c);
    let is_in_word = |c: Option<&char>| c.is_some_and(|c| c.is_alphanumeric());
    let chars = zeroize::Zeroizing::new(text.chars().collect::<Vec<char>>());
    let triples = (0..chars.len()).map(|at| {
        let before = at.checked_sub(1).and_then(|before| chars.get(before));
        (before, chars[at], chars.get(at + 1))
    });
    let opened = triples
        .clone()
        .any(|(before, mark, _)| "([{<".contains(mark) && is_in_word(before));
    let doubled = triples.clone().any(|(before, mark, _)| {
        is_code_mark(mark) && before.is_some_and(|before| is_code_mark(*before))
    });
    let mut between = triples
        .filter(|(before, mark, next)| is_mark(*mark) && is_in_word(*before) && is_in_word(*next))
        .map(|(_, mark, _)| mark);
    let joined = between.next().is_some_and(|first| {
        let mut others = between.peekable();
        let is_alone = others.peek().is_none() && ".:/\\=".contains(first);
        is_alone || others.any(|other| other != first)
    });
    text.starts_with(is_mark) || opened || doubled || joined
}

/// Whether it is to be replaced where it is, rather than to be looked up.
fn is_template(text: &str) -> bool {
    text.contains(['{', '}', '<', '>', '%', '$'])
        || ["__", "@@"]
            .iter()
            .any(|mark| text.starts_with(mark) && text.ends_with(mark))
}

/// A path in lower case, with what is random in it: `/etc/keys/4f3a…`. No usual alphabet of secrets
/// has these characters and no capitals.
fn is_lower_case_path(text: &str) -> bool {
    text.contains(['/', '\\', '.'])
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "._/:\\~@-".contains(c))
}

/// A name between marks of templates, such as `${A1_B2}` or `%A1_B2%`, however few letters it has.
fn is_wrapped_name(text: &str) -> bool {
    let name = text.trim_start_matches(['$', '#', '%', '@', '&', '{', '[', '(', '<']);
    let end = name.trim_end_matches(['}', ']', ')', '>', '%', '@']);
    let marks = (&text[..text.len() - name.len()], &name[end.len()..]);
    let pairs = [
        ('{', '}'),
        ('[', ']'),
        ('(', ')'),
        ('<', '>'),
        ('%', '%'),
        ('@', '@'),
    ];
    pairs
        .iter()
        .any(|(open, close)| marks.0.ends_with(*open) && marks.1.starts_with(*close))
        && is_plain(end, ".:")
}

/// `scheme://` at the start.
fn has_scheme(text: &str) -> bool {
    text.split_once("://").is_some_and(|(scheme, _)| {
        scheme.len() > 1
            && scheme.starts_with(|c: char| c.is_ascii_lowercase())
            && scheme
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "+.-".contains(c))
    })
}

/// `/one/two/…`, which base64 spells less than once in ten million times.
fn is_in_two_folders(text: &str) -> bool {
    let is_lower = |byte: u8| byte.is_ascii_lowercase();
    let is_folder = |part: &str| {
        part.len() > 2
            && part.bytes().take(2).all(is_lower)
            && part
                .bytes()
                .all(|byte| is_lower(byte) || byte.is_ascii_digit() || b"._-".contains(&byte))
    };
    let mut parts = text.split('/');
    parts.next() == Some("")
        && (0..2).all(|_| parts.next().is_some_and(is_folder))
        && parts.next().is_some()
}
