//! The private servers of other tests are what they seem: each is started, used, killed, and gone.

#![cfg(target_os = "linux")]

#[path = "support/servers/mod.rs"]
mod servers;

use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use servers::{
    Certificates, Clock, Cluster, Pgbouncer, Postgres, PostgresOptions, Redis, RedisOptions,
    Sentinels,
};

/// Long after all of this.
const FROZEN: u64 = 4_000_000_000_123;

const HOUR: i64 = 3_600_000;

/// Whether a server's clock is this far from the real one.
fn is_ahead_by(server: i64, millis: i64) -> bool {
    let date = Command::new("date").arg("+%s000").output().unwrap();
    let real: i64 = str::from_utf8(&date.stdout)
        .unwrap()
        .trim()
        .parse()
        .unwrap();
    (server - real - millis).abs() < HOUR / 10
}

fn listens(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).is_ok()
}

/// A port that somebody else has for a while is waited for.
fn returns_to_its_port(port: u16, restart: impl FnOnce()) {
    let stranger = TcpListener::bind(("127.0.0.1", port)).unwrap();
    thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(Duration::from_millis(300));
            drop(stranger);
        });
        restart();
    });
    assert!(listens(port));
}

/// What a paused server has to answer comes after its pause.
fn answers_after_a_pause(pause: impl Fn(), ask: impl Fn() + Sync, resume: impl Fn()) {
    pause();
    thread::scope(|scope| {
        let answer = scope.spawn(&ask);
        thread::sleep(Duration::from_millis(100));
        assert!(!answer.is_finished());
        resume();
    });
}

#[test]
fn a_redis_is_killed_restarted_and_gone() {
    let mut redis = Redis::start(&["--appendonly", "yes", "--appendfsync", "always"]);
    assert_eq!(redis.cli(&["SET", "a", "1"]), "OK");
    redis.kill();
    assert!(!listens(redis.port()));
    returns_to_its_port(redis.port(), || redis.restart());
    assert_eq!(redis.cli(&["GET", "a"]), "1");

    // Its data come back from the last snapshot.
    let mut redis = Redis::start(&["--save", "3600 1"]);
    redis.cli(&["SET", "a", "1"]);
    redis.cli(&["SAVE"]);
    redis.cli(&["SET", "a", "2"]);
    assert!(redis.folder().join("dump.rdb").exists());
    redis.restart();
    assert_eq!(redis.cli(&["GET", "a"]), "1");
    redis.restart_with(&["--dbfilename", "another"]);
    assert_eq!(redis.cli(&["GET", "a"]), "");

    let (pause, ask, resume) = (
        || redis.pause(),
        || assert_eq!(redis.cli(&["PING"]), "PONG"),
        || redis.resume(),
    );
    answers_after_a_pause(pause, ask, resume);

    let (port, folder) = (redis.port(), redis.folder().to_owned());
    drop(redis);
    assert!(!listens(port));
    assert!(!folder.exists());
}

#[test]
fn users_of_a_redis_have_their_own_rights() {
    let user = ["--user", "app", "on", ">secret", "~a*", "+get"];
    let redis = Redis::start(&[&user[..], &["--requirepass", "pass"]].concat());
    let get = |password, key| redis.cli_as("app", password, &["GET", key]);
    assert_eq!(get("secret", "a"), Ok(String::new()));
    assert!(get("secret", "b").unwrap_err().contains("NOPERM"));
    assert!(get("guess", "a").unwrap_err().contains("NOAUTH"));
    assert_eq!(redis.cli_as("default", "pass", &["PING"]).unwrap(), "PONG");
}

#[test]
fn a_replica_is_cut_off_and_promoted() {
    let mut primary = Redis::start(&[]);
    let replica = primary.replica(&[]);
    primary.cli(&["SET", "a", "1"]);
    assert_eq!(primary.cli(&["WAIT", "1", "0"]), "1");
    replica.cut_link();
    primary.cli(&["SET", "a", "2"]);
    primary.kill();
    assert_eq!(replica.role(), "slave");
    replica.promote();
    assert_eq!(replica.role(), "master");
    assert_eq!(replica.cli(&["GET", "a"]), "1");
    // The old primary, as a replica of the new one.
    primary.restart();
    primary.replica_of(&replica);
    assert_eq!(primary.cli(&["GET", "a"]), "1");
}

