//! The vectors as questions, each with the answer that it wants.

use apply_cookies::protocol::vectors::FILES;
use serde_json::{Map, Value, json};

use crate::refused::Refused;

/// A question, and the answer that SPEC gives.
pub(super) struct Case {
    /// Where it is from.
    pub(super) comment: String,
    pub(super) question: Value,
    pub(super) expected: Value,
}

/// Every vector, once or twice.
pub(super) fn all() -> Result<Vec<Case>, Refused> {
    let mut cases = Vec::new();
    for (path, text) in FILES {
        let file: Value = serde_json::from_str(text)?;
        let parts: Vec<&str> = path.split('/').collect();
        match parts[..] {
            ["accept", _] => cases.extend(accepted(path, &file)),
            ["reject", step, _] => {
                cases.push(case(path, &file, "open", OPEN, json!({ "step": step })));
            }
            [_] => {
                for one in file["cases"].as_array().into_iter().flatten() {
                    cases.extend(of_table(path, one));
                }
            }
            _ => {}
        }
    }
    Ok(cases)
}

const OPEN: &[&str] = &[
    "secret",
    "previous_secrets",
    "token",
    "now",
    "binding_cookie",
    "binding_required",
];

/// A question that has these fields of a vector.
fn case(path: &str, vector: &Value, what: &str, fields: &[&str], expected: Value) -> Case {
    let comment = vector["comment"].as_str().unwrap_or_default();
    let mut question = select(vector, fields);
    question.insert("do".to_owned(), json!(what));
    Case {
        comment: format!("{path}: {comment}"),
        question: question.into(),
        expected,
    }
}

/// These fields; what is not there is `null`.
fn select(vector: &Value, fields: &[&str]) -> Map<String, Value> {
    let fields = fields.iter();
    fields
        .map(|field| ((*field).to_owned(), vector[*field].clone()))
        .collect()
}

/// The one of two answers that a vector has.
fn either(vector: &Value, refusal: &str, fields: &[&str]) -> Value {
    match vector.get(refusal) {
        Some(_) => select(vector, &[refusal]),
        None => select(vector, fields),
    }
    .into()
}

fn accepted(path: &str, vector: &Value) -> Vec<Case> {
    let opened = &vector["opened"];
    let mut seal = case(
        path,
        vector,
        "seal",
        &["secret", "iv"],
        json!({ "token": vector["token"] }),
    );
    // A token under a previous secret was sealed when that was the current one.
    if let Some(previous) = vector["previous_secrets"].get(0) {
        seal.question["secret"] = previous.clone();
    }
    let end = opened["expires_at"].as_u64().unwrap_or_default();
    let start = opened["issued_at"].as_u64().unwrap_or_default();
    seal.question["now"] = json!(start);
    seal.question["ttl_ms"] = json!(end.saturating_sub(start));
    for field in ["seal", "nonce", "scope", "barrier", "then", "operations"] {
        seal.question[field] = opened[field].clone();
    }
    let bound = opened["bound"] == true;
    seal.question["binding_cookie"] = vector["binding_cookie"].as_str().filter(|_| bound).into();
    let open = json!({ "opened": opened, "set_cookie": vector["set_cookie"] });
    vec![seal, case(path, vector, "open", OPEN, open)]
}

fn of_table(path: &str, vector: &Value) -> Vec<Case> {
    let one = |what, fields: &[&str], expected| vec![case(path, vector, what, fields, expected)];
    match path {
        "values.json" => values(path, vector),
        "cookie-header.json" => one(
            "cookie",
            &["fields", "name"],
            select(vector, &["found"]).into(),
        ),
        "set-cookie.json" => {
            let mut cases = one("set-cookie", &[], either(vector, "field", &["set_cookie"]));
            for case in &mut cases {
                case.question["text"] = json!(vector["operation"].to_string());
                case.question["plain_http"] = json!(vector["plain_http"] == true);
            }
            cases
        }
        "batches.json" => {
            let fields = ["text", "now", "ttl_ms", "nonce"];
            let mut cases = one("batch", &fields, either(vector, "field", &["payload"]));
            for case in &mut cases {
                case.question["plain_http"] = json!(vector["plain_http"] == true);
            }
            cases
        }
        "keys.json" => {
            let fields = ["secret", "previous_secrets", "name"];
            one("keys", &fields, either(vector, "refused", &["keys"]))
        }
        "frames.json" => one(
            "frame",
            &["token"],
            select(vector, &["sse", "websocket", "html"]).into(),
        ),
        "bindings.json" => {
            let fields = [
                "origins",
                "method",
                "cookie",
                "origin",
                "sec_fetch_site",
                "sec_fetch_mode",
                "sec_fetch_dest",
                "fresh",
            ];
            let answer = ["binding", "set_cookie", "why"];
            one("binding", &fields, select(vector, &answer).into())
        }
        "secrets.json" => one(
            "secret",
            &["form", "text"],
            select(vector, &["refused", "entry"]).into(),
        ),
        _ => Vec::new(),
    }
}

fn values(path: &str, vector: &Value) -> Vec<Case> {
    let mut cases = Vec::new();
    if vector["text"].is_string() {
        let fields = [
            "secret",
            "previous_secrets",
            "name",
            "protection",
            "now",
            "text",
            "json",
        ];
        let read = ["value", "expires_at", "under_previous_key"];
        cases.push(case(
            path,
            vector,
            "read-value",
            &fields,
            either(vector, "reason", &read),
        ));
    }
    if vector["written"] == true {
        let fields = [
            "secret",
            "name",
            "protection",
            "now",
            "value",
            "json",
            "expires_at",
            "iv",
        ];
        cases.push(case(
            path,
            vector,
            "write-value",
            &fields,
            either(vector, "reason", &["text"]),
        ));
    }
    cases
}
