//! Text from the environment or a file that cannot be meant as a secret (SPEC §2).
//!
//! Each of these would otherwise be accepted as a secret of its own: one that differs from the one
//! meant by a character that nobody sees, or one that everybody knows.

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
    if is_list(text) || is_commented(text) || is_assigned(text) {
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
    ["\\r\\n", "\\n", "\\r", "\\t"].iter().any(|escape| {
        let rest = text
            .strip_prefix(escape)
            .or_else(|| text.strip_suffix(escape));
        rest.is_some_and(is_plain)
    })
}

/// Whether all are letters, digits, or what base64 has beside them.
fn is_plain(text: &str) -> bool {
    text.chars()
        .all(|c| c.is_ascii_alphanumeric() || "-_+/=".contains(c))
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
            is_plain(inside) || (inside.starts_with(is_quote) && inside.ends_with(is_quote))
        });
    text.contains([',', ';', '，', '、', '；'])
        || bracketed
        || ['|', ':', '&', '\\'].into_iter().any(|separator| {
            let mut parts = text.split(separator);
            text.contains(separator) && parts.all(|part| part.len() > UUID && is_plain(part))
        })
}

/// Whether it is like 32 bytes in base64 or hexadecimal. Shorter runs of their characters are in
/// random texts of others, and so are runs without capitals, in an alphabet that has none.
fn is_whole(text: &str) -> bool {
    text.len() >= 40
        && is_plain(text)
        && (text.contains(|c: char| c.is_ascii_uppercase())
            || text.chars().all(|c| c.is_ascii_hexdigit()))
}

/// A comment right behind a secret.
fn is_commented(text: &str) -> bool {
    text.split_once('#')
        .is_some_and(|(secret, _)| is_whole(secret))
}

/// A whole line of a file of variables, `NAME=secret`.
fn is_assigned(text: &str) -> bool {
    text.split_once('=').is_some_and(|(name, secret)| {
        let is_name = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
        name.len() > 2 && name.bytes().all(is_name) && is_whole(secret)
    })
}
