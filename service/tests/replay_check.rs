//! `apply-cookies replay`, against real servers: each line that `check` can print, as an operator
//! meets it.

#![cfg(target_os = "linux")]

#[path = "support/racer.rs"]
mod racer;
#[path = "support/run.rs"]
mod run;
#[path = "../../replay/tests/support/servers/mod.rs"]
mod servers;
#[path = "support/service.rs"]
mod service;
mod support;

use run::{bare, text};
use servers::{Clock, Pgbouncer, Postgres, PostgresOptions, Redis, RedisOptions, wait_until};
use service::{Service, program};

/// The rights of a store's user, as `docs/replay-stores.md` prints them.
const RIGHTS: &str = "~{apply-cookies* &{apply-cookies* +evalsha +eval +hmget +hset +hget +hdel +hexists +hkeys +hscan +hlen +unlink +time +info +publish +subscribe +wait +ping +select";

/// What the program prints, and how it ends.
struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Said {
    /// Checks that it printed this line, with this word in front, and ended in this way.
    #[track_caller]
    fn has(&self, code: i32, weight: &str, words: &str) {
        let found = self
            .out
            .lines()
            .any(|line| line.starts_with(&format!("{weight}: ")) && line.contains(words));
        assert!(found, "no {weight}: …{words}… in\n{}{}", self.out, self.err);
        assert_eq!(self.code, Some(code), "{}", self.out);
    }
}

fn replay(arguments: &[&str]) -> Said {
    let output = run::run(bare().arg("replay").args(arguments), "");
    let said = Said {
        code: output.status.code(),
        out: text(&output.stdout).to_owned(),
        err: text(&output.stderr).to_owned(),
    };
    assert!(
        !format!("{}{}", said.out, said.err).contains("hunter2"),
        "a password: {}{}",
        said.out,
        said.err
    );
    said
}

fn check(url: &str) -> Said {
    replay(&["check", url])
}

fn redis_of(rights: &str) -> Redis {
    let user: Vec<&str> = ["--user", "app", "on", ">hunter2"]
        .into_iter()
        .chain(rights.split(' '))
        .collect();
    Redis::start(&user)
}

fn as_app(redis: &Redis) -> String {
    format!("redis://app:hunter2@{}", redis.address())
}

#[test]
fn a_redis_in_order_promises_that_nothing_doubles() {
    let redis = Redis::start(&["--appendonly", "yes"]);
    let said = check(&redis.url());
    said.has(0, "promise", "a token is released to one alone");
    said.has(0, "note", "the server is Redis");
    said.has(0, "note", "no data of a store yet");
    assert!(!said.out.contains("warning"), "{}", said.out);
    assert_eq!(redis.cli(&["DBSIZE"]), "0", "it leaves nothing behind");
}

#[test]
fn the_printed_rights_suffice_and_each_missing_one_is_named() {
    check(&as_app(&redis_of(RIGHTS))).has(0, "promise", "released to one alone");
    for right in ["+info", "+hset", "+publish", "+subscribe", "+wait", "+time"] {
        let redis = redis_of(&RIGHTS.replace(&format!(" {right}"), ""));
        check(&as_app(&redis)).has(1, "unfit", right);
    }
    let redis = redis_of(&RIGHTS.replace("&{apply-cookies*", "&other"));
    check(&as_app(&redis)).has(1, "unfit", "&{apply-cookies*");
    let redis = redis_of(&RIGHTS.replace("~{apply-cookies*", "~other"));
    check(&as_app(&redis)).has(1, "unfit", "~{apply-cookies*");
}

#[test]
fn a_server_that_is_not_there_or_knows_another_password_is_unfit() {
    let mut redis = Redis::start(&["--requirepass", "other"]);
    let url = format!("redis://:hunter2@{}", redis.address());
    check(&url).has(1, "unfit", "the server refuses");
    redis.kill();
    check(&url).has(1, "unfit", "it cannot be reached");
}

#[test]
fn evictions_and_a_missing_log_are_warned_of() {
    let redis = Redis::start(&["--maxmemory-policy", "allkeys-lru"]);
    let said = check(&redis.url());
    said.has(0, "warning", "maxmemory-policy is allkeys-lru");
    said.has(0, "warning", "no append-only file");
}

#[test]
fn a_redis_without_the_replicas_that_it_wants_is_one_line() {
    let redis = Redis::start(&["--min-replicas-to-write", "1"]);
    let said = check(&redis.url());
    said.has(1, "unfit", "min-replicas-to-write is set");
    let unfit = said.out.lines().filter(|line| line.starts_with("unfit"));
    assert_eq!(unfit.count(), 1, "{}", said.out);
}

