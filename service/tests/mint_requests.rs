//! `mint --requests`: one child for all browsers.

#[path = "support/run.rs"]
mod run;
mod support;

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use apply_cookies::BindingPolicy;
use apply_cookies::protocol::{ReceiptId, UntrustedToken};
use run::{bare, run};
use serde_json::{Value, json};
use support::{SECRET, SESSION, browser, ring};

fn mint() -> std::process::Command {
    let mut command = bare();
    command
        .env("APPLY_COOKIES_SECRET_KEY", &*SECRET)
        .args(["mint", "--requests"]);
    command
}

#[test]
fn one_process_answers_each_line_at_once_and_for_every_browser() {
    let mut child = mint()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let ring = ring();
    for n in 1..4 {
        let browser = browser(n);
        let binding = browser.to_text();
        writeln!(
            input,
            r#"{{"id":"{n}","binding":"{binding}","operations":[{SESSION}],"seal":"signed","ttl_ms":{n},"barrier":true,"then":"reload","frame":"html"}}"#
        )
        .unwrap();
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        let result: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(result["id"], n.to_string());
        let token = &result["tokens"][0];
        let mut buffer = Vec::new();
        let opened = UntrustedToken::new(token["token"].as_str().unwrap()).open(&ring, &mut buffer);
        let opened = opened.unwrap();
        let header = opened.header();
        assert!(header.barrier && header.then.is_some() && header.scope.is_none());
        assert_eq!(
            header.expires_at.get() - header.issued_at.get(),
            u64::from(n)
        );
        let receipt = ReceiptId::from_nonce(header.nonce).to_text();
        assert_eq!(token["receipt"], receipt);
        assert!(
            token["frame"]
                .as_str()
                .unwrap()
                .starts_with("<apply-cookies")
        );
        let (now, required) = (header.issued_at, BindingPolicy::Required);
        assert!(opened.verify(now, required, Some(&browser)).is_ok());
    }
    drop(input);
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_line_that_is_refused_is_answered_and_the_next_one_is_minted() {
    let session: Value = serde_json::from_str(SESSION).unwrap();
    let good = json!({ "binding": browser(1).to_text(), "operations": [session] });
    let mut lines = Vec::new();
    for (field, wrong) in [
        ("binding", json!(null)),
        (
            "operations",
            json!([{ "op": "set", "name": "a b", "value": "" }]),
        ),
        (
            "operations",
            json!([{ "op": "set", "name": "a", "value": 1 }]),
        ),
        ("ttl_ms", json!(3_600_001)),
        ("colour", json!("red")),
        ("operations", json!([])),
    ] {
        let mut request = good.clone();
        request[field] = wrong;
        writeln!(lines, "{request}").unwrap();
    }
    lines.extend(b"no JSON\n");
    let binding = browser(1).to_text();
    let last = [
        r#"{"id":"last","binding":""#,
        &binding,
        r#"","operations":["#,
        SESSION,
        "]}\n",
    ];
    lines.extend(last.concat().bytes());
    let output = run(&mut mint(), lines);
    assert!(output.status.success());
    let results: Vec<Value> = (run::text(&output.stdout).lines())
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let fields: Vec<_> = results
        .iter()
        .map(|result| &result["error"]["field"])
        .collect();
    let named = ["binding", "name", "value", "ttl_ms", "colour", "operations"];
    assert_eq!(
        fields[..6],
        named.map(Value::from).iter().collect::<Vec<_>>()
    );
    assert_eq!(results[6]["error"]["type"], "invalid");
    assert_eq!(results[7]["id"], "last");
    assert!(results[7]["tokens"][0]["token"].is_string());
}

#[test]
fn settings_of_a_single_browser_do_not_go_with_requests() {
    for extra in [
        &["--binding", "8uNnT5lZQ0zGm1rVxkPqYc3sEJfHdOaW7bKtLi2vRyA"][..],
        &["--ttl", "60"],
        &["--seal", "signed"],
        &["--then", "reload"],
        &["--profile", "mesop"],
    ] {
        let output = run(mint().args(extra), "");
        assert_eq!(output.status.code(), Some(2), "{extra:?}");
    }
}
