//! The promises of `cookie` and `set-cookie`, by running the program.

#[path = "support/run.rs"]
mod run;

use std::process::Output;

use run::bare;
use serde_json::{Value, json};

const SECRET: &str = "8uNnT5lZQ0zGm1rVxkPqYc3sEJfHdOaW7bKtLi2vRyA";
const OTHER_SECRET: &str = "Zk3vT0pQ8sX1yB6nM4cJ7wL2hG5dF9aRu-cE4iO_qTs";

/// Under the published secrets, as anyone who checks another implementation does.
fn run(environment: &[(&str, &str)], args: &[&str], input: &[u8]) -> Output {
    let mut program = bare();
    program
        .envs(environment.iter().copied())
        .args(args)
        .args((args[0] != "set-cookie").then_some("--allow-published-secret"));
    run::run(&mut program, input)
}

/// The lines that a tool answers; it must not fail.
fn lines(args: &[&str], input: impl AsRef<[u8]>) -> Vec<String> {
    let output = run(
        &[("APPLY_COOKIES_SECRET_KEY", SECRET)],
        args,
        input.as_ref(),
    );
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(str::to_owned).collect()
}

fn encode(protection: &str, args: &[&str], input: &str) -> Vec<String> {
    let args = [
        &[
            "cookie",
            "encode",
            "--name",
            "session",
            "--protection",
            protection,
        ],
        args,
    ];
    lines(&args.concat(), input)
}

fn decode(protection: &str, args: &[&str], input: impl AsRef<[u8]>) -> Vec<Value> {
    let args = [
        &[
            "cookie",
            "decode",
            "--name",
            "session",
            "--protection",
            protection,
        ],
        args,
    ];
    lines(&args.concat(), input)
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

const PROTECTIONS: [&str; 3] = ["plain", "signed", "encrypted"];

fn refusal(reason: &str) -> Value {
    json!({ "ok": false, "reason": reason })
}

#[test]
fn values_come_back_at_every_protection() {
    let values = [
        json!({"username": "ada; é \"%\" \\ ,", "roles": ["admin"], "n": -1.5}),
        json!({}),
        json!(null),
        json!([1, [2]]),
        json!("text"),
        json!(0),
    ];
    let input = values.each_ref().map(Value::to_string).join("\n");
    for protection in PROTECTIONS {
        let encoded = encode(protection, &[], &input);
        let octets = |byte: u8| byte.is_ascii_graphic() && !b"\",;\\".contains(&byte);
        assert!(encoded.iter().all(|value| value.bytes().all(octets)));
        let expected: Vec<Value> = values
            .iter()
            .map(|value| json!({ "ok": true, "value": value }))
            .collect();
        assert_eq!(decode(protection, &[], encoded.join("\n")), expected);
    }
}

#[test]
fn order_and_numbers_stay_and_spaces_between_tokens_go() {
    let json = "{\"z\" : 1.50,\t\"a\": 12345678901234567890123, \"s\":\" \\\" \"}";
    assert_eq!(
        encode("plain", &[], json),
        ["{%22z%22:1.50%2C%22a%22:12345678901234567890123%2C%22s%22:%22%20%5C%22%20%22}"]
    );
    let value = encode("encrypted", &[], json).concat();
    let args = [
        "cookie",
        "decode",
        "--name",
        "session",
        "--protection",
        "encrypted",
    ];
    assert_eq!(
        lines(&args, value),
        [r#"{"ok":true,"value":{"z":1.50,"a":12345678901234567890123,"s":" \" "}}"#]
    );
}

#[test]
fn text_comes_back_as_it_was() {
    let texts = ["", " a b ", "é;\",%41\\", "{\"n\":NaN}", "null"];
    for protection in PROTECTIONS {
        let encoded = encode(protection, &["--text"], &(texts.join("\n") + "\n"));
        let expected = texts.map(|text| json!({ "ok": true, "value": text }));
        let input = encoded.join("\n") + "\n";
        assert_eq!(decode(protection, &["--text"], input), expected);
    }
    assert_eq!(decode("plain", &["--text"], "%FF"), [refusal("malformed")]);
}

#[test]
fn a_line_that_is_not_json_is_refused_and_the_rest_goes_on() {
    let input =
        "{\"a\":1}\nnope\n{\"a\":NaN}\n{\"a\":1,\"a\":2}\n[[[[[[[[[1]]]]]]]]]\n\n{\"a\":2}\n";
    let encoded = encode("plain", &[], input);
    let reasons: Vec<Value> = encoded
        .iter()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| json!({ "reason": line })))
        .map(|line| line["reason"].clone())
        .collect();
    assert_eq!(
        reasons,
        [
            "{%22a%22:1}",
            "not-json",
            "not-json",
            "duplicate-key",
            "too-deep",
            "not-json",
            "{%22a%22:2}"
        ]
    );
    // Another program may write such values; the reader refuses them as well.
    let written = "nope\n{%22a%22:NaN}\n{%22a%22:1%2C%22a%22:2}\n[[[[[[[[[1]]]]]]]]]\n%2\n\n";
    assert_eq!(
        decode("plain", &[], written),
        [
            "not-json",
            "not-json",
            "duplicate-key",
            "too-deep",
            "malformed",
            "not-json"
        ]
        .map(refusal)
    );
}

