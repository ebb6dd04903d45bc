//! The promises of the tools with `--profile mesop`, by running the program. The vectors are the
//! ones that Python made (`protocol/vectors/mesop`).

#[path = "support/run.rs"]
mod run;

use std::process::Output;

use run::bare;
use serde_json::{Value, json};

const SECRET: &str = "8uNnT5lZQ0zGm1rVxkPqYc3sEJfHdOaW7bKtLi2vRyA";
const OF_VECTORS: &str = "public-secret-0123456789abcdef0123456789abcdef";

fn run(secret: Option<&str>, args: &[&str], input: &str) -> Output {
    let mut program = bare();
    program
        .envs(secret.map(|secret| ("MESOP_COOKIE_SECRET_KEY", secret)))
        .args(args)
        .args(["--profile", "mesop"])
        // The vectors' secret is published.
        .args((args[0] != "set-cookie").then_some("--allow-published-secret"));
    run::run(&mut program, input)
}

/// The lines that a tool answers; it must not fail.
fn lines_of(secret: Option<&str>, args: &[&str], input: &str) -> Vec<String> {
    let output = run(secret, args, input);
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(str::to_owned).collect()
}

fn lines(args: &[&str], input: &str) -> Vec<String> {
    lines_of(Some(SECRET), args, input)
}

