//! The ordinary vectors: one of each kind.

use serde_json::{Value, json};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::support::raw::{
    AGE, ELSEWHERE, ORDINARY, PARTITIONED, RawKeys, RawOperation, RawPayload, delete, set, set_for,
    varint,
};
use crate::support::{OTHER_SECRET, SECRET, browser};

pub(crate) const NOW: u64 = 1_795_000_000_000;
pub(crate) const IV: [u8; 16] = *b"initialise 12345";

/// What every vector is made of, unless it says otherwise.
pub(crate) fn base() -> RawPayload {
    RawPayload {
        encrypted: false,
        flags: 0,
        nonce: *b"nonce of vectors",
        issued_at: NOW,
        lifetime: 60_000,
        optional: Vec::new(),
        path: Vec::new(),
        count: 1,
        operations: vec![set(ORDINARY, "session", "8f14e45f", "/", "")],
    }
}

pub(crate) fn seal(keys: &RawKeys, payload: &RawPayload) -> String {
    if payload.encrypted {
        keys.encrypted(payload.issued_at / 1000, IV, &payload.bytes())
    } else {
        keys.signed(&payload.bytes())
    }
}

pub(crate) type Case = (String, Value);

pub(crate) fn all() -> Vec<Case> {
    [
        accepted(),
        misshapen(),
        bad_payloads(),
        bad_operations(),
        not_emitted(),
        refused(),
    ]
    .concat()
}

pub(crate) fn operation(set: &str) -> Value {
    serde_json::from_str(set).unwrap()
}

pub(crate) const SESSION: &str = r#"{"op":"set","name":"session","value":"8f14e45f","max_age":null,"path":"/","domain":null,"secure":true,"http_only":true,"same_site":"Lax","partitioned":false}"#;

fn accepted() -> Vec<Case> {
    let keys = RawKeys::of(SECRET);
    let base = base();
    let case = |name: &str,
                comment: &str,
                payload: &RawPayload,
                then: Value,
                operations: Vec<&str>,
                lines: &[&str]| {
        let bound = payload.flags & 4 != 0;
        let vector = json!({
            "comment": comment,
            "secret": SECRET,
            "previous_secrets": [],
            "now": NOW + 1_000,
            "binding_required": bound,
            "binding_cookie": bound.then(|| browser(1).to_text()),
            "iv": payload.encrypted.then(|| URL_SAFE_NO_PAD.encode(IV)),
            "token": seal(&keys, payload),
            "opened": {
                "seal": if payload.encrypted { "encrypted" } else { "signed" },
                "nonce": "bm9uY2Ugb2YgdmVjdG9ycw",
                "issued_at": payload.issued_at,
                "expires_at": payload.issued_at + u64::from(payload.lifetime),
                "barrier": payload.flags & 1 != 0,
                "scope": (payload.flags & 2 != 0).then(|| URL_SAFE_NO_PAD.encode(&payload.optional[..16])),
                "bound": bound,
                "then": then,
                "operations": operations.into_iter().map(operation).collect::<Vec<_>>(),
            },
            "set_cookie": lines,
        });
        (format!("accept/{name}"), vector)
    };
    let line = "session=8f14e45f; Path=/; Secure; HttpOnly; SameSite=Lax";
    let encrypted = RawPayload {
        encrypted: true,
        ..base.clone()
    };
    let path = b"/inbox";
    let full = RawPayload {
        encrypted: true,
        flags: 0b1111,
        optional: [&b"scope of a store"[..], &keys.binding(&[1; 32]), &[3, 6]].concat(),
        path: path.to_vec(),
        ..base.clone()
    }
    .with(vec![
        set_for(
            34_560_000,
            set(0b1_1110 | PARTITIONED, "__Host-sid", "a.b-c_d~", "/", ""),
        ),
        set(0, "theme", "", "", "app.example"),
        delete(0b10 | PARTITIONED, "old", "/app"),
    ]);
    let longest = RawPayload {
        lifetime: 86_400_000,
        ..base.clone()
    };
    let largest = "v".repeat(4095);
    let large = base
        .clone()
        .with(vec![set(ORDINARY, "n", &largest, "/", "")]);
    let large_json = SESSION
        .replace("\"session\"", "\"n\"")
        .replace("8f14e45f", &largest);
    let large_line = format!("n={largest}; Path=/; Secure; HttpOnly; SameSite=Lax");
    vec![
        case(
            "signed",
            "one cookie, signed",
            &base,
            Value::Null,
            vec![SESSION],
            &[line],
        ),
        case(
            "encrypted",
            "one cookie, encrypted",
            &encrypted,
            Value::Null,
            vec![SESSION],
            &[line],
        ),
        case(
            "longest-lifetime",
            "a lifetime of exactly one day",
            &longest,
            Value::Null,
            vec![SESSION],
            &[line],
        ),
        case(
            "largest-cookie",
            "name and value of 4096 bytes together",
            &large,
            Value::Null,
            vec![&large_json],
            &[&large_line],
        ),
        case(
            "everything",
            "barrier, scope, binding, an action, and three operations with every attribute between them",
            &full,
            json!({"go": "/inbox"}),
            vec![
                r#"{"op":"set","name":"__Host-sid","value":"a.b-c_d~","max_age":34560000,"path":"/","domain":null,"secure":true,"http_only":true,"same_site":"None","partitioned":true}"#,
                r#"{"op":"set","name":"theme","value":"","max_age":null,"path":null,"domain":"app.example","secure":false,"http_only":false,"same_site":null,"partitioned":false}"#,
                r#"{"op":"delete","name":"old","path":"/app","domain":null,"secure":true,"partitioned":true}"#,
            ],
            &[
                "__Host-sid=a.b-c_d~; Path=/; Max-Age=34560000; Secure; HttpOnly; SameSite=None; Partitioned",
                "theme=; Domain=app.example",
                "old=; Path=/app; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure; HttpOnly; Partitioned",
            ],
        ),
    ]
}

