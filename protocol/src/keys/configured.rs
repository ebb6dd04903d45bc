//! Text from the environment or a file that cannot be meant as a secret (SPEC §2).
//!
//! Each of these would otherwise be accepted as a secret of its own: one that differs from the one
//! meant by a character that nobody sees, or one that everybody knows.

use zeroize::Zeroizing;

use super::weak::WeakSecret;

/// Refuses what stands beside a secret, and several in place of one. `text` has lost its line end.
pub(super) fn check_alone(text: &str) -> Result<(), WeakSecret> {
    if text.contains(char::is_whitespace) || has_escape(text) {
        return Err(WeakSecret::WhiteSpace);
    }
    check_visible(text)?;
    if text.starts_with(is_quote) || text.ends_with(is_quote) {
        return Err(WeakSecret::Quoted);
    }
    // Before lists: `{{` is not one.
    check_is_no_template(text)?;
    if is_list(text) {
        return Err(WeakSecret::List);
    }
    Ok(())
}

/// Refuses characters that nobody sees. White space is not among them.
pub(super) fn check_visible(text: &str) -> Result<(), WeakSecret> {
    if text.contains(is_invisible) {
        return Err(WeakSecret::Invisible);
    }
    if text.contains(char::is_control) {
        return Err(WeakSecret::Control);
    }
    Ok(())
}

/// Unicode's `Default_Ignorable_Code_Point`, and what looks empty or was lost in a conversion.
fn is_invisible(char: char) -> bool {
    matches!(char,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}'
        | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{2800}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}'
        | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFD}' | '\u{1BCA0}'..='\u{1BCA3}'
        | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
}

pub(super) fn is_quote(char: char) -> bool {
    matches!(
        char,
        '"' | '\'' | '`' | '´' | '«' | '»' | '\u{2018}'..='\u{201F}' | '‹' | '›' | '\u{300C}'..='\u{300F}' | '＂' | '＇'
    )
}

/// Whether white space is written out, unexpanded, at an end of text in hexadecimal or base64.
fn has_escape(text: &str) -> bool {
    ["\\n", "\\r", "\\t"].iter().any(|escape| {
        let rest = text
            .strip_prefix(escape)
            .or_else(|| text.strip_suffix(escape));
        rest.is_some_and(|rest| is_plain(rest, "\\"))
    })
}

/// Whether all are letters, digits, what base64 has beside them, or `more`. A random text of other
/// characters never is.
fn is_plain(text: &str, more: &str) -> bool {
    text.chars()
        .all(|c| c.is_ascii_alphanumeric() || "-_+/=".contains(c) || more.contains(c))
}

/// A comma separates previous secrets, so no secret has one, nor a semicolon. Other separators and
/// brackets may be in a random one: they are refused where what they separate is base64 or
/// hexadecimal, of more characters than a UUID has.
fn is_list(text: &str) -> bool {
    const UUID: usize = 36;
    let inside = |open: char, close| text.strip_prefix(open)?.strip_suffix(close);
    let bracketed = [('[', ']'), ('{', '}'), ('(', ')')]
        .into_iter()
        .filter_map(|(open, close)| inside(open, close))
        .any(|inside| {
            is_plain(inside, "") || (inside.starts_with(is_quote) && inside.ends_with(is_quote))
        });
    text.contains([',', ';', '，', '、', '；'])
        || bracketed
        || ['|', ':', '&', '\\'].into_iter().any(|separator| {
            let mut parts = text.split(separator);
            text.contains(separator) && parts.all(|part| part.len() > UUID && is_plain(part, ""))
        })
}

/// Words of what stands for a secret; a random text has none of them.
fn has_word(lower: &str) -> bool {
    const WORDS: [&str; 10] = [
        "secret",
        "cookie",
        "token",
        "vault",
        "value",
        "config",
        "credential",
        "private",
        "environ",
        "production",
    ];
    WORDS.iter().any(|word| lower.contains(word))
}

