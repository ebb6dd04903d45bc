//! What operators see: metrics and the alerts on them, the log, the health check.

#![cfg(target_os = "linux")]

#[path = "support/racer.rs"]
mod racer;
#[path = "support/run.rs"]
mod run;
#[path = "support/service.rs"]
mod service;
mod support;
#[path = "support/unix.rs"]
mod unix;

use std::collections::BTreeSet;

use racer::tokens;
use run::{bare, run, text};
use serde_json::Value;
use service::{ORIGIN, Service, program};
use support::SECRET;
use support::http::Connection;
use support::{browser, cookie_header};
use unix::{Sockets, get, post};

/// A service to which each kind of request was sent once, and its metrics.
fn used(sockets: &Sockets) -> (Service, String) {
    let replay = format!("file:{}", sockets.path("replay").display());
    let service =
        Service::start_quiet(&["--api-listen", &sockets.address("api"), "--replay", &replay]);
    service.wait_until_ready();
    let token = &tokens(1)[0];
    let cookie = cookie_header(1);
    assert_eq!(service.post(token, &cookie).status, 204);
    assert_eq!(service.post(token, &cookie).status, 204, "a retry");
    let form = support::http::form(token, Some("another"));
    assert_eq!(
        service
            .post_to("/__apply-cookies", &form, &[&cookie])
            .status,
        409
    );
    service.post("nonsense", &cookie);
    assert_eq!(
        service.post_to("/__apply-cookies/bind", "", &[]).status,
        204
    );
    assert_eq!(
        service
            .post_to("/__apply-cookies/bind", "", &[&cookie])
            .status,
        204
    );
    let _open = Connection::open(service.address);
    get(&sockets.path("api"), "/nowhere");
    let (status, numbers) = get(&sockets.path("api"), "/metrics");
    assert_eq!(status, 200);
    (service, numbers)
}