#[test]
fn a_redis_takes_tls() {
    let certificates = Certificates::new();
    let redis = Redis::start_with(RedisOptions {
        certificates: Some(certificates.clone()),
        ..RedisOptions::new(&[])
    });
    assert_eq!(verified(redis.second_port(), &certificates, &[]), "OK");
    assert_ne!(
        verified(redis.second_port(), &Certificates::new(), &[]),
        "OK"
    );
}

/// What `openssl` says to a server's certificate.
fn verified(port: u16, certificates: &Certificates, args: &[&str]) -> String {
    let output = Command::new("openssl")
        .args(["s_client", "-verify_ip", "127.0.0.1", "-connect"])
        .arg(format!("127.0.0.1:{port}"))
        .arg("-CAfile")
        .arg(certificates.ca())
        .args(args)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = text
        .lines()
        .find(|line| line.contains("Verify return code"));
    let (_, words) = line.expect(&text).split_once('(').unwrap();
    words.trim_end_matches(')').to_uppercase()
}

#[test]
fn a_redis_follows_its_clock() {
    let clock = Clock::new();
    let mut redis = Redis::start_with(RedisOptions {
        clock: Some(clock.clone()),
        ..RedisOptions::new(&[])
    });
    let time = |redis: &Redis| -> i64 {
        let script = "local t = redis.call('TIME')
            return string.format('%.0f', t[1] * 1000 + math.floor(t[2] / 1000))";
        redis.cli(&["EVAL", script, "0"]).parse().unwrap()
    };
    assert!(is_ahead_by(time(&redis), 0));
    redis.cli(&["SET", "a", "1", "PX", "600000"]);
    for shift in [HOUR, -HOUR] {
        clock.shift(shift);
        assert!(is_ahead_by(time(&redis), shift));
        assert_eq!(redis.cli(&["EXISTS", "a"]), "0");
    }
    clock.freeze_at(FROZEN);
    assert_eq!(time(&redis), i64::try_from(FROZEN).unwrap());
    redis.restart();
    assert_eq!(time(&redis), i64::try_from(FROZEN).unwrap());
    clock.shift(0);
    assert!(is_ahead_by(time(&redis), 0));
}

#[test]
fn a_slot_moves_with_its_keys() {
    let cluster = Cluster::start(3);
    let keys = ["{a}1", "{a}2"];
    let slot = cluster.slot_of("{a}1");
    assert_eq!(slot, cluster.slot_of("{a}2"));
    let from = cluster.owner_of(slot);
    let to = (from + 1) % 3;
    for key in keys {
        cluster.nodes[from].cli(&["SET", key, key]);
    }
    cluster.begin_move(slot, from, to);
    assert_eq!(cluster.move_keys(slot, from, to, 1), 1);
    let both = cluster.nodes[from].try_cli(&["MGET", keys[0], keys[1]]);
    assert!(both.unwrap_err().contains("TRYAGAIN"));
    cluster.move_slot(slot, to);
    assert_eq!(cluster.owner_of(slot), to);
    assert_eq!(
        cluster.nodes[to].cli(&["MGET", keys[0], keys[1]]),
        keys.join("\n")
    );
    let moved = cluster.nodes[from].try_cli(&["GET", keys[0]]).unwrap_err();
    assert!(moved.contains(&format!("MOVED {slot} {}", cluster.nodes[to].address())));
    cluster.wait_until_ok();
}

#[test]
fn sentinels_promote_the_replica() {
    let mut sentinels = Sentinels::start(3, &[]);
    assert_eq!(sentinels.primary(), 0);
    sentinels.servers[0].cli(&["SET", "a", "1"]);
    assert_eq!(sentinels.servers[0].cli(&["WAIT", "1", "0"]), "1");
    sentinels.servers[0].kill();
    sentinels.wait_for_primary(1);
    assert_eq!(sentinels.primary(), 1);
    assert_eq!(sentinels.servers[1].cli(&["GET", "a"]), "1");
}

