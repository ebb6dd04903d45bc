//! The internal API: its round trip, tokens in batches, and `mint --requests`, each against the health
//! page of the same listener, which does nothing.
//!
//!     cargo bench -p apply-cookies-service --bench api

#[path = "../tests/support/api.rs"]
mod api;
#[path = "../tests/support/service.rs"]
mod service;
#[path = "../tests/support/mod.rs"]
mod support;
#[path = "../tests/support/unix.rs"]
mod unix;

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;
use std::time::{Duration, Instant};

use api::{Api, JSON, binding, session};
use serde_json::{Value, json};
use service::program;

/// Rounds of which the quickest counts: others use the machine, too.
const ROUNDS: usize = 7;

/// The time of one call, in the quickest round.
fn quickest(calls: u32, mut call: impl FnMut()) -> Duration {
    let round = |_| {
        let begun = Instant::now();
        for _ in 0..calls {
            call();
        }
        begun.elapsed() / calls
    };
    (0..ROUNDS).map(round).min().unwrap_or_default()
}

fn main() {
    let api = Api::start_quiet(&[]);
    let mut connection = api.connect();
    let mut get = |path: &str| assert_eq!(connection.request("GET", path, &[], b"").status, 200);
    let floor = quickest(500, || get("/healthz"));
    let info = quickest(500, || get("/v1/info"));
    let receipt = quickest(500, || get("/v1/receipts/AAAAAAAAAAAAAAAAAAAAAA"));
    let request = json!({ "binding": binding(), "operations": [session()] });
    let mut connection = api.connect();
    let mut mint = |requests: &[Value]| {
        let body = json!({ "requests": requests }).to_string();
        let answer = connection.request("POST", "/v1/tokens", &[JSON], body.as_bytes());
        assert_eq!(answer.status, 200);
    };
    let one = vec![request.clone()];
    let many = vec![request.clone(); 64];
    let single = quickest(500, || mint(&one));
    let batch = quickest(20, || mint(&many)) / 64;

    let mut child = program()
        .args(["mint", "--requests"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut input = child.stdin.take().expect("a pipe");
    let output = child.stdout.take().expect("a pipe");
    let (mut output, mut line) = (BufReader::new(output), String::new());
    let pipe = quickest(500, || {
        writeln!(input, "{request}").expect("it reads");
        line.clear();
        output.read_line(&mut line).expect("it answers");
    });
    drop(input);
    child.wait().expect("it ends");

    let micros = |time: Duration| time.as_secs_f64() * 1e6;
    for (what, time) in [
        ("GET /healthz, the floor", floor),
        ("GET /v1/info", info),
        ("GET /v1/receipts/{id}", receipt),
        ("POST /v1/tokens, one token", single),
        ("POST /v1/tokens, each of 64", batch),
        ("mint --requests, one line", pipe),
    ] {
        let ratio = time.as_secs_f64() / floor.as_secs_f64();
        println!("{what:<30} {:>8.1} µs  {ratio:>5.2}x", micros(time));
    }
}
