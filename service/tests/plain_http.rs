//! The program on plain http: the tools for pages in local development, `serve` and `demo`.

#[path = "support/run.rs"]
mod run;
#[path = "support/service.rs"]
mod service;
mod support;

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use service::Service;
use support::http::{Connection, FORM, form};
use support::{SECRET, browser};

const GONE: &str = "Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT";

/// An operation, and its line on https and on plain http.
const OPERATIONS: [(&str, &str, &str); 6] = [
    (
        r#"{"op":"set","name":"a","value":"v"}"#,
        "a=v; Path=/; Secure; HttpOnly; SameSite=Lax",
        "a=v; Path=/; HttpOnly; SameSite=Lax",
    ),
    (
        r#"{"op":"set","name":"__Host-b","value":"v","max_age":60}"#,
        "__Host-b=v; Path=/; Max-Age=60; Secure; HttpOnly; SameSite=Lax",
        "b=v; Path=/; Max-Age=60; HttpOnly; SameSite=Lax",
    ),
    (
        r#"{"op":"set","name":"c","value":"v","secure":true}"#,
        "c=v; Path=/; Secure; HttpOnly; SameSite=Lax",
        "c=v; Path=/; Secure; HttpOnly; SameSite=Lax",
    ),
    (
        r#"{"op":"set","name":"d","value":"v","secure":false}"#,
        "d=v; Path=/; HttpOnly; SameSite=Lax",
        "d=v; Path=/; HttpOnly; SameSite=Lax",
    ),
    (
        r#"{"op":"set","name":"e","value":"v","secure":null}"#,
        "e=v; Path=/; HttpOnly; SameSite=Lax",
        "e=v; Path=/; HttpOnly; SameSite=Lax",
    ),
    (
        r#"{"op":"delete","name":"__Secure-f"}"#,
        "__Secure-f=",
        "f=",
    ),
];

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_apply-cookies"));
    command
        .env_clear()
        .env("APPLY_COOKIES_SECRET_KEY", &*SECRET)
        .env("MESOP_COOKIE_SECRET_KEY", &*SECRET);
    command
}

/// The lines that a tool answers, and whether it succeeded.
fn answers(args: &[&str], input: &str) -> (Vec<String>, bool) {
    let output = run::run(program().args(args), input);
    let lines = run::text(&output.stdout).lines();
    let lines = lines.map(str::to_owned).collect();
    (lines, output.status.success())
}

#[test]
fn set_cookie_writes_what_browsers_keep_over_the_scheme() {
    let input = OPERATIONS.map(|(json, _, _)| json).join("\n");
    let (https, _) = answers(&["set-cookie"], &input);
    let (http, _) = answers(&["set-cookie", "--plain-http"], &input);
    for (n, (json, secure, plain)) in OPERATIONS.into_iter().enumerate() {
        if json.contains("delete") {
            assert_eq!(https[n], format!("{secure}; {GONE}; Secure; HttpOnly"));
            assert_eq!(http[n], format!("{plain}; {GONE}; HttpOnly"));
        } else {
            assert_eq!((&*https[n], &*http[n]), (secure, plain));
        }
    }
}

