//! `values.json`: cookie values, made by a second sealer that follows SPEC §12.

use apply_cookies_protocol::{Protection, Stamp, ValueCodec, check_json};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use crate::cases::NOW;
use crate::support::raw::RawValues;
use crate::support::{OTHER_SECRET, SECRET};
use crate::{at, ring};

const IV: [u8; 16] = *b"initialise 12345";
const NO_END: [u8; 8] = [0xFF; 8];

pub(crate) fn table() -> Value {
    json!({
        "comment": "the value of one cookie (SPEC §12)",
        "cases": ([plain(), signed(), encrypted(), json_values(), written(), not_written()].concat()),
    })
}

/// A case, with what most have in common.
fn case(protection: &str, comment: &str, text: &str, rest: Value) -> Value {
    let mut case = json!({
        "comment": comment,
        "secret": SECRET,
        "previous_secrets": [],
        "name": "session",
        "protection": protection,
        "now": NOW,
        "text": text,
        "json": false,
    });
    let Value::Object(rest) = rest else {
        panic!("an object")
    };
    let fields: &mut Map<String, Value> = case.as_object_mut().unwrap();
    fields.extend(rest);
    if fields.contains_key("value") {
        fields.entry("expires_at").or_insert(Value::Null);
        fields.entry("under_previous_key").or_insert(false.into());
    }
    case
}

/// Another character in one place.
fn flip(text: &str, at: usize) -> String {
    let mut text = text.to_owned();
    let other = if &text[at..=at] == "A" { "B" } else { "A" };
    text.replace_range(at..=at, other);
    text
}

fn refused(protection: &str, comment: &str, text: &str, reason: &str) -> Value {
    case(protection, comment, text, json!({ "reason": reason }))
}

fn plain() -> Vec<Value> {
    let good = |comment: &str, text: &str, value: &str, written: bool| {
        let mut rest = json!({ "value": value });
        if written {
            rest["written"] = true.into();
        }
        case("plain", comment, text, rest)
    };
    let bad = |comment: &str, text: &str, reason| refused("plain", comment, text, reason);
    vec![
        good("empty", "", "", true),
        good(
            "cookie-octets stand as they are",
            "!#$&'()*+-./09:<=>?@AZ[]^_`az{|}~",
            "!#$&'()*+-./09:<=>?@AZ[]^_`az{|}~",
            true,
        ),
        good(
            "the others and the percent sign do not",
            "%20%22%25%2C%3B%5C%7F%00",
            " \"%,;\\\u{7f}\0",
            true,
        ),
        good("a character of two bytes", "%C3%A9", "é", true),
        good(
            "JSON",
            "{%22n%22:1%2C%22s%22:%22a%20b%22}",
            r#"{"n":1,"s":"a b"}"#,
            true,
        ),
        good(
            "lower-case digits, and more encoded than need be",
            "%7b%22n%22%3a1%7D",
            r#"{"n":1}"#,
            false,
        ),
        good(
            "nothing encoded",
            r#"{"n":1, "s":"x"}"#,
            r#"{"n":1, "s":"x"}"#,
            false,
        ),
        good("decoded once", "%2541", "%41", true),
        good("a plus sign is no space", "a+b", "a+b", true),
        good("quotes are not stripped", "\"a\"", "\"a\"", false),
        bad("a percent sign at the end", "a%", "malformed"),
        bad("a percent sign and one digit", "%4", "malformed"),
        bad("a percent sign and no digit", "%zz", "malformed"),
        bad("a percent sign and a sign", "%+1", "malformed"),
        good(
            "4096 bytes with the name",
            &"v".repeat(4089),
            &"v".repeat(4089),
            true,
        ),
        bad("4097 bytes with the name", &"v".repeat(4090), "too-long"),
    ]
}

