//! Vectors at the edges of each rule: the last thing that is allowed, the first that is not.

use serde_json::{Value, json};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::cases::{Case, IV, NOW, SESSION, base, operation, rejected, seal};
use crate::support::raw::{
    ORDINARY, RawKeys, RawOperation, RawPayload, delete, set, set_for, varint,
};
use crate::support::{OTHER_SECRET, SECRET, browser};

pub(crate) fn all() -> Vec<Case> {
    [
        accepted(),
        actions(),
        seals(),
        names(),
        values(),
        places(),
        batches(),
        browsers(),
    ]
    .concat()
}

const LINE: &str = "session=8f14e45f; Path=/; Secure; HttpOnly; SameSite=Lax";

pub(crate) struct Accepted {
    pub(crate) comment: &'static str,
    pub(crate) secret: &'static str,
    pub(crate) payload: RawPayload,
    pub(crate) now: u64,
    pub(crate) cookie: Option<&'static str>,
    pub(crate) then: Value,
    pub(crate) operations: Vec<Value>,
    pub(crate) lines: Vec<String>,
}

impl Accepted {
    pub(crate) fn case(self, name: &str) -> Case {
        let keys = RawKeys::of(self.secret);
        let vector = json!({
            "comment": self.comment,
            "secret": self.secret,
            "previous_secrets": [],
            "now": self.now,
            "binding_required": false,
            "binding_cookie": self.cookie,
            "iv": self.payload.encrypted.then(|| URL_SAFE_NO_PAD.encode(IV)),
            "token": seal(&keys, &self.payload),
            "opened": {
                "seal": if self.payload.encrypted { "encrypted" } else { "signed" },
                "nonce": "bm9uY2Ugb2YgdmVjdG9ycw",
                "issued_at": self.payload.issued_at,
                "expires_at": self.payload.issued_at + u64::from(self.payload.lifetime),
                "barrier": false,
                "scope": null,
                "bound": false,
                "then": self.then,
                "operations": self.operations,
            },
            "set_cookie": self.lines,
        });
        (format!("accept/{name}"), vector)
    }
}

pub(crate) fn plain(comment: &'static str) -> Accepted {
    Accepted {
        comment,
        secret: SECRET,
        cookie: None,
        payload: base(),
        now: NOW + 1_000,
        then: Value::Null,
        operations: vec![operation(SESSION)],
        lines: vec![LINE.to_owned()],
    }
}

/// An ordinary cookie with one text changed.
fn with(comment: &'static str, name: &str, value: &str, path: &str) -> Accepted {
    let json = SESSION
        .replace("\"session\"", &format!("\"{name}\""))
        .replace("8f14e45f", value)
        .replace("\"/\"", &format!("\"{path}\""));
    let mut accepted = plain(comment);
    accepted.payload.operations = vec![set(ORDINARY, name, value, path, "")];
    accepted.operations = vec![operation(&json)];
    accepted.lines = vec![format!(
        "{name}={value}; Path={path}; Secure; HttpOnly; SameSite=Lax"
    )];
    accepted
}

fn accepted() -> Vec<Case> {
    let at = |comment, now| Accepted {
        now,
        ..plain(comment)
    };
    let mut shortest = plain("a lifetime of one millisecond");
    shortest.payload.lifetime = 1;
    shortest.now = NOW;
    let mut last = plain("the last moment of the year 9999");
    last.payload.issued_at = 253_402_300_799_998;
    last.payload.lifetime = 1;
    last.now = 253_402_300_799_998;
    let mut zero = plain("a set may say Max-Age=0");
    zero.payload.operations = vec![set_for(0, set(ORDINARY, "session", "8f14e45f", "/", ""))];
    zero.operations = vec![operation(
        &SESSION.replace("\"max_age\":null", "\"max_age\":0"),
    )];
    zero.lines = vec![LINE.replace("Path=/", "Path=/; Max-Age=0")];
    let mut twenty = plain("the most operations");
    let all = (0..20).map(|n| set(0, &format!("c{n}"), "v", "", ""));
    twenty.payload = twenty.payload.with(all.collect());
    twenty.operations = (0..20)
        .map(|n| {
            json!({"op": "set", "name": format!("c{n}"), "value": "v", "max_age": null, "path": null, "domain": null,
                   "secure": false, "http_only": false, "same_site": null, "partitioned": false})
        })
        .collect();
    twenty.lines = (0..20).map(|n| format!("c{n}=v")).collect();
    vec![
        at("issued as far from now as clocks may differ", NOW - 5_000).case("issued-at-the-skew"),
        at("the last millisecond of its life", NOW + 59_999).case("last-millisecond"),
        shortest.case("shortest-lifetime"),
        last.case("last-moment"),
        zero.case("max-age-zero"),
        twenty.case("twenty-operations"),
        with(
            "not reserved: no hyphen follows",
            "apply-cookiesx",
            "v",
            "/",
        )
        .case("name-close-to-reserved"),
        with(
            "every character that is not a letter or digit",
            "!#$%&'*+-.^_`|~",
            "!#$%&'()*+-./:<=>?@[]^_`{|}~",
            "/",
        )
        .case("every-punctuation"),
        with("an escape that is none", "a%zz%5", "v", "/").case("name-with-stray-percent"),
        with("decoded once, and no further", "%255F%255FHost-a", "v", "/")
            .case("name-encoded-twice"),
        with("path characters", "a", "v", "/a%20b?c=d,e'f").case("path-punctuation"),
    ]
}

