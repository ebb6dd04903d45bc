//! The service's own answers, connections and signals.

#[path = "support/service.rs"]
mod service;
mod support;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, ExitStatus};
use std::time::Duration;

use service::{ORIGIN, Service, program};
use support::http::{Connection, FORM};

#[test]
fn paths_that_can_be_read_have_a_head_and_refuse_other_methods() {
    let service = Service::start_quiet(&[]);
    for (path, status) in [
        ("/healthz", 200),
        ("/readyz", 503),
        ("/__apply-cookies/client.js", 200),
    ] {
        if status == 503 {
            // Only in the first seconds of a memory store.
            assert_eq!(service.get(path), status);
        }
        // A body behind the head would be read as the head of the next answer.
        let mut connection = Connection::open(service.address);
        for _ in 0..2 {
            connection.send(format!("HEAD {path} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes());
            let head = connection.head();
            assert_eq!(head.status, status, "HEAD {path}");
            assert!(
                head.header("content-length")
                    .is_some_and(|length| length != "0")
            );
        }
        for method in ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "PROPFIND"] {
            let refused = Connection::open(service.address).request(method, path, &[], b"");
            assert_eq!(refused.status, 405, "{method} {path}");
            assert_eq!(
                refused.header("allow"),
                Some("GET, HEAD"),
                "{method} {path}"
            );
            assert_eq!(
                refused.header("cache-control"),
                Some("no-store"),
                "{method} {path}"
            );
        }
    }
}

#[test]
fn what_a_probe_reads_is_one_line() {
    let service = Service::start_quiet(&[]);
    let read = |path| Connection::open(service.address).request("GET", path, &[], b"");
    let early = read("/readyz");
    assert_eq!(early.status, 503);
    service.wait_until_ready();
    for (answer, says) in [
        (early, "ready in "),
        (read("/readyz"), "ready"),
        (read("/healthz"), "ok"),
    ] {
        let line = answer.body.strip_suffix('\n').unwrap();
        assert!(line.contains(says) && !line.contains('\n'), "{line:?}");
    }
}

#[cfg(unix)]
#[test]
fn a_service_without_room_for_another_connection_says_so_once() {
    use rustix::process::{Resource, getrlimit, setrlimit};

    // The service inherits it.
    let mut files = getrlimit(Resource::Nofile);
    files.current = files.maximum;
    setrlimit(Resource::Nofile, files).unwrap();
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    let all = 1024 / workers * workers;
    // Connections at first, those that are replaced, and the lines.
    for (first, replaced, lines) in [
        (1, 0, 0),
        (all / 2, 9, 0),
        (all - 1, 9, 0),
        (all, 0, 1),
        (all, 9, 1),
    ] {
        let mut service = Service::start_quiet(&["--limits-connections", "1024"]);
        let open = |_| {
            let mut connection = Connection::open(service.address);
            assert_eq!(connection.request("GET", "/healthz", &[], b"").status, 200);
            connection
        };
        let mut held: Vec<Connection> = (0..first).map(open).collect();
        held.drain(..replaced);
        if replaced > 0 {
            // A busy machine sees late that they have gone.
            std::thread::sleep(Duration::from_millis(500));
        }
        held.extend((0..replaced).map(open));
        assert_eq!(held.len(), first);
        let log = service.end();
        let said = log.matches("all connections are taken").count();
        assert_eq!(said, lines, "{first}, {replaced}: {log}");
    }
}

#[test]
fn no_answer_may_be_stored() {
    let service = Service::start_quiet(&[]);
    let origin = format!("Origin: {ORIGIN}");
    for (method, path, status) in [
        ("GET", "/healthz", 200),
        ("HEAD", "/healthz", 200),
        ("PUT", "/healthz", 405),
        ("GET", "/readyz", 503),
        ("POST", "/readyz", 405),
        ("GET", "/", 404),
        ("POST", "/nowhere", 404),
        ("GET", "/__apply-cookies", 405),
        ("POST", "/__apply-cookies", 415),
        ("GET", "/__apply-cookies/bind", 405),
        ("POST", "/__apply-cookies/bind", 204),
        ("POST", "/__apply-cookies/client.js", 405),
        ("DELETE", "/__apply-cookies/client.js", 405),
        ("GET", "/__apply-cookies/nowhere", 404),
    ] {
        let mut connection = Connection::open(service.address);
        connection.send(
            format!("{method} {path} HTTP/1.1\r\nHost: x\r\n{origin}\r\nContent-Length: 0\r\n\r\n")
                .as_bytes(),
        );
        let answer = connection.head();
        assert_eq!(answer.status, status, "{method} {path}");
        assert_eq!(
            answer.header("cache-control"),
            Some("no-store"),
            "{method} {path}"
        );
    }
}

/// The form of a POST in two halves, so that a request is under way in between.
fn half_a_request(service: &Service) -> Connection {
    let mut connection = Connection::open(service.address);
    // With the answer to this one, the connection has certainly been accepted.
    assert_eq!(connection.request("GET", "/healthz", &[], b"").status, 200);
    connection.send(
        format!(
            "POST /__apply-cookies HTTP/1.1\r\nHost: x\r\nOrigin: {ORIGIN}\r\n{FORM}\r\nContent-Length: 6\r\nExpect: 100-continue\r\n\r\n"
        )
        .as_bytes(),
    );
    assert_eq!(connection.head().status, 100, "it is being handled");
    connection.send(b"t=");
    connection
}

#[cfg(unix)]
fn signal(service: &Service, signal: &str) {
    let sent = Command::new("kill")
        .args(["-s", signal, &service.child.id().to_string()])
        .status();
    assert!(sent.unwrap().success());
}

#[cfg(unix)]
fn end(service: &mut Service) -> (ExitStatus, String) {
    let status = service.child.wait().unwrap();
    let log = std::mem::replace(&mut service.log, std::thread::spawn(String::new));
    (status, log.join().unwrap())
}

#[cfg(unix)]
#[test]
fn each_signal_drains_the_service() {
    for name in ["TERM", "INT", "QUIT"] {
        let mut service = Service::start(&[]);
        let mut idle = Connection::open(service.address);
        assert_eq!(idle.request("GET", "/healthz", &[], b"").status, 200);
        let mut busy = half_a_request(&service);
        signal(&service, name);
        assert!(idle.is_closed(), "{name}: as soon as it drains");
        busy.send(b"junk");
        assert_eq!(busy.response().status, 400, "{name}");
        assert!(busy.is_closed(), "{name}");
        let (status, log) = end(&mut service);
        assert!(status.success(), "{name}");
        assert!(log.contains("stopped"), "{name}: {log}");
    }
}

#[cfg(unix)]
#[test]
fn a_second_signal_ends_it_at_once() {
    for [first, second] in [
        ["TERM", "INT"],
        ["QUIT", "TERM"],
        ["INT", "INT"],
        ["TERM", "QUIT"],
    ] {
        let mut service = Service::start(&[]);
        let mut idle = Connection::open(service.address);
        assert_eq!(idle.request("GET", "/healthz", &[], b"").status, 200);
        let mut busy = half_a_request(&service);
        signal(&service, first);
        assert!(idle.is_closed());
        signal(&service, second);
        assert!(busy.is_closed(), "unanswered");
        assert!(end(&mut service).0.success(), "{first} {second}");
    }
}

#[test]
fn a_connection_is_kept_for_longer_than_proxies_keep_it_idle() {
    let service = Service::start_quiet(&[]);
    let mut connection = Connection::open(service.address);
    assert_eq!(connection.request("GET", "/healthz", &[], b"").status, 200);
    // actix's own limit is five seconds.
    std::thread::sleep(Duration::from_secs(7));
    assert_eq!(connection.request("GET", "/healthz", &[], b"").status, 200);
}

const WHOLE: &str = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";

/// Whoever could hold connections so would keep everybody else out.
#[test]
fn a_connection_is_not_held_by_a_request_that_does_not_come() {
    let service = Service::start_quiet(&[]);
    let held = [
        ("", "", "G"),
        ("", "", "GET /healthz HTTP/1.1\r\nHost: x\r\n"),
        (WHOLE, "", "G"),
        (WHOLE, "", "\r\n"),
        (WHOLE, "", "GET /healthz HTTP/1.1\r\nHost: x\r\n"),
        (
            WHOLE,
            "",
            "POST /__apply-cookies HTTP/1.1\r\nHost: x\r\nContent-Le",
        ),
        (WHOLE, "G", "E"),
    ]
    .map(|(first, with_it, later)| {
        let mut stream = TcpStream::connect(service.address).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(60)))
            .unwrap();
        stream
            .write_all((first.to_owned() + with_it).as_bytes())
            .unwrap();
        if !first.is_empty() {
            let mut answer = Vec::new();
            while !answer.ends_with(b"ok") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                answer.push(byte[0]);
            }
        }
        stream.write_all(later.as_bytes()).unwrap();
        (stream, first, later)
    });
    for (mut stream, first, later) in held {
        // An answer that says so, or nothing; then the end.
        let ended = stream.read_to_end(&mut Vec::new());
        assert!(ended.is_ok(), "{first:?}, {later:?}: {ended:?}");
    }
}

