//! Text that a shell, a tool or a program was meant to replace by the secret (SPEC §2.1): templates,
//! expressions, paths, references.

use super::configured::is_quote;
use super::drawn::is_written;
use super::weak::WeakSecret;

/// Starts of references whose rest looks random.
const PREFIXES: [&str; 8] = [
    "arn:", "base64:", "base32:", "hex:", "vault:", "ENC(", "ENC[", "{cipher}",
];

/// Where paths start.
const ROOTS: [&str; 13] = [
    "app", "data", "etc", "home", "mnt", "opt", "root", "run", "secrets", "srv", "usr", "var",
    "vault",
];

/// Refuses templates and references that nothing has replaced.
///
/// Where letters follow one another as in words, it decides how the words are joined: those of a
/// passphrase by one and the same character, those of code by more than one. Some texts are refused
/// whatever their letters are: of each kind are at most a few random ones in ten million.
pub(super) fn check_is_no_code(text: &str) -> Result<(), WeakSecret> {
    let text = without_number(text.trim());
    let is_code = is_joined_as_code(text) && is_written(text);
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
/// ones between words, two of code in a row, or a bracket without a blank before it.
fn is_joined_as_code(text: &str) -> bool {
    let is_code_mark = |c: char| is_mark(c) && !"-.!?*+~^".contains(c);
    let (mut before, mut joint) = (None, None);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let is_between = before.is_some_and(char::is_alphanumeric)
            && chars.peek().is_some_and(|next| next.is_alphanumeric());
        let is_code = match before {
            None => is_mark(c),
            Some(before) => {
                "([{<".contains(c) && !before.is_whitespace()
                    || is_code_mark(before) && is_code_mark(c)
                    || is_between && is_mark(c) && joint.replace(c).is_some_and(|joint| joint != c)
            }
        };
        if is_code {
            return true;
        }
        before = Some(c);
    }
    joint.is_some_and(|joint| ".:/\\=".contains(joint) && is_mixed(text, joint))
}

/// Whether the parts differ in case, or in one of them, as in `process.env.NAME`.
fn is_mixed(text: &str, joint: char) -> bool {
    let has = |is_case: fn(&u8) -> bool, part: &str| part.as_bytes().iter().any(is_case);
    let case = |part| {
        (
            has(u8::is_ascii_lowercase, part),
            has(u8::is_ascii_uppercase, part),
        )
    };
    let parts = || text.split(joint);
    let lower = parts().any(|part| case(part) == (true, false));
    let upper = parts().any(|part| case(part) == (false, true));
    let is_hump = |pair: &[u8]| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase();
    lower && upper || text.as_bytes().windows(2).any(is_hump)
}

fn is_mark(c: char) -> bool {
    c.is_ascii_punctuation() && !is_quote(c)
}

/// Whether it is to be replaced where it is, rather than to be looked up.
fn is_template(text: &str) -> bool {
    text.contains(['{', '}', '<', '>', '%', '$'])
        || ["__", "@@"]
            .iter()
            .any(|mark| text.starts_with(mark) && text.ends_with(mark))
}

/// A name between marks of templates, such as `${A1_B2}` or `%A1_B2%`, however few letters it has.
fn is_wrapped_name(text: &str) -> bool {
    let name = text.trim_start_matches(['$', '#', '%', '@', '&', '{', '[', '(', '<']);
    let end = name.trim_end_matches(['}', ']', ')', '>', '%', '@']);
    let (before, behind) = (&text[..text.len() - name.len()], &name[end.len()..]);
    let is_pair = |pair: &str| {
        let (open, close) = pair.split_at(1);
        before.ends_with(open) && behind.starts_with(close)
    };
    ["{}", "[]", "()", "<>", "%%", "@@"]
        .into_iter()
        .any(is_pair)
        && end
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._:-".contains(&byte))
}

/// `scheme://` at the start, of three letters or more: a random text may have two.
fn has_scheme(text: &str) -> bool {
    text.split_once("://").is_some_and(|(scheme, _)| {
        scheme.len() > 2
            && scheme.starts_with(|c: char| c.is_ascii_lowercase())
            && scheme
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "+.-".contains(c))
    })
}

/// `/one/two/…`, which base64 spells less than once in ten million times. Alphabets without capitals
/// spell it more often, so there the first has to be one that paths usually start with.
fn is_in_two_folders(text: &str) -> bool {
    let is_folder = |part: &str| {
        part.len() > 2
            && part
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || b"._-".contains(&byte))
    };
    let has_capitals = text.contains(|c: char| c.is_ascii_uppercase());
    let mut parts = text.split('/');
    parts.next() == Some("")
        && parts
            .next()
            .is_some_and(|root| ROOTS.contains(&root) || has_capitals && is_folder(root))
        && parts.next().is_some_and(is_folder)
        && parts.next().is_some()
}
