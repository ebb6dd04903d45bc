//! Tokens: to seal, and to open.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::super::answer::Codec;
use super::batch::{as_values, operations};
use super::draw::{BASE64URL, Draw, ODD};
use super::operation::Faults;
use super::sealer::Sealer;
use super::time::{DAY, LATEST, time};

/// Printed ones, and one of 32 bytes.
pub(super) const SECRETS: [&str; 4] = [
    "8uNnT5lZQ0zGm1rVxkPqYc3sEJfHdOaW7bKtLi2vRyA",
    "Zk3vT0pQ8sX1yB6nM4cJ7wL2hG5dF9aRu-cE4iO_qTs",
    "Zk3vT0pQ8sX1yB6nM4cJ7wL2hG5dF9aR",
    "grüne Ameisen zählen 47 Wolken über dem Hafen",
];

/// `seal`.
pub(super) fn seal(draw: &mut Draw) -> Value {
    let faults = draw.pick(&[Faults::None, Faults::None, Faults::None, Faults::OfRules]);
    let operations = operations(draw, faults);
    let operations = as_values(draw, &operations);
    let mut question = sealing(draw, &operations);
    // Beside a fault of an operation, nothing else is wrong.
    if faults == Faults::None {
        match draw.below(25) {
            0 => question["ttl_ms"] = json!(draw.pick(&[0, DAY + 1, 4_294_967_296, LATEST])),
            1 => question["then"] = json!({ "go": bad_path(draw) }),
            _ => {}
        }
        if question["then"]["go"].is_string()
            || question["ttl_ms"].as_u64() > Some(DAY)
            || question["ttl_ms"] == 0
        {
            // The lines could be too long as well.
            question["operations"] = json!([{ "op": "set", "name": "a", "value": "v" }]);
        }
    }
    question
}

/// A question about these operations, with nothing wrong in all the rest.
fn sealing(draw: &mut Draw, operations: &Value) -> Value {
    let is_encrypted = draw.once_in(2);
    let lifetime = draw.between(1, DAY);
    let path = draw.pick(&[0, 1, 125, 126, 127, 1022]);
    let path = format!("/a{}", draw.text(path, "abc?=&#%~!.-_"));
    let path: String = path.replace('%', "%20").chars().take(1024).collect();
    let then = match draw.below(6) {
        0 => json!("reconnect"),
        1 => json!("reload"),
        2 => json!({ "go": path }),
        3 => json!({ "go": "/" }),
        _ => Value::Null,
    };
    let iv = is_encrypted.then(|| draw.base64::<16>());
    let binding = draw.once_in(2).then(|| draw.base64::<32>());
    let scope = draw.once_in(3).then(|| draw.base64::<16>());
    json!({
        "do": "seal",
        "secret": draw.pick(&SECRETS),
        "seal": if is_encrypted { "encrypted" } else { "signed" },
        "now": time(draw),
        "ttl_ms": draw.pick(&[60_000, 60_000, 1, DAY, lifetime]),
        "nonce": draw.base64::<16>(),
        "iv": iv,
        "binding_cookie": binding,
        "scope": scope,
        "barrier": draw.once_in(3),
        "then": then,
        "operations": operations,
    })
}

fn bad_path(draw: &mut Draw) -> String {
    let path = draw.pick(&[
        "",
        "a",
        "//",
        "//a",
        "/\\a",
        "/a\\",
        "/%2f",
        "/a%2Fb",
        "/%5c",
        "/a%5Cb",
        "/a b",
        "/é",
        "/\u{7f}",
        "/\n",
        "https://a.example",
    ]);
    if draw.once_in(5) {
        return format!("/{}", "a".repeat(1024));
    }
    path.to_owned()
}

/// `open`: a sealed token, changed here and there, at some time and in some browser.
pub(super) fn open(draw: &mut Draw, codec: &mut Codec) -> Value {
    let operations = operations(draw, Faults::None);
    let operations = as_values(draw, &operations);
    let mut sealing = sealing(draw, &operations);
    let mut token = codec.answer(&sealing)["token"].take();
    if token.is_null() {
        // Its lines were too long.
        sealing["operations"] = json!([{ "op": "delete", "name": "a" }]);
        token = codec.answer(&sealing)["token"].take();
    }
    let mut token = token.as_str().unwrap_or_default().to_owned();
    let secret = sealing["secret"].as_str().unwrap_or_default();
    match draw.below(8) {
        0 => token = draw.change(&token, BASE64URL),
        1 => token = misshapen(draw, &token),
        2..=4 => {
            let payload = changed_payload(draw, codec, &sealing);
            let sealer = Sealer::new(codec, secret, "a");
            token = if draw.once_in(3) {
                sealer.encrypted(draw, "e1.", "token/fernet/", &payload)
            } else {
                sealer.signed("s1.", "token/hmac-sha256/", b"", &payload)
            };
        }
        _ => {}
    }
    let issued_at = sealing["now"].as_u64().unwrap_or_default();
    let expires_at = issued_at + sealing["ttl_ms"].as_u64().unwrap_or_default();
    let early = issued_at.saturating_sub(draw.pick(&[5_000, 5_001, 4_999, DAY]));
    let late = expires_at + draw.pick(&[0, 1, DAY]);
    let now = draw.pick(&[issued_at, issued_at, issued_at, expires_at - 1, early, late]);
    let (current, previous) = ring(draw, secret);
    json!({
        "do": "open",
        "secret": current,
        "previous_secrets": previous,
        "token": token,
        "now": now.min(LATEST),
        "binding_cookie": cookie(draw, &sealing["binding_cookie"]),
        "binding_required": draw.once_in(2),
    })
}

