//! Arguments and lines that tools elsewhere produce, by running the program.

#[path = "support/run.rs"]
mod run;

use std::process::Output;

use apply_cookies::Secrets;
use run::{bare, text};
use serde_json::{Value, json};

const BATCH: &str = r#"{"operations":[{"op":"set","name":"session","value":"8f14e45f"}]}"#;
const MESOP: [&str; 2] = ["--profile", "mesop"];

fn run(secret: &str, args: &[&str], input: &[u8]) -> Output {
    let mut program = bare();
    program
        .env("APPLY_COOKIES_SECRET_KEY", secret)
        .env("MESOP_COOKIE_SECRET_KEY", secret)
        .args(args);
    run::run(&mut program, input)
}

/// Every option whose values can start with a hyphen, or whose error should name its range.
#[test]
fn values_of_options_may_start_with_any_character() {
    let secret = Secrets::generate();
    let base64url = ('A'..='Z')
        .chain('a'..='z')
        .chain('0'..='9')
        .chain(['-', '_']);
    for first in base64url {
        let binding = format!("{first}TQaUEgesuu7byB8LgLG3-LHKh6NeZA6NJbf_UwM8Ow");
        let done = run(&secret, &["mint", "--binding", &binding], BATCH.as_bytes());
        assert!(done.status.success(), "{binding}: {done:?}");
        // Nothing to say of tokens that are for one browser.
        assert!(done.stderr.is_empty());
        let report = run(&secret, &["inspect"], &done.stdout);
        let report: Value = serde_json::from_slice(&report.stdout).unwrap();
        assert_eq!(report["bound"], true);
    }
    // The characters of a token (RFC 9110 §5.6.2) are those of a cookie's name.
    let tchars =
        ('!'..='~').filter(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(*c));
    for first in tchars {
        let name = format!("{first}sid");
        let cookie = |action: &str, input: &[u8]| {
            let args = ["cookie", action, "--name", &name, "--protection", "plain"];
            let done = run(&secret, &args, input);
            assert!(done.status.success(), "{name}: {done:?}");
            text(&done.stdout).trim_end().to_owned()
        };
        assert_eq!(cookie("encode", b"1"), "1", "{name}");
        assert_eq!(cookie("decode", b"1"), r#"{"ok":true,"value":1}"#, "{name}");
    }
    let encode = ["cookie", "encode", "--name", "a", "--protection", "plain"];
    let decode = ["cookie", "decode", "--name", "a", "--protection", "plain"];
    for (args, option, rule) in [
        (&["mint"][..], "--ttl", "from 1 to 86400"),
        (&["mint"], "--then", "a path of the page's own origin"),
        (&["mint"], "--binding", "43 characters"),
        (&["inspect"], "--now", "seconds since 1970"),
        (&["set-cookie"], "--now", "seconds since 1970"),
        (&encode, "--now", "seconds since 1970"),
        (&encode, "--max-age", "from 1 to 34560000"),
        (&decode, "--now", "seconds since 1970"),
    ] {
        for value in ["-1", "-x", "--"] {
            let done = run(&secret, &[args, &[option, value]].concat(), b"");
            assert_eq!(done.status.code(), Some(2), "{option} {value}");
            assert!(
                text(&done.stderr).contains(rule),
                "{option} {value}: {done:?}"
            );
        }
    }
}

/// In any field, of any tool, in either profile.
#[test]
fn bytes_that_are_no_text_are_refused_and_never_replaced() {
    let secret = Secrets::generate();
    let fields: [&[u8]; 6] = [
        b"{\"op\":\"set\",\"name\":\"s\",\"value\":\"a\xffb\"}",
        b"{\"op\":\"set\",\"name\":\"s\xc3\",\"value\":\"\"}",
        b"{\"op\":\"set\",\"name\":\"s\",\"value\":\"\",\"path\":\"/\xed\xa0\x80\"}",
        b"{\"op\":\"set\",\"name\":\"s\",\"value\":\"\",\"domain\":\"\xf8.example\"}",
        b"{\"op\":\"delete\",\"name\":\"\x80\"}",
        b"\xc0\xaf",
    ];
    for profile in [&[][..], &MESOP] {
        for field in fields {
            let batch = [b"{\"operations\":[", field, b"]}"].concat();
            let good = BATCH.as_bytes();
            let input = [good, b"\n", &batch, b"\n", good, b"\n"].concat();
            let done = run(&secret, &[&["mint"], profile].concat(), &input);
            assert_eq!(done.status.code(), Some(1));
            let empty: Vec<bool> = text(&done.stdout).lines().map(str::is_empty).collect();
            assert_eq!(empty, [false, true, false], "{field:?}");
            assert!(
                text(&done.stderr).contains("line 2: the line is not UTF-8"),
                "{done:?}"
            );

            let operation = [b"{\"op\":\"delete\",\"name\":\"s\"}\n", field, b"\n"].concat();
            let done = run(&secret, &[&["set-cookie"], profile].concat(), &operation);
            let answer = text(&done.stdout).lines().nth(1).unwrap();
            assert_eq!(
                answer,
                r#"{"error":"the line is not UTF-8 text","field":"operation"}"#
            );
            assert!(text(&done.stderr).starts_with("line 2: "), "{done:?}");

            let done = run(&secret, &[&["inspect"], profile].concat(), field);
            assert_eq!(text(&done.stdout), "{\"verdict\":\"invalid\"}\n");
            assert!(text(&done.stderr).starts_with("line 1: "), "{done:?}");

            for form in [&[][..], &["--text"]] {
                let encode = ["cookie", "encode", "--name", "a", "--protection", "plain"];
                let done = run(&secret, &[&encode, profile, form].concat(), field);
                assert!(text(&done.stdout).starts_with(r#"{"ok":false"#), "{done:?}");
            }
        }
    }
}

#[test]
fn a_byte_order_mark_is_skipped_once_and_utf_16_is_named() {
    let secret = Secrets::generate();
    let mark = "\u{feff}".as_bytes();
    let operation = r#"{"op":"delete","name":"s"}"#;
    for profile in [&[][..], &MESOP] {
        let mint = [&["mint"], profile].concat();
        let input = [mark, BATCH.as_bytes(), b"\r\n", BATCH.as_bytes()].concat();
        let minted = run(&secret, &mint, &input);
        assert!(minted.status.success(), "{minted:?}");
        assert_eq!(text(&minted.stdout).lines().count(), 2);
        let marked = [mark, &minted.stdout].concat();
        let inspected = run(&secret, &[&["inspect"], profile].concat(), &marked);
        assert_eq!(text(&inspected.stdout).matches("\"valid\"").count(), 2);
        let lines = [mark, operation.as_bytes()].concat();
        let written = run(&secret, &[&["set-cookie"], profile].concat(), &lines);
        assert!(text(&written.stdout).starts_with("s=;"), "{written:?}");

        // Only at the start of the input.
        let later = [BATCH.as_bytes(), b"\n", mark, BATCH.as_bytes()].concat();
        assert_eq!(run(&secret, &mint, &later).status.code(), Some(1));
        for (bytes, mark) in [
            (u16::to_le_bytes as fn(u16) -> [u8; 2], "\u{feff}"),
            (u16::to_be_bytes, "\u{feff}"),
            (u16::to_le_bytes, ""),
            (u16::to_be_bytes, ""),
        ] {
            let wide = format!("{mark}{BATCH}\r\n{BATCH}\r\n");
            let wide: Vec<u8> = wide.encode_utf16().flat_map(bytes).collect();
            let done = run(&secret, &mint, &wide);
            assert_eq!(done.status.code(), Some(1));
            assert!(
                text(&done.stderr).contains("line 1: the line is UTF-16"),
                "{done:?}"
            );
        }
    }
}

#[test]
fn tokens_for_no_browser_are_said_to_be_so() {
    let secret = Secrets::generate();
    for args in [
        &["mint"][..],
        &["mint", "--seal", "signed"],
        &["mint", "--ttl", "5"],
        &["mint", "--then", "reload"],
        &["mint", "--profile", "mesop"],
    ] {
        let done = run(&secret, args, BATCH.as_bytes());
        assert!(done.status.success());
        let said = text(&done.stderr);
        assert!(
            said.contains("without --binding") && said.lines().count() == 1,
            "{said}"
        );
    }
}

/// What `inspect` shows of a token is what the vectors show (SPEC §11).
#[test]
fn inspect_shows_what_the_vectors_show() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../protocol/vectors/accept");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let vector = std::fs::read(entry.unwrap().path()).unwrap();
        let vector: Value = serde_json::from_slice(&vector).unwrap();
        let name = vector["comment"].to_string();
        let previous = vector["previous_secrets"].as_array().unwrap();
        let previous: Vec<&str> = previous
            .iter()
            .map(|secret| secret.as_str().unwrap())
            .collect();
        let now = (vector["now"].as_u64().unwrap() / 1000).to_string();
        let mut program = bare();
        program
            .env(
                "APPLY_COOKIES_SECRET_KEY",
                vector["secret"].as_str().unwrap(),
            )
            .env("APPLY_COOKIES_PREVIOUS_KEYS", previous.join(","))
            .args(["inspect", "--allow-published-secret", "--now", &now]);
        let output = run::run(&mut program, vector["token"].as_str().unwrap());
        let mut report: Value = serde_json::from_slice(&output.stdout).unwrap();
        let report = report.as_object_mut().unwrap();
        report.remove("verdict").unwrap();
        assert_eq!(report.remove("profile"), Some(json!("native")));
        let key_id = report.remove("key_id").unwrap();
        let key_id = key_id.as_str().unwrap();
        assert!(key_id.len() == 8 && key_id.bytes().all(|byte| byte.is_ascii_hexdigit()));
        assert_eq!(Value::from(report.clone()), vector["opened"], "{name}");
        seen += 1;
    }
    assert!(seen > 20);
}