fn actions() -> Vec<Case> {
    let keys = RawKeys::of(SECRET);
    let action = |bytes: &[u8]| RawPayload {
        flags: 0x08,
        optional: bytes.to_vec(),
        ..base()
    };
    let path = |path: &[u8]| {
        let length = varint(u32::try_from(path.len()).unwrap());
        RawPayload {
            path: path.to_vec(),
            ..action(&[vec![3], length].concat())
        }
    };
    let good = |name: &str, comment, payload, then| {
        Accepted {
            payload,
            then,
            ..plain(comment)
        }
        .case(name)
    };
    let longest = format!("/{}", "a".repeat(1023));
    let mut cases = vec![
        good(
            "action-reconnect",
            "open the stream again",
            action(&[1]),
            json!("reconnect"),
        ),
        good(
            "action-reload",
            "load the page again",
            action(&[2]),
            json!("reload"),
        ),
        good(
            "action-root",
            "the shortest path",
            path(b"/"),
            json!({"go": "/"}),
        ),
        good(
            "action-longest",
            "1024 bytes",
            path(longest.as_bytes()),
            json!({"go": longest}),
        ),
    ];
    for (name, comment, bytes) in [
        ("encoded-slash", "%2f", &b"/%2fevil.example"[..]),
        ("encoded-slash-upper-case", "%2F", b"/a/%2Fevil.example"),
        ("encoded-backslash", "%5c", b"/%5cevil.example"),
        ("encoded-backslash-upper-case", "%5C", b"/%5Cevil.example"),
        (
            "backslash",
            "browsers read it as a slash",
            b"/\\evil.example",
        ),
        ("space", "not visible", b"/a b"),
        ("tab", "browsers drop it", b"/\t/evil.example"),
        ("not-ascii", "must be encoded", "/é".as_bytes()),
        ("empty", "no path", b""),
        ("relative", "no slash in front", b"inbox"),
    ] {
        cases.push(rejected(
            &format!("payload/action-{name}"),
            comment,
            &keys.signed(&path(bytes).bytes()),
        ));
    }
    let padded = RawPayload {
        path: b"/inbox".to_vec(),
        ..action(&[3, 0x86, 0])
    };
    cases.push(rejected(
        "payload/longer-form-of-action",
        "a number has one form, the shortest",
        &keys.signed(&padded.bytes()),
    ));
    let long = format!("/{}", "a".repeat(1024));
    cases.push(rejected(
        "payload/action-too-long",
        "1025 bytes",
        &keys.signed(&path(long.as_bytes()).bytes()),
    ));
    cases
}

/// Under a good MAC, and still no token.
fn seals() -> Vec<Case> {
    let keys = RawKeys::of(SECRET);
    let fernet =
        |version: u8, blocks: usize| [vec![version; 1], vec![0; 24], vec![7; blocks]].concat();
    let empty = keys.encrypted(1, [1; 16], &base().with(Vec::new()).bytes());
    vec![
        rejected(
            "forged/fernet-of-another-version",
            "good MAC, version 0x81",
            &keys.encrypted_body(&fernet(0x81, 16)),
        ),
        rejected(
            "forged/fernet-without-blocks",
            "good MAC, no ciphertext",
            &keys.encrypted_body(&fernet(0x80, 0)),
        ),
        rejected(
            "forged/fernet-with-part-of-a-block",
            "good MAC, 15 bytes of ciphertext",
            &keys.encrypted_body(&fernet(0x80, 15)),
        ),
        rejected(
            "forged/fernet-with-bad-padding",
            "good MAC, no PKCS #7 padding",
            &keys.encrypted_body(&fernet(0x80, 16)),
        ),
        rejected(
            "forged/fernet-shorter-than-its-head",
            "good MAC of ten bytes",
            &keys.encrypted_body(&[0x80; 10]),
        ),
        rejected(
            "forged/fernet-of-nothing",
            "good MAC of no bytes",
            &keys.encrypted_body(&[]),
        ),
        rejected(
            "form/encrypted-shorter-than-a-tag",
            "key id, then less than a MAC",
            &keys.text("e1.", &[0; 31]),
        ),
        rejected(
            "payload/encrypted-no-operations",
            "an empty batch, encrypted",
            &empty,
        ),
    ]
}

