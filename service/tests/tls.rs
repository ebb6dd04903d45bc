//! TLS of the service's own listeners: HTTP/1.1, certificates that change while it runs, and clients
//! that must show one.

#![cfg(all(unix, feature = "tls"))]

#[path = "support/service.rs"]
mod service;
mod support;
#[path = "support/unix.rs"]
mod unix;

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use apply_cookies::Secrets;
use rustix::process::{Pid, Signal, kill_process};
use service::{Service, program};
use unix::Sockets;

fn openssl(args: &[&str]) {
    let done = Command::new("openssl").args(args).output().unwrap();
    assert!(done.status.success(), "{done:?}");
}

/// A certificate of its own making, `NAME.pem`, and its key, `NAME.key`.
fn certificate(folder: &Sockets, name: &str) {
    let path = |end: &str| folder.path(&format!("{name}.{end}")).display().to_string();
    let subject = format!("/CN={name}");
    // One that signs others is not taken as a client's own.
    let signs = if name == "client" { "FALSE" } else { "TRUE" };
    let constraints = format!("basicConstraints=critical,CA:{signs}");
    openssl(&[
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
        "-subj",
        &subject,
        "-addext",
        "subjectAltName=IP:127.0.0.1",
        "-addext",
        &constraints,
        "-keyout",
        &path("key"),
        "-out",
        &path("pem"),
    ]);
}

/// What a client sees who trusts this certificate: the protocol, and the answer's status line.
fn ask(address: SocketAddr, trusted: &Path, more: &[&str]) -> Option<String> {
    let mut client = Command::new("openssl")
        .args(["s_client", "-quiet", "-verify_return_error", "-no_ign_eof"])
        .args(["-alpn", "h2,http/1.1", "-connect", &address.to_string()])
        .arg("-CAfile")
        .arg(trusted)
        .args(more)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = client.stdin.take().unwrap();
    let _ =
        input.write_all(b"GET /healthz HTTP/1.1\r\nHost: app.example\r\nConnection: close\r\n\r\n");
    let mut line = String::new();
    let mut output = BufReader::new(client.stdout.take().unwrap());
    let _ = output.read_line(&mut line);
    drop(input);
    let _ = client.kill();
    client.wait().unwrap();
    (!line.is_empty()).then(|| line.trim_end().to_owned())
}

#[test]
fn certificates_change_while_the_service_runs_and_clients_show_theirs() {
    let folder = Sockets::new();
    for name in ["one", "other", "client"] {
        certificate(&folder, name);
    }
    let path = |name: &str| folder.path(name);
    let text = |name: &str| path(name).display().to_string();
    let put = |name: &str| {
        std::fs::copy(path(&format!("{name}.pem")), path("now.pem")).unwrap();
        std::fs::copy(path(&format!("{name}.key")), path("now.key")).unwrap();
    };
    put("one");
    std::fs::write(path("keys"), Secrets::generate()).unwrap();
    let internal = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let internal_address = internal.local_addr().unwrap();
    drop(internal);
    let mut program = program();
    let args = [
        "--tls-cert-file",
        &*text("now.pem"),
        "--tls-key-file",
        &*text("now.key"),
        "--tls-client-ca-file",
        &*text("client.pem"),
        "--metrics-listen",
        &*internal_address.to_string(),
    ];
    let service = Service::start_as(&mut program, &args);
    let ok = Some("HTTP/1.1 200 OK".to_owned());
    assert_eq!(ask(service.address, &path("one.pem"), &[]), ok);
    assert_eq!(ask(service.address, &path("other.pem"), &[]), None);
    // Only the internal listeners ask for a client's certificate.
    assert_eq!(ask(internal_address, &path("one.pem"), &[]), None);
    let shown = ["-cert", &*text("client.pem"), "-key", &*text("client.key")];
    assert_eq!(ask(internal_address, &path("one.pem"), &shown), ok);
    let stranger = ["-cert", &*text("other.pem"), "-key", &*text("other.key")];
    assert_eq!(ask(internal_address, &path("one.pem"), &stranger), None);

    put("other");
    kill_process(Pid::from_child(&service.child), Signal::HUP).unwrap();
    let changed = (0..200).any(|_| {
        std::thread::sleep(Duration::from_millis(50));
        ask(service.address, &path("other.pem"), &[]) == ok
    });
    assert!(changed);
    // One that cannot be used changes nothing.
    std::fs::write(path("now.key"), "not a key").unwrap();
    kill_process(Pid::from_child(&service.child), Signal::HUP).unwrap();
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(ask(service.address, &path("other.pem"), &[]), ok);
}