#[test]
fn mint_seals_what_browsers_keep_over_the_scheme_in_both_profiles() {
    let batch = OPERATIONS.map(|(json, _, _)| json).join(",");
    let batch = format!(r#"{{"operations":[{batch}]}}"#);
    for profile in ["native", "mesop"] {
        for (flag, column) in [(None, 1), (Some("--plain-http"), 2)] {
            let mint: Vec<&str> = ["mint", "--profile", profile]
                .into_iter()
                .chain(flag)
                .collect();
            let (tokens, minted) = answers(&mint, &batch);
            assert!(minted);
            let (report, _) = answers(&["inspect", "--profile", profile], &tokens[0]);
            let report: Value = serde_json::from_str(&report[0]).unwrap();
            for (n, case) in OPERATIONS.into_iter().enumerate() {
                let line = if column == 1 { case.1 } else { case.2 };
                let operation = &report["operations"][n];
                assert_eq!(
                    operation["name"],
                    line.split('=').next().unwrap(),
                    "{profile}"
                );
                let secure = line.contains("; Secure") || (n == 5 && column == 1);
                assert_eq!(operation["secure"], secure, "{profile}: {line}");
            }
        }
    }
}

#[test]
fn a_cookie_that_asks_for_https_is_said_to_be_lost_on_plain_http() {
    let cases = [
        ("native", &["http://localhost:9"][..], 1),
        ("mesop", &["http://localhost:9"], 1),
        ("native", &["http://127.0.0.1:9", "http://[::1]:9"], 1),
        ("native", &["http://localhost:9", "https://app.example"], 0),
        ("native", &["https://localhost:9"], 0),
        ("mesop", &["https://app.example"], 0),
    ];
    // Each waits until its store is five seconds old.
    std::thread::scope(|scope| {
        for (profile, origins, lines) in cases {
            scope.spawn(move || {
                let log = log_of_secure_cookies(profile, origins);
                let said: Vec<&str> = log
                    .lines()
                    .filter(|line| line.contains("every configured origin is plain http"))
                    .filter(|line| line.contains(" WARN "))
                    .collect();
                assert_eq!(said.len(), lines, "{profile} {origins:?}: {said:?}");
                let named = |line: &&str| line.contains("cookie=\"https\"");
                assert!(said.iter().all(named), "{said:?}");
                assert!(!log.contains("s3cr3t"));
            });
        }
    });
}

/// Redeems tokens for plain http, then some for https.
fn log_of_secure_cookies(profile: &str, origins: &[&str]) -> String {
    let mut args = vec!["--profile", profile];
    args.extend(origins.iter().flat_map(|origin| ["--origin", origin]));
    let mut service = Service::start_as(&mut program(), &args);
    service.wait_until_ready();
    let binding = browser(1).to_text();
    let cookies = format!("Cookie: apply-cookies={binding}; __Host-apply-cookies={binding}");
    let origin = format!("Origin: {}", origins[0]);
    let post = |name: &str, more: &[&str]| {
        let first = r#"{"op":"set","name":"first","value":"v","secure":false}"#;
        let second = format!(r#"{{"op":"set","name":"{name}","value":"s3cr3t"}}"#);
        let batch = format!(r#"{{"operations":[{first},{second}]}}"#);
        let mint = ["mint", "--profile", profile, "--binding", &binding];
        let token = answers(&[&mint, more].concat(), &batch).0.remove(0);
        let form = form(&token, Some("a-redemption-id"));
        let headers = [&*origin, FORM, &cookies];
        let mut connection = Connection::open(service.address);
        let answer = connection.request("POST", "/__apply-cookies", &headers, form.as_bytes());
        assert_eq!(answer.status, 204, "{profile} {origins:?}");
        let is_secure = answer.all("set-cookie")[1].contains("; Secure");
        assert_eq!(is_secure, more.is_empty());
    };
    for _ in 0..3 {
        post("http", &["--plain-http"]);
    }
    for _ in 0..3 {
        post("https", &[]);
    }
    service.end()
}

#[test]
fn what_needs_https_is_refused_by_both_tools_in_both_profiles() {
    let set = r#"{"op":"set","name":"a","value":"v","same_site":"None"}"#;
    let batch = format!(r#"{{"operations":[{set}]}}"#);
    for profile in ["native", "mesop"] {
        let line = |more: &[&str]| {
            let args = [&["set-cookie", "--profile", profile], more].concat();
            answers(&args, set).0.remove(0)
        };
        assert!(line(&[]).contains("SameSite=None"));
        let refused: Value = serde_json::from_str(&line(&["--plain-http"])).unwrap();
        assert_eq!(refused["field"], "same_site", "{profile}");
        assert!(answers(&["mint", "--profile", profile], &batch).1);
        assert!(!answers(&["mint", "--profile", profile, "--plain-http"], &batch).1);
    }
}

#[test]
fn values_belong_to_the_name_that_their_cookie_has() {
    for profile in ["native", "mesop"] {
        let cookie = |verb: &str, name: &str, more: &[&str], input: &str| {
            let args = [
                "cookie",
                verb,
                "--profile",
                profile,
                "--name",
                name,
                "--protection",
                "signed",
            ];
            answers(&[&args, more].concat(), input).0.remove(0)
        };
        let http = ["--plain-http"];
        let value = cookie("encode", "__Host-a", &http, r#"{"n":1}"#);
        let read =
            |name, more: &[&str]| cookie("decode", name, more, &value).contains(r#""ok":true"#);
        assert!(read("__Host-a", &http) && read("a", &[]) && read("a", &http));
        assert!(!read("__Host-a", &[]), "{profile}");
    }
}

struct Running(Child, SocketAddr);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn demo() -> Running {
    let mut child = program()
        .args(["demo", "--listen", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    stdout.read_line(&mut line).unwrap();
    let address = line
        .trim()
        .trim_start_matches("http://")
        .trim_end_matches('/');
    let address = address.parse().unwrap();
    Running(child, address)
}

#[test]
fn the_demo_takes_loopback_origins_of_both_schemes_and_has_one_binding() {
    let demo = demo();
    let bind = |origin: &str| {
        let origin = format!("Origin: {origin}");
        Connection::open(demo.1).request("POST", "/__apply-cookies/bind", &[&origin, FORM], b"")
    };
    for origin in [
        "http://127.0.0.1:8787",
        "http://localhost:8787",
        "https://localhost:8443",
        "https://127.0.0.1",
        "https://[::1]:8443",
        "https://demo.localhost",
    ] {
        let bound = bind(origin);
        assert_eq!(bound.status, 204, "{origin}");
        let line = bound.header("set-cookie").unwrap();
        assert!(line.starts_with("apply-cookies="), "{line}");
        assert!(line.ends_with("; Path=/; HttpOnly; SameSite=Lax"), "{line}");
    }
    for origin in ["https://app.example", "http://192.168.0.1:8787", "null"] {
        assert_eq!(bind(origin).status, 403, "{origin}");
    }
    // Its own cookies too: a setting, counted by a document that is streamed.
    let visit = Connection::open(demo.1).request("GET", "/demo/visit", &[], b"");
    let binding = visit
        .header("set-cookie")
        .unwrap()
        .split(';')
        .next()
        .unwrap();
    let token = visit
        .body
        .split("token=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let headers = [
        "Origin: https://localhost:8443",
        FORM,
        &format!("Cookie: {binding}"),
    ];
    let form = format!("t={token}");
    let applied =
        Connection::open(demo.1).request("POST", "/__apply-cookies", &headers, form.as_bytes());
    assert_eq!(applied.status, 204);
    let line = applied.header("set-cookie").unwrap();
    assert_eq!(
        line,
        "visits=1; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax"
    );
}
