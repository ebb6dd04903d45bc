//! Vectors for readers that are nearly right: each was passed by one with a single mistake.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::cases::{Case, NOW, base, rejected, seal};
use crate::edges::{Accepted, plain, refused};
use crate::support::SECRET;
use crate::support::raw::{ORDINARY, PARTITIONED, RawKeys, RawOperation, RawPayload, delete, set};

pub(crate) fn all() -> Vec<Case> {
    [accepted(), payloads(), seals(), places()].concat()
}

fn set_json(name: &str, path: &str, domain: Option<&str>, partitioned: bool) -> Value {
    json!({"op": "set", "name": name, "value": "v", "max_age": null, "path": path, "domain": domain,
           "secure": true, "http_only": true, "same_site": "Lax", "partitioned": partitioned})
}

fn accepted() -> Vec<Case> {
    let with =
        |comment, operations: Vec<RawOperation>, json: Vec<Value>, lines: &[&str]| Accepted {
            payload: base().with(operations),
            operations: json,
            lines: lines.iter().map(|line| (*line).to_owned()).collect(),
            ..plain(comment)
        };
    let mut late = plain("the seconds of a Fernet token are rounded down");
    late.payload.encrypted = true;
    late.payload.issued_at = NOW + 999;
    let path = format!("/{}", "p".repeat(1023));
    let label = "d".repeat(63);
    let domain = format!("{label}.{label}.{label}.{}", "d".repeat(61));
    assert_eq!(domain.len(), 253);
    let longest = with(
        "a path of 1024 bytes, a domain of 253, labels of 63",
        vec![set(ORDINARY, "a", "v", &path, &domain)],
        vec![set_json("a", &path, Some(&domain), false)],
        &[&format!(
            "a=v; Path={path}; Domain={domain}; Secure; HttpOnly; SameSite=Lax"
        )],
    );
    let same_name = with(
        "domain and partition are part of what a cookie is",
        vec![
            set(ORDINARY, "a", "v", "/", ""),
            set(ORDINARY, "a", "v", "/", "app.example"),
            set(ORDINARY | PARTITIONED, "a", "v", "/", ""),
        ],
        vec![
            set_json("a", "/", None, false),
            set_json("a", "/", Some("app.example"), false),
            set_json("a", "/", None, true),
        ],
        &[
            "a=v; Path=/; Secure; HttpOnly; SameSite=Lax",
            "a=v; Path=/; Domain=app.example; Secure; HttpOnly; SameSite=Lax",
            "a=v; Path=/; Secure; HttpOnly; SameSite=Lax; Partitioned",
        ],
    );
    let malformed = Accepted {
        cookie: Some("no binding"),
        ..plain("a malformed binding cookie, where none is needed")
    };
    let shortest = Accepted {
        secret: "Zk3vT0pQ8sX1yB6nM4cJ7wL2hG5dF9aR",
        ..plain("a secret of 32 bytes")
    };
    vec![
        late.case("issued-within-a-second"),
        longest.case("longest-path-and-domain"),
        same_name.case("same-name-elsewhere"),
        malformed.case("binding-cookie-malformed-and-not-needed"),
        shortest.case("shortest-secret"),
    ]
}

fn payloads() -> Vec<Case> {
    let keys = RawKeys::of(SECRET);
    let case = |name: &str, comment: &str, payload: RawPayload| {
        let token = keys.signed(&payload.bytes());
        rejected(&format!("payload/{name}"), comment, &token)
    };
    let flags = |flags| RawPayload { flags, ..base() };
    let action = |optional: &[u8], path: &[u8]| RawPayload {
        optional: optional.to_vec(),
        path: path.to_vec(),
        ..flags(0x08)
    };
    let surrogate = RawOperation {
        numbers: vec![0x16, 1, 3],
        texts: b"a\xED\xA0\x80".to_vec(),
    };
    vec![
        case("unknown-flag-5", "a flag that does not exist", flags(0x20)),
        case("unknown-flag-6", "a flag that does not exist", flags(0x40)),
        case("unknown-flag-7", "a flag that does not exist", flags(0x80)),
        case(
            "action-zero",
            "an action that does not exist",
            action(&[0], b""),
        ),
        case(
            "action-delete-character",
            "not visible",
            action(&[3, 3], b"/a\x7F"),
        ),
        case(
            "delete-with-same-site-strict",
            "a flag that a deletion does not have",
            base().with(vec![delete(0b1000, "a", "/")]),
        ),
        case(
            "value-is-a-surrogate",
            "not UTF-8",
            base().with(vec![surrogate]),
        ),
    ]
}

fn seals() -> Vec<Case> {
    let keys = RawKeys::of(SECRET);
    let iv = [1; 16];
    let mut block = [0x41; 16];
    block[15] = 0;
    let padded_by_none = [&[0x80][..], &[0; 8], &iv, &keys.ciphertext(iv, &block)].concat();
    let mut cases = vec![
        rejected(
            "forged/fernet-with-padding-of-zero",
            "good MAC, and a last byte of 0",
            &keys.encrypted_body(&padded_by_none),
        ),
        rejected(
            "too-long/in-bytes",
            "12289 bytes, of half as many characters",
            &format!("s1.{}", "é".repeat(6143)),
        ),
    ];
    for length in [31, 33] {
        let cookie = vec![1; length];
        let bound = RawPayload {
            flags: 0b100,
            optional: keys.binding(&cookie).to_vec(),
            ..base()
        };
        let vector = json!({
            "comment": format!("a cookie of {length} bytes, which the token is bound to, is none"),
            "secret": SECRET,
            "previous_secrets": [],
            "now": NOW + 1_000,
            "binding_required": true,
            "binding_cookie": URL_SAFE_NO_PAD.encode(&cookie),
            "token": seal(&keys, &bound),
        });
        cases.push((
            format!("reject/wrong-browser/cookie-of-{length}-bytes"),
            vector,
        ));
    }
    cases
}

fn places() -> Vec<Case> {
    let one = |path, domain| [set(ORDINARY, "__Host-Http-a", "v", path, domain)];
    vec![
        refused(
            "host-http-prefix-with-path",
            "it demands the path /",
            one("/app", ""),
        ),
        refused(
            "host-http-prefix-with-domain",
            "it forbids a domain",
            one("/", "app.example"),
        ),
    ]
}