fn json_lines(args: &[&str], input: &str) -> Vec<Value> {
    lines(args, input)
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn cases(text: &str) -> Vec<Value> {
    let table: Value = serde_json::from_str(text).unwrap();
    table["cases"].as_array().unwrap().clone()
}

#[test]
fn inspect_reads_minted_tokens() {
    let operations = json!([
        {"op": "set", "name": "a", "value": "say \"hé\", ;", "max_age": -5, "path": "/p q",
         "domain": "bücher.example", "secure": true, "http_only": false, "same_site": "Strict",
         "partitioned": false},
        {"op": "delete", "name": "a", "path": "/", "domain": null, "secure": true,
         "partitioned": false},
        {"op": "set", "name": "a", "value": "", "max_age": null, "path": null, "domain": null,
         "secure": false, "http_only": true, "same_site": null, "partitioned": false},
    ]);
    let batch = json!({ "operations": operations }).to_string();
    let tokens = lines(&["mint"], &format!("{batch}\n{batch}\n"));
    assert_eq!(tokens.len(), 2);
    assert_ne!(tokens[0], tokens[1]);
    let reports = json_lines(&["inspect"], &tokens.join("\n"));
    let report = reports[0].as_object().unwrap();
    assert_eq!(report["verdict"], "valid");
    assert_eq!(report["profile"], "mesop");
    assert_eq!(report["seal"], "signed");
    assert_eq!(report["nonce"].as_str().unwrap().len(), 22);
    assert_eq!(report["operations"], operations);
    let (issued, expires) = (&report["issued_at"], &report["expires_at"]);
    assert_eq!(issued.as_u64().unwrap() % 1000, 0);
    assert_eq!(expires.as_u64().unwrap() - issued.as_u64().unwrap(), 61_000);
    let seconds = issued.as_u64().unwrap() / 1000;
    for (now, verdict) in [
        (seconds + 60, "valid"),
        (seconds + 61, "expired"),
        (seconds - 5, "valid"),
        (seconds - 6, "not_yet_valid"),
    ] {
        let reports = json_lines(&["inspect", "--now", &now.to_string()], &tokens[0]);
        assert_eq!(reports[0]["verdict"], verdict);
    }
    let other = lines_of(Some(OF_VECTORS), &["inspect"], &tokens[0]);
    assert_eq!(other, [r#"{"verdict":"invalid"}"#]);
}

#[test]
fn tokens_of_mesop_are_inspected() {
    let mut valid = 0;
    for case in cases(include_str!(
        "../../protocol/vectors/mesop/apply_tokens.json"
    )) {
        let token = case["token"].as_str().unwrap();
        // One is a text of two lines.
        if case["expect"]["status"] != 204 || token.contains('\n') {
            continue;
        }
        let now = case["now"].to_string();
        let answer = lines_of(Some(OF_VECTORS), &["inspect", "--now", &now], token);
        let report: Value = serde_json::from_str(&answer[0]).unwrap();
        // Three have a text that is not canonical.
        if report["verdict"] == "invalid" {
            assert!(
                case["what"].as_str().unwrap().contains("pad")
                    || case["what"].as_str().unwrap().contains("bits")
            );
            continue;
        }
        assert_eq!(report["verdict"], "valid");
        if let Some(nonce) = case["payload"]["n"].as_str() {
            assert_eq!(report["nonce"], nonce);
        }
        let lines = case["expect"]["set_cookie"].as_array().unwrap().len();
        assert_eq!(report["operations"].as_array().unwrap().len(), lines);
        valid += 1;
    }
    assert!(valid > 25, "{valid}");
}

#[test]
fn a_batch_that_is_refused_names_the_line_and_the_field() {
    let batches = [
        r#"{"operations":[{"op":"set","name":"a","value":"1"}]}"#,
        r#"{"operations":[{"op":"set","name":"a; Domain=evil","value":"1"}]}"#,
        r#"{"operations":[]}"#,
        r#"{"operations":[{"op":"set","name":"a","value":"1","partitioned":true}]}"#,
    ];
    let output = run(Some(SECRET), &["mint"], &batches.join("\n"));
    assert_eq!(output.status.code(), Some(1));
    let stdout = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = stdout.split('\n').collect();
    assert!(!lines[0].is_empty());
    assert_eq!(lines[1..], ["", "", "", ""]);
    let stderr = String::from_utf8(output.stderr).unwrap();
    for expected in [
        "line 2: name: ",
        "line 3: operations: ",
        "line 4: partitioned: ",
    ] {
        assert!(stderr.contains(expected), "{stderr}");
    }
    for wrong in [["--seal", "encrypted"], ["--ttl", "30"]] {
        let output = run(Some(SECRET), &["mint", wrong[0], wrong[1]], "");
        assert_eq!(output.status.code(), Some(2), "{wrong:?}");
    }
    let output = run(
        Some(SECRET),
        &["mint", "--seal", "signed", "--ttl", "60"],
        "",
    );
    assert!(output.status.success());
}

#[test]
fn headers_are_those_of_werkzeug_at_the_time_given() {
    let (mut written, mut refused) = (0, 0);
    let cases = cases(include_str!("../../protocol/vectors/mesop/set_cookie.json"));
    let input: Vec<String> = cases
        .iter()
        .map(|case| {
            let cookie = &case["cookie"];
            json!({
                "op": "set", "name": cookie["name"], "value": cookie["value"],
                "max_age": cookie["max_age"], "path": cookie["path"], "domain": cookie["domain"],
                "secure": cookie["secure"], "http_only": cookie["httponly"],
                "same_site": cookie["samesite"],
            })
            .to_string()
        })
        .collect();
    let args = ["set-cookie", "--now", "1760001234"];
    let answers = lines_of(None, &args, &input.join("\n"));
    assert_eq!(answers.len(), cases.len());
    for (case, answer) in cases.iter().zip(answers) {
        assert_eq!(case["now"], 1_760_001_234);
        if case["expect"]["header"] == answer.as_str() {
            written += 1;
        } else {
            let answer: Value = serde_json::from_str(&answer).unwrap();
            assert!(answer["error"].is_string() && answer["field"].is_string());
            refused += 1;
        }
    }
    // Two on which Python fails, and six of protocol/tests/mesop/differences.rs.
    assert_eq!((written, refused), (43, 8));
}

fn cookie_args<'a>(verb: &'a str, protection: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut args = vec![
        "cookie",
        verb,
        "--name",
        "session",
        "--protection",
        protection,
    ];
    args.extend(more);
    args
}

#[test]
fn values_come_back_at_every_protection_and_under_their_own_name() {
    let values = [
        json!({"username": "ada; é \"%\" \\ ,", "roles": ["admin"], "n": -1.5}),
        json!({}),
        json!(null),
        json!([1, [2]]),
        json!("text"),
    ];
    let input = values.each_ref().map(Value::to_string).join("\n");
    let expected: Vec<Value> = values
        .iter()
        .map(|value| json!({ "ok": true, "value": value }))
        .collect();
    for protection in ["plain", "signed", "encrypted"] {
        let encoded = lines(&cookie_args("encode", protection, &[]), &input);
        let decode = cookie_args("decode", protection, &[]);
        assert_eq!(json_lines(&decode, &encoded.join("\n")), expected);
        // In a header, among others.
        let header = format!("Cookie: x=1; session={}; y=2", encoded[0]);
        let decode = cookie_args("decode", protection, &["--header"]);
        assert_eq!(json_lines(&decode, &header), expected[..1]);
        let twice = format!("session={0}; session={0}", encoded[0]);
        let duplicate = json!({"ok": false, "reason": "duplicate"});
        assert_eq!(json_lines(&decode, &twice), [duplicate]);
        if protection != "plain" {
            let mut other = cookie_args("decode", protection, &[]);
            other[3] = "admin_session";
            let forged = json!({"ok": false, "reason": "forged"});
            assert_eq!(json_lines(&other, &encoded[0]), [forged]);
        }
    }
}

#[test]
fn values_are_those_that_python_writes() {
    let json = r#"{"username":"alice","n":3,"é":[1.50, true]}"#;
    assert_eq!(
        lines(&cookie_args("encode", "plain", &[]), json),
        [r#""{\"username\": \"alice\"\054 \"n\": 3\054 \"\\u00e9\": [1.50\054 true]}""#]
    );
    for case in cases(include_str!(
        "../../protocol/vectors/mesop/signed_values.json"
    )) {
        let (Some(value), Some(signed)) = (case["value"].as_str(), case["signed"].as_str()) else {
            continue;
        };
        let mut args = cookie_args("encode", "signed", &["--text"]);
        args[3] = case["cookie_name"].as_str().unwrap();
        // Compressed ones differ in zlib's bytes, and a line cannot contain a line end.
        if !signed.starts_with('.') && !value.contains('\n') {
            let input = format!("{value}\n");
            assert_eq!(lines_of(Some(OF_VECTORS), &args, &input), [signed]);
        }
    }
}

#[test]
fn an_encrypted_value_expires() {
    let encode = cookie_args("encode", "encrypted", &["--now", "1000", "--max-age", "60"]);
    let value = lines(&encode, r#"{"a":1}"#).concat();
    let at = |now| {
        let decode = cookie_args("decode", "encrypted", &["--now", now]);
        json_lines(&decode, &value).remove(0)
    };
    assert_eq!(at("1059"), json!({"ok": true, "value": {"a": 1}}));
    assert_eq!(at("1060"), json!({"ok": false, "reason": "expired"}));
}

#[test]
fn the_secret_of_the_app_is_asked_for_by_its_variable() {
    let encode = cookie_args("encode", "signed", &[]);
    for args in [vec!["mint"], vec!["inspect"], encode] {
        for secret in [None, Some("short")] {
            let output = run(secret, &args, "");
            assert_eq!(output.status.code(), Some(1), "{args:?}");
            let stderr = String::from_utf8(output.stderr).unwrap();
            assert!(stderr.contains("MESOP_COOKIE_SECRET_KEY"), "{stderr}");
            assert!(stderr.contains("apply-cookies keygen"), "{stderr}");
        }
    }
    // Plain values and headers have no key.
    assert!(
        run(None, &cookie_args("encode", "plain", &[]), "1")
            .status
            .success()
    );
}
