//! The replay stores in the real service: clients that race, processes that are killed, a disk that
//! fails.
//!
//! `APPLY_COOKIES_FAULTS=full` sets the full counts; `scripts/faults` sets it.

#[path = "../../replay/tests/support/folder.rs"]
mod folder;
#[path = "support/racer.rs"]
mod racer;
#[path = "support/service.rs"]
mod service;
mod support;

use std::process::Stdio;
use std::time::{Duration, Instant};

use folder::Folder;
use racer::{CLIENTS, Owners, race, tokens};
use rand::Rng;
use service::{ORIGIN, Service, program};
use support::cookie_header;

/// The count of a short run, and that of a full one.
fn count(short: usize, full: usize) -> usize {
    match std::env::var("APPLY_COOKIES_FAULTS").as_deref() {
        Ok("full") => full,
        _ => short,
    }
}

fn replay(folder: &Folder) -> String {
    format!("file:{}", folder.file().display())
}

fn everyone_races(service: &Service, store: &str) {
    service.wait_until_ready();
    let tokens = tokens(count(200, 10_000));
    let all: Vec<usize> = (0..tokens.len()).collect();
    let owners = Owners::default();
    let start = Instant::now();
    race(&[service.address], &tokens, &all, &owners);
    println!(
        "table: {CLIENTS} clients race over {} tokens, {store} | {} posts in {:.1} s, {} doubles",
        tokens.len(),
        owners.posts(),
        start.elapsed().as_secs_f64(),
        owners.doubles(),
    );
    assert_eq!(owners.doubles(), 0);
    assert_eq!(owners.failures(), 0);
    assert_eq!(
        owners.posts(),
        u64::try_from(CLIENTS * tokens.len()).unwrap()
    );
    assert_eq!(owners.released(), tokens.len());
}

#[test]
fn of_many_clients_one_gets_each_token_from_memory() {
    everyone_races(&Service::start_quiet(&[]), "memory");
}

#[test]
fn of_many_clients_one_gets_each_token_from_the_file() {
    let folder = Folder::new();
    everyone_races(
        &Service::start_quiet(&["--replay", &replay(&folder)]),
        "file",
    );
}

#[test]
fn a_service_that_is_killed_at_any_moment_forgets_nothing() {
    let folder = Folder::new();
    let replay = replay(&folder);
    let start = || Service::start_quiet(&["--replay", &replay]);
    let kills = count(10, 500);
    start().wait_until_ready(); // the file's horizon has passed; dropping it kills it
    let tokens = tokens(count(200, 10_000));
    let (owners, begun) = (Owners::default(), Instant::now());
    let mut rng = rand::rng();
    for window in tokens
        .chunks(tokens.len() / kills)
        .enumerate()
        .map(|(n, chunk)| {
            let first = n * (tokens.len() / kills);
            (first..first + chunk.len()).collect::<Vec<_>>()
        })
    {
        if rng.next_u32().is_multiple_of(4) {
            kill_while_it_starts(&replay, rng.next_u64() % 40);
        }
        let mut service = start();
        // The new ones, and some that may already be used.
        let mut which = window;
        which.extend((0..5).map(|_| usize::try_from(rng.next_u64()).unwrap() % tokens.len()));
        let patience = Duration::from_micros(rng.next_u64() % 150_000);
        let address = service.address;
        std::thread::scope(|scope| {
            let racing = scope.spawn(|| race(&[address], &tokens, &which, &owners));
            std::thread::sleep(patience);
            service.child.kill().unwrap();
            service.child.wait().unwrap();
            racing.join().unwrap();
        });
    }
    let before = owners.released();
    // All clients again, under other ids.
    let service = start();
    let all: Vec<usize> = (0..tokens.len()).collect();
    race(&[service.address], &tokens, &all, &owners);
    println!(
        "table: {kills} kills under {CLIENTS} clients, {} tokens | {} posts in {:.0} s, {before} tokens released before the last start, {} used and the answer lost, {} doubles, 0 files that do not open",
        tokens.len(),
        owners.posts(),
        begun.elapsed().as_secs_f64(),
        tokens.len() - owners.released(),
        owners.doubles(),
    );
    assert_eq!(owners.doubles(), 0);
    assert_eq!(owners.failures(), 0);
    assert!(before > 0, "no token was released before a kill");
    assert!(
        owners.released() > before,
        "every round was over before its kill"
    );
}

/// A process that is killed while it opens the file, or makes it whole.
fn kill_while_it_starts(replay: &str, millis: u64) {
    let mut child = program()
        .args(["serve", "--listen", "127.0.0.1:0", "--origin", ORIGIN])
        .args(["--replay", replay])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_millis(millis));
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_second_process_is_refused_the_file() {
    let folder = Folder::new();
    let replay = replay(&folder);
    let first = Service::start_quiet(&["--replay", &replay]);
    let output = program()
        .args(["serve", "--listen", "127.0.0.1:0", "--origin", ORIGIN])
        .args(["--replay", &replay])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("in use by another process"), "{said}");
    drop(first);
    assert_eq!(
        Service::start_quiet(&["--replay", &replay]).get("/healthz"),
        200
    );
}