/// Refuses templates that nothing has filled in, in the syntax of shells, of Docker Compose, Helm,
/// Ansible, ERB and Windows, and of tools that replace words. A mark alone is in many random texts:
/// it is refused with one of the words, with a name in capitals, or around the whole.
pub(super) fn check_is_no_template(text: &str) -> Result<(), WeakSecret> {
    const MARKS: [(&str, &str); 7] = [
        ("${", "}"),
        ("$(", ")"),
        ("{{", "}}"),
        ("<%", "%>"),
        ("#{", "}"),
        ("[[", "]]"),
        ("$env:", ""),
    ];
    let lower = Zeroizing::new(text.to_ascii_lowercase());
    let whole = |open: &str, close: &str| {
        text.strip_prefix(open)
            .and_then(|rest| rest.strip_suffix(close))
    };
    let marked = MARKS.iter().any(|(open, close)| {
        let around = whole(open, close).is_some_and(|inside| is_plain(inside, ". :?<'\"|$,()[]{}"));
        let capitals = text.split(open).skip(1).any(|rest| {
            let of_name = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
            let name = rest.split(|c| !of_name(c)).next().unwrap_or_default();
            name.len() >= 12
                && (rest[name.len()..].starts_with(':') || rest[name.len()..].starts_with(close))
        });
        around || capitals || (lower.contains(open) && has_word(&lower))
    });
    let angles = lower.contains('<') && lower.contains('>') && has_word(&lower);
    // `%NAME%`; every second part is between two marks.
    let percents = has_word(&lower) && lower.split('%').count() > 2;
    let named = [("$", ""), ("@", "@"), ("__", "__"), ("<", ">"), ("%", "%")]
        .into_iter()
        .any(|(open, close)| {
            // A random secret of URL-safe base64 may have underscores at its ends.
            let shouted =
                |name: &str| open != "__" || !name.contains(|c: char| c.is_ascii_lowercase());
            // No name of a shell's variable has a hyphen.
            let shell = |name: &str| open != "$" || !name.contains('-');
            whole(open, close).is_some_and(|name| {
                is_name(name.trim_matches(['@', '_'])) && shouted(name) && shell(name)
            })
        });
    if marked || angles || percents || named {
        return Err(WeakSecret::Template);
    }
    Ok(())
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_-. /:".contains(c))
}

/// Refuses paths and names of secrets that are kept elsewhere. What is short enough to be in a random
/// text counts only where all the rest has the characters of a path, or one of the words.
pub(super) fn check_is_no_reference(text: &str) -> Result<(), WeakSecret> {
    let lower = Zeroizing::new(text.to_ascii_lowercase());
    let starts = |marks: &[&str]| marks.iter().any(|mark| text.starts_with(mark));
    let word = has_word(&lower);
    let is_path = is_plain(text, ".~@:\\ ");
    let is_reference = has_scheme(text, word)
        || starts(&["ENC(", "ENC[", "@Microsoft."])
        || is_path && starts(&["./", "../", "~/", ".\\", "..\\", "~\\", "\\\\", "@/", "@./", "~+/"])
        || is_absolute(text, is_path)
        || ["secret/", "secrets/", "secret\\", "secrets\\"].iter().any(|folder| lower.contains(folder))
        || is_path && FILES.iter().any(|ending| lower.ends_with(ending))
        // Words of a passphrase may have slashes between them.
        || word && text.contains('/') && text.chars().all(|c| matches!(c, 'a'..='z' | '0'..='9') || "._/~@:+-".contains(c))
        || word && is_path && text.matches('\\').count() > 1;
    if is_reference {
        return Err(WeakSecret::Reference);
    }
    Ok(())
}

/// Endings of files that hold secrets.
const FILES: [&str; 16] = [
    ".txt", ".key", ".pem", ".secret", ".secrets", ".json", ".yaml", ".yml", ".env", ".conf",
    ".toml", ".token", ".asc", ".gpg", ".age", ".enc",
];

/// Letters, digits or `+.-` before `://`; or before a colon alone, where they are known or a word is
/// in the text. `v1:` is none: programs number their secrets so.
fn has_scheme(text: &str, word: bool) -> bool {
    const KNOWN: [&str; 24] = [
        "arn",
        "aws",
        "azure",
        "base32",
        "base64",
        "base64url",
        "bws",
        "cmd",
        "data",
        "doppler",
        "env",
        "exec",
        "file",
        "gcp",
        "hex",
        "keyvault",
        "kms",
        "pass",
        "path",
        "resolve",
        "sops",
        "ssm",
        "vals",
        "vault",
    ];
    let is_scheme = |c: char| matches!(c, 'a'..='z' | '0'..='9' | '+' | '.' | '-');
    text.split_once(':').is_some_and(|(scheme, rest)| {
        scheme.len() > 1
            && scheme.starts_with(|c: char| c.is_ascii_lowercase())
            && scheme.chars().all(is_scheme)
            && (word || rest.starts_with("//") || KNOWN.contains(&scheme))
    })
}

/// `C:\…`, or a path from the root that base64 could not spell, or would spell once in a thousand
/// million times.
fn is_absolute(text: &str, is_path: bool) -> bool {
    const ROOTS: [&str; 24] = [
        "run/",
        "etc/",
        "var/",
        "opt/",
        "usr/",
        "mnt/",
        "tmp/",
        "app/",
        "srv/",
        "dev/",
        "proc/",
        "home/",
        "root/",
        "data/",
        "vault/",
        "config/",
        "secrets/",
        "private/",
        "Users/",
        "Volumes/",
        "Library/",
        "keys/",
        "certs/",
        "workspace/",
    ];
    match text.as_bytes() {
        [drive, b':', b'\\' | b'/', ..] => is_path && drive.is_ascii_alphabetic(),
        [b'/', ..] => {
            ROOTS.iter().any(|root| text[1..].starts_with(root))
                || (is_path && text.contains(['.', '_', '-', '~']))
        }
        _ => false,
    }
}
