//! The service under a supervisor: what it says to systemd, secrets that change while it runs, and
//! its end under load.

#![cfg(target_os = "linux")]

#[path = "support/racer.rs"]
mod racer;
#[path = "support/service.rs"]
mod service;
mod support;
#[path = "support/unix.rs"]
mod unix;

use std::fs;
use std::net::SocketAddr;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, RwLock};
use std::time::Duration;

use apply_cookies::Secrets;
use racer::{Owners, post_once, race, tokens};
use rustix::process::{Pid, Signal, kill_process};
use service::{ORIGIN, Service, program};
use support::http::{Connection, FORM, form};
use support::{browser, cookie_header};
use unix::{Sockets, ask, get};

/// systemd, as far as it is told something.
struct Supervisor {
    sockets: Sockets,
    told: UnixDatagram,
}

impl Supervisor {
    fn new() -> Self {
        let sockets = Sockets::new();
        let told = UnixDatagram::bind(sockets.path("notify")).unwrap();
        let patience = Some(Duration::from_secs(60));
        told.set_read_timeout(patience).unwrap();
        Self { sockets, told }
    }

    fn path(&self) -> PathBuf {
        self.sockets.path("notify")
    }

    /// The next state that contains this; those before it are dropped.
    fn wait_for(&self, state: &str) -> String {
        loop {
            let mut message = [0; 4096];
            let length = self.told.recv(&mut message).unwrap();
            let message = String::from_utf8(message[..length].to_vec()).unwrap();
            if message.contains(state) {
                return message;
            }
        }
    }
}

fn signal(service: &Service, signal: Signal) {
    kill_process(Pid::from_child(&service.child), signal).unwrap();
}

#[test]
fn systemd_hears_when_the_service_is_ready_alive_reloading_and_stopping() {
    let supervisor = Supervisor::new();
    let mut program = program();
    program
        .env("NOTIFY_SOCKET", supervisor.path())
        .env("WATCHDOG_USEC", "300000");
    let mut service = Service::start_as(&mut program, &[]);
    assert_eq!(service.get("/readyz"), 503, "not yet");
    let ready = supervisor.wait_for("READY=1");
    assert!(ready.contains("STATUS=ready"), "{ready}");
    assert_eq!(service.get("/readyz"), 200);
    for _ in 0..3 {
        supervisor.wait_for("WATCHDOG=1");
    }
    signal(&service, Signal::HUP);
    let reloading = supervisor.wait_for("RELOADING=1");
    assert!(reloading.contains("MONOTONIC_USEC="), "{reloading}");
    supervisor.wait_for("READY=1");
    assert_eq!(service.get("/healthz"), 200);
    signal(&service, Signal::TERM);
    supervisor.wait_for("STOPPING=1");
    assert!(service.child.wait().unwrap().success());
}

/// The secrets of three services, in files that they share.
struct Rotation {
    folder: Sockets,
    services: Vec<(Service, Supervisor)>,
}

impl Rotation {
    fn start(secret: &str) -> Self {
        let folder = Sockets::new();
        fs::write(folder.path("secret"), secret).unwrap();
        fs::write(folder.path("previous"), "# none\n").unwrap();
        let mut this = Self {
            folder,
            services: Vec::new(),
        };
        for number in 0..3 {
            let supervisor = Supervisor::new();
            let mut program = Command::new(env!("CARGO_BIN_EXE_apply-cookies"));
            program
                .env_clear()
                .env("NOTIFY_SOCKET", supervisor.path())
                .env("APPLY_COOKIES_SECRET_KEY_FILE", this.folder.path("secret"))
                .env(
                    "APPLY_COOKIES_PREVIOUS_KEYS_FILE",
                    this.folder.path("previous"),
                )
                .env(
                    "APPLY_COOKIES_API_LISTEN",
                    this.folder.address(&number.to_string()),
                );
            let service = Service::start_logging(&mut program, Some("apply_cookies=info"));
            supervisor.wait_for("READY=1");
            this.services.push((service, supervisor));
        }
        this
    }

    /// Writes both files, and has each service read them, one after the other.
    fn write(&self, secret: &str, previous: &str) {
        fs::write(self.folder.path("secret"), secret).unwrap();
        fs::write(self.folder.path("previous"), format!("# older\n{previous}")).unwrap();
        for (service, supervisor) in &self.services {
            signal(service, Signal::HUP);
            supervisor.wait_for("RELOADING=1");
            supervisor.wait_for("READY=1");
        }
    }