pub(crate) fn refused(
    name: &str,
    comment: &str,
    operations: impl IntoIterator<Item = RawOperation>,
) -> Case {
    let payload = base().with(operations.into_iter().collect());
    rejected(
        &format!("cannot-emit/{name}"),
        comment,
        &RawKeys::of(SECRET).signed(&payload.bytes()),
    )
}

fn names() -> Vec<Case> {
    let one = |flags: u32, name: &str, path: &str| [set(flags, name, "v", path, "")];
    let secure = 0b10;
    vec![
        refused(
            "name-with-quote",
            "not a token character",
            one(ORDINARY, "a\"b", "/"),
        ),
        refused(
            "name-with-equals-sign",
            "not a token character",
            one(ORDINARY, "a=b", "/"),
        ),
        refused(
            "name-not-ascii",
            "not a token character",
            one(ORDINARY, "\u{2000}__Host-a", "/"),
        ),
        refused(
            "name-with-byte-order-mark",
            "a mark is a character like any other",
            one(ORDINARY, "\u{FEFF}a", "/"),
        ),
        refused(
            "http-prefix-without-http-only",
            "__Http- demands HttpOnly",
            one(secure, "__Http-a", "/"),
        ),
        refused(
            "host-http-prefix-without-http-only",
            "__Host-Http- demands HttpOnly",
            one(secure, "__Host-Http-a", "/"),
        ),
        refused(
            "host-prefix-without-path",
            "__Host- demands the path /",
            one(ORDINARY, "__Host-a", ""),
        ),
        refused(
            "name-reserved-in-another-case",
            "compared without case",
            one(ORDINARY, "__HOST-Apply-Cookies", "/"),
        ),
        refused(
            "name-reserved-encoded",
            "it percent-decodes to ours",
            one(ORDINARY, "apply%2Dcookies", "/"),
        ),
        refused(
            "name-reserved-with-suffix",
            "ours, for later",
            one(ORDINARY, "apply-cookies-x", "/"),
        ),
        refused(
            "name-reserved-behind-long-prefix",
            "the longest prefix counts",
            one(ORDINARY, "__Host-Http-apply-cookies", "/"),
        ),
        refused(
            "name-decodes-to-a-space-and-a-prefix",
            "what a server that decodes and trims takes for __Host-",
            one(ORDINARY, "%20__Host-a", "/"),
        ),
        refused(
            "name-decodes-to-an-attribute",
            "what it decodes to is no token",
            one(ORDINARY, "a%3B%20Secure", "/"),
        ),
        refused(
            "name-forges-a-longer-prefix",
            "it percent-decodes to __Host-Http-",
            one(ORDINARY, "__Host-%48ttp-a", "/"),
        ),
    ]
}

fn values() -> Vec<Case> {
    [
        ("semicolon", "v;w"),
        ("quote", "v\"w"),
        ("comma", "v,w"),
        ("backslash", "v\\w"),
        ("delete-character", "v\u{7F}w"),
        ("newline-alone", "v\nw"),
        ("carriage-return", "v\rw"),
        ("nul", "v\0w"),
        ("tab", "v\tw"),
        ("letter-outside-ascii", "vé"),
        ("byte-order-mark", "\u{FEFF}v"),
    ]
    .into_iter()
    .map(|(name, value)| {
        refused(
            &format!("value-with-{name}"),
            "not a cookie-octet",
            [set(ORDINARY, "a", value, "/", "")],
        )
    })
    .collect()
}

fn places() -> Vec<Case> {
    let path = |path: &str| [set(ORDINARY, "a", "v", path, "")];
    let domain = |domain: &str| [set(ORDINARY, "a", "v", "/", domain)];
    let long_label = format!("{}.example", "a".repeat(64));
    let long = format!("{0}.{0}.{0}.{1}", "a".repeat(63), "a".repeat(62));
    vec![
        refused(
            "path-with-space",
            "browsers would trim it at the end",
            path("/a "),
        ),
        refused("path-with-tab", "a control character", path("/a\tb")),
        refused("path-not-ascii", "must be encoded", path("/é")),
        refused(
            "path-too-long",
            "1025 bytes",
            path(&format!("/{}", "a".repeat(1024))),
        ),
        refused(
            "domain-of-one-label",
            "browsers refuse it",
            domain("localhost"),
        ),
        refused(
            "domain-with-long-label",
            "a label of 64 bytes",
            domain(&long_label),
        ),
        refused("domain-too-long", "254 bytes", domain(&long)),
        refused(
            "domain-with-hyphen-in-front",
            "no host name",
            domain("-a.example"),
        ),
        refused(
            "domain-with-hyphen-behind",
            "no host name",
            domain("a-.example"),
        ),
        refused(
            "domain-with-underscore",
            "no host name",
            domain("a_b.example"),
        ),
        refused(
            "domain-with-dot-in-front",
            "one spelling per domain",
            domain(".a.example"),
        ),
        refused(
            "domain-with-dot-behind",
            "one spelling per domain",
            domain("a.example."),
        ),
        refused(
            "domain-ends-in-digits",
            "an address, or part of one",
            domain("a.1"),
        ),
    ]
}

