//! Where the service listens: several addresses, unix sockets, sockets of systemd, and the internal
//! listener.

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

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use racer::tokens;
use run::{run, text};
use rustix::process::{Pid, Signal, kill_process};
use service::{ORIGIN, Service, program};
use support::SECRET;
use support::http::Connection;
use unix::{Sockets, get, post};

fn terminate(service: &mut Service) -> String {
    let id = Pid::from_child(&service.child);
    kill_process(id, Signal::TERM).unwrap();
    let ended = service.child.wait().unwrap();
    assert!(ended.success(), "{ended}");
    service.end()
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o7777
}

/// What `serve` answers that cannot start.
fn refusal(args: &[&str]) -> String {
    let serve = ["serve", "--origin", ORIGIN];
    let output = run(program().args(serve).args(args), "");
    assert!(!output.status.success());
    text(&output.stderr).to_owned()
}

#[test]
fn each_of_several_addresses_redeems() {
    let sockets = Sockets::new();
    let (one, other) = (sockets.address("one"), sockets.address("other"));
    let args = [
        "--listen",
        &one,
        "--listen",
        &other,
        "--listen",
        "localhost:0",
    ];
    let service = Service::start_quiet(&args);
    service.wait_until_ready();
    let tokens = tokens(3);
    assert_eq!(post(&sockets.path("one"), &tokens[0]), 204);
    assert_eq!(post(&sockets.path("other"), &tokens[1]), 204);
    let cookie = support::cookie_header(1);
    assert_eq!(service.post(&tokens[2], &cookie).status, 204);
    // They share what was used.
    assert_eq!(post(&sockets.path("one"), &tokens[1]), 204, "a retry");
    assert_eq!(
        service.post(&tokens[0], &support::cookie_header(2)).status,
        403
    );
}

#[test]
fn the_file_has_the_mode_and_the_group_that_are_given_and_goes_with_the_service() {
    let sockets = Sockets::new();
    let (one, api) = (sockets.address("one"), sockets.address("api"));
    let group = a_group();
    let args = [
        "--listen",
        &one,
        "--socket-mode",
        "0600",
        "--socket-group",
        &group,
    ];
    let api_args = ["--api-listen", &api];
    let mut service = Service::start_quiet(&[&args[..], &api_args].concat());
    assert_eq!(mode(&sockets.path("one")), 0o600);
    assert_eq!(mode(&sockets.path("api")), 0o660, "the default");
    let given = fs::metadata(sockets.path("one")).unwrap().gid();
    assert_eq!(given.to_string(), group);
    terminate(&mut service);
    assert!(!sockets.path("one").exists() && !sockets.path("api").exists());
}

/// A group that this process may give to a file: another one where it is root, else its own.
fn a_group() -> String {
    let probe = Sockets::new();
    let own = fs::metadata(probe.path("")).unwrap();
    if own.uid() == 0 {
        "12345".to_owned()
    } else {
        own.gid().to_string()
    }
}