pub(crate) fn rejected(name: &str, comment: &str, token: &str) -> Case {
    let vector = json!({
        "comment": comment,
        "secret": SECRET,
        "previous_secrets": [],
        "now": NOW + 1_000,
        "binding_required": false,
        "binding_cookie": null,
        "token": token,
    });
    (format!("reject/{name}"), vector)
}

/// The key id is only a hint: the key that it names has not made this MAC.
fn under_another_key_id(token: &str) -> Case {
    let id = RawKeys::of(OTHER_SECRET).key_id;
    let sealed = URL_SAFE_NO_PAD.decode(&token[3..]).unwrap();
    let token = URL_SAFE_NO_PAD.encode([&id, &sealed[4..]].concat());
    let (name, mut vector) = rejected(
        "forged/under-another-key-id",
        "the key id of another key of the ring",
        &format!("s1.{token}"),
    );
    vector["previous_secrets"] = json!([OTHER_SECRET]);
    (name, vector)
}

/// What is refused before any payload is read.
fn misshapen() -> Vec<Case> {
    let keys = RawKeys::of(SECRET);
    let good = seal(&keys, &base());
    let encrypted = seal(
        &keys,
        &RawPayload {
            encrypted: true,
            ..base()
        },
    );
    // This token's length leaves unused low bits in the last character; another character with
    // the same high bits decodes to the same bytes in a lenient decoder.
    let uneven = seal(
        &keys,
        &base().with(vec![set(ORDINARY, "session", "8f14e45f0", "/", "")]),
    );
    assert_ne!(uneven[3..].len() % 4, 0);
    let (head, last) = uneven.split_at(uneven.len() - 1);
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let neighbour = alphabet.find(last).unwrap() + 1;
    let lenient = format!("{head}{}", &alphabet[neighbour..=neighbour]);
    let forge = |text: &str, at: usize| {
        let other = if &text[at..=at] == "A" { "B" } else { "A" };
        format!("{}{other}{}", &text[..at], &text[at + 1..])
    };
    let other = RawKeys::of(OTHER_SECRET);
    vec![
        rejected("version/empty", "no text at all", ""),
        rejected("version/no-prefix", "the prefix is missing", &good[3..]),
        rejected(
            "version/upper-case",
            "the prefix has one spelling",
            &good.replacen("s1.", "S1.", 1),
        ),
        rejected(
            "version/later",
            "a version that does not exist",
            &good.replacen("s1.", "s2.", 1),
        ),
        rejected(
            "version/space-in-front",
            "nothing is trimmed",
            &format!(" {good}"),
        ),
        rejected("form/padded", "padding characters", &format!("{good}=")),
        rejected(
            "form/newline-at-the-end",
            "nothing is trimmed",
            &format!("{good}\n"),
        ),
        rejected(
            "form/standard-alphabet",
            "a character of the other base64 alphabet",
            &format!("{}+", &good[..good.len() - 1]),
        ),
        rejected(
            "form/unused-bits",
            "the last character's unused bits are not zero",
            &lenient,
        ),
        rejected(
            "form/one-character-over",
            "a number of characters that encodes nothing",
            "s1.AAAAA",
        ),
        rejected("form/prefix-only", "no body", "e1."),
        rejected(
            "form/shorter-than-a-tag",
            "key id, then less than a MAC",
            &keys.text("s1.", &[0; 31]),
        ),
        rejected(
            "key/another-secret",
            "sealed with a secret that is not in the ring",
            &seal(&other, &base()),
        ),
        under_another_key_id(&good),
        rejected(
            "key/zero",
            "a key id of zeros",
            "s1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        ),
        rejected(
            "forged/signed-payload",
            "one character of the payload changed",
            &forge(&good, 60),
        ),
        rejected(
            "forged/signed-tag",
            "one character of the MAC changed",
            &forge(&good, good.len() - 10),
        ),
        rejected(
            "forged/encrypted-payload",
            "one character of the ciphertext changed",
            &forge(&encrypted, 60),
        ),
        rejected(
            "forged/encrypted-tag",
            "one character of the MAC changed",
            &forge(&encrypted, encrypted.len() - 10),
        ),
        rejected(
            "forged/signed-as-encrypted",
            "the prefix says another seal",
            &good.replacen("s1.", "e1.", 1),
        ),
        rejected(
            "forged/encrypted-as-signed",
            "the prefix says another seal",
            &encrypted.replacen("e1.", "s1.", 1),
        ),
        rejected(
            "forged/encrypted-too-short",
            "key id, then less than a Fernet token",
            &keys.text("e1.", &[0x80; 40]),
        ),
        rejected(
            "too-long/by-one",
            "12289 characters",
            &format!("s1.{}", "A".repeat(12_286)),
        ),
    ]
}

/// Authentic payloads that are not laid out as SPEC §5 says.
fn bad_payloads() -> Vec<Case> {
    let keys = RawKeys::of(SECRET);
    let base = base();
    let bad = |name: &str, comment: &str, change: &dyn Fn(&mut RawPayload)| {
        let mut payload = base.clone();
        change(&mut payload);
        rejected(
            &format!("payload/{name}"),
            comment,
            &keys.signed(&payload.bytes()),
        )
    };
    let whole = base.bytes();
    vec![
        bad("unknown-flag", "a flag that does not exist", &|p| {
            p.flags = 0x10;
        }),
        bad("never-valid", "it ends when it is issued", &|p| {
            p.lifetime = 0;
        }),
        bad("lives-too-long", "a millisecond more than a day", &|p| {
            p.lifetime = 86_400_001;
        }),
        bad(
            "issued-after-the-last-year",
            "a time after the year 9999",
            &|p| {
                p.issued_at = 253_402_300_800_000;
                p.lifetime = 1;
            },
        ),
        bad(
            "ends-after-the-last-year",
            "a time after the year 9999",
            &|p| {
                p.issued_at = 253_402_300_799_999;
                p.lifetime = 1;
            },
        ),
        bad("no-operations", "an empty batch", &|p| {
            p.count = 0;
            p.operations.clear();
        }),
        bad("too-many-operations", "21 operations", &|p| {
            let all = (0..21).map(|n| set(ORDINARY, &format!("c{n}"), "v", "/", ""));
            *p = p.clone().with(all.collect());
        }),
        bad(
            "fewer-operations-than-counted",
            "the count is too high",
            &|p| p.count = 2,
        ),
        bad(
            "more-operations-than-counted",
            "the count is too low",
            &|p| p.operations.push(set(ORDINARY, "b", "v", "/", "")),
        ),
        bad("bytes-left-over", "something follows the last text", &|p| {
            p.operations[0].texts.push(b'x');
        }),
        bad(
            "name-beyond-the-end",
            "a length that leaves the payload",
            &|p| p.operations[0].numbers[1] = 0x7F,
        ),
        bad("value-is-not-utf8", "bytes that are no text", &|p| {
            *p.operations[0].texts.last_mut().unwrap() = 0xFF;
        }),
        bad(
            "text-ends-inside-a-character",
            "name and value are text only together",
            &|p| {
                p.operations[0] = set(ORDINARY, "ab", "cd", "/", "");
                p.operations[0].texts = "a\u{e9}d".into();
            },
        ),
        bad("action-unknown", "an action that does not exist", &|p| {
            p.flags = 0x08;
            p.optional = vec![9];
        }),
        bad("action-elsewhere", "a path that leaves the origin", &|p| {
            p.flags = 0x08;
            p.optional = vec![3, 14];
            p.path = b"//evil.example".to_vec();
        }),
        rejected("payload/empty", "no payload at all", &keys.signed(&[])),
        rejected(
            "payload/cut-off",
            "the last byte is missing",
            &keys.signed(&whole[..whole.len() - 1]),
        ),
    ]
}

/// Operations that have another, shorter or correct, encoding.
fn bad_operations() -> Vec<Case> {
    let keys = RawKeys::of(SECRET);
    let bad = |name: &str, comment: &str, operation: RawOperation| {
        rejected(
            &format!("payload/{name}"),
            comment,
            &keys.signed(&base().with(vec![operation]).bytes()),
        )
    };
    let of = |flags: u32, numbers: &[&[u8]], texts: &str| RawOperation {
        numbers: [varint(flags), numbers.concat()].concat(),
        texts: texts.into(),
    };
    // The same operation with one number in a longer form.
    let longer = |name: &str, flags: u32, numbers: &[&[u8]], texts: &str| {
        bad(
            &format!("longer-form-of-{name}"),
            "a number has one form, the shortest",
            of(flags, numbers, texts),
        )
    };
    let mut cases = vec![
        bad(
            "longer-form-of-flags",
            "a number has one form, the shortest",
            RawOperation {
                numbers: vec![0x96, 0, 1, 1],
                texts: b"av".to_vec(),
            },
        ),
        longer("name", ORDINARY, &[&[0x81, 0], &[1]], "av"),
        longer("value", ORDINARY, &[&[1], &[0x81, 0x80, 0]], "av"),
        longer(
            "path",
            ORDINARY | ELSEWHERE,
            &[&[1, 1], &[0x82, 0], &[0]],
            "av/x",
        ),
        longer(
            "domain",
            ORDINARY | ELSEWHERE,
            &[&[1, 1], &[2], &[0x80, 0]],
            "av/x",
        ),
        longer(
            "age",
            ORDINARY | AGE,
            &[&[1, 1], &[0x80, 0x80, 0x80, 0]],
            "av",
        ),
        bad(
            "number-goes-on-behind-a-group-of-zeros",
            "a number ends with its first byte below 128, here in a longer form",
            of(ORDINARY | AGE, &[&[1, 1], &[0x80, 0, 1]], "av"),
        ),
        bad(
            "number-of-five-bytes",
            "four are the most",
            of(
                ORDINARY | AGE,
                &[&[1, 1], &[0x80, 0x80, 0x80, 0x80, 1]],
                "av",
            ),
        ),
        bad(
            "number-without-end",
            "another byte should follow",
            of(ORDINARY, &[&[0x80]], ""),
        ),
        bad(
            "usual-place-spelled-out",
            "path / and no domain are the absence of bit 6",
            of(ORDINARY | ELSEWHERE, &[&[1, 1, 1, 0]], "av/"),
        ),
        bad(
            "delete-in-the-usual-place-spelled-out",
            "path / and no domain are the absence of bit 6",
            of(0b11 | ELSEWHERE, &[&[1, 1, 0]], "a/"),
        ),
        bad(
            "delete-with-http-only",
            "a flag that a deletion does not have",
            delete(0b100, "a", "/"),
        ),
        bad(
            "delete-with-same-site",
            "a flag that a deletion does not have",
            delete(0b1_0000, "a", "/"),
        ),
        bad(
            "delete-with-max-age",
            "a flag that a deletion does not have",
            of(1 | AGE, &[&[1, 0]], "a"),
        ),
    ];
    cases.extend((8..14).map(|bit| {
        bad(
            &format!("unknown-flag-{bit}-of-an-operation"),
            "reserved: refused, not ignored",
            set(ORDINARY | 1 << bit, "a", "v", "/", ""),
        )
    }));
    cases.push(bad(
        "unknown-flag-14-of-an-operation",
        "flags take two bytes at most",
        set(ORDINARY | 1 << 14, "a", "v", "/", ""),
    ));
    cases
}

/// Whole payloads whose cookies a browser or proxy would not take.
fn not_emitted() -> Vec<Case> {
    let keys = RawKeys::of(SECRET);
    let base = base();
    let bad = |name: &str, comment: &str, operations: Vec<RawOperation>| {
        rejected(
            &format!("cannot-emit/{name}"),
            comment,
            &keys.signed(&base.clone().with(operations).bytes()),
        )
    };
    let one = |name: &str, value: &str, path: &str, domain: &str| {
        vec![set(ORDINARY, name, value, path, domain)]
    };
    let large = "v".repeat(3_000);
    vec![
        bad("name-empty", "no name", one("", "v", "/", "")),
        bad(
            "name-with-attribute",
            "a name that would inject an attribute",
            one("a; Domain=evil.example; b", "v", "/", ""),
        ),
        bad(
            "name-reserved",
            "the binding cookie's own name",
            one("__Host-apply-cookies", "v", "/", ""),
        ),
        bad(
            "name-forges-a-prefix",
            "it percent-decodes to __Host-",
            one("%5F%5FHost-sid", "v", "/", ""),
        ),
        bad(
            "value-with-newline",
            "a line break",
            one("a", "v\r\nSet-Cookie: b=c", "/", ""),
        ),
        bad(
            "value-with-space",
            "not a cookie-octet",
            one("a", "b c", "/", ""),
        ),
        bad(
            "path-relative",
            "no slash in front",
            one("a", "v", "app", ""),
        ),
        bad(
            "path-with-semicolon",
            "a path that would inject an attribute",
            one("a", "v", "/;Domain=evil.example", ""),
        ),
        bad(
            "domain-is-an-address",
            "browsers refuse it",
            one("a", "v", "/", "127.0.0.1"),
        ),
        bad(
            "domain-upper-case",
            "one spelling per domain",
            one("a", "v", "/", "App.example"),
        ),
        bad(
            "host-prefix-with-path",
            "__Host- demands the path /",
            one("__Host-a", "v", "/app", ""),
        ),
        bad(
            "host-prefix-in-lower-case",
            "prefixes count without case",
            one("__host-a", "v", "/", "app.example"),
        ),
        bad(
            "secure-prefix-without-secure",
            "__Secure- demands Secure",
            vec![set(0, "__Secure-a", "v", "/", "")],
        ),
        bad(
            "same-site-none-without-secure",
            "browsers refuse it",
            vec![set(0b1_1000, "a", "v", "/", "")],
        ),
        bad(
            "partitioned-without-secure",
            "browsers refuse it",
            vec![set(PARTITIONED, "a", "v", "/", "")],
        ),
        bad(
            "too-large",
            "name and value of 4097 bytes",
            one("n", &"v".repeat(4096), "/", ""),
        ),
        bad(
            "max-age-too-long",
            "400 days and a second",
            vec![set_for(34_560_001, set(ORDINARY, "a", "v", "/", ""))],
        ),
        bad(
            "lines-too-long",
            "more than 6144 bytes of header lines",
            vec![
                set(ORDINARY, "a", &large, "/", ""),
                set(ORDINARY, "b", &large, "/", ""),
                set(ORDINARY, "c", "v", "/", ""),
            ],
        ),
        bad(
            "same-cookie-twice",
            "two lines for one cookie",
            vec![
                set(ORDINARY, "a", "1", "/", ""),
                set(ORDINARY, "a", "2", "/", ""),
            ],
        ),
    ]
}

/// Authentic tokens that may not be used here and now.
fn refused() -> Vec<Case> {
    let keys = RawKeys::of(SECRET);
    let base = base();
    let bound = RawPayload {
        flags: 0b100,
        optional: keys.binding(&[1; 32]).to_vec(),
        ..base.clone()
    };
    let case = |name: &str, comment: &str, payload: &RawPayload, now: u64, cookie: Option<u8>| {
        let vector = json!({
            "comment": comment,
            "secret": SECRET,
            "previous_secrets": [],
            "now": now,
            "binding_required": true,
            "binding_cookie": cookie.map(|n| browser(n).to_text()),
            "token": seal(&keys, payload),
        });
        (format!("reject/{name}"), vector)
    };
    vec![
        case(
            "expired/at-the-very-millisecond",
            "now is expires_at",
            &bound,
            NOW + 60_000,
            Some(1),
        ),
        case(
            "expired/long-ago",
            "a day later",
            &bound,
            NOW + 86_400_000,
            Some(1),
        ),
        case(
            "not-yet-valid/beyond-the-skew",
            "issued 5001 ms from now",
            &bound,
            NOW - 5_001,
            Some(1),
        ),
        case(
            "wrong-browser/another-cookie",
            "bound to another browser",
            &bound,
            NOW,
            Some(2),
        ),
        case(
            "wrong-browser/no-cookie",
            "the browser sent no binding",
            &bound,
            NOW,
            None,
        ),
        case(
            "wrong-browser/not-bound",
            "a token without a binding where one is required",
            &base,
            NOW,
            Some(1),
        ),
    ]
}
