//! `batches.json`: whole batches as JSON (SPEC §7), and the payload that each becomes (§5).

use apply_cookies_protocol::{
    KeyRing, Lifetime, Nonce, Scheme, Sealing, Secret, TokenHeader, parse_batch_over, seal,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::at;
use crate::cases::base;
use crate::support::SECRET;
use crate::support::raw::{ORDINARY, PARTITIONED, RawOperation, delete, set, set_for, varint};

const SECURE: u32 = 0b10;
const HTTP_ONLY: u32 = 0b100;
const LAX: u32 = 0b1_0000;

fn case(comment: &str, text: impl Into<String>) -> Value {
    let base = base();
    json!({
        "comment": comment,
        "text": text.into(),
        "now": base.issued_at,
        "ttl_ms": base.lifetime,
        "nonce": URL_SAFE_NO_PAD.encode(base.nonce),
    })
}

/// A batch of these operations, each as JSON.
fn batch(operations: &[&str]) -> String {
    format!(r#"{{"operations":[{}]}}"#, operations.join(","))
}

/// A batch that becomes these operations.
fn good(comment: &str, text: impl Into<String>, operations: Vec<RawOperation>) -> Value {
    let mut case = case(comment, text);
    case["payload"] = json!(URL_SAFE_NO_PAD.encode(base().with(operations).bytes()));
    case
}

fn bad(comment: &str, text: impl Into<String>, field: &str) -> Value {
    let mut case = case(comment, text);
    case["field"] = json!(field);
    case
}

fn on_plain_http(mut case: Value) -> Value {
    case["plain_http"] = json!(true);
    case
}

pub(crate) fn table() -> Value {
    json!({
        "comment": "batches as JSON (SPEC §7), and the payload of each (§5)",
        "cases": ([accepted(), sizes(), refused(), first_fault(), not_json(), plain_http()].concat()),
    })
}

const SET: &str = r#"{"op":"set","name":"a","value":"v"}"#;
const DELETE: &str = r#"{"op":"delete","name":"a"}"#;

fn accepted() -> Vec<Value> {
    let all = r#"{"op":"set","name":"__Secure-a","value":"v","max_age":3600,"path":"/app","domain":"app.example","secure":true,"http_only":false,"same_site":"None","partitioned":true}"#;
    let everything = set_for(
        3600,
        set(
            SECURE | 3 << 3 | PARTITIONED,
            "__Secure-a",
            "v",
            "/app",
            "app.example",
        ),
    );
    let nulls = r#"{"op":"set","name":"a","value":"v","max_age":null,"path":null,"domain":null,"secure":null,"http_only":null,"same_site":null,"partitioned":null}"#;
    let ordinary = || set(ORDINARY, "a", "v", "/", "");
    let of_delete = || delete(SECURE, "a", "/");
    vec![
        good("one set", batch(&[SET]), vec![ordinary()]),
        good("one delete", batch(&[DELETE]), vec![of_delete()]),
        good("every attribute", batch(&[all]), vec![everything]),
        good(
            "every attribute left out",
            batch(&[nulls]),
            vec![set(0, "a", "v", "", "")],
        ),
        good(
            "a delete of another cookie of the name",
            batch(&[
                SET,
                r#"{"op":"delete","name":"a","path":"/x","domain":"b.example","partitioned":true}"#,
            ]),
            vec![
                ordinary(),
                RawOperation {
                    numbers: [varint(1 | SECURE | 1 << 6 | PARTITIONED), vec![1, 2, 9]].concat(),
                    texts: b"a/xb.example".to_vec(),
                },
            ],
        ),
        good(
            "white space between all",
            format!(" \r\n\t{{ \"operations\" : [ {SET} ] }} \n"),
            vec![ordinary()],
        ),
        good(
            "fields in another order",
            batch(&[r#"{"value":"v","name":"a","op":"set"}"#]),
            vec![ordinary()],
        ),
        good(
            "escapes in names of fields and in texts",
            r#"{"oper\u0061tions":[{"\u006fp":"s\u0065t","name":"\u0061","value":"\/"}]}"#,
            vec![set(ORDINARY, "a", "/", "/", "")],
        ),
        good(
            "an empty value",
            batch(&[r#"{"op":"set","name":"a","value":""}"#]),
            vec![set(ORDINARY, "a", "", "/", "")],
        ),
        good(
            "an age of zero",
            batch(&[r#"{"op":"set","name":"a","value":"v","max_age":0}"#]),
            vec![set_for(0, ordinary())],
        ),
        good(
            "one name in two cases, and at three places",
            batch(&[
                SET,
                r#"{"op":"set","name":"A","value":"v"}"#,
                r#"{"op":"set","name":"a","value":"v","path":null}"#,
                r#"{"op":"set","name":"a","value":"v","domain":"b.example"}"#,
                r#"{"op":"set","name":"a","value":"v","partitioned":true}"#,
            ]),
            vec![
                ordinary(),
                set(ORDINARY, "A", "v", "/", ""),
                set(ORDINARY, "a", "v", "", ""),
                set(ORDINARY, "a", "v", "/", "b.example"),
                set(ORDINARY | PARTITIONED, "a", "v", "/", ""),
            ],
        ),
    ]
}

/// Lines of exactly this many bytes together, and the operations that have them.
fn lines_of(bytes: usize) -> (String, Vec<RawOperation>) {
    // `Set-Cookie: a=; Path=/; Secure; HttpOnly; SameSite=Lax` and CRLF.
    let line = 12 + 2 + "; Path=/; Secure; HttpOnly; SameSite=Lax".len() + 2;
    let values = ["v".repeat(3000), "v".repeat(bytes - 3000 - 2 * line)];
    let json: Vec<String> = ["a", "b"]
        .into_iter()
        .zip(&values)
        .map(|(name, value)| format!(r#"{{"op":"set","name":"{name}","value":"{value}"}}"#))
        .collect();
    let json: Vec<&str> = json.iter().map(String::as_str).collect();
    let operations = vec![
        set(ORDINARY, "a", &values[0], "/", ""),
        set(ORDINARY, "b", &values[1], "/", ""),
    ];
    (batch(&json), operations)
}

fn sizes() -> Vec<Value> {
    let many = |count: usize| -> String {
        let each = (0..count).map(|n| format!(r#"{{"op":"delete","name":"c{n}"}}"#));
        batch(
            &each
                .collect::<Vec<_>>()
                .iter()
                .map(String::as_str)
                .collect::<Vec<_>>(),
        )
    };
    let deletes = (0..20)
        .map(|n| delete(SECURE, &format!("c{n}"), "/"))
        .collect();
    let (fits, operations) = lines_of(6144);
    let (too_long, _) = lines_of(6145);
    let value = |length: usize| {
        batch(&[&format!(
            r#"{{"op":"set","name":"a","value":"{}"}}"#,
            "v".repeat(length)
        )])
    };
    vec![
        good("twenty operations", many(20), deletes),
        bad("twenty-one operations", many(21), "operations"),
        bad("no operations", batch(&[]), "operations"),
        good("lines of 6144 bytes", fits, operations),
        bad("lines of 6145 bytes", too_long, "operations"),
        good(
            "name and value of 4096 bytes",
            value(4095),
            vec![set(ORDINARY, "a", &"v".repeat(4095), "/", "")],
        ),
        bad("name and value of 4097 bytes", value(4096), "value"),
        bad(
            "a name of 4097 bytes in a delete",
            batch(&[&format!(
                r#"{{"op":"delete","name":"{}"}}"#,
                "n".repeat(4097)
            )]),
            "name",
        ),
    ]
}

/// One fault each.
fn refused() -> Vec<Value> {
    let second = |operation: &str| batch(&[r#"{"op":"set","name":"z","value":""}"#, operation]);
    let field = |field: &str, value: &str| {
        second(&format!(
            r#"{{"op":"set","name":"a","value":"v","{field}":{value}}}"#
        ))
    };
    let mut cases = vec![
        bad("a list", "[]", "operations"),
        bad("an operation alone", SET, "op"),
        bad("null", "null", "operations"),
        bad("a text", r#""operations""#, "operations"),
        bad("an empty object", "{}", "operations"),
        bad("null for the list", r#"{"operations":null}"#, "operations"),
        bad(
            "an operation for the list",
            format!(r#"{{"operations":{SET}}}"#),
            "operations",
        ),
        bad(
            "a list within the list",
            format!(r#"{{"operations":[[{SET}]]}}"#),
            "operations",
        ),
        bad("a text in the list", second(r#""a""#), "operations"),
        bad("null in the list", second("null"), "operations"),
        bad(
            "an unknown field beside the list",
            format!(r#"{{"operations":[{SET}],"version":1}}"#),
            "version",
        ),
        bad(
            "the list twice",
            format!(r#"{{"operations":[{SET}],"operations":[{SET}]}}"#),
            "operations",
        ),
        bad(
            "the name of the list in another case",
            format!(r#"{{"Operations":[{SET}]}}"#),
            "Operations",
        ),
        bad("one cookie twice", batch(&[SET, SET]), "name"),
        bad("one cookie set and deleted", batch(&[SET, DELETE]), "name"),
        bad(
            "one cookie twice, by an age that only one has",
            batch(&[
                SET,
                r#"{"op":"set","name":"a","value":"w","max_age":1,"secure":false,"http_only":false}"#,
            ]),
            "name",
        ),
        bad("an unknown field", field("expires", "1"), "expires"),
        bad("a field twice", field("value", r#""v""#), "value"),
        bad(
            "a field twice, once with an escape",
            field(r"n\u0061me", r#""a""#),
            "name",
        ),
        bad("no op", second(r#"{"name":"a","value":"v"}"#), "op"),
        bad("no name", second(r#"{"op":"set","value":"v"}"#), "name"),
        bad("no value", second(r#"{"op":"set","name":"a"}"#), "value"),
        bad(
            "null for op",
            second(r#"{"op":null,"name":"a","value":"v"}"#),
            "op",
        ),
        bad(
            "null for the name",
            second(r#"{"op":"set","name":null,"value":"v"}"#),
            "name",
        ),
        bad(
            "null for the value",
            second(r#"{"op":"set","name":"a","value":null}"#),
            "value",
        ),
        bad(
            "op in another case",
            second(r#"{"op":"Set","name":"a","value":"v"}"#),
            "op",
        ),
    ];
    for (name, value) in [
        ("max_age", "-1"),
        ("max_age", "-0"),
        ("max_age", "60.0"),
        ("max_age", "6e1"),
        ("max_age", "34560001"),
        ("max_age", "18446744073709551615"),
        ("max_age", "18446744073709551616"),
        ("max_age", "true"),
        ("max_age", r#""60""#),
        ("same_site", r#""lax""#),
        ("same_site", r#""""#),
        ("same_site", "false"),
        ("path", r#""""#),
        ("path", r#"["/"]"#),
        ("domain", r#""""#),
        ("domain", r#""localhost""#),
        ("secure", r#""true""#),
        ("http_only", "0"),
        ("partitioned", "{}"),
    ] {
        cases.push(bad(&format!("{name} is {value}"), field(name, value), name));
    }
    for field in ["value", "max_age", "http_only", "same_site"] {
        let text = second(&format!(
            r#"{{"op":"delete","name":"a","{field}":{}}}"#,
            if field == "value" { r#""""# } else { "null" }
        ));
        cases.push(bad(&format!("{field} in a delete"), text, field));
    }
    cases
}

/// Several faults of one operation: the order is SPEC's.
fn first_fault() -> Vec<Value> {
    let one = |fields: &str| batch(&[&format!("{{{fields}}}")]);
    vec![
        bad(
            "unknown, then a wrong type",
            one(r#""op":"set","x":1,"name":1,"value":"v""#),
            "x",
        ),
        bad(
            "a wrong type, then unknown",
            one(r#""op":"set","name":1,"x":1,"value":"v""#),
            "name",
        ),
        bad(
            "a wrong word, then twice",
            one(r#""op":"Set","name":"a","name":"a""#),
            "op",
        ),
        bad(
            "twice, then a wrong word",
            one(r#""name":"a","name":"a","op":"Set""#),
            "name",
        ),
        bad(
            "a wrong type behind a name that breaks a rule",
            one(r#""op":"set","name":"","value":"v","path":1"#),
            "path",
        ),
        bad("a wrong type, and nothing else", one(r#""path":1"#), "path"),
        bad("nothing", one(""), "op"),
        bad("op and nothing else", one(r#""op":"set""#), "name"),
        bad(
            "a delete without a name, with a value",
            one(r#""op":"delete","value":"v""#),
            "name",
        ),
        bad(
            "a delete with all that it lacks",
            one(
                r#""same_site":null,"http_only":null,"max_age":null,"value":"","name":"","op":"delete""#,
            ),
            "value",
        ),
        bad(
            "a delete with three of them",
            one(r#""same_site":null,"http_only":null,"max_age":null,"name":"","op":"delete""#),
            "max_age",
        ),
        bad(
            "a set without a value, and an age too long",
            one(r#""op":"set","name":"","max_age":34560001"#),
            "value",
        ),
        bad(
            "an age and everything else",
            one(
                r#""op":"set","name":"","value":" ","path":"","domain":"","secure":false,"partitioned":true,"max_age":34560001"#,
            ),
            "max_age",
        ),
        bad(
            "a name and everything else",
            one(
                r#""op":"set","name":"","value":" ","path":"","domain":"","secure":false,"partitioned":true"#,
            ),
            "name",
        ),
        bad(
            "a value and everything else",
            one(r#""op":"set","name":"__Host-a","value":" ","path":"","domain":"","secure":false"#),
            "value",
        ),
        bad(
            "a path and everything else",
            one(r#""op":"set","name":"__Host-a","value":"v","path":"","domain":"","secure":false"#),
            "path",
        ),
        bad(
            "a domain and everything else",
            one(
                r#""op":"set","name":"__Host-a","value":"v","path":"/a","domain":"","secure":false"#,
            ),
            "domain",
        ),
        bad(
            "a prefix that everything breaks",
            one(
                r#""op":"set","name":"__Host-Http-a","value":"v","path":"/a","domain":"a.example","secure":false,"http_only":false"#,
            ),
            "secure",
        ),
        bad(
            "a prefix that a domain and a path break",
            one(
                r#""op":"set","name":"__Host-Http-a","value":"v","path":"/a","domain":"a.example","http_only":false"#,
            ),
            "domain",
        ),
        bad(
            "a prefix that a path breaks, and http_only",
            one(r#""op":"set","name":"__Host-Http-a","value":"v","path":"/a","http_only":false"#),
            "path",
        ),
    ]
}

fn not_json() -> Vec<Value> {
    [
        ("empty", ""),
        ("cut off", r#"{"operations":[{"op":"set""#),
        ("quotes of the wrong kind", "{'operations':[]}"),
        (
            "a comma at the end",
            r#"{"operations":[{"op":"delete","name":"a"},]}"#,
        ),
        (
            "a byte order mark",
            "\u{feff}{\"operations\":[{\"op\":\"delete\",\"name\":\"a\"}]}",
        ),
        (
            "NaN",
            r#"{"operations":[{"op":"delete","name":"a","path":NaN}]}"#,
        ),
        (
            "half a surrogate pair",
            r#"{"operations":[{"op":"set","name":"a","value":"\ud800"}]}"#,
        ),
        (
            "a line end in a text",
            "{\"operations\":[{\"op\":\"set\",\"name\":\"a\",\"value\":\"\n\"}]}",
        ),
        (
            "a number with a leading zero",
            r#"{"operations":[{"op":"set","name":"a","value":"v","max_age":01}]}"#,
        ),
    ]
    .into_iter()
    .map(|(comment, text)| bad(&format!("not JSON: {comment}"), text, "batch"))
    .collect()
}

fn plain_http() -> Vec<Value> {
    let http = |case| on_plain_http(case);
    let bare = || set(HTTP_ONLY | LAX, "a", "v", "/", "");
    vec![
        http(good(
            "the defaults on plain http",
            batch(&[SET]),
            vec![bare()],
        )),
        http(good(
            "a delete on plain http",
            batch(&[DELETE]),
            vec![delete(0, "a", "/")],
        )),
        http(good(
            "a prefix on plain http",
            batch(&[r#"{"op":"set","name":"__Host-a","value":"v"}"#]),
            vec![bare()],
        )),
        http(bad(
            "two names that are one on plain http",
            batch(&[SET, r#"{"op":"set","name":"__Host-a","value":"v"}"#]),
            "name",
        )),
        good(
            "two names that are two on https",
            batch(&[SET, r#"{"op":"set","name":"__Host-a","value":"v"}"#]),
            vec![
                set(ORDINARY, "a", "v", "/", ""),
                set(ORDINARY, "__Host-a", "v", "/", ""),
            ],
        ),
        http(bad(
            "SameSite=None on plain http",
            batch(&[r#"{"op":"set","name":"a","value":"v","same_site":"None"}"#]),
            "same_site",
        )),
    ]
}

pub(crate) fn check(case: &Value) {
    let comment = &case["comment"];
    let scheme = if case["plain_http"] == true {
        Scheme::Http
    } else {
        Scheme::Https
    };
    let read = parse_batch_over(case["text"].as_str().unwrap(), scheme);
    match (read, case["field"].as_str()) {
        (Ok(batch), None) => {
            let ring = KeyRing::new(&Secret::new(SECRET).unwrap(), &[]).unwrap();
            let nonce = URL_SAFE_NO_PAD
                .decode(case["nonce"].as_str().unwrap())
                .unwrap();
            let header = TokenHeader::new(
                Nonce::from_random(nonce.try_into().unwrap()),
                at(case["now"].as_u64().unwrap()),
                Lifetime::from_millis(case["ttl_ms"].as_u64().unwrap()).unwrap(),
            );
            let token = seal(&ring, Sealing::Signed, &header, &batch).into_string();
            let sealed = URL_SAFE_NO_PAD.decode(&token[3..]).unwrap();
            // Between key id and tag.
            let payload = URL_SAFE_NO_PAD.encode(&sealed[4..sealed.len() - 32]);
            assert_eq!(payload, case["payload"].as_str().unwrap(), "{comment}");
        }
        (Err(error), Some(field)) => assert_eq!(error.field(), field, "{comment}"),
        (Ok(_), Some(_)) => panic!("{comment}: not refused"),
        (Err(error), None) => panic!("{comment}: {error}"),
    }
}