#[test]
fn an_unusable_store_is_refused_with_a_reason() {
    let folder = Folder::new();
    std::fs::write(folder.file(), "something else").unwrap();
    let nowhere = folder.path().join("no").join("folder");
    for (store, code, reason) in [
        (
            replay(&folder),
            1,
            "is not a store of this kind, and was left as it is",
        ),
        (format!("file:{}", nowhere.display()), 1, "cannot be opened"),
        ("file:".to_owned(), 2, "`file:PATH`"),
        ("disk".to_owned(), 2, "`file:PATH`"),
    ] {
        let output = program()
            .args(["serve", "--listen", "127.0.0.1:0", "--origin", ORIGIN])
            .args(["--replay", &store])
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert!(said.contains(reason), "{said}");
    }
    assert_eq!(std::fs::read(folder.file()).unwrap(), b"something else");
}

#[test]
fn two_profiles_share_one_file() {
    let folder = Folder::new();
    let replay = replay(&folder);
    let start = || {
        let mut program = program();
        program
            .env(
                "MESOP_COOKIE_SECRET_KEY",
                apply_cookies::Secrets::generate(),
            )
            .env("MESOP_BASE_URL_PATH", "/app");
        let profiles = ["--profile", "native", "--profile", "mesop"];
        Service::start_as(
            &mut program,
            &[&profiles[..], &["--replay", &replay]].concat(),
        )
    };
    let service = start();
    service.wait_until_ready();
    let token = &tokens(1)[0];
    assert_eq!(service.post(token, &cookie_header(1)).status, 204);
    let other_path = service.post_to(
        "/app/__apply-cookies",
        &support::http::form(token, None),
        &[],
    );
    assert_eq!(other_path.status, 400, "of the other profile");
    drop(service);
    let service = start();
    let form = support::http::form(token, Some("another"));
    let again = service.post_to("/__apply-cookies", &form, &[&cookie_header(1)]);
    assert_eq!(again.status, 409);
}

#[test]
fn a_used_token_stays_used_after_a_restart_which_is_ready_at_once() {
    let folder = Folder::new();
    let replay = replay(&folder);
    let service = Service::start_quiet(&["--replay", &replay]);
    service.wait_until_ready();
    let tokens = tokens(2);
    let post = |service: &Service, token: usize, redemption: &str| {
        let form = support::http::form(&tokens[token], Some(redemption));
        let cookie = cookie_header(1);
        service
            .post_to("/__apply-cookies", &form, &[&cookie])
            .status
    };
    assert_eq!(post(&service, 0, "one"), 204);
    drop(service);
    let service = Service::start_quiet(&["--replay", &replay]);
    assert_eq!(service.get("/readyz"), 200);
    assert_eq!(post(&service, 0, "two"), 409);
    assert_eq!(post(&service, 0, "one"), 204);
    assert_eq!(post(&service, 1, "two"), 204);
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_fails_once_stops_everything_until_the_service_is_started_again() {
    use rustix::process::{Pid, Resource, Rlimit, prlimit};

    let folder = Folder::new();
    let replay = replay(&folder);
    let service = Service::start_limitable(&["--replay", &replay]);
    service.wait_until_ready();
    let tokens = tokens(3);
    let post = |service: &Service, token: usize, redemption: &str| {
        let form = support::http::form(&tokens[token], Some(redemption));
        let cookie = cookie_header(1);
        service.post_to("/__apply-cookies", &form, &[&cookie])
    };
    assert_eq!(post(&service, 0, "one").status, 204);
    let limit_files = |bytes| {
        let pid = Pid::from_child(&service.child);
        let limit = Rlimit {
            current: bytes,
            maximum: None,
        };
        prlimit(Some(pid), Resource::Fsize, limit).unwrap();
    };
    limit_files(Some(0));
    let refused = post(&service, 1, "one");
    assert_eq!(
        (refused.status, refused.header("retry-after")),
        (503, Some("1"))
    );
    // The disk works again, but its content is still unknown.
    limit_files(None);
    for token in 0..3 {
        assert_eq!(post(&service, token, "one").status, 503);
    }
    let read =
        |path| support::http::Connection::open(service.address).request("GET", path, &[], b"");
    let (health, readiness) = (read("/healthz"), read("/readyz"));
    assert_eq!((health.status, readiness.status), (503, 503));
    // One failure, in the same words.
    assert_eq!(health.body, readiness.body);
    assert!(health.body.contains("until this process is restarted"));

    drop(service);
    let service = Service::start_quiet(&["--replay", &replay]);
    assert_eq!(service.get("/healthz"), 200);
    assert_eq!(post(&service, 0, "two").status, 409);
    assert_eq!(
        post(&service, 1, "one").status,
        204,
        "its own id may ask again"
    );
    assert_eq!(post(&service, 2, "two").status, 204);
}