#[test]
fn a_port_without_tls_and_a_file_that_is_not_there_are_said() {
    let redis = Redis::start(&[]);
    let begun = std::time::Instant::now();
    check(&format!("rediss://{}", redis.address())).has(1, "unfit", "does this port speak TLS?");
    assert!(begun.elapsed().as_secs() < 15, "it waited for all it has");
    let file = format!("{}?password_file=/nowhere", redis.url());
    check(&file).has(1, "unfit", "cannot connect: password_file /nowhere");
}

#[test]
fn plain_text_to_another_machine_is_warned_of() {
    let redis = Redis::start(&[]);
    // Loopback in a form that is not known as such.
    let url = format!("redis://[::ffff:127.0.0.1]:{}", redis.port());
    check(&url).has(0, "warning", "plain text");
    assert!(!check(&redis.url()).out.contains("plain text"));
}

#[test]
fn replicas_are_counted() {
    let primary = Redis::start(&[]);
    let asked = format!("{}?replicas=1", primary.url());
    check(&asked).has(1, "unfit", "replicas=1 in the URL, and 0 are connected");
    let replica = primary.replica(&[]);
    check(&asked).has(0, "promise", "a claim is answered when 1 replicas have it");
    check(&primary.url()).has(0, "warning", "write replicas=1 in the URL");
    check(&replica.url()).has(1, "unfit", "it is a replica");
}

#[test]
fn clocks_that_differ_and_another_layout_are_found() {
    let clock = Clock::new();
    let redis = Redis::start_with(RedisOptions {
        clock: Some(clock.clone()),
        ..RedisOptions::new(&[])
    });
    clock.shift(30_000);
    check(&redis.url()).has(0, "warning", "ahead of this machine's");
    redis.cli(&["HSET", "{apply-cookies}h", "v", "9"]);
    check(&redis.url()).has(1, "unfit", "another prefix");
}

#[test]
fn a_postgres_in_order_promises_that_nothing_is_forgotten() {
    let postgres = Postgres::start(&[]);
    let said = check(&postgres.url());
    said.has(0, "promise", "a restart or crash refuses nothing");
    said.has(0, "note", "the store makes it");
    let sql = replay(&["schema"]);
    assert_eq!(sql.code, Some(0));
    postgres.sql(&sql.out);
    check(&postgres.url()).has(0, "note", "no data of a store yet");
}

#[test]
fn a_postgres_that_may_lose_what_it_answered_is_unfit() {
    let postgres = Postgres::start(&["fsync=off", "full_page_writes=off"]);
    let said = check(&postgres.url());
    said.has(1, "unfit", "fsync is off");
    said.has(1, "unfit", "full_page_writes is off");
}

#[test]
fn a_role_that_may_only_read_by_default_is_unfit() {
    let postgres = Postgres::start(&[]);
    postgres.sql(&replay(&["schema"]).out);
    postgres.add_user("app", "hunter2");
    postgres.sql(
        "GRANT USAGE ON SCHEMA apply_cookies TO app;
         GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA apply_cookies TO app;
         INSERT INTO apply_cookies.head SELECT * FROM apply_cookies.head_v1(0, false) ON CONFLICT DO NOTHING;
         ALTER ROLE app SET default_transaction_read_only = on",
    );
    let url = format!(
        "postgres://app:hunter2@127.0.0.1:{}/postgres",
        postgres.port()
    );
    check(&url).has(1, "unfit", "default_transaction_read_only");
    let mut service = Service::start_quiet(&["--replay", &url]);
    assert_eq!(service.get("/readyz"), 503);
    postgres.sql("ALTER ROLE app RESET default_transaction_read_only");
    service.wait_until_ready();
    let log = service.end();
    let shown = format!(
        "replay=PostgresReplayStore(127.0.0.1:{} schema=apply_cookies)",
        postgres.port()
    );
    assert!(log.contains(&shown), "{log}");
}

#[test]
fn standbys_are_counted() {
    let primary = Postgres::start(&[]);
    let url = format!("{}?failover=lossless", primary.url());
    check(&url).has(1, "unfit", "needs a synchronous standby");
    let standby = primary.standby("s", &[]);
    check(&primary.url()).has(0, "warning", "1 of 1 standbys are asynchronous");
    check(&standby.url()).has(1, "unfit", "it is a standby");
    primary.wait_for_commits_of("s");
    check(&url).has(0, "promise", "a synchronous standby has it");
}