/// The value of a sample, by its beginning.
fn sample(numbers: &str, name: &str) -> f64 {
    let line = numbers.lines().find(|line| line.starts_with(name));
    let line = line.unwrap_or_else(|| panic!("{name}: {numbers}"));
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

#[test]
fn everything_that_is_promised_is_counted() {
    let sockets = Sockets::new();
    let (_service, numbers) = used(&sockets);
    for (name, value) in [
        (
            r#"apply_cookies_redemptions_total{endpoint="/__apply-cookies",result="released"}"#,
            1.0,
        ),
        (
            r#"apply_cookies_redemptions_total{endpoint="/__apply-cookies",result="retried"}"#,
            1.0,
        ),
        (
            r#"apply_cookies_redemptions_total{endpoint="/__apply-cookies",result="used"}"#,
            1.0,
        ),
        (
            r#"apply_cookies_redemptions_total{endpoint="/__apply-cookies",result="invalid"}"#,
            1.0,
        ),
        (r#"apply_cookies_bindings_total{result="made"}"#, 1.0),
        (r#"apply_cookies_bindings_total{result="present"}"#, 1.0),
        ("apply_cookies_redemption_duration_seconds_count", 4.0),
        ("apply_cookies_token_age_seconds_count", 1.0),
        ("apply_cookies_replay_claim_duration_seconds_count", 3.0),
        ("apply_cookies_replay_entries", 1.0),
        ("apply_cookies_replay_capacity", 1e6),
        ("apply_cookies_ready", 1.0),
        (
            r#"apply_cookies_api_requests_total{route="none",code="404"}"#,
            1.0,
        ),
        (r#"apply_cookies_replay_errors_total{kind="full"}"#, 0.0),
        ("apply_cookies_barriers_failed_total", 0.0),
        (
            concat!(
                r#"apply_cookies_build_info{version=""#,
                env!("CARGO_PKG_VERSION"),
                r#"",protocol="1"}"#
            ),
            1.0,
        ),
    ] {
        assert!(
            (sample(&numbers, name) - value).abs() < 1e-9,
            "{name} {value}: {numbers}"
        );
    }
    assert!(sample(&numbers, "apply_cookies_key_uses_total{") >= 3.0);
    assert!(numbers.contains(r#"role="current""#), "{numbers}");
    for name in [
        "process_resident_memory_bytes",
        "process_open_fds",
        "process_start_time_seconds",
        "apply_cookies_replay_horizon_seconds",
        r#"apply_cookies_http_connections{listener="public"}"#,
        r#"apply_cookies_http_connections{listener="internal"}"#,
    ] {
        assert!(sample(&numbers, name) > 0.0, "{name}");
    }
    for hidden in ["8f14e45f", "nonsense", &browser(1).to_text(), &SECRET] {
        assert!(!numbers.contains(hidden), "{numbers}");
    }
}

#[test]
fn every_metric_of_the_alerts_is_there_before_it_is_needed() {
    let alerts = include_str!("../packaging/alerts.yml");
    let expressions = alerts
        .lines()
        .filter_map(|line| line.trim().strip_prefix("expr: "));
    let words =
        expressions.flat_map(|line| line.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')));
    let named: BTreeSet<&str> = words
        .filter(|word| word.starts_with("apply_cookies_"))
        .collect();
    assert!(named.len() >= 6, "{named:?}");
    let sockets = Sockets::new();
    // Nothing has happened yet: an alert on what rises must see the first.
    let replay = format!("file:{}", sockets.path("replay").display());
    let args = [
        "--api-listen",
        &*sockets.address("api"),
        "--replay",
        &*replay,
    ];
    let _service = Service::start_quiet(&args);
    let (_, numbers) = get(&sockets.path("api"), "/metrics");
    for name in named {
        let there = |line: &str| {
            let sample = line.strip_prefix(name);
            sample.is_some_and(|rest| rest.starts_with([' ', '{']))
        };
        assert!(numbers.lines().any(there), "{name}: {numbers}");
    }
}

#[test]
fn metrics_have_an_address_of_their_own_where_one_is_given_and_never_the_public_one() {
    let sockets = Sockets::new();
    let service = Service::start_quiet(&["--metrics-listen", &sockets.address("metrics")]);
    assert_eq!(get(&sockets.path("metrics"), "/metrics").0, 200);
    assert_eq!(get(&sockets.path("metrics"), "/healthz").0, 200);
    assert_eq!(service.get("/metrics"), 404);
    assert_eq!(post(&sockets.path("metrics"), &tokens(1)[0]), 404);
}

#[test]
fn a_json_log_has_an_object_a_line_and_an_access_log_nothing_that_a_visitor_sent_in_secret() {
    let mut program = program();
    let mut service = Service::start_as(&mut program, &["--log-format", "text", "--log-requests"]);
    let query = "/__apply-cookies?token=precious-query";
    service.post_to(
        query,
        "t=precious-body",
        &["Cookie: session=precious-cookie"],
    );
    let line = |log: &str| {
        let line = log
            .lines()
            .find(|line| line.contains("apply_cookies::requests"));
        line.unwrap().to_owned()
    };
    let log = service.end();
    let said = line(&log);
    for part in ["method=POST", "path=\"/__apply-cookies\"", "status=", "ms="] {
        assert!(said.contains(part), "{said}");
    }
    assert!(!log.contains("precious"), "{log}");

    // The address is in the log, so this waits for the port by another way.
    let sockets = Sockets::new();
    let mut child = program_of_json(&sockets);
    while !sockets.path("one").exists() {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    while unix_is_closed(&sockets) {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    assert_eq!(get(&sockets.path("one"), "/healthz").0, 200);
    post(&sockets.path("one"), &tokens(1)[0]);
    child.kill().unwrap();
    let log = child.wait_with_output().unwrap().stderr;
    let lines: Vec<Value> = text(&log)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}")))
        .collect();
    assert!(lines.len() > 3);
    for line in &lines {
        for key in ["timestamp", "level", "target", "message"] {
            assert!(line[key].is_string(), "{line}");
        }
    }
    let request = lines
        .iter()
        .find(|line| line["target"] == "apply_cookies::requests")
        .unwrap();
    assert_eq!(
        (&request["method"], &request["status"]),
        (&"GET".into(), &200.into())
    );
}

fn program_of_json(sockets: &Sockets) -> std::process::Child {
    let mut program = program();
    let address = sockets.address("one");
    program
        .args(["serve", "--origin", ORIGIN, "--listen", &address])
        .args(["--log-format", "json", "--log-requests"])
        .stderr(std::process::Stdio::piped());
    program.spawn().unwrap()
}

fn unix_is_closed(sockets: &Sockets) -> bool {
    std::os::unix::net::UnixStream::connect(sockets.path("one")).is_err()
}

#[test]
fn healthcheck_asks_the_running_service_wherever_it_listens() {
    let sockets = Sockets::new();
    let api = sockets.address("api");
    let check = |args: &[&str]| {
        let mut program = bare();
        program
            .env("APPLY_COOKIES_ORIGIN", ORIGIN)
            .env("APPLY_COOKIES_LISTEN", "127.0.0.1:1");
        let output = run(program.arg("healthcheck").args(args), "");
        (
            output.status.code().unwrap(),
            text(&output.stderr).to_owned(),
        )
    };
    let (code, said) = check(&["--api-listen", &api]);
    assert_eq!(code, 1);
    assert!(said.contains("cannot reach"), "{said}");
    let service = Service::start_quiet(&["--api-listen", &api]);
    assert_eq!(check(&["--api-listen", &api]), (0, String::new()));
    let (code, said) = check(&["--api-listen", &api, "--ready"]);
    assert_eq!(code, 1);
    assert!(
        said.contains("/readyz answers 503: the replay store"),
        "{said}"
    );
    service.wait_until_ready();
    assert_eq!(
        check(&["--api-listen", &api, "--ready"]),
        (0, String::new())
    );
    // On all addresses: asked on this machine.
    let port = service.address.port();
    assert_eq!(check(&["--listen", &format!("0.0.0.0:{port}")]).0, 0);
}