fn batches() -> Vec<Case> {
    // Two lines of exactly 6144 bytes together: `Set-Cookie: a=` and CRLF around each value.
    let value = |line: usize| "v".repeat(line - "Set-Cookie: a=\r\n".len());
    let (first, second) = (value(3072), value(3072));
    let line = |name: &str, value: &str| set(0, name, value, "", "");
    let json = |name: &str, value: &str| {
        json!({"op": "set", "name": name, "value": value, "max_age": null, "path": null, "domain": null,
               "secure": false, "http_only": false, "same_site": null, "partitioned": false})
    };
    let mut largest = plain("6144 bytes of header lines");
    largest.payload = largest
        .payload
        .with(vec![line("a", &first), line("b", &second)]);
    largest.operations = vec![json("a", &first), json("b", &second)];
    largest.lines = vec![format!("a={first}"), format!("b={second}")];
    let mut different = plain("names in another case, and other paths, are other cookies");
    different.payload = different.payload.with(vec![
        line("a", "1"),
        line("A", "2"),
        set(0, "a", "3", "/x", ""),
    ]);
    let mut elsewhere = json("a", "3");
    elsewhere["path"] = json!("/x");
    different.operations = vec![json("a", "1"), json("A", "2"), elsewhere];
    different.lines = vec![
        "a=1".to_owned(),
        "A=2".to_owned(),
        "a=3; Path=/x".to_owned(),
    ];
    vec![
        largest.case("largest-lines"),
        different.case("different-cookies-of-one-name"),
        refused(
            "lines-too-long-by-one",
            "6145 bytes of header lines",
            vec![line("a", &first), line("b", &format!("{second}v"))],
        ),
        refused(
            "set-and-delete-of-one-cookie",
            "two lines for one cookie",
            vec![set(0, "a", "1", "/", ""), delete(0b10, "a", "/")],
        ),
        refused(
            "delete-of-a-host-cookie-with-path",
            "__Host- demands the path /",
            vec![delete(0b10, "__Host-a", "/x")],
        ),
    ]
}

fn browsers() -> Vec<Case> {
    let keys = RawKeys::of(SECRET);
    let bound = RawPayload {
        flags: 0b100,
        optional: keys.binding(&[1; 32]).to_vec(),
        ..base()
    };
    let vector =
        |secret: &str, previous: &[&str], required: bool, cookie: String, payload: &RawPayload| {
            json!({
                "comment": "",
                "secret": secret,
                "previous_secrets": previous,
                "now": NOW + 1_000,
                "binding_required": required,
                "binding_cookie": cookie,
                "token": seal(&keys, payload),
            })
        };
    let good = browser(1).to_text();
    let mut cases = Vec::new();
    for (name, comment, cookie) in [
        ("cookie-too-short", "42 characters", good[1..].to_owned()),
        ("cookie-padded", "44 characters", format!("{good}=")),
        (
            "cookie-with-unused-bits",
            "not canonical",
            format!("{}F", &good[..42]),
        ),
        ("cookie-empty", "no characters", String::new()),
    ] {
        let mut case = vector(SECRET, &[], true, cookie, &bound);
        case["comment"] = json!(format!("a malformed binding cookie is none: {comment}"));
        cases.push((format!("reject/wrong-browser/{name}"), case));
    }
    let mut enforced = vector(SECRET, &[], false, browser(2).to_text(), &bound);
    enforced["comment"] = json!("a binding that is there is enforced where none is required");
    cases.push((
        "reject/wrong-browser/optional-but-present".to_owned(),
        enforced,
    ));
    let mut rotated = vector(OTHER_SECRET, &[SECRET], true, good, &bound);
    rotated["comment"] = json!("sealed, and bound, with an older key of the ring");
    rotated["iv"] = Value::Null;
    rotated["opened"] = json!({
        "seal": "signed",
        "nonce": "bm9uY2Ugb2YgdmVjdG9ycw",
        "issued_at": NOW,
        "expires_at": NOW + 60_000,
        "barrier": false,
        "scope": null,
        "bound": true,
        "then": null,
        "operations": [operation(SESSION)],
    });
    rotated["set_cookie"] = json!([LINE]);
    cases.push(("accept/older-key".to_owned(), rotated));
    cases
}
