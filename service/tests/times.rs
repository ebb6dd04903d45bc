//! Lifetimes that do not fit, and clocks that were wrong.

#[path = "../../replay/tests/support/folder.rs"]
mod folder;
#[path = "support/run.rs"]
mod run;
#[path = "support/service.rs"]
mod service;
mod support;

use std::process::Output;

use apply_cookies::Clock;
use apply_cookies::replay::FileReplayStore;
use folder::Folder;
use service::{Service, program};
use support::http::Connection;
use support::{SESSION, browser, cookie_header};

fn mint(args: &[&str]) -> Output {
    let mut program = program();
    program.args(["mint", "--binding", &browser(1).to_text()]);
    let line = format!("{{\"operations\":[{SESSION}]}}\n");
    run::run(program.args(args), line)
}

fn token(args: &[&str]) -> String {
    let output = mint(args);
    assert!(output.status.success(), "{args:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
fn mint_makes_no_token_that_the_endpoint_would_refuse() {
    for (args, good) in [
        (&["--ttl", "3600"][..], true),
        (&["--ttl", "3601"], false),
        (&["--ttl", "86400"], false),
        (&["--ttl", "86400", "--max-ttl", "86400"], true),
        (&["--ttl", "61", "--max-ttl", "60"], false),
        (&["--max-ttl", "30"], true),
        (&["--ttl", "60", "--max-ttl", "86401"], false),
        (&["--ttl", "60", "--max-ttl", "0"], false),
    ] {
        let output = mint(args);
        let code = if good { Some(0) } else { Some(2) };
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), code, "{args:?}: {said}");
        assert_eq!(output.stdout.is_empty(), !good, "{args:?}");
        assert_eq!(said.contains("--max-ttl"), !good, "{args:?}: {said}");
    }
}

#[test]
fn serve_refuses_tokens_that_live_longer_than_it_takes_and_says_so_once() {
    for (serve, lives, status) in [
        (&[][..], "3600", 204),
        (&[], "3601", 400),
        (&["--max-ttl", "60"], "60", 204),
        (&["--max-ttl", "60"], "61", 400),
        (&["--max-ttl", "30"], "30", 204),
        (&["--max-ttl", "86400"], "86400", 204),
    ] {
        let mut service = Service::start(serve);
        service.wait_until_ready();
        let asked = ["--ttl", lives, "--max-ttl", "86400"];
        for _ in 0..3 {
            let answer = service.post(&token(&asked), &cookie_header(1));
            assert_eq!(answer.status, status, "{serve:?}, {lives} s");
        }
        let log = service.end();
        let said: Vec<_> = (log.lines())
            .filter(|line| line.contains(" WARN ") && line.contains("lives longer than"))
            .collect();
        assert_eq!(said.len(), usize::from(status == 400), "{said:?}");
        assert!(
            said.iter()
                .all(|line| line.contains(&format!("lives={lives}000")))
        );
    }
}

#[test]
fn readyz_says_how_long_a_store_that_is_ahead_of_the_clock_refuses() {
    for ahead in [30, 60, 3_600, 86_400, 7 * 86_400] {
        let folder = Folder::new();
        let system = Clock::system();
        let clock = Clock::from_fn(move || system.now().plus(ahead * 1_000));
        drop(FileReplayStore::open(folder.file(), clock).unwrap());
        let replay = format!("file:{}", folder.file().display());
        let mut service = Service::start_quiet(&["--replay", &replay]);
        for _ in 0..20 {
            let answer = Connection::open(service.address).request("GET", "/readyz", &[], b"");
            assert_eq!(answer.status, 503);
            assert!(
                answer.body.contains("the clock was ahead"),
                "{}",
                answer.body
            );
            let words = answer.body.rsplit(' ').nth(1).unwrap();
            let seconds: u64 = words.parse().unwrap_or_else(|_| panic!("{}", answer.body));
            // Minutes would be far too many for a test, whatever else the machine does.
            assert!(
                (ahead - 25..=ahead + 6).contains(&seconds),
                "{}",
                answer.body
            );
        }
        assert_eq!(
            Connection::open(service.address)
                .request("GET", "/healthz", &[], b"")
                .status,
            200
        );
        let log = service.end();
        let said = log
            .lines()
            .filter(|line| line.contains("WARN") && line.contains("ahead"));
        // By the store as it is opened, and by the first that asks.
        assert_eq!(said.count(), 2, "{log}");
    }
}

#[test]
fn a_new_store_is_ready_in_seconds_and_says_so() {
    let service = Service::start_quiet(&[]);
    let answer = Connection::open(service.address).request("GET", "/readyz", &[], b"");
    assert_eq!(answer.status, 503);
    assert!(answer.body.contains("just started"), "{}", answer.body);
    assert!(answer.body.ends_with(" seconds\n"), "{}", answer.body);
}