#[test]
fn a_value_that_is_too_large_is_refused_with_the_sizes() {
    let json = |length: usize| format!("\"{}\"", "v".repeat(length));
    assert_eq!(encode("plain", &[], &json(4083))[0].len(), 4089);
    let refused: Value = serde_json::from_str(&encode("plain", &[], &json(4084))[0]).unwrap();
    assert_eq!(refused["reason"], "too-long");
    assert_eq!(
        refused["detail"],
        "value: 4097 bytes are too many, at most 4096 fit (of name and encoded value together)"
    );
    assert_eq!(
        decode("plain", &[], "v".repeat(4090)),
        [refusal("too-long")]
    );
}

#[test]
fn a_line_that_is_too_long_is_refused_as_a_whole_and_the_next_is_read() {
    let long = "a".repeat(200_000);
    let input = format!("{long}\nok\n");
    let encoded = encode("plain", &["--text"], &input);
    assert_eq!(encoded.len(), 2);
    assert!(
        encoded[0].contains("\"reason\":\"too-long\""),
        "{encoded:?}"
    );
    assert_eq!(encoded[1], "ok");
    let good = json!({ "ok": true, "value": "ok" });
    for args in [&["--text"][..], &["--text", "--header"]] {
        let line = if args.len() == 1 { "ok" } else { "session=ok" };
        let input = format!("{long}\n{line}\n");
        assert_eq!(
            decode("plain", args, input),
            [refusal("too-long"), good.clone()]
        );
    }
    let answers = lines(&["set-cookie"], &input);
    assert_eq!(answers.len(), 2);
    assert!(answers[0].contains("the line is too long"));
}

#[test]
fn lines_may_end_as_on_windows() {
    assert_eq!(encode("plain", &["--text"], "a\r\nb\r\n"), ["a", "b"]);
    let text = "{\"a\":\"\\\\\"   , \"b\" : 1}";
    assert_eq!(
        encode("plain", &[], text),
        ["{%22a%22:%22%5C%5C%22%2C%22b%22:1}"]
    );
    let args = [
        "cookie",
        "encode",
        "--name",
        "a",
        "--protection",
        "plain",
        "--text",
    ];
    assert!(lines(&args, b"\xff\n")[0].contains("\"reason\":\"malformed\""));
}

#[test]
fn a_value_is_bound_to_its_name_its_protection_and_its_time() {
    for protection in ["signed", "encrypted"] {
        let value = encode(
            protection,
            &["--now", "1800000000", "--max-age", "60"],
            "{\"n\":1}",
        )
        .concat();
        let good = json!({ "ok": true, "value": { "n": 1 } });
        let at = |now: &str| decode(protection, &["--now", now], &value);
        assert_eq!(at("1800000059"), [good]);
        assert_eq!(at("1800000060"), [refusal("expired")]);
        let args = [
            "cookie",
            "decode",
            "--name",
            "sessions",
            "--protection",
            protection,
        ];
        assert_eq!(lines(&args, &value), [refusal("forged").to_string()]);
        let other = if protection == "signed" {
            "encrypted"
        } else {
            "signed"
        };
        assert_eq!(decode(other, &[], &value), [refusal("malformed")]);
        let last = value.len() - 3;
        let changed = format!(
            "{}{}",
            &value[..last],
            if value.ends_with('A') { "BBB" } else { "AAA" }
        );
        let verdict = &decode(protection, &[], changed)[0];
        assert!(["forged", "malformed"].contains(&verdict["reason"].as_str().unwrap()));
    }
}

#[test]
fn previous_secrets_read_and_do_not_write() {
    let old = encode("signed", &[], "1").concat();
    let environment = [
        ("APPLY_COOKIES_SECRET_KEY", OTHER_SECRET),
        ("APPLY_COOKIES_PREVIOUS_KEYS", SECRET),
    ];
    let tool = |action: &str, input: &str| {
        let args = [
            "cookie",
            action,
            "--name",
            "session",
            "--protection",
            "signed",
        ];
        String::from_utf8(run(&environment, &args, input.as_bytes()).stdout).unwrap()
    };
    assert_eq!(tool("decode", &old), "{\"ok\":true,\"value\":1}\n");
    let new = tool("encode", "1");
    assert_eq!(decode("signed", &[], new), [refusal("unknown-key")]);
}