#[test]
fn a_postgres_is_killed_restarted_and_gone() {
    let mut postgres = Postgres::start(&["max_connections=20"]);
    assert_eq!(postgres.sql("SHOW max_connections; SHOW fsync"), "20\non");
    postgres.sql("CREATE TABLE a (b int); INSERT INTO a VALUES (1)");
    postgres.kill();
    assert!(!listens(postgres.port()));
    returns_to_its_port(postgres.port(), || postgres.restart());
    assert_eq!(postgres.sql("SELECT b FROM a"), "1");
    postgres.stop();
    postgres.restart_with(&["max_connections=21"]);
    assert_eq!(
        postgres.sql("SELECT b, 2 FROM a; SHOW max_connections"),
        "1|2\n21"
    );
    let error = postgres.try_sql("SELECT 1/0; DROP TABLE a").unwrap_err();
    assert!(error.contains("division by zero"));
    assert_eq!(postgres.sql("SELECT b FROM a"), "1");
    postgres.create_database("other");
    let other = postgres.sql_as("postgres", "", "other", "DROP TABLE a");
    assert_eq!(other.unwrap(), "");
    assert_eq!(postgres.sql("SELECT b FROM a"), "1");

    let (pause, ask, resume) = (
        || postgres.pause(),
        || assert_eq!(postgres.sql("SELECT 1"), "1"),
        || postgres.resume(),
    );
    answers_after_a_pause(pause, ask, resume);

    let (port, data) = (postgres.port(), postgres.data());
    drop(postgres);
    assert!(!listens(port));
    assert!(!data.exists());
}

#[test]
fn a_postgres_follows_its_clock() {
    let clock = Clock::new();
    let mut postgres = Postgres::start_with(PostgresOptions {
        clock: Some(clock.clone()),
        ..PostgresOptions::new(&[])
    });
    let time = |postgres: &Postgres| -> i64 {
        let millis = "SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint";
        postgres.sql(millis).parse().unwrap()
    };
    assert!(is_ahead_by(time(&postgres), 0));
    for shift in [HOUR, -HOUR] {
        clock.shift(shift);
        assert!(is_ahead_by(time(&postgres), shift));
    }
    clock.freeze_at(FROZEN);
    assert_eq!(time(&postgres), i64::try_from(FROZEN).unwrap());
    postgres.restart();
    postgres.reload();
    assert_eq!(time(&postgres), i64::try_from(FROZEN).unwrap());
    clock.shift(0);
    assert!(is_ahead_by(time(&postgres), 0));
}

#[test]
fn a_standby_is_cut_off_and_promoted() {
    let mut primary = Postgres::start(&[]);
    let standby = primary.standby("s", &[]);
    primary.wait_for_commits_of("s");
    primary.sql("CREATE TABLE a (b int); INSERT INTO a VALUES (1)");
    assert!(standby.is_standby());
    primary.set("synchronous_standby_names", "");
    standby.cut();
    primary.sql("INSERT INTO a VALUES (2)");
    primary.kill();
    standby.promote();
    assert!(!standby.is_standby());
    assert_eq!(
        standby.sql("INSERT INTO a VALUES (3); SELECT b FROM a"),
        "1\n3"
    );
}

#[test]
fn a_postgres_takes_tls_and_passwords() {
    let certificates = Certificates::new();
    let postgres = Postgres::start_with(PostgresOptions {
        certificates: Some(certificates.clone()),
        ..PostgresOptions::new(&[])
    });
    let tls = ["-starttls", "postgres"];
    assert_eq!(verified(postgres.port(), &certificates, &tls), "OK");
    assert_ne!(verified(postgres.port(), &Certificates::new(), &tls), "OK");

    postgres.add_user("app", "secret");
    let ask = |password| postgres.sql_as("app", password, "postgres", "SELECT current_user");
    assert_eq!(ask("secret").unwrap(), "app");
    assert!(
        ask("guess")
            .unwrap_err()
            .contains("password authentication failed")
    );

    let mut pgbouncer = Pgbouncer::start_for(&postgres, "transaction", &[("app", "secret")]);
    let ask = || pgbouncer.sql_as("app", "", "postgres", "SELECT current_user");
    assert_eq!(ask().unwrap(), "app");
    pgbouncer.kill();
    assert!(!listens(pgbouncer.port()));
    returns_to_its_port(pgbouncer.port(), || pgbouncer.restart());
    assert_eq!(pgbouncer.sql("SELECT current_user"), "postgres");
}
