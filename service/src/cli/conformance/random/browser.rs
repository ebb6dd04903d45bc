//! What browsers send: `Cookie` fields, and the request that asks for a stream.

use serde_json::{Value, json};

use super::draw::{BASE64URL, Draw};

/// `cookie`.
pub(super) fn cookie(draw: &mut Draw) -> Value {
    let name = draw.pick(&["a", "ab", "__Host-sid", "a%2D", "$Version"]);
    let fields: Vec<String> = (0..draw.pick(&[1, 1, 1, 2, 3, 0]))
        .map(|_| {
            let pairs: Vec<String> = (0..draw.below(5)).map(|_| pair(draw, name)).collect();
            pairs.join(draw.pick(&["; ", ";", ";\t", " ; ", ";;"]))
        })
        .collect();
    json!({ "do": "cookie", "fields": fields, "name": name })
}

/// Often of this name, or nearly.
fn pair(draw: &mut Draw, name: &str) -> String {
    let upper = name.to_ascii_uppercase();
    let quoted = format!("\"{name}\"");
    let blank = |draw: &mut Draw| {
        draw.pick(&[
            "", "", "", "", " ", "\t", "  ", "\u{b}", "\u{a0}", "\u{85}", "\r\n", "\u{0}",
        ])
    };
    let name = draw.pick(&[
        name, name, name, name, name, "b", "x", &upper, &quoted, "", "$Path", "ab", "a",
    ]);
    let length = draw.below(6);
    let value = draw.text(length, "ab =\"%41,\t\u{0}\u{7f}\u{80}\u{a0}é\u{ff}");
    let equals = draw.pick(&[
        "=", "=", "=", "=", "=", "=", "=", "=", "=", "==", "", " =", "= ", "\t=",
    ]);
    format!(
        "{}{name}{}{equals}{}{value}{}",
        blank(draw),
        draw.pick(&["", "", "", "", "", "", "", " "]),
        blank(draw),
        blank(draw)
    )
}

const HTTPS: &[&str] = &["https://app.example"];
const SEVERAL: &[&str] = &[
    "http://localhost:8080",
    "https://app.example",
    "https://app.example:8443",
];
const HTTP: &[&str] = &["http://localhost:8080", "http://127.0.0.1:8080"];

/// `binding`.
pub(super) fn binding(draw: &mut Draw) -> Value {
    let origin = draw.pick(&[
        None,
        None,
        None,
        Some("https://app.example"),
        Some("https://app.example:8443"),
        Some("http://localhost:8080"),
        Some("https://evil.example"),
        Some("null"),
        Some(""),
        Some("HTTPS://app.example"),
        Some("https://app.example/"),
        Some("https://app.example.evil.example"),
        Some("\u{ff}"),
    ]);
    let cookies: Vec<String> = (0..draw.pick(&[0, 1, 1, 2]))
        .map(|_| cookies(draw))
        .collect();
    json!({
        "do": "binding",
        "origins": draw.pick(&[HTTPS, HTTPS, SEVERAL, HTTP]),
        "method": draw.pick(&["GET", "GET", "GET", "POST", "HEAD", "get", "CONNECT"]),
        "cookie": cookies,
        "origin": origin,
        "sec_fetch_site": draw.pick(&[None, Some("same-origin"), Some("same-origin"), Some("none"), Some("same-site"), Some("cross-site"), Some("Same-Origin"), Some("")]),
        "sec_fetch_mode": draw.pick(&[None, Some("cors"), Some("navigate"), Some("navigate"), Some("no-cors"), Some("websocket")]),
        "sec_fetch_dest": draw.pick(&[None, Some("empty"), Some("document"), Some("document"), Some("iframe"), Some("frame"), Some("image"), Some("embed")]),
        "fresh": draw.base64::<32>(),
    })
}

fn cookies(draw: &mut Draw) -> String {
    let pairs: Vec<String> = (0..draw.below(4))
        .map(|_| {
            let name = draw.pick(&[
                "__Host-apply-cookies",
                "__Host-apply-cookies",
                "apply-cookies",
                "apply-cookies",
                "session",
                "__host-apply-cookies",
            ]);
            let good = draw.base64::<32>();
            let value = match draw.below(4) {
                0 => draw.change(&good, BASE64URL),
                1 => draw.pick(&["", "x", "\"\"", "="]).to_owned(),
                _ => good,
            };
            format!("{name}={value}")
        })
        .collect();
    pairs.join("; ")
}