#[test]
fn a_header_is_read_strictly() {
    let cases: [(&[u8], Value); 9] = [
        (
            b"a=b; session={%22n%22:1}; c=d",
            json!({ "ok": true, "value": { "n": 1 } }),
        ),
        (
            b"Cookie: session={%22n%22:1}",
            json!({ "ok": true, "value": { "n": 1 } }),
        ),
        (b"cookie:session=1;x", json!({ "ok": true, "value": 1 })),
        (b"a=b", refusal("absent")),
        (b"session=1; session=1", refusal("duplicate")),
        (b"%73ession=1", refusal("absent")),
        ("\u{2000}session=1".as_bytes(), refusal("absent")),
        (b"\x85session=1; \xa0session=2", refusal("absent")),
        (b"", refusal("absent")),
    ];
    let input: Vec<u8> = cases
        .iter()
        .flat_map(|(line, _)| [line, b"\n".as_slice()].concat())
        .collect();
    let expected: Vec<Value> = cases.into_iter().map(|(_, verdict)| verdict).collect();
    assert_eq!(decode("plain", &["--header"], input), expected);
}

#[test]
fn plain_values_need_no_secret_and_the_others_say_which() {
    let tool = |protection: &str| {
        let args = [
            "cookie",
            "encode",
            "--name",
            "a",
            "--protection",
            protection,
        ];
        run(&[], &args, b"1\n")
    };
    assert_eq!(tool("plain").stdout, b"1\n");
    for protection in ["signed", "encrypted"] {
        let output = tool(protection);
        assert_eq!(output.status.code(), Some(1));
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(error.contains("set APPLY_COOKIES_SECRET_KEY"), "{error}");
    }
    let output = run(
        &[],
        &["cookie", "decode", "--name", "a b", "--protection", "plain"],
        b"",
    );
    assert_eq!(output.status.code(), Some(2));
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .contains("--name: may hold only")
    );
}

#[test]
fn operations_become_header_text_or_name_the_field() {
    let operations = [
        (
            r#"{"op":"set","name":"session","value":"8f14e45f","max_age":60}"#,
            "session=8f14e45f; Path=/; Max-Age=60; Secure; HttpOnly; SameSite=Lax",
        ),
        (
            r#"{"op":"delete","name":"old"}"#,
            "old=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure; HttpOnly",
        ),
        (
            r#"{"op":"set","name":"a","value":"hunter2; Domain=evil.example"}"#,
            "value",
        ),
        ("nope", "operation"),
        (r#"{"op":"set","name":"a","value":""} x"#, "operation"),
        ("", "operation"),
    ];
    let input = operations.map(|(json, _)| json).join("\n") + "\n";
    let answers = lines(&["set-cookie", "--now", "1800000000"], input);
    assert_eq!(answers.len(), operations.len());
    for (answer, (json, expected)) in answers.iter().zip(operations) {
        if answer.starts_with('{') {
            let answer: Value = serde_json::from_str(answer).unwrap();
            assert_eq!(answer["field"], expected, "{json}");
            let error = answer["error"].as_str().unwrap();
            assert!(!error.is_empty() && !error.contains("hunter2"), "{error}");
        } else {
            assert_eq!(answer, expected);
        }
    }
}

#[test]
fn minted_tokens_can_be_sign_outs_and_have_actions() {
    let binding = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let batch = "{\"operations\":[{\"op\":\"delete\",\"name\":\"session\"}]}\n";
    let inspected = |args: &[&str], batches: &str| -> Vec<Value> {
        let args = [&["mint", "--binding", binding], args].concat();
        let tokens = lines(&args, batches).join("\n");
        let reports = lines(&["inspect"], tokens);
        let parsed = reports.iter().map(|line| serde_json::from_str(line));
        parsed.collect::<Result<_, _>>().unwrap()
    };
    let plain = inspected(&[], batch);
    assert_eq!(plain[0]["barrier"], false);
    assert_eq!(plain[0]["then"], Value::Null);
    let out = inspected(&["--barrier", "--then", "/bye"], &batch.repeat(3));
    let mut last = 0;
    for report in out {
        assert_eq!(report["barrier"], true);
        assert_eq!(report["then"], json!({"go": "/bye"}));
        let issued_at = report["issued_at"].as_u64().unwrap();
        assert!(issued_at > last, "each is younger than the barrier before");
        last = issued_at;
    }
    // An action that is shown can be given again.
    for then in [json!("reload"), json!("reconnect"), json!({"go": "/a?b#c"})] {
        let given = then
            .as_str()
            .map_or_else(|| then.to_string(), str::to_owned);
        assert_eq!(inspected(&["--then", &given], batch)[0]["then"], then);
    }
    for elsewhere in [
        "//evil.example",
        "https://evil.example",
        "/%2fevil.example",
        r#"{"go":"//evil.example"}"#,
        r#"{"go":"/a","b":1}"#,
        "go /a",
        "Reload",
        "-reload",
    ] {
        let args = ["mint", "--then", elsewhere];
        let output = run(&[("APPLY_COOKIES_SECRET_KEY", SECRET)], &args, b"");
        assert_eq!(output.status.code(), Some(2), "{elsewhere}");
    }
    // A barrier needs a browser.
    let output = run(
        &[("APPLY_COOKIES_SECRET_KEY", SECRET)],
        &["mint", "--barrier"],
        b"",
    );
    assert_eq!(output.status.code(), Some(2));
}
