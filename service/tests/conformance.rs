//! The promises of `conformance`, with programs that are right, that have one fault, and that do not
//! keep to the lines.

#[path = "support/run.rs"]
mod run;

use std::process::{Command, Output};
use std::thread;

use run::bare;
use serde_json::Value;

const THIS: &str = env!("CARGO_BIN_EXE_apply-cookies");

/// Checks this codec, with a fault.
fn check(fault: &str, args: &[&str]) -> Output {
    let faulty = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/conformance/faulty.py");
    let mut program: Command = bare();
    program
        .arg("conformance")
        .args(args)
        .args(["--", "python3", "-B", faulty])
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("FAULT", fault)
        .env("ANSWER", THIS);
    run::run(&mut program, b"")
}

/// The cases of what differs.
fn differences(output: &Output) -> Vec<Value> {
    let file: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    file["cases"].as_array().cloned().unwrap_or_default()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Runs one test for each of a list, a few at a time.
fn each<T: Sync>(of: &[T], test: impl Fn(&T) + Sync) {
    thread::scope(|scope| {
        for part in of.chunks(of.len().div_ceil(4)) {
            scope.spawn(|| part.iter().for_each(&test));
        }
    });
}

#[test]
fn this_codec_agrees_with_every_vector_and_with_itself() {
    let mut program = bare();
    program
        .args(["conformance", "--random", "300", "--seed", "7", "--", THIS])
        .args(["conformance", "answer"]);
    let output = run::run(&mut program, b"");
    assert!(output.status.success(), "{output:?}");
    assert!(output.stdout.is_empty());
    let said = said(&output);
    let asked: usize = said
        .split([' ', ','])
        .find_map(|word| word.parse().ok())
        .unwrap();
    assert!(asked > 1_500, "{said}");
    assert!(said.contains(", 0 differ\n"), "{said}");
}

#[test]
fn each_fault_is_found_and_shown_where_it_is() {
    let faults = [
        ("takes-unused-bits", "open"),
        ("takes-padding", "open"),
        ("takes-a-line-end-behind-a-token", "open"),
        ("expires-a-millisecond-late", "open"),
        ("takes-what-was-issued-too-far-ahead", "open"),
        ("requires-no-binding", "open"),
        ("knows-no-previous-secret", "open"),
        ("says-forged-of-an-unknown-key", "open"),
        ("turns-the-lines-around", "open"),
        ("loses-the-barrier", "seal"),
        ("loses-the-scope", "seal"),
        ("loses-the-end-of-a-value", "write-value"),
        ("encodes-with-small-digits", "write-value"),
        ("leaves-json-unchecked", "read-value"),
        ("reports-a-key-twice-as-not-json", "read-value"),
        ("never-says-that-a-key-is-old", "read-value"),
        ("compares-names-without-case", "cookie"),
        ("trims-other-white-space", "cookie"),
        ("strips-quotation-marks", "cookie"),
        ("takes-the-last-of-two-cookies", "cookie"),
        ("deletes-without-http-only", "set-cookie"),
        ("knows-no-plain-http", "set-cookie"),
        ("takes-whole-numbers-with-a-point", "batch"),
        ("names-the-wrong-field", "batch"),
        ("takes-every-line-end-off-a-secret", "keys"),
        ("exchanges-two-keys", "keys"),
        ("ends-no-event", "frame"),
        ("binds-whoever-asks", "binding"),
        ("knows-one-origin", "binding"),
        ("takes-a-secret-in-quotes", "secret"),
        ("says-more-than-it-is-asked", "hello"),
    ];
    each(&faults, |(fault, what)| {
        let output = check(fault, &[]);
        assert_eq!(output.status.code(), Some(1), "{fault}: {output:?}");
        let differences = differences(&output);
        assert!(!differences.is_empty(), "{fault}");
        for one in &differences {
            assert_ne!(one["expected"], one["answered"], "{fault}");
            assert!(
                one["comment"].as_str().unwrap().contains(".json: "),
                "{one}"
            );
        }
        let shown = |one: &Value| one["do"] == *what || *what == "hello";
        assert!(differences.iter().any(shown), "{fault}: {differences:?}");
    });
}

#[test]
fn a_fault_that_no_vector_shows_is_found_at_random_and_again_with_the_same_seed() {
    let fault = "fails-at-lengths-of-two-bytes";
    assert!(check(fault, &[]).status.success());
    let args = ["--random", "1000", "--seed", "3"];
    let found = [check(fault, &args), check(fault, &args)];
    assert_eq!(found[0].status.code(), Some(1));
    assert_eq!(found[0].stdout, found[1].stdout);
    let differences = differences(&found[0]);
    assert!(
        differences.iter().all(|one| one["do"] == "seal"),
        "{differences:?}"
    );
}

#[test]
fn an_answer_that_the_specification_leaves_open_is_no_fault() {
    let open = [
        "may-name-another-reason-of-what-is-not-json",
        "may-name-a-field-in-front-of-what-is-not-json",
        "may-call-a-placeholder-guessable",
    ];
    each(&open, |open| {
        let output = check(open, &["--random", "100"]);
        assert!(output.status.success(), "{open}: {output:?}");
    });
    let output = check("may-leave-secrets-alone", &[]);
    assert!(output.status.success(), "{output:?}");
    assert!(said(&output).contains(" of secret skipped"), "{output:?}");
}

#[test]
fn a_program_that_does_not_keep_to_the_lines_fails() {
    let faults = [
        ("crashes", "ended before it answered (signal: 6"),
        ("hangs", "gave no answer for 5 s"),
        ("stays", "did not exit when its input ended"),
        ("exits", "ended before it answered (exit status: 0)"),
        (
            "exits-with-3",
            "did not exit with 0 when its input ended (exit status: 3)",
        ),
        (
            "answers-twice",
            "answered the question with id 4, and was asked 5",
        ),
        (
            "answers-another-question",
            "answered the question with id 6, and was asked 5",
        ),
        (
            "answers-without-id",
            "answered the question with id none, and was asked 5",
        ),
        (
            "logs-to-its-output",
            "wrote a line that is not a JSON object: sealing",
        ),
        (
            "answers-half-a-line",
            "wrote a line that is not a JSON object: {\"id\":5}",
        ),
        (
            "says-more-at-the-end",
            "wrote a line that answers nothing: {}",
        ),
        (
            "does-not-start-well",
            "wrote a line that is not a JSON object: conformance, ready",
        ),
    ];
    each(&faults, |(fault, message)| {
        let output = check(fault, &[]);
        assert_eq!(output.status.code(), Some(1), "{fault}: {output:?}");
        assert!(
            said(&output).contains(message),
            "{fault}: {}",
            said(&output)
        );
    });
    let mut program = bare();
    program.args(["conformance", "--", "/nonexistent/program"]);
    let output = run::run(&mut program, b"");
    assert_eq!(output.status.code(), Some(1));
    assert!(
        said(&output).contains("the program cannot be started"),
        "{output:?}"
    );
}
