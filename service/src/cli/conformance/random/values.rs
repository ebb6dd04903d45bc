//! Values of cookies: to write, and to read.

use serde_json::{Value, json};

use super::super::answer::Codec;
use super::draw::{BASE64URL, Draw, OCTETS, ODD, PRINTABLE};
use super::json::document;
use super::sealer::Sealer;
use super::time::{LATEST, time};
use super::tokens::{SECRETS, ring};

/// A cookie's name that is right on every account.
pub(super) fn name(draw: &mut Draw) -> String {
    let long = "n".repeat(draw.pick(&[64, 255, 256, 1000]));
    draw.pick(&[
        "session",
        "a",
        "__Host-sid",
        "__Secure-x",
        "!#$&'*+-.^_`|~0",
        "Session",
        &*long,
    ])
    .to_owned()
}

/// `write-value`.
pub(super) fn write(draw: &mut Draw) -> Value {
    let is_json = draw.once_in(2);
    let length = draw.length(300);
    let near = draw.pick(&[2965, 2975, 2985, 3005, 3015, 3025, 4085]) + draw.below(12);
    let value = match draw.below(if is_json { 4 } else { 8 }) {
        0..=2 => document(draw),
        3 if is_json => format!("\"{}\"", "v".repeat(near - 2)),
        3 | 4 => draw.text(length, ODD),
        5 => draw.text(length, PRINTABLE),
        6 => "v".repeat(near),
        _ => draw.text(length, OCTETS),
    };
    let now = time(draw);
    let protection = draw.pick(&["plain", "signed", "encrypted"]);
    let end = now + draw.pick(&[1, 1000, 3_600_000]);
    let end = draw.pick(&[
        None,
        None,
        Some(end),
        Some(LATEST),
        Some(now),
        Some(now.saturating_sub(1)),
    ]);
    let iv = (protection == "encrypted").then(|| draw.base64::<16>());
    json!({
        "do": "write-value",
        "secret": draw.pick(&SECRETS),
        "name": name(draw),
        "protection": protection,
        "now": now,
        "value": value,
        "json": is_json,
        "expires_at": end.filter(|_| protection != "plain"),
        "iv": iv,
    })
}

/// `read-value`: a value that was written, or nearly.
pub(super) fn read(draw: &mut Draw, codec: &mut Codec) -> Value {
    let mut writing = write(draw);
    writing["json"] = json!(false);
    let protection = writing["protection"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let mut name = writing["name"].as_str().unwrap_or_default().to_owned();
    let secret = writing["secret"].as_str().unwrap_or_default().to_owned();
    // What no reader would take is in order here, too.
    let mut text = codec.answer(&writing)["text"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    match draw.below(9) {
        0 => text = draw.change(&text, BASE64URL),
        1 => text = draw.change(&text, ODD),
        2 if protection == "plain" => {
            let length = draw.length(60);
            text = draw.text(length, "%%%0123abcdefABCDEFghé \"");
        }
        2 => text = misshapen(draw, &text),
        3 | 4 if protection != "plain" => text = authentic(draw, codec, &writing),
        5 if draw.once_in(3) => name = self::name(draw),
        _ => {}
    }
    let written_at = writing["now"].as_u64().unwrap_or_default();
    let end = writing["expires_at"].as_u64().unwrap_or(written_at + 1000);
    let now = draw.pick(&[
        written_at,
        written_at,
        end.saturating_sub(1),
        end,
        end.saturating_add(1).min(LATEST),
    ]);
    let (current, previous) = ring(draw, &secret);
    json!({
        "do": "read-value",
        "secret": current,
        "previous_secrets": previous,
        "name": name,
        "protection": protection,
        "now": now,
        "text": text,
        "json": draw.once_in(2),
    })
}

fn misshapen(draw: &mut Draw, text: &str) -> String {
    let body = text.get(4..).unwrap_or_default();
    let length = draw.pick(&[0, 1, 45, 46, 47, 48, 49, 50]);
    match draw.below(5) {
        0 => format!(
            "{}{body}",
            draw.pick(&["cs1.", "ce1.", "s1.", "e1.", "CS1.", "cs2.", ""])
        ),
        1 => format!("{text}{}", draw.pick(&["=", " ", "A", "\n", "AAAA"])),
        2 => format!(
            "{}{}",
            draw.pick(&["cs1.", "ce1."]),
            draw.text(length, BASE64URL)
        ),
        3 => format!(
            "{}{}",
            text.get(..4).unwrap_or_default(),
            body.replace('-', "+").replace('_', "/")
        ),
        _ => format!(" {text}"),
    }
}

/// Made with the right key, of bytes that may not be laid out as they should.
fn authentic(draw: &mut Draw, codec: &mut Codec, writing: &Value) -> String {
    let text = |field: &str| writing[field].as_str().unwrap_or_default();
    let name = text("name");
    let sealer = Sealer::new(codec, text("secret"), name);
    let now = writing["now"].as_u64().unwrap_or_default();
    let end = draw.pick(&[
        u64::MAX,
        u64::MAX - 1,
        LATEST,
        LATEST + 1,
        now,
        now + 1,
        0,
        1 << 63,
    ]);
    let long = |name: &str| {
        [
            &u16::try_from(name.len()).unwrap_or(0).to_be_bytes()[..],
            name.as_bytes(),
        ]
        .concat()
    };
    // Not UTF-8, one time in a few.
    let odd: &[u8] = draw.pick(&[
        &b""[..],
        b"\xff",
        b"\xed\xa0\x80",
        b"\xc0\x80",
        b"\xf4\x90\x80\x80",
        "é".as_bytes(),
        b"\xc3",
        b"\"\xff\"",
    ]);
    let value = if draw.once_in(2) {
        odd.to_vec()
    } else {
        document(draw).into_bytes()
    };
    let is_signed = text("protection") == "signed";
    let mut body = end.to_be_bytes().to_vec();
    if !is_signed {
        let inside = match draw.below(6) {
            0 => format!("{name}x"),
            1 => name.get(1..).unwrap_or_default().to_owned(),
            2 => name.to_ascii_uppercase(),
            _ => name.to_owned(),
        };
        body.extend(long(&inside));
    }
    body.extend(value);
    if draw.once_in(6) {
        let less = draw.below(body.len() + 1);
        body.truncate(less);
    }
    if is_signed {
        sealer.signed(
            "cs1.",
            &format!("cookie/hmac-sha256/{name}"),
            &long(name),
            &body,
        )
    } else {
        sealer.encrypted(draw, "ce1.", &format!("cookie/fernet/{name}"), &body)
    }
}
