//! Clients that ask and do not read: what they cost, and what becomes of them.

#[path = "support/service.rs"]
mod service;
mod support;

use std::io::{ErrorKind, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Mutex;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use socket2::{Domain, Socket, Type};

use service::{ORIGIN, Service};
use support::http::{Connection, FORM};

/// Connections of one kind at a time.
const CLIENTS: usize = 50;

/// Each a request that anybody can send.
fn requests() -> Vec<(&'static str, String)> {
    let get = |line: &str| format!("{line} HTTP/1.1\r\nHost: x\r\n\r\n");
    let post = |path: &str, body: &str| {
        format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nOrigin: {ORIGIN}\r\n{FORM}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    vec![
        ("client.js", get("GET /__apply-cookies/client.js")),
        ("HEAD client.js", get("HEAD /__apply-cookies/client.js")),
        ("healthz", get("GET /healthz")),
        ("no such path", "GET / HTTP/1.1\nHost:\n\n".to_owned()),
        ("a forged token", post("/__apply-cookies", "t=e1.forged")),
        ("a binding", post("/__apply-cookies/bind", "")),
        ("a method that is refused", get("PUT /__apply-cookies")),
    ]
}

/// Sends one request over and over, and reads nothing, until the service ends the connection.
fn ask_and_never_read(address: SocketAddr, request: &str) {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None).unwrap();
    // So that answers wait in the service, and soon.
    socket.set_recv_buffer_size(4096).unwrap();
    socket.connect(&address.into()).unwrap();
    let mut stream = TcpStream::from(socket);
    // Far more than the deadline: a connection that is left alone fails the test.
    stream
        .set_write_timeout(Some(Duration::from_secs(120)))
        .unwrap();
    let many = request.repeat(16 * 1024 / request.len());
    let error = loop {
        if let Err(error) = stream.write_all(many.as_bytes()) {
            break error;
        }
    };
    assert!(
        matches!(
            error.kind(),
            ErrorKind::ConnectionReset | ErrorKind::BrokenPipe
        ),
        "{error}"
    );
}

#[cfg(target_os = "linux")]
fn resident_mib(service: &Service) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{}/status", service.child.id())).unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap();
    line.split_whitespace()
        .nth(1)
        .unwrap()
        .parse::<usize>()
        .unwrap()
        / 1024
}

/// Each of these tests needs the whole machine.
static ALONE: Mutex<()> = Mutex::new(());

#[cfg(target_os = "linux")]
#[test]
fn answers_that_nobody_reads_cost_little_and_end_the_connection() {
    let _alone = ALONE.lock();
    thread::scope(|scope| {
        for (name, request) in requests() {
            scope.spawn(move || {
                let service = Service::start_quiet(&[]);
                let clients = clients(service.address, &[request]);
                let mut most = 0;
                while !clients.iter().all(JoinHandle::is_finished) {
                    most = most.max(resident_mib(&service));
                    thread::sleep(Duration::from_millis(20));
                }
                all_were_ended(clients);
                println!("table: {CLIENTS} connections that read nothing, {name} | {most} MiB");
                assert!(most < 64, "{name}: {most} MiB");
            });
        }
    });
}

#[test]
fn others_are_answered_meanwhile() {
    let _alone = ALONE.lock();
    let service = Service::start_quiet(&[]);
    let mut honest = Connection::open(service.address);
    let requests: Vec<_> = requests().into_iter().map(|(_, request)| request).collect();
    let clients = clients(service.address, &requests);
    let mut answered = 0;
    while !clients.iter().any(JoinHandle::is_finished) {
        assert_eq!(honest.request("GET", "/healthz", &[], b"").status, 200);
        assert_eq!(service.get("/__apply-cookies/client.js"), 200);
        answered += 1;
    }
    assert!(answered > 1, "before any of them was ended");
    all_were_ended(clients);
}

/// Starts the connections, with these requests in turn.
fn clients(address: SocketAddr, requests: &[String]) -> Vec<JoinHandle<()>> {
    (requests.iter().cycle().take(CLIENTS))
        .map(|request| {
            let request = request.clone();
            thread::spawn(move || ask_and_never_read(address, &request))
        })
        .collect()
}

fn all_were_ended(clients: Vec<JoinHandle<()>>) {
    for client in clients {
        client.join().unwrap();
    }
}

#[test]
fn many_requests_on_one_connection_are_all_answered() {
    let _alone = ALONE.lock();
    let service = Service::start_quiet(&[]);
    let origin = format!("Origin: {ORIGIN}");
    for (method, path, field, status) in [
        ("GET", "/healthz", "X: y", 200),
        ("HEAD", "/healthz", "X: y", 200),
        ("GET", "/nowhere", "X: y", 404),
        ("GET", "/__apply-cookies/client.js", "X: y", 200),
        ("POST", "/__apply-cookies/bind", &*origin, 204),
        ("POST", "/__apply-cookies", &*origin, 415),
    ] {
        // Half a megabyte of answers or more, read only once all have been asked for.
        let mut connection = Connection::open(service.address);
        let length = if method == "POST" {
            "Content-Length: 0\r\n"
        } else {
            ""
        };
        let request = format!("{method} {path} HTTP/1.1\r\nHost: x\r\n{field}\r\n{length}\r\n");
        connection.send(request.repeat(500).as_bytes());
        for answer in 0..500 {
            let response = match method {
                "HEAD" => connection.head(),
                _ => connection.response(),
            };
            assert_eq!(response.status, status, "{method} {path}, answer {answer}");
        }
        // And the connection goes on.
        assert_eq!(connection.request("GET", "/healthz", &[], b"").status, 200);
    }
}