#[test]
fn only_a_socket_that_nobody_listens_on_is_replaced() {
    let sockets = Sockets::new();
    let (path, address) = (sockets.path("one"), sockets.address("one"));
    let args = ["--listen", &*address];

    // Somebody listens.
    let live = UnixListener::bind(&path).unwrap();
    let said = refusal(&args);
    assert!(said.contains("another process listens on it"), "{said}");
    assert!(UnixStream::connect(&path).is_ok(), "and still does");

    // It has gone, and left its file.
    drop(live);
    assert!(path.exists());
    let mut service = Service::start_quiet(&args);
    assert_eq!(get(&path, "/healthz").0, 200);

    // Another has taken the path: its file stays.
    fs::remove_file(&path).unwrap();
    let other = UnixListener::bind(&path).unwrap();
    terminate(&mut service);
    assert!(UnixStream::connect(&path).is_ok());
    drop(other);

    // Something else.
    fs::remove_file(&path).unwrap();
    fs::write(&path, "precious").unwrap();
    let said = refusal(&args);
    assert!(said.contains("not a socket"), "{said}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
}

#[test]
fn of_services_that_start_at_once_one_gets_the_socket() {
    for _ in 0..5 {
        let sockets = Sockets::new();
        let (path, address) = (sockets.path("one"), sockets.address("one"));
        drop(UnixListener::bind(&path).unwrap()); // a dead one's
        let serve = ["serve", "--origin", ORIGIN, "--listen", &*address];
        let mut children: Vec<_> = (0..4)
            .map(|_| {
                let mut program = program();
                let program = program.args(serve).stderr(Stdio::null());
                program.spawn().unwrap()
            })
            .collect();
        // Three end; the fourth would not.
        let mut refused = 0;
        for _ in 0..400 {
            children.retain_mut(|child| match child.try_wait().unwrap() {
                Some(ended) => {
                    assert!(!ended.success());
                    refused += 1;
                    false
                }
                None => true,
            });
            if refused == 3 {
                break;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        assert_eq!(refused, 3);
        assert_eq!(get(&path, "/healthz").0, 200);
        for child in &mut children {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }
}

#[test]
fn addresses_that_cannot_be_had_are_named() {
    for (args, expected) in [
        (&["--listen", "unix:relative"][..], "absolute path"),
        (
            &["--listen", "unix:/no/such/folder/x"],
            "cannot listen on unix:/no/such/folder/x",
        ),
        (
            &["--listen", "unix:/tmp/x", "--socket-mode", "9"],
            "a file mode in octal",
        ),
        (
            &["--listen", "unix:/tmp/x", "--socket-group", "no-such-group"],
            "no-such-group does not exist",
        ),
        (&["--listen", "systemd:"], "systemd has passed no socket"),
        (
            &["--listen", "127.0.0.1:0", "--api-listen", "0.0.0.0:0"],
            "can be reached from other machines",
        ),
        (&["--api-listen", "127.0.0.1:0"], "--listen"),
    ] {
        let said = refusal(args);
        assert!(said.contains(expected), "{args:?}: {said}");
    }
    let long = format!("unix:/tmp/{}", "x".repeat(120));
    assert!(refusal(&["--listen", &long]).contains("cannot listen on unix:/tmp/xxx"));
}

#[test]
fn the_internal_listener_has_what_the_public_one_has_not_and_the_reverse() {
    let sockets = Sockets::new();
    let api = sockets.path("api");
    let service = Service::start_quiet(&["--api-listen", &sockets.address("api")]);
    service.wait_until_ready();
    assert_eq!(get(&api, "/healthz"), (200, "ok\n".to_owned()));
    assert_eq!(get(&api, "/readyz"), (200, "ready\n".to_owned()));
    assert_eq!(service.get("/healthz"), 200);
    // Tokens are redeemed in public only.
    let token = &tokens(1)[0];
    assert_eq!(post(&api, token), 404);
    assert_eq!(service.post(token, &support::cookie_header(1)).status, 204);
    assert_eq!(get(&api, "/__apply-cookies/client.js").0, 404);
}

/// Starts the service as systemd does: with sockets from the third descriptor on, named, and meant for
/// this very process.
fn start_by_systemd(public: &TcpListener, api: &UnixListener, args: &[&str]) -> Child {
    let mut shell = Command::new("/bin/sh");
    shell
        .env_clear()
        .env("APPLY_COOKIES_SECRET_KEY", &*SECRET)
        .env("LISTEN_FDS", "2")
        .env("LISTEN_FDNAMES", "public:api")
        .args([
            "-c",
            r#"exec 3<&0 4<&1 0</dev/null 1>/dev/null; LISTEN_PID=$$ exec "$0" "$@""#,
        ])
        .arg(env!("CARGO_BIN_EXE_apply-cookies"))
        .args(["serve", "--origin", ORIGIN])
        .args(args)
        .stdin(OwnedFd::from(public.try_clone().unwrap()))
        .stdout(OwnedFd::from(api.try_clone().unwrap()))
        .stderr(Stdio::null());
    shell.spawn().unwrap()
}

#[test]
fn a_socket_without_a_file_needs_keys_as_tcp_does() {
    let sockets = Sockets::new();
    let keys = sockets.path("keys");
    fs::write(&keys, &*SECRET).unwrap();
    let public = TcpListener::bind("127.0.0.1:0").unwrap();
    let name = format!("apply-cookies-test-{}", std::process::id());
    let address = SocketAddr::from_abstract_name(name).unwrap();
    let api = UnixListener::bind_addr(&address).unwrap();
    let both = ["--listen", "systemd:public", "--api-listen", "systemd:api"];
    let with_keys = ["--api-keys-file", keys.to_str().unwrap()];
    let mut child = start_by_systemd(&public, &api, &[&both[..], &with_keys].concat());
    let status = |fields: &str| {
        let mut stream = UnixStream::connect_addr(&address).unwrap();
        let request =
            format!("GET /v1/info HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{fields}\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split(' ').nth(1).map(str::to_owned)
    };
    let without = status("");
    let with = status(&format!("Authorization: Bearer {}\r\n", *SECRET));
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(
        (without.as_deref(), with.as_deref()),
        (Some("401"), Some("200"))
    );
}

#[test]
fn there_are_files_for_the_connections_of_every_listener() {
    let sockets = Sockets::new();
    let mut shell = Command::new("/bin/sh");
    shell
        .env_clear()
        .env("APPLY_COOKIES_SECRET_KEY", &*SECRET)
        .args(["-c", r#"ulimit -Sn 256; exec "$0" "$@""#])
        .arg(env!("CARGO_BIN_EXE_apply-cookies"));
    let (api, metrics) = (sockets.address("api"), sockets.address("metrics"));
    let args = ["--api-listen", &api, "--metrics-listen", &metrics];
    let service = Service::start_as(
        &mut shell,
        &[&args[..], &["--limits-connections", "500"]].concat(),
    );
    let limits = fs::read_to_string(format!("/proc/{}/limits", service.child.id())).unwrap();
    let files = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"));
    let soft = files
        .and_then(|files| files.split_whitespace().next())
        .unwrap();
    assert!(soft.parse::<u64>().unwrap() >= 500 + 1024 + 1024, "{soft}");
}

#[test]
fn sockets_of_systemd_are_taken_by_their_names_and_their_files_stay() {
    let sockets = Sockets::new();
    let public = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = public.local_addr().unwrap();
    let api = UnixListener::bind(sockets.path("api")).unwrap();
    let start = |args: &[&str]| start_by_systemd(&public, &api, args);
    let both = ["--listen", "systemd:", "--api-listen", "systemd:api"];
    for _ in 0..2 {
        let mut child = start(&both);
        // A connection that came before the service listened is answered, too: none is lost in a
        // restart.
        let mut connection = Connection::open(address);
        assert_eq!(connection.request("GET", "/healthz", &[], b"").status, 200);
        assert_eq!(
            connection
                .request("GET", "/__apply-cookies/client.js", &[], b"")
                .status,
            200
        );
        assert_eq!(get(&sockets.path("api"), "/healthz").0, 200);
        assert_eq!(
            get(&sockets.path("api"), "/__apply-cookies/client.js").0,
            404
        );
        kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
        assert!(child.wait().unwrap().success());
        assert!(sockets.path("api").exists());
    }
    let mut child = start(&["--listen", "systemd:web"]);
    assert!(!child.wait().unwrap().success());
}
