//! Servers that a store does not use, and what it says.

use apply_cookies_protocol::Grant;
use apply_cookies_replay::{ClaimAnswer, PostgresReplayStore, ReplayStore};
use std::io::{Read, Write};
use std::net::TcpListener;

use crate::load::{open, settled, token};
use crate::servers::{Postgres, wait_until};
use crate::setup::wait;

/// What a store says of a server that it refuses.
pub(crate) fn refusal(url: &str) -> String {
    let between = if url.contains('?') { '&' } else { '?' };
    let store = open(&format!("{url}{between}connect=20s&timeout=60s"));
    let error = wait(store.claim(token())).unwrap_err();
    let cause = std::error::Error::source(&error).unwrap();
    cause.to_string()
}

#[test]
fn a_wrong_password_is_said_and_not_printed() {
    let postgres = Postgres::start(&[]);
    postgres.add_user("app", "hunter2");
    let url = |password| {
        format!(
            "postgres://app:{password}@127.0.0.1:{}/postgres",
            postgres.port()
        )
    };
    let words = refusal(&url("swordfish"));
    assert!(words.contains("password authentication failed"), "{words}");
    assert!(
        words.contains("28P01") && !words.contains("swordfish"),
        "{words}"
    );
    let words = refusal(&format!(
        "postgres://app@127.0.0.1:{}/postgres",
        postgres.port()
    ));
    assert!(words.contains("password missing"), "{words}");
}

#[test]
fn without_the_right_to_make_the_schema_the_owner_makes_it() {
    let postgres = Postgres::start(&[]);
    postgres.add_user("app", "hunter2");
    let url = format!(
        "postgres://app:hunter2@127.0.0.1:{}/postgres",
        postgres.port()
    );
    let words = refusal(&url);
    assert!(words.contains("apply-cookies replay schema"), "{words}");
    postgres.sql(&PostgresReplayStore::schema("apply_cookies").unwrap());
    let words = refusal(&url);
    assert!(words.contains("apply-cookies replay schema"), "{words}");
    postgres.sql(
        "GRANT USAGE ON SCHEMA apply_cookies TO app;
         GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA apply_cookies TO app",
    );
    let answer = wait(settled(&url).claim(token())).unwrap();
    assert!(matches!(
        answer,
        ClaimAnswer::Granted {
            grant: Grant::First,
            ..
        }
    ));
}

#[test]
fn of_many_that_start_at_once_each_finds_the_schema() {
    let postgres = Postgres::start(&[]);
    let stores: Vec<_> = (0..8)
        .map(|_| open(&format!("{}?timeout=20s&connect=10s", postgres.url())))
        .collect();
    let horizons = stores.iter().map(|store| wait(store.horizon()).unwrap());
    let horizons: Vec<_> = horizons.collect();
    assert!(horizons.iter().all(|horizon| *horizon == horizons[0]));
}

#[test]
fn a_newer_schema_is_refused_in_words() {
    let postgres = Postgres::start(&[]);
    let store = open(&postgres.url());
    wait_until("connected", || wait(store.horizon()).ok());
    postgres.sql("UPDATE apply_cookies.head SET version = 2");
    let words = refusal(&postgres.url());
    assert!(words.contains("version 2"), "{words}");
}

/// A standby may be promoted, so it is asked until the time is over.
fn standby_words(standby: &Postgres) -> String {
    let store = open(&format!("{}?timeout=5s", standby.url()));
    let error = wait(store.claim(token())).unwrap_err();
    std::error::Error::source(&error).unwrap().to_string()
}

#[test]
fn a_standby_answers_nobody_and_another_host_is_tried() {
    let primary = Postgres::start(&[]);
    let standby = primary.standby("s", &[]);
    let words = standby_words(&standby);
    assert!(words.contains("standby"), "{words}");
    let (one, other) = (standby.port(), primary.port());
    let store = open(&format!(
        "postgres://postgres@127.0.0.1:{one},127.0.0.1:{other}/postgres"
    ));
    wait_until("connected", || wait(store.horizon()).ok());
}

#[test]
fn a_server_that_may_lose_what_it_answers_is_refused() {
    let mut postgres = Postgres::start(&["fsync=off"]);
    assert!(refusal(&postgres.url()).contains("fsync = off"));
    postgres.restart_with(&["full_page_writes=off"]);
    assert!(refusal(&postgres.url()).contains("full_page_writes = off"));
    postgres.restart_with(&[]);
    let words = refusal(&format!("{}?failover=lossless", postgres.url()));
    assert!(words.contains("synchronous_standby_names"), "{words}");
    postgres.restart_with(&["default_transaction_isolation=repeatable read"]);
    assert!(refusal(&postgres.url()).contains("READ COMMITTED"));
}

#[test]
fn a_database_whose_collation_is_of_another_version_is_used() {
    let postgres = Postgres::start(&[]);
    // As after an upgrade of the machine: a warning at each connect.
    postgres.sql("UPDATE pg_database SET datcollversion = '1'");
    let store = open(&format!("{}?connect=10s&timeout=20s", postgres.url()));
    wait(store.horizon()).unwrap();
}

#[test]
fn a_lossless_failover_moves_no_horizon_and_another_server_does() {
    let postgres = Postgres::start(&[]);
    let store = open(&postgres.url());
    wait_until("connected", || wait(store.horizon()).ok());
    let horizon = |incarnation: &str, lossless: bool| {
        postgres.sql(&format!(
            "UPDATE apply_cookies.head SET incarnation = {incarnation};
             SELECT horizon FROM apply_cookies.head_v1(0, {lossless})"
        ))
    };
    let before = horizon("incarnation", false);
    let promoted = "split_part(incarnation, '/', 1) || '/00000099'";
    assert_eq!(horizon(promoted, true), before);
    let after = horizon(promoted, false);
    assert!(after > before, "{after} {before}");
    let other = "'1' || incarnation";
    assert!(horizon(other, true) > after);
}

#[test]
fn a_server_with_codes_of_its_own_is_an_error_and_no_panic() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let fields = b"SERROR\0C1\0Mstrange\0\0".as_slice();
        let length = u32::try_from(fields.len() + 4).unwrap().to_be_bytes();
        let message = [b"E".as_slice(), &length, fields].concat();
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 1024]);
            let _ = stream.write_all(&message);
        }
    });
    let words = refusal(&format!("postgres://app@127.0.0.1:{port}"));
    assert!(words.contains("strange"), "{words}");
}