fn signed() -> Vec<Value> {
    let keys = RawValues::of(SECRET, "session");
    let body = |end: [u8; 8], value: &str| [&end[..], value.as_bytes()].concat();
    let text = keys.signed(&body(NO_END, "8f14e45f"));
    let bad = |comment: &str, text: &str, reason| refused("signed", comment, text, reason);
    let flipped = |at: usize| flip(&text, at);
    let mut cases = vec![
        case(
            "signed",
            "no end",
            &text,
            json!({ "value": "8f14e45f", "written": true }),
        ),
        case(
            "signed",
            "an end, a millisecond away",
            &keys.signed(&body((NOW + 1).to_be_bytes(), "8f14e45f")),
            json!({ "value": "8f14e45f", "expires_at": NOW + 1 }),
        ),
        bad(
            "the end is now",
            &keys.signed(&body(NOW.to_be_bytes(), "8f14e45f")),
            "expired",
        ),
        bad("ended in 1970", &keys.signed(&body([0; 8], "")), "expired"),
        bad(
            "an end after the year 9999",
            &keys.signed(&body(253_402_300_800_000_u64.to_be_bytes(), "")),
            "malformed",
        ),
        case(
            "signed",
            "empty",
            &keys.signed(&body(NO_END, "")),
            json!({ "value": "" }),
        ),
        bad("no room for an end", &keys.signed(b"8f14e45"), "malformed"),
        bad(
            "a character of the key id changed",
            &flipped(5),
            "unknown-key",
        ),
        bad("a character of the end changed", &flipped(12), "forged"),
        bad("a character of the value changed", &flipped(22), "forged"),
        bad(
            "the last character but one changed",
            &flipped(text.len() - 2),
            "forged",
        ),
        bad("padding", &format!("{text}="), "malformed"),
        bad("a character too many", &format!("{text}A"), "forged"),
        bad(
            "a length that base64 never has",
            &format!("{text}AAA"),
            "malformed",
        ),
        bad("spaces in front", &format!(" {text}"), "malformed"),
        bad("no prefix", &text[4..], "malformed"),
        bad("the prefix of a token", &text[1..], "malformed"),
        bad(
            "the prefix in upper case",
            &text.replacen("cs1", "CS1", 1),
            "malformed",
        ),
        bad(
            "the other seal's prefix",
            &text.replacen("cs1.", "ce1.", 1),
            "malformed",
        ),
        bad("empty", "", "malformed"),
        bad("the prefix alone", "cs1.", "malformed"),
        bad(
            "shorter than key id and tag",
            &keys.text("cs1.", &[0; 31]),
            "malformed",
        ),
        bad(
            "as long as key id and tag",
            &keys.text("cs1.", &[0; 32]),
            "forged",
        ),
        bad("plain JSON", "{%22n%22:1}", "malformed"),
        bad(
            "of another cookie",
            &RawValues::of(SECRET, "sessions").signed(&body(NO_END, "8f14e45f")),
            "forged",
        ),
        bad(
            "of another secret",
            &RawValues::of(OTHER_SECRET, "session").signed(&body(NO_END, "8f14e45f")),
            "unknown-key",
        ),
        case(
            "signed",
            "of a previous secret",
            &RawValues::of(OTHER_SECRET, "session").signed(&body(NO_END, "8f14e45f")),
            json!({ "value": "8f14e45f", "previous_secrets": [OTHER_SECRET], "under_previous_key": true }),
        ),
    ];
    // The prefix is checked first, so only the reader of the other seal gets this far.
    cases.push(refused(
        "encrypted",
        "a signed value under the prefix of an encrypted one",
        &text.replacen("cs1.", "ce1.", 1),
        "forged",
    ));
    cases
}

