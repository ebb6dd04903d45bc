//! `serve --profile mesop`, by running it: the answers to Mesop's own browser client, and the
//! separation of the two profiles.

#[path = "support/service.rs"]
mod service;
mod support;

use std::process::{Command, Output};
use std::sync::LazyLock;
use std::time::SystemTime;

use apply_cookies::Secrets;
use apply_cookies::protocol::mesop::{MesopKeys, parse_batch, seal};
use apply_cookies::protocol::{Nonce, Secret, UnixMillis};
use service::{ORIGIN, Service, program};
use support::http::form;
use support::{SECRET, browser, cookie_header};

static MESOP_SECRET: LazyLock<String> = LazyLock::new(Secrets::generate);
const PATH: &str = "/__apply-cookies";

/// The program for a Mesop app: with the app's secret, and none of its own.
fn with_mesop_secret() -> Command {
    let mut command = program();
    command
        .env_remove("APPLY_COOKIES_SECRET_KEY")
        .env("MESOP_COOKIE_SECRET_KEY", &*MESOP_SECRET);
    command
}

fn now() -> UnixMillis {
    let since = SystemTime::UNIX_EPOCH.elapsed().unwrap();
    UnixMillis::new(u64::try_from(since.as_millis()).unwrap()).unwrap()
}

fn keys() -> MesopKeys {
    MesopKeys::new(&Secret::from_mesop(&MESOP_SECRET).unwrap())
}

/// A token as the app makes it, perhaps with one of our bindings.
fn token(nonce: u8, at: UnixMillis, bound: bool) -> String {
    let json = r#"{"operations":[{"op":"set","name":"session","value":"a b","max_age":60}]}"#;
    let batch = parse_batch(json, at).unwrap();
    let keys = keys();
    let browser = bound.then(|| browser(1));
    seal(
        &keys,
        Nonce::from_random([nonce; 16]),
        at,
        browser.as_ref(),
        &batch,
    )
    .unwrap()
    .into_string()
}

