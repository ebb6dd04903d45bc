//! The vectors that Mesop, itsdangerous, Werkzeug and Fernet have made (`vectors/mesop`): every
//! case is answered as Python answers it, but for those of one list.

#![allow(
    clippy::disallowed_methods,
    reason = "the codec has no I/O; its tests read files"
)]

mod classes;
mod cookies;
mod differences;
mod tokens;
mod values;

use std::fs;
use std::path::Path;

use apply_cookies_protocol::mesop::MesopKeys;
use apply_cookies_protocol::{Secret, UnixMillis};
use serde_json::Value;

const FILES: [&str; 9] = [
    "apply_tokens",
    "cookie_header",
    "cookieclass_read",
    "encrypted_values",
    "json_layout",
    "origin_check",
    "set_cookie",
    "signed_values",
    "snake_case",
];

#[test]
fn the_folder_holds_the_files_that_are_run_here() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/mesop");
    let mut found: Vec<String> = fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    found.sort();
    let mut known: Vec<String> = FILES.iter().map(|name| format!("{name}.json")).collect();
    known.insert(0, "README.md".to_owned());
    assert_eq!(found, known);
    let total: usize = FILES.iter().map(|file| cases(file).len()).sum();
    assert_eq!(total, 272);
}

fn cases(file: &str) -> Vec<Value> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/mesop");
    let text = fs::read_to_string(root.join(file).with_extension("json")).unwrap();
    let table: Value = serde_json::from_str(&text).unwrap();
    table["cases"].as_array().unwrap().clone()
}

fn keys(case: &Value) -> MesopKeys {
    MesopKeys::new(&Secret::from_mesop(text(&case["secret"])).unwrap())
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn now(case: &Value) -> UnixMillis {
    UnixMillis::from_secs(case["now"].as_u64().unwrap()).unwrap()
}

/// What Python rejects, or crashes on: for both our answer is a refusal.
fn is_refused(decoded: &Value) -> bool {
    decoded.is_null()
        || decoded
            .as_str()
            .is_some_and(|text| text.starts_with("PYTHON_EXC"))
}