    fn addresses(&self) -> Vec<SocketAddr> {
        self.services
            .iter()
            .map(|(service, _)| service.address)
            .collect()
    }

    /// Uses of keys, by role, over all three.
    fn uses(&self, role: &str) -> u64 {
        let of_one = |number: usize| -> u64 {
            let (status, numbers) = get(&self.folder.path(&number.to_string()), "/metrics");
            assert_eq!(status, 200);
            let lines = numbers.lines().filter(|line| {
                line.starts_with("apply_cookies_key_uses_total{") && line.contains(role)
            });
            let counts = lines.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap());
            counts.sum()
        };
        (0..3).map(of_one).sum()
    }
}

/// A token of an app that has this secret, for browser 1, made now.
fn token_under(secret: &str) -> String {
    let issuer = apply_cookies::Issuer::new(Secrets::new(secret).unwrap()).unwrap();
    let batch = support::batch(support::SESSION);
    let minted = issuer.mint(
        &batch,
        Some(&browser(1)),
        &apply_cookies::MintOptions::default(),
    );
    minted.into_token().into_string()
}

#[test]
fn secrets_rotate_under_load_over_three_services_and_nothing_is_refused() {
    let secrets: Vec<String> = (0..3).map(|_| Secrets::generate()).collect();
    let rotation = Rotation::start(&secrets[0]);
    let addresses = rotation.addresses();
    // What the apps seal with.
    let current = RwLock::new(secrets[0].clone());
    let (stop, posted) = (AtomicBool::new(false), AtomicUsize::new(0));
    let refused = Mutex::new(Vec::new());
    let (previous, retired) = std::thread::scope(|scope| {
        for client in 0..6 {
            let (addresses, current, stop, posted, refused) =
                (&addresses, &current, &stop, &posted, &refused);
            scope.spawn(move || {
                let mut connections: Vec<_> =
                    addresses.iter().map(|at| Connection::open(*at)).collect();
                for turn in 0.. {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    // Held until the answer: an app changes its secret once its tokens have gone.
                    let secret = current.read().unwrap();
                    let form = form(&token_under(&secret), Some("a-redemption-id"));
                    let fields = [&*format!("Origin: {ORIGIN}"), FORM, &*cookie_header(1)];
                    let connection = &mut connections[(client + turn) % 3];
                    let answer =
                        connection.request("POST", "/__apply-cookies", &fields, form.as_bytes());
                    if answer.status != 204 {
                        refused.lock().unwrap().push(answer);
                    }
                    posted.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let some_more = || {
            let until = posted.load(Ordering::Relaxed) + 300;
            while posted.load(Ordering::Relaxed) < until {
                std::thread::sleep(Duration::from_millis(5));
            }
        };
        let mut counts = (0, 0);
        for pair in secrets.windows(2) {
            let [old, new] = pair else { unreachable!() };
            some_more();
            // The guide's order: every service reads the new one first, then seals with it.
            rotation.write(old, new);
            some_more();
            rotation.write(new, old);
            some_more();
            *current.write().unwrap() = new.clone();
            counts.0 = rotation.uses("previous");
            some_more();
            counts.1 = rotation.uses("previous");
            rotation.write(new, "");
            some_more();
        }
        stop.store(true, Ordering::Relaxed);
        counts
    });
    let refused = refused.into_inner().unwrap();
    println!(
        "table: secrets rotate twice over three services under load | {} posts, {} refused",
        posted.load(Ordering::Relaxed),
        refused.len(),
    );
    assert!(refused.is_empty(), "{:?}", refused.first());
    // Once the apps have the new secret, nothing more comes under the old one, and the numbers say so.
    assert_eq!(previous, retired);
    // What the services mint, they mint under the last one: they open nothing else any more.
    for (number, (service, _)) in rotation.services.iter().enumerate() {
        let socket = rotation.folder.path(&number.to_string());
        let request = format!(
            r#"{{"requests":[{{"binding":"{}","operations":[{}]}}]}}"#,
            browser(1).to_text(),
            support::SESSION
        );
        let fields = ["Content-Type: application/json\r\n"];
        let (status, minted) = ask(&socket, "POST", "/v1/tokens", &fields, &request);
        assert_eq!(status, 200, "{minted}");
        let minted: serde_json::Value = serde_json::from_str(&minted).unwrap();
        let token = minted["results"][0]["tokens"][0]["token"].as_str().unwrap();
        assert_eq!(service.post(token, &cookie_header(1)).status, 204);
    }
    // What the retired ones sealed is opened no more.
    let owners = Owners::default();
    race(&addresses[..1], &[token_under(&secrets[0])], &[0], &owners);
    assert!(owners.posts() > 0);
    assert_eq!(owners.failures(), owners.posts());
}

#[test]
fn secrets_that_cannot_be_used_leave_those_that_are_and_other_settings_need_a_restart() {
    let secret = Secrets::generate();
    let folder = Sockets::new();
    let settings = folder.path("settings.toml");
    fs::write(folder.path("secret"), &secret).unwrap();
    let text = |ttl: u32| {
        format!(
            "max_ttl = {ttl}\nsecret_key_file = '{}'",
            folder.path("secret").display()
        )
    };
    fs::write(&settings, text(60)).unwrap();
    let supervisor = Supervisor::new();
    let mut program = Command::new(env!("CARGO_BIN_EXE_apply-cookies"));
    program
        .env_clear()
        .env("NOTIFY_SOCKET", supervisor.path())
        .env("APPLY_COOKIES_CONFIG", &settings);
    let mut service = Service::start_logging(&mut program, Some("info"));
    supervisor.wait_for("READY=1");
    let again = || {
        signal(&service, Signal::HUP);
        supervisor.wait_for("RELOADING=1");
        supervisor.wait_for("READY=1");
        let token = token_under(&secret);
        assert_eq!(service.post(&token, &cookie_header(1)).status, 204);
    };
    fs::write(folder.path("secret"), "hunter2").unwrap();
    again();
    fs::remove_file(folder.path("secret")).unwrap();
    again();
    fs::write(folder.path("secret"), &secret).unwrap();
    fs::write(&settings, text(61)).unwrap();
    again();
    fs::write(&settings, "max_ttl = 'long'").unwrap();
    again();
    let log = service.end();
    assert!(
        log.contains("secret_key_file: ") && !log.contains("hunter2"),
        "{log}"
    );
    assert!(
        log.contains("cannot read the file that secret_key_file names"),
        "{log}"
    );
    assert!(log.contains("needs a restart setting=\"max_ttl\""), "{log}");
    assert!(
        log.contains("nothing is read again: a setting is wrong"),
        "{log}"
    );
}

#[test]
fn a_service_that_is_told_to_stop_under_load_has_answered_all_that_it_has_carried_out() {
    let sockets = Sockets::new();
    let replay = format!("file:{}", sockets.path("replay").display());
    let start = || Service::start_quiet(&["--replay", &replay]);
    let mut service = start();
    service.wait_until_ready();
    let tokens = tokens(3000);
    let (next, answered) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let address = service.address;
    std::thread::scope(|scope| {
        for _ in 0..16 {
            let (tokens, next, answered) = (&tokens, &next, &answered);
            scope.spawn(move || {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(token) = tokens.get(number) else {
                        return;
                    };
                    // Each on a connection of its own, so that some wait to be accepted.
                    let owners = Owners::default();
                    post_once(address, token, "once", &owners);
                    match owners.with(204) {
                        0 => return, // it has gone
                        _ => answered.lock().unwrap().push(number),
                    }
                }
            });
        }
        while answered.lock().unwrap().len() < 500 {
            std::thread::sleep(Duration::from_millis(2));
        }
        signal(&service, Signal::TERM);
        assert!(service.child.wait().unwrap().success());
    });
    let answered = answered.into_inner().unwrap();
    assert!(answered.len() < tokens.len(), "it was stopped under load");
    // Under another id: what was carried out and not answered would be lost.
    let service = start();
    let (next, owners) = (AtomicUsize::new(0), Owners::default());
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                while let Some(token) = tokens.get(next.fetch_add(1, Ordering::Relaxed)) {
                    post_once(service.address, token, "later", &owners);
                }
            });
        }
    });
    println!(
        "table: a service is stopped by SIGTERM under 16 clients | {} posts answered, {} carried out",
        answered.len(),
        owners.with(409),
    );
    assert_eq!(owners.with(409), answered.len() as u64);
    assert_eq!(owners.failures(), 0);
    assert_eq!(owners.posts(), tokens.len() as u64);
}
