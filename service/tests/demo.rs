//! The demo, by running it.

mod support;

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use support::cookie_header;
use support::http::Connection;

/// Ends with the test.
struct Demo(Child);

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start() -> (Demo, SocketAddr) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_apply-cookies"))
        .args(["demo", "--listen", "127.0.0.1:0"])
        .env_clear()
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut url = String::new();
    let output = child.stdout.take().unwrap();
    BufReader::new(output).read_line(&mut url).unwrap();
    let address = url.trim().strip_prefix("http://").unwrap();
    let address = address.trim_end_matches('/').parse().unwrap();
    (Demo(child), address)
}

#[test]
fn its_warning_is_said_once_with_and_without_a_log() {
    for filter in [
        "info",
        "warn",
        "trace",
        "error",
        "off",
        "actix_web=info",
        "a=b",
    ] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_apply-cookies"))
            .args(["demo", "--listen", "127.0.0.1:0"])
            .env_clear()
            .env("RUST_LOG", filter)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut url = String::new();
        let output = child.stdout.take().unwrap();
        BufReader::new(output).read_line(&mut url).unwrap();
        child.kill().unwrap();
        let said = child.wait_with_output().unwrap().stderr;
        let said = String::from_utf8(said).unwrap();
        assert_eq!(
            said.matches("development mode").count(),
            1,
            "{filter}: {said}"
        );
        let is_ignored = said.contains("RUST_LOG is ignored");
        assert_eq!(is_ignored, filter == "a=b", "{filter}: {said}");
    }
}

#[test]
fn only_a_visit_gets_a_token() {
    let (_demo, address) = start();
    let visit = |purpose: &str| {
        let headers = [&*cookie_header(1), "Sec-Fetch-Site: same-origin", purpose];
        let mut connection = Connection::open(address);
        connection.request("GET", "/demo/visit", &headers, b"").body
    };
    assert!(visit("X: y").contains("<apply-cookies token="));
    for purpose in [
        "Sec-Purpose: prefetch",
        "Sec-Purpose: prefetch;prerender",
        "Purpose: prefetch",
        "X-Moz: prefetch",
        "X-Purpose: preview",
    ] {
        let page = visit(purpose);
        assert!(!page.contains("<apply-cookies"), "{purpose}: {page}");
        assert!(page.contains("data-step=\"refused\""), "{purpose}: {page}");
    }
}