fn encrypted() -> Vec<Value> {
    let keys = RawValues::of(SECRET, "session");
    let seconds = NOW / 1000;
    let seal = |end: [u8; 8], value: &str| keys.encrypted(seconds, IV, &end, value.as_bytes());
    let text = seal(NO_END, "8f14e45f");
    let sealed = keys.fernet(seconds, IV, &NO_END, b"8f14e45f");
    let bad_padding = keys.ciphertext(IV, &[&[b'x'; 15][..], &[17]].concat());
    let half_padding = keys.ciphertext(IV, &[&[b'x'; 14][..], &[1, 2]].concat());
    let bad = |comment: &str, text: &str, reason| refused("encrypted", comment, text, reason);
    let named = |name: &str| {
        let length = u16::try_from(name.len()).unwrap().to_be_bytes();
        let plaintext = [&NO_END[..], &length, name.as_bytes(), b"8f14e45f"].concat();
        keys.encrypted_plaintext(seconds, IV, &plaintext)
    };
    vec![
        case(
            "encrypted",
            "no end",
            &text,
            json!({ "value": "8f14e45f", "written": true, "iv": URL_SAFE_NO_PAD.encode(IV) }),
        ),
        case(
            "encrypted",
            "an end, a millisecond away",
            &seal((NOW + 1).to_be_bytes(), "8f14e45f"),
            json!({ "value": "8f14e45f", "expires_at": NOW + 1 }),
        ),
        bad(
            "the end is now",
            &seal(NOW.to_be_bytes(), "8f14e45f"),
            "expired",
        ),
        case(
            "encrypted",
            "empty",
            &seal(NO_END, ""),
            json!({ "value": "" }),
        ),
        case(
            "encrypted",
            "a Fernet time of 1970 is not looked at",
            &keys.encrypted(0, IV, &NO_END, b"8f14e45f"),
            json!({ "value": "8f14e45f" }),
        ),
        bad("another name inside", &named("sessiom"), "malformed"),
        bad("a longer name inside", &named("session8"), "malformed"),
        bad(
            "cut off in the name",
            &keys.encrypted_plaintext(seconds, IV, &[&NO_END[..], &[0, 7], b"sess"].concat()),
            "malformed",
        ),
        bad(
            "no plaintext",
            &keys.encrypted_plaintext(seconds, IV, b""),
            "malformed",
        ),
        bad(
            "of another cookie",
            &RawValues::of(SECRET, "sessions").encrypted(seconds, IV, &NO_END, b"8f14e45f"),
            "forged",
        ),
        bad(
            "a character of the ciphertext changed",
            &flip(&text, 60),
            "forged",
        ),
        bad(
            "shorter than a tag",
            &keys.text("ce1.", &[0; 31]),
            "malformed",
        ),
        bad("as long as a tag", &keys.text("ce1.", &[0; 32]), "forged"),
        bad(
            "unused low bits that are not zero",
            &text[..text.len() - 22],
            "malformed",
        ),
        bad(
            "cut off by a block",
            &keys.text("ce1.", &sealed[..sealed.len() - 16]),
            "forged",
        ),
        bad(
            "an authentic token of another version",
            &keys.encrypted_body(&[&[0x81][..], &sealed[1..sealed.len() - 32]].concat()),
            "forged",
        ),
        bad(
            "an authentic token without a whole head",
            &keys.encrypted_body(&sealed[..24]),
            "forged",
        ),
        bad(
            "an authentic token without ciphertext",
            &keys.encrypted_body(&sealed[..25]),
            "forged",
        ),
        bad(
            "an authentic token with bad padding",
            &keys.encrypted_body(&[&sealed[..25], &bad_padding[..]].concat()),
            "forged",
        ),
        bad(
            "an authentic token whose padding is right in its last byte only",
            &keys.encrypted_body(&[&sealed[..25], &half_padding[..]].concat()),
            "forged",
        ),
        case(
            "encrypted",
            "the last end that there is",
            &seal(253_402_300_799_999_u64.to_be_bytes(), "8f14e45f"),
            json!({ "value": "8f14e45f", "expires_at": 253_402_300_799_999_u64 }),
        ),
        case(
            "encrypted",
            "of a previous secret",
            &RawValues::of(OTHER_SECRET, "session").encrypted(seconds, IV, &NO_END, b"8f14e45f"),
            json!({ "value": "8f14e45f", "previous_secrets": [OTHER_SECRET], "under_previous_key": true }),
        ),
        refused(
            "signed",
            "an encrypted value where a signed one is expected",
            &text,
            "malformed",
        ),
    ]
}