fn refused(output: &Output) -> String {
    assert!(!output.status.success(), "{output:?}");
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn mesops_client_is_answered_as_by_mesop_and_once() {
    let service = Service::start_as(&mut with_mesop_secret(), &["--profile", "mesop"]);
    service.wait_until_ready();
    // Its client sends only `t`.
    let post = |token: &str| service.post_to(PATH, &form(token, None), &[]);
    let good = token(1, now(), false);
    let applied = post(&good);
    assert_eq!(applied.status, 204);
    assert_eq!(applied.header("cache-control"), Some("no-store"));
    let line = applied.header("set-cookie").unwrap();
    assert!(line.starts_with("session=\"a b\"; Expires="), "{line}");
    assert!(
        line.ends_with("; Max-Age=60; Secure; HttpOnly; Path=/; SameSite=Lax"),
        "{line}"
    );

    let used = post(&good);
    let expired = post(&token(2, now().minus(62_000), false));
    let forged = post(&good.replace('.', "A."));
    assert_eq!(used.status, 400);
    assert_eq!(used.problem(), "invalid");
    // All get the same answer.
    assert_eq!(used.clone().without_date(), expired.without_date());
    assert_eq!(used.without_date(), forged.without_date());
    assert_eq!(post("").status, 400);
    // A token up to the skew in the future is accepted; Mesop would refuse it.
    assert_eq!(post(&token(3, now().plus(3_000), false)).status, 204);
}

#[test]
fn a_binding_is_enforced_where_there_is_one_and_where_it_is_asked_for() {
    let service = Service::start_as(&mut with_mesop_secret(), &["--profile", "mesop"]);
    let strict = Service::start_as(
        &mut with_mesop_secret(),
        &["--profile", "mesop", "--binding", "required"],
    );
    service.wait_until_ready();
    strict.wait_until_ready();
    let bound = token(1, now(), true);
    let post = |service: &Service, token: &str, n: u8| {
        service.post_to(PATH, &form(token, None), &[&cookie_header(n)])
    };
    assert_eq!(post(&service, &bound, 2).status, 403);
    assert_eq!(post(&service, &bound, 1).status, 204);
    assert_eq!(post(&strict, &bound, 1).status, 204);
    let loose = token(2, now(), false);
    assert_eq!(post(&strict, &loose, 1).status, 403);
    assert_eq!(post(&service, &loose, 2).status, 204);
}

#[test]
fn both_profiles_are_separate_in_one_service() {
    let mut both = program();
    both.env("MESOP_COOKIE_SECRET_KEY", &*MESOP_SECRET)
        .env("MESOP_BASE_URL_PATH", "/app/");
    let service = Service::start_as(&mut both, &["--profile", "native", "--profile", "mesop"]);
    service.wait_until_ready();
    let path = "/app/__apply-cookies";
    let mint = program()
        .args(["mint", "--binding", &browser(1).to_text()])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .and_then(|mut child| {
            use std::io::Write;
            let batch = br#"{"operations":[{"op":"set","name":"a","value":"b"}]}"#;
            child.stdin.take().unwrap().write_all(batch)?;
            child.wait_with_output()
        })
        .unwrap();
    let native = String::from_utf8(mint.stdout).unwrap().trim().to_owned();
    let mesop = token(1, now(), false);
    let post = |path: &str, token: &str| {
        service
            .post_to(path, &form(token, None), &[&cookie_header(1)])
            .status
    };
    // Neither accepts the other's token, and neither token is used up by it.
    assert_eq!(post(PATH, &mesop), 400);
    assert_eq!(post(path, &native), 400);
    assert_eq!(post(PATH, &native), 204);
    assert_eq!(post(path, &mesop), 204);
    // Each answers a second use in its own way.
    assert_eq!(post(PATH, &native), 409);
    assert_eq!(post(path, &mesop), 400);
}

#[test]
fn a_service_that_could_mix_profiles_does_not_start() {
    let serve = |command: &mut Command, args: &[&str]| {
        let listen = ["serve", "--listen", "127.0.0.1:0", "--origin", ORIGIN];
        refused(&command.args(listen).args(args).output().unwrap())
    };
    let both = ["--profile", "native", "--profile", "mesop"];
    let mut same = program();
    same.env("MESOP_COOKIE_SECRET_KEY", &*SECRET);
    let apart = ["--prefix", "/a", "--prefix", "/b"];
    let error = serve(&mut same, &[&both[..], &apart].concat());
    assert!(error.contains("MESOP_COOKIE_SECRET_KEY is also"), "{error}");
    assert!(!error.contains(&*SECRET));

    let mut line_end = program();
    line_end.env("MESOP_COOKIE_SECRET_KEY", format!("{}\n", *SECRET));
    let error = serve(&mut line_end, &[&both[..], &apart].concat());
    assert!(error.contains("MESOP_COOKIE_SECRET_KEY is also"), "{error}");

    let mut two = program();
    two.env("MESOP_COOKIE_SECRET_KEY", &*MESOP_SECRET);
    for (args, reason) in [
        (&[][..], "two separate paths"),
        (
            &["--prefix", "/a", "--prefix", "/a/b"],
            "two separate paths",
        ),
        (
            &["--prefix", "/a/b", "--prefix", "/a"],
            "two separate paths",
        ),
        (&["--prefix", "/a"], "one --prefix for each"),
        (
            &["--prefix", "/a", "--prefix", "/b", "--prefix", "/c"],
            "one --prefix for each",
        ),
        (
            &["--prefix", "/a", "--prefix", "/healthz"],
            "the service itself uses",
        ),
    ] {
        let mut two = program();
        two.env("MESOP_COOKIE_SECRET_KEY", &*MESOP_SECRET);
        let error = serve(&mut two, &[&both[..], args].concat());
        assert!(error.contains(reason), "{error}");
    }
    let error = serve(&mut two, &["--profile", "mesop", "--profile", "mesop"]);
    assert!(error.contains("give each --profile once"), "{error}");
    let mut three = program();
    three.env("MESOP_COOKIE_SECRET_KEY", &*MESOP_SECRET);
    let error = serve(&mut three, &[&both[..], &["--profile", "native"]].concat());
    assert!(error.contains("give each --profile once"), "{error}");
    let error = serve(&mut program(), &["--profile", "mesop"]);
    assert!(error.contains("MESOP_COOKIE_SECRET_KEY"), "{error}");
}
