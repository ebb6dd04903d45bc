//! Texts as JSON.

use super::draw::Draw;

/// The JSON of a text, some of its characters as escapes.
pub(super) fn string(draw: &mut Draw, text: &str) -> String {
    let mut json = "\"".to_owned();
    let escapes = draw.once_in(4);
    for one in text.chars() {
        match one {
            '"' | '\\' => json.extend(['\\', one]),
            '/' if escapes && draw.once_in(3) => json.push_str("\\/"),
            '\u{0}'..='\u{1f}' => json.push_str(&escape(one)),
            _ if escapes && draw.once_in(5) => json.push_str(&escape(one)),
            _ => json.push(one),
        }
    }
    json + "\""
}

/// As `\u` writes it: in two halves beyond the first plane.
fn escape(one: char) -> String {
    let mut units = [0; 2];
    let units = one.encode_utf16(&mut units).iter();
    units
        .map(|unit| format!("\\u{unit:04x}"))
        .collect::<Vec<_>>()
        .concat()
}
