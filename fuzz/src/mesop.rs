//! The profile `mesop`: a token that was not made here never opens; one that was comes back; and
//! whatever JSON is under the seal, the lines are those of the cookies that it names and of nothing
//! else.

use std::sync::LazyLock;

use apply_cookies_protocol::fuzzing::sign_mesop;
use apply_cookies_protocol::mesop::{
    MesopCookie, MesopKeys, MesopValueCodec, parse_operation, seal,
};
use apply_cookies_protocol::{
    BindingPolicy, Grant, Nonce, Protection, Secret, Stamp, UntrustedToken, check_json,
};
use arbitrary::Arbitrary;
use serde_json::json;

use crate::Damage;
use crate::browser::parse;
use crate::draft::{Draft, SameSiteDraft};
use crate::ring::NOW;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    iv: [u8; 16],
    damage: Damage,
    drafts: Vec<Draft<'a>>,
    value: &'a str,
    field: &'a [u8],
    text: &'a str,
    json: &'a [u8],
}

static KEYS: LazyLock<MesopKeys> = LazyLock::new(|| {
    let secret = Secret::from_mesop("8uNnT5lZQ0zGm1rVxkPqYc3sEJfHdOaW7bKtLi2vRyA");
    MesopKeys::new(&secret.expect("strong"))
});

fn codecs(name: &str) -> [MesopValueCodec; 3] {
    [Protection::Plain, Protection::Signed, Protection::Encrypted]
        .map(|protection| MesopValueCodec::new(&KEYS, name, protection).expect("good name"))
}

static CODECS: LazyLock<[MesopValueCodec; 3]> = LazyLock::new(|| codecs("session"));
static OTHERS: LazyLock<[MesopValueCodec; 3]> = LazyLock::new(|| codecs("sessions"));

pub fn mesop(data: &[u8]) {
    let Some(input) = crate::input::<Input<'_>>(data) else {
        return;
    };
    let mut buffer = Vec::new();
    let opens = |text: &str| {
        let mut buffer = Vec::new();
        UntrustedToken::new(text)
            .open_mesop(&KEYS, &mut buffer)
            .is_ok()
    };
    assert!(!opens(input.text), "not made here");

    // Any JSON under the seal.
    let signed = sign_mesop(&KEYS, input.json, NOW.get() / 1000);
    if let Ok(token) = UntrustedToken::new(&signed).open_mesop(&KEYS, &mut buffer) {
        // The tools show exactly what the endpoint emits.
        let cookies = token.cookies(NOW).map(<[MesopCookie]>::to_vec);
        if let Ok(verified) = token.verify(NOW, BindingPolicy::Optional, None)
            && let Ok(prepared) = verified.prepare()
        {
            let lines = prepared.release(Grant::First);
            let cookies = cookies.expect("emitted");
            assert_eq!(lines.iter().len(), cookies.len());
            for (line, cookie) in lines.iter().zip(&cookies) {
                reads_back(line, cookie);
            }
            seals(&cookies, input.iv, &input.damage);
        }
    }

    // Any drafts.
    let cookies: Vec<MesopCookie> = input.drafts.iter().filter_map(cookie_of).collect();
    for cookie in &cookies {
        reads_back(&cookie.to_set_cookie(NOW).expect("checked"), cookie);
    }
    seals(&cookies, input.iv, &input.damage);

    values(&input);
}

/// The browser stores the cookie under its name, and Werkzeug reads its value.
fn reads_back(line: &str, cookie: &MesopCookie) {
    assert!(line.bytes().all(|byte| matches!(byte, 0x20..=0x7E)));
    let stored = parse(line).expect("a browser stores it");
    assert_eq!(stored.name, cookie.name());
    assert!(!stored.partitioned);
    let codec = MesopValueCodec::plain(cookie.name()).expect("checked");
    let read = codec
        .decode(stored.value.as_bytes(), NOW)
        .expect("written here");
    assert_eq!(read.text(), cookie.value());
    // No attribute occurs twice, as one added by a name or a domain would.
    let mut keys: Vec<&str> = line
        .split("; ")
        .skip(1)
        .map(|attribute| attribute.split('=').next().unwrap_or(attribute))
        .collect();
    let count = keys.len();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), count, "{line}");
}

/// What is sealed opens, and nothing else does.
fn seals(cookies: &[MesopCookie], random: [u8; 16], damage: &Damage) {
    let nonce = Nonce::from_random(random);
    let Ok(token) = seal(&KEYS, nonce, NOW, None, cookies) else {
        return;
    };
    let mut buffer = Vec::new();
    let opened = UntrustedToken::new(token.as_str())
        .open_mesop(&KEYS, &mut buffer)
        .expect("made here");
    assert_eq!(opened.id(), token.id());
    let again = opened.cookies(NOW).expect("sealed here");
    assert_eq!(again.len(), cookies.len());
    for (again, cookie) in again.iter().zip(cookies) {
        // A fractional age may change in its last digit.
        assert_eq!(
            (again.name(), again.value()),
            (cookie.name(), cookie.value())
        );
    }
    let mut damaged = token.as_str().as_bytes().to_vec();
    damage.apply(&mut damaged);
    if let Ok(text) = String::from_utf8(damaged) {
        let mut buffer = Vec::new();
        let opens = UntrustedToken::new(&text)
            .open_mesop(&KEYS, &mut buffer)
            .is_ok();
        assert_eq!(opens, text == token.as_str());
    }
}

fn cookie_of(draft: &Draft<'_>) -> Option<MesopCookie> {
    let operation = if draft.delete {
        json!({
            "op": "delete", "name": draft.name, "path": draft.path, "domain": draft.domain,
            "secure": draft.secure,
        })
    } else {
        json!({
            "op": "set", "name": draft.name, "value": draft.value, "path": draft.path,
            "domain": draft.domain, "max_age": draft.max_age, "secure": draft.secure,
            "http_only": draft.http_only, "same_site": draft.same_site.map(SameSiteDraft::as_str),
        })
    };
    parse_operation(&operation.to_string(), NOW).ok()
}

fn values(input: &Input<'_>) {
    let stamp = Stamp::new(NOW, input.iv);
    for (codec, other) in CODECS.iter().zip(OTHERS.iter()) {
        let plain = codec.protection() == Protection::Plain;
        // Any bytes.
        assert!(codec.decode(input.field, NOW).is_err() || plain);
        // Any text.
        let Ok(value) = codec.encode(input.value, &stamp) else {
            continue;
        };
        let opened = codec.decode(value.as_bytes(), NOW).expect("made here");
        assert_eq!(opened.text(), input.value);
        let mut damaged = value.clone().into_bytes();
        input.damage.apply(&mut damaged);
        if !plain && damaged != value.as_bytes() {
            // In quotes it is the same value.
            let quoted = damaged.first() == Some(&b'"');
            assert!(quoted || codec.decode(&damaged, NOW).is_err());
        }
        if codec.protection() == Protection::Signed {
            assert!(other.decode(value.as_bytes(), NOW).is_err());
        }
        // An object that is encrypted here is bound to its name.
        if check_json(input.value.as_bytes()).is_ok()
            && let Ok(value) = codec.encode_json_text(input.value, &stamp)
            && let Ok(opened) = codec.decode(value.as_bytes(), NOW)
        {
            assert!(check_json(opened.text().as_bytes()).is_ok());
            let object = opened.text().starts_with('{');
            if object && !plain {
                assert!(other.decode(value.as_bytes(), NOW).is_err());
            }
        }
    }
}