#[test]
fn rights_and_versions_of_a_postgres_are_found() {
    let postgres = Postgres::start(&[]);
    postgres.add_user("app", "hunter2");
    let url = format!(
        "postgres://app:hunter2@127.0.0.1:{}/postgres",
        postgres.port()
    );
    postgres.sql("REVOKE CREATE ON DATABASE postgres FROM PUBLIC");
    check(&url).has(1, "unfit", "no right to create it");
    postgres.sql(&replay(&["schema"]).out);
    check(&url).has(1, "unfit", "usage");
    postgres.sql("GRANT USAGE ON SCHEMA apply_cookies TO app");
    check(&url).has(1, "unfit", "insert");
    postgres
        .sql("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA apply_cookies TO app");
    check(&url).has(0, "promise", "released to one alone");
    postgres
        .sql("INSERT INTO apply_cookies.head (version, incarnation, horizon) VALUES (9, '', 0)");
    check(&url).has(1, "unfit", "version 9, newer");
    check(&url.replace("hunter2", "x")).has(1, "unfit", "the server refuses");
}

#[test]
fn a_pooler_and_another_clock_in_front_of_a_postgres_are_noticed() {
    let clock = Clock::new();
    let mut options = PostgresOptions::new(&[]);
    options.clock = Some(clock.clone());
    let postgres = Postgres::start_with(options);
    let pooler = Pgbouncer::start(&postgres, "transaction");
    check(&pooler.url()).has(0, "warning", "a pooler in transaction mode");
    clock.shift(-30_000);
    check(&postgres.url()).has(0, "warning", "behind this machine's");
}

#[test]
fn a_url_that_names_no_store_is_wrong_usage_and_not_repeated() {
    for url in [
        "memory",
        "http://a:hunter2@b",
        "redis://a:hunter2@b?x=1",
        "redis://a:hunter2@b:port",
    ] {
        let said = check(url);
        assert_eq!(said.code, Some(2), "{url}: {}{}", said.out, said.err);
    }
    let output = run::run(
        program()
            .args([
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--origin",
                "https://a.example",
            ])
            .args(["--replay", "redis://a:hunter2@b?x=1"]),
        "",
    );
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        said.contains("no setting \"x\"") && !said.contains("hunter2"),
        "{said}"
    );
}

/// It is for after older data were put back: the service goes on, and nothing older is released.
#[test]
fn forgetting_refuses_what_was_issued_before() {
    let (redis, postgres) = (Redis::start(&[]), Postgres::start(&[]));
    for url in [redis.url(), postgres.url()] {
        let service = Service::start_quiet(&["--replay", &url]);
        wait_until("a store that is reached", || {
            (service.get("/readyz") != 503 || check(&url).out.contains("remembers every claim"))
                .then_some(())
        });
        let said = replay(&["forget", &url]);
        assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
        assert_eq!(service.get("/readyz"), 503, "five seconds from now on");
    }
}

/// A server that is asked and refuses is no server that comes and goes.
#[test]
fn a_refusal_is_logged_once_and_as_one() {
    let redis = Redis::start(&[]);
    let mut service = Service::start_quiet(&["--replay", &redis.url()]);
    service.wait_until_ready();
    redis.cli(&["CONFIG", "SET", "min-replicas-to-write", "1"]);
    for token in racer::tokens(2) {
        assert_eq!(service.post(&token, &support::cookie_header(1)).status, 503);
    }
    assert_eq!(service.get("/readyz"), 503);
    let log = service.end();
    let lines = |words: &str| log.lines().filter(|line| line.contains(words)).count();
    assert_eq!(lines("the store refuses"), 1, "{log}");
    assert_eq!(lines("the store does not answer"), 0, "{log}");
    assert!(lines("the store answers") <= 1, "{log}");
}

/// A service starts without its server, says why it is not ready, and is when the server comes.
#[test]
fn a_service_waits_for_its_server() {
    let (mut redis, mut postgres) = (
        Redis::start(&["--requirepass", "hunter2"]),
        Postgres::start(&[]),
    );
    redis.kill();
    postgres.kill();
    let with_password = format!("redis://:hunter2@{}", redis.address());
    let services = [with_password, postgres.url()].map(|url| Service::start(&["--replay", &url]));
    for service in &services {
        assert_eq!(service.get("/healthz"), 200);
        let readiness = support::http::Connection::open(service.address);
        let readiness = { readiness }.request("GET", "/readyz", &[], b"");
        assert_eq!(readiness.status, 503);
        assert!(
            readiness.body.contains("cannot be reached: "),
            "{}",
            readiness.body
        );
    }
    redis.restart();
    postgres.restart();
    for mut service in services {
        service.wait_until_ready();
        let log = service.end();
        assert!(!log.contains("hunter2"), "the password is in the log");
    }
}
