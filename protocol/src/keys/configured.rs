//! Text from the environment or a file that cannot be meant as a secret (SPEC §2).
//!
//! Each of these would otherwise be accepted as a secret of its own: one that differs from the one
//! meant by a character that nobody sees, or one that everybody knows.

use zeroize::Zeroizing;

use super::weak::WeakSecret;
use crate::limits::SECRET_MIN;

/// Refuses what stands beside a secret, and several in place of one. `text` has lost its line end.
pub(super) fn check_alone(text: &str) -> Result<(), WeakSecret> {
    // An escape that nothing has expanded was meant as white space.
    let escape = |end: &str| ["\\n", "\\r", "\\t"].contains(&end);
    let ends = [text.get(..2), text.get(text.len().saturating_sub(2)..)];
    if text.contains(|c: char| c.is_whitespace()) || ends.into_iter().flatten().any(escape) {
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

/// A comma separates previous secrets, so no secret has one. Of the other separators only a
/// semicolon is refused alone: the rest where what they separate would be secrets.
fn is_list(text: &str) -> bool {
    text.contains([',', ';', '，', '、', '；'])
        || text.starts_with(['[', '{', '('])
        || ['|', ':', '&', '\\'].into_iter().any(|separator| {
            let parts = text.split(separator);
            parts.filter(|part| part.len() >= SECRET_MIN).count() > 1
        })
}

/// Refuses templates that nothing has filled in, in the syntax of shells, of Docker Compose, Helm,
/// Ansible, ERB and Windows, and of tools that replace words.
pub(super) fn check_is_no_template(text: &str) -> Result<(), WeakSecret> {
    const OPENINGS: [&str; 9] = ["${", "$(", "{{", "}}", "<%", "%>", "#{", "[[", "$env:"];
    let lower = Zeroizing::new(text.to_ascii_lowercase());
    let opened = OPENINGS.iter().any(|opening| lower.contains(opening));
    let angles = lower.split('<').skip(1).any(|rest| {
        let inside = rest.split_once('>').map(|(inside, _)| inside);
        inside.is_some_and(|name| name.len() > 1 && is_name(name))
    });
    // `%NAME%`; every second part is between two marks.
    let parts: Vec<&str> = lower.split('%').collect();
    let percents = parts.len() > 2
        && parts[1..parts.len() - 1]
            .iter()
            .any(|name| name.len() > 2 && is_name(name));
    let whole = [("$", ""), ("@", "@"), ("__", "__")]
        .into_iter()
        .any(|(open, close)| {
            let inside = text
                .strip_prefix(open)
                .and_then(|rest| rest.strip_suffix(close));
            // A random secret of URL-safe base64 may have underscores at its ends.
            let shouted =
                |name: &str| open != "__" || !name.contains(|c: char| c.is_ascii_lowercase());
            inside.is_some_and(|name| is_name(name.trim_matches(['@', '_'])) && shouted(name))
        });
    if opened || angles || percents || whole {
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

/// Refuses paths and names of secrets that are kept elsewhere. No random secret in hexadecimal or
/// base64 looks like one: base64 has a `/` but no `:`, `.`, `\`, `~` or `@`.
pub(super) fn check_is_no_reference(text: &str) -> Result<(), WeakSecret> {
    let lower = Zeroizing::new(text.to_ascii_lowercase());
    let starts = |marks: &[&str]| marks.iter().any(|mark| text.starts_with(mark));
    let is_reference = text.contains("://")
        || has_scheme(text)
        || starts(&["./", "../", "~/", ".\\", "..\\", "~\\", "\\\\", "@/", "@./", "~+/"])
        || starts(&["ENC(", "ENC[", "@Microsoft."])
        || is_absolute(text)
        || ["secret/", "secrets/", "secret\\", "secrets\\"].iter().any(|folder| lower.contains(folder))
        || FILES.iter().any(|ending| lower.ends_with(ending))
        // Only base64 has both a slash and upper case without being a path.
        || (text.contains('/') && text.chars().all(|c| matches!(c, 'a'..='z' | '0'..='9') || "._/~@:+-".contains(c)))
        || (text.matches('\\').count() > 1 && text.chars().all(|c| c.is_ascii_alphanumeric() || "._\\:- ".contains(c)));
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

/// `arn:`, `vault:`, `op:`, `env:` and others: two or more letters, digits or `+.-`, and a colon.
fn has_scheme(text: &str) -> bool {
    let is_scheme = |c: char| matches!(c, 'a'..='z' | '0'..='9' | '+' | '.' | '-');
    text.split_once(':').is_some_and(|(scheme, _)| {
        scheme.len() > 1
            && scheme.starts_with(|c: char| c.is_ascii_lowercase())
            && scheme.chars().all(is_scheme)
    })
}

/// `C:\…`, or a path from the root that base64 could not spell, or would spell once in a thousand
/// million times.
fn is_absolute(text: &str) -> bool {
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
        [drive, b':', b'\\' | b'/', ..] => drive.is_ascii_alphabetic(),
        [b'/', ..] => {
            ROOTS.iter().any(|root| text[1..].starts_with(root))
                || text.contains(['.', '_', '-', '~'])
        }
        _ => false,
    }
}