fn json_values() -> Vec<Value> {
    let keys = RawValues::of(SECRET, "session");
    let text = |json: &str| keys.signed(&[&NO_END[..], json.as_bytes()].concat());
    let good = |comment: &str, json: &str| {
        case(
            "signed",
            comment,
            &text(json),
            json!({ "value": json, "json": true }),
        )
    };
    let bad = |comment: &str, json: &str, reason: &str| {
        case(
            "signed",
            comment,
            &text(json),
            json!({ "json": true, "reason": reason }),
        )
    };
    let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    vec![
        good(
            "an object",
            r#"{"username":"ada","roles":["admin"],"n":-1.5e3}"#,
        ),
        good("any JSON", "null"),
        good("space around it", " {\"a\" : 1}\n"),
        good(
            "the same key in different objects",
            r#"{"a":{"a":1},"b":[{"a":1},{"a":1}]}"#,
        ),
        good("keys that differ in case", r#"{"a":1,"A":2}"#),
        good("a key that is empty", r#"{"":1}"#),
        good("nested eight deep", &nested(8)),
        bad("nested nine deep", &nested(9), "too-deep"),
        bad("nested and never closed", &"[".repeat(2000), "too-deep"),
        bad(
            "nested too deep in an object",
            &format!(r#"{{"a":{}}}"#, nested(8)),
            "too-deep",
        ),
        bad("a key twice", r#"{"a":1,"a":1}"#, "duplicate-key"),
        bad(
            "a key twice, far apart",
            r#"{"a":1,"b":{"c":2},"d":[3],"a":4}"#,
            "duplicate-key",
        ),
        bad(
            "a key twice, once with an escape",
            r#"{"a":1,"\u0061":2}"#,
            "duplicate-key",
        ),
        bad(
            "a key twice, within a list",
            r#"[{"b":[{"a":1,"a":2}]}]"#,
            "duplicate-key",
        ),
        bad(
            "a key twice, then too deep",
            &format!(r#"{{"a":1,"a":{}}}"#, nested(8)),
            "duplicate-key",
        ),
        bad(
            "a key twice with an escape, then too deep",
            &format!(r#"{{"b":{{"a":1,"\u0061":2}},"c":{}}}"#, nested(200)),
            "duplicate-key",
        ),
        bad(
            "too deep, then a key twice",
            &format!(r#"{{"a":{},"a":1}}"#, nested(8)),
            "too-deep",
        ),
        bad(
            "too deep around a key twice",
            &format!(r#"{}{{"a":1,"\u0061":2}}{}"#, "[".repeat(8), "]".repeat(8)),
            "too-deep",
        ),
        bad("nothing", "", "not-json"),
        bad("NaN", r#"{"a":NaN}"#, "not-json"),
        bad("Infinity", r#"{"a":-Infinity}"#, "not-json"),
        bad("a number out of range", r#"{"a":1e400}"#, "not-json"),
        bad("a number with a leading zero", r#"{"a":01}"#, "not-json"),
        bad("a comma at the end", r#"{"a":1,}"#, "not-json"),
        bad("quotes of the wrong kind", "{'a':1}", "not-json"),
        bad("text after it", r#"{"a":1}{}"#, "not-json"),
        bad("a comment", r#"{"a":1}/**/"#, "not-json"),
        bad("a byte order mark", "\u{feff}{}", "not-json"),
        bad("a line end in a text", "{\"a\":\"\n\"}", "not-json"),
        bad("half a surrogate pair", r#"{"a":"\ud800"}"#, "not-json"),
        bad("cut off", r#"{"a":"#, "not-json"),
        bad(
            "the other half of a surrogate pair",
            r#"{"a":"\udc00"}"#,
            "not-json",
        ),
        bad("an escape that is none", r#"{"a":"\v"}"#, "not-json"),
        bad("a number that ends in a point", r#"{"a":1.}"#, "not-json"),
        bad("a form feed between tokens", "{\u{c}\"a\":1}", "not-json"),
        bad(
            "a space of another kind between tokens",
            "{\u{a0}\"a\":1}",
            "not-json",
        ),
        good("a number too small for a double", r#"{"a":1e-400}"#),
    ]
}

/// What a writer makes, to the byte.
fn written() -> Vec<Value> {
    let seconds = NOW / 1000;
    let end = NOW + 3_600_000;
    let object = r#"{"user":"Ada é 😀","roles":["admin"]}"#;
    let long = |name: &str, value: &str| {
        let keys = RawValues::of(SECRET, name);
        let mut case = case(
            "encrypted",
            "as much as fits beside a name",
            &keys.encrypted(seconds, IV, &NO_END, value.as_bytes()),
            json!({ "value": value, "written": true, "iv": URL_SAFE_NO_PAD.encode(IV) }),
        );
        case["name"] = json!(name);
        case
    };
    let keys = RawValues::of(SECRET, "session");
    let signed = |comment: &str, end: u64, value: &str, json: bool| {
        let body = [&end.to_be_bytes()[..], value.as_bytes()].concat();
        let end = (end != u64::MAX).then_some(end);
        case(
            "signed",
            comment,
            &keys.signed(&body),
            json!({ "value": value, "json": json, "expires_at": end, "written": true }),
        )
    };
    let encrypted = |comment: &str, end: u64, value: &str, json: bool| {
        let text = keys.encrypted(seconds, IV, &end.to_be_bytes(), value.as_bytes());
        let end = (end != u64::MAX).then_some(end);
        case(
            "encrypted",
            comment,
            &text,
            json!({ "value": value, "json": json, "expires_at": end, "written": true, "iv": URL_SAFE_NO_PAD.encode(IV) }),
        )
    };
    vec![
        signed("written with an end", end, "8f14e45f", false),
        signed(
            "written JSON stays as it is",
            u64::MAX,
            " {\"a\" : 1.50}\n",
            true,
        ),
        signed("an end after a millisecond", NOW + 1, "", false),
        encrypted("written with an end", end, "8f14e45f", false),
        encrypted(
            "a whole number of blocks",
            u64::MAX,
            "fifteen bytes .",
            false,
        ),
        encrypted(
            "written JSON, of characters of many bytes",
            end,
            object,
            true,
        ),
        encrypted(
            "the last end that there is, written",
            253_402_300_799_999,
            "",
            false,
        ),
        long("n", &"v".repeat(2980)),
    ]
}

/// What a writer refuses, because no reader would take it. There is no text.
fn not_written() -> Vec<Value> {
    let bad = |protection: &str, comment: &str, value: &str, reason: &str, rest: Value| {
        let mut case = case(
            protection,
            comment,
            "",
            json!({ "value": value, "written": true, "reason": reason }),
        );
        let fields = case.as_object_mut().unwrap();
        fields.remove("text");
        fields.remove("under_previous_key");
        if protection == "encrypted" {
            fields.insert("iv".to_owned(), json!(URL_SAFE_NO_PAD.encode(IV)));
        }
        fields.extend(rest.as_object().unwrap().clone());
        case
    };
    let json = || json!({ "json": true });
    vec![
        bad(
            "plain",
            "too long once it is encoded",
            &" ".repeat(1364),
            "too-long",
            json!({}),
        ),
        bad(
            "signed",
            "too long to be written",
            &"v".repeat(3030),
            "too-long",
            json!({}),
        ),
        bad(
            "encrypted",
            "a block too long to be written",
            &"v".repeat(2981),
            "too-long",
            json!({ "name": "n" }),
        ),
        bad(
            "signed",
            "an end that is now",
            "v",
            "expired",
            json!({ "expires_at": NOW }),
        ),
        bad(
            "encrypted",
            "an end that has passed",
            "v",
            "expired",
            json!({ "expires_at": 0 }),
        ),
        bad(
            "plain",
            "written, and not JSON",
            "{a:1}",
            "not-json",
            json(),
        ),
        bad(
            "signed",
            "written, and nested nine deep",
            &format!("{}{}", "[".repeat(9), "]".repeat(9)),
            "too-deep",
            json(),
        ),
        bad(
            "encrypted",
            "written, and a key twice",
            r#"{"a":1,"a":1}"#,
            "duplicate-key",
            json(),
        ),
    ]
}

pub(crate) fn check(case: &Value) {
    let comment = &case["comment"];
    let ring = ring(case);
    let protection = match case["protection"].as_str().unwrap() {
        "plain" => Protection::Plain,
        "signed" => Protection::Signed,
        "encrypted" => Protection::Encrypted,
        other => panic!("{comment}: {other}"),
    };
    let codec = ValueCodec::new(&ring, case["name"].as_str().unwrap(), protection).unwrap();
    let now = at(case["now"].as_u64().unwrap());
    let mut buffer = Vec::new();
    let written = (case["written"] == true).then(|| {
        let iv = case["iv"].as_str().map_or([0; 16], |iv| {
            URL_SAFE_NO_PAD.decode(iv).unwrap().try_into().unwrap()
        });
        assert_eq!(case["iv"].is_string(), protection == Protection::Encrypted);
        let stamp = Stamp::new(now, iv);
        let stamp = match case["expires_at"].as_u64() {
            Some(end) => stamp.expires_at(at(end)),
            None => stamp,
        };
        codec.encode(case["value"].as_str().unwrap().as_bytes(), &stamp)
    });
    let text = match (case["text"].as_str(), &written) {
        // A writer refuses what reads back so.
        (None, Some(written)) => written,
        (Some(text), Some(written)) => {
            assert_eq!(written, text, "{comment}");
            text
        }
        (text, None) => text.unwrap(),
    };
    let opened = codec
        .decode(text.as_bytes(), now, &mut buffer)
        .and_then(|opened| {
            if case["json"] == true {
                check_json(opened.bytes())?;
            }
            Ok(opened)
        });
    match (opened, case["reason"].as_str()) {
        (Ok(opened), None) => {
            let value = case["value"].as_str().unwrap();
            assert_eq!(opened.bytes(), value.as_bytes(), "{comment}");
            let end = opened
                .expires_at()
                .map(apply_cookies_protocol::UnixMillis::get);
            assert_eq!(json!(end), case["expires_at"], "{comment}");
            assert_eq!(
                opened.is_under_previous_key(),
                case["under_previous_key"],
                "{comment}"
            );
        }
        (Err(error), Some(reason)) => assert_eq!(error.reason().as_str(), reason, "{comment}"),
        (Ok(_), Some(reason)) => panic!("{comment}: read, and not {reason}"),
        (Err(error), None) => panic!("{comment}: {error}"),
    }
}