/// Requests that are no HTTP, or more than the server reads; anybody can send them.
fn malformed() -> Vec<String> {
    let fields = "X: y\r\n".repeat(97);
    vec![
        "\x16\x03\x01 of TLS\r\n\r\n".to_owned(),
        "GET /healthz HTTP/9.9\r\nHost: x\r\n\r\n".to_owned(),
        "GET /healthz HTTP/1.1\r\n\r\n".to_owned(),
        "G\x01T /healthz HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(),
        "POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n".to_owned(),
        "POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n".to_owned(),
        format!("GET /healthz HTTP/1.1\r\nHost: x\r\n{fields}\r\n"),
        format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "x".repeat(200_000)),
        format!("POST /__apply-cookies HTTP/1.1\r\nHost: x\r\nOrigin: {ORIGIN}\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
    ]
}

#[cfg(unix)]
#[test]
fn a_malformed_request_of_a_stranger_is_not_logged_unless_asked_for() {
    let log = |level: Option<&str>| {
        let mut service = Service::start_logging(&mut program(), level);
        for request in malformed() {
            let mut connection = Connection::open(service.address);
            connection.try_send(request.as_bytes());
            while !connection.is_closed() {}
        }
        Connection::open(service.address).reset();
        signal(&service, "TERM");
        end(&mut service).1
    };
    let said = log(None);
    assert!(
        said.contains("listening") && said.contains("stopped"),
        "{said}"
    );
    assert!(!said.contains("ERROR") && !said.contains("WARN"), "{said}");
    assert!(log(Some("info")).contains("ERROR actix_http"));
}