/// A ring in which this secret is the current one mostly, or a previous one, or none.
pub(super) fn ring<'s>(draw: &mut Draw, secret: &'s str) -> (&'s str, Vec<&'s str>) {
    let others = SECRETS.iter().copied().filter(|other| *other != secret);
    let mut others: Vec<&str> = others.collect();
    draw.shuffle(&mut others);
    match (draw.below(8), &others[..]) {
        (0, [first, ..]) => (first, vec![secret]),
        (1, [first, second, ..]) => (first, vec![second, secret]),
        (2, [first, ..]) => (first, Vec::new()),
        (3, [first, ..]) => (secret, vec![first]),
        _ => (secret, Vec::new()),
    }
}

/// What the browser sends whose binding is sealed, or another.
fn cookie(draw: &mut Draw, sealed: &Value) -> Value {
    let other = draw.base64::<32>();
    let own = sealed.as_str().unwrap_or(&other);
    match draw.below(10) {
        0 => json!(other),
        1 => Value::Null,
        2 => json!(draw.change(own, BASE64URL)),
        3 => json!(draw.pick(&["", "no binding", "=", "é"])),
        4 => json!(format!(
            "{own}{}",
            draw.pick(&["=", "A", " ", "\n", "AAAA"])
        )),
        _ => json!(own),
    }
}

fn misshapen(draw: &mut Draw, token: &str) -> String {
    let body = token.get(3..).unwrap_or_default();
    let length = draw.pick(&[0, 1, 45, 46, 47, 48, 49, 50, 100]);
    match draw.below(9) {
        0 => format!("{token}{}", draw.pick(&["=", "\n", " ", "A", "é"])),
        1 => format!("{}{token}", draw.pick(&[" ", "\n", "e1.", "\u{feff}"])),
        2 => token.replacen(['e', 's'], draw.pick(&["E", "S", "x", "v", ""]), 1),
        3 => format!(
            "{}{body}",
            draw.pick(&["e2.", "s2.", "e1:", "cs1.", "ce1.", "e1", ""])
        ),
        4 => format!(
            "{}{}",
            draw.pick(&["e1.", "s1."]),
            draw.text(length, BASE64URL)
        ),
        5 => format!(
            "{}{}",
            token.get(..3).unwrap_or_default(),
            body.replace('-', "+").replace('_', "/")
        ),
        6 => {
            let length = draw.pick(&[12_284, 12_285, 12_286, 16_384]);
            format!("s1.{}", "A".repeat(length))
        }
        7 => draw.change(token, ODD),
        _ => {
            let swapped = if token.starts_with('e') { "s1." } else { "e1." };
            format!("{swapped}{body}")
        }
    }
}

/// The payload of what is sealed, with a few bytes changed.
fn changed_payload(draw: &mut Draw, codec: &mut Codec, sealing: &Value) -> Vec<u8> {
    let mut signed = sealing.clone();
    signed["seal"] = json!("signed");
    signed["iv"] = Value::Null;
    let token = codec.answer(&signed);
    let body = token["token"].as_str().and_then(|token| token.get(3..));
    let mut payload = URL_SAFE_NO_PAD
        .decode(body.unwrap_or_default())
        .unwrap_or_default();
    payload.drain(..4.min(payload.len()));
    payload.truncate(payload.len().saturating_sub(32));
    for _ in 0..draw.pick(&[0, 1, 1, 1, 2, 3]) {
        if payload.is_empty() {
            break;
        }
        // The header, and the first numbers behind it, matter most.
        let most = draw.pick(&[1, 28, 70, payload.len()]);
        let at = draw.below(most.min(payload.len()));
        let any = draw.bytes::<1>()[0];
        match draw.below(9) {
            0 => payload[at] ^= 1 << draw.below(8),
            1 => payload[at] = any,
            2 => {
                payload.remove(at);
            }
            3 => payload.insert(at, draw.pick(&[0, 1, 0x80, any])),
            4 => payload.truncate(at),
            5 => payload.push(any),
            6 | 7 => {
                // The texts are at the end; what they say is judged last.
                let at = payload.len() - 1 - draw.below(payload.len().min(40));
                payload[at] = draw.pick(b" ;,\"\\=A.%/-_\x00\x7f");
            }
            _ => {
                // The longer form of a number.
                payload[at] |= 0x80;
                payload.insert(at + 1, 0);
            }
        }
    }
    payload
}
