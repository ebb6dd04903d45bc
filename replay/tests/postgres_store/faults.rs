//! Servers that are killed, cut off and promoted; connections that break; commits that are not safe.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::Duration;

use apply_cookies_protocol::Grant;
use apply_cookies_replay::{ClaimAnswer, ReplayStore};

use crate::load::{
    by, claim_all, doubles, load, loaded_while, open, recovers, settled, token, under_load,
};
use crate::servers::{Postgres, wait_until};
use crate::setup::{is_full_run, wait};

fn both(one: &Postgres, other: &Postgres) -> String {
    format!(
        "postgres://postgres@127.0.0.1:{},127.0.0.1:{}/postgres?timeout=5s",
        one.port(),
        other.port()
    )
}

/// Inserts numbers into a table of its own; how many of them are new.
fn insert(postgres: &Postgres) -> usize {
    let statement = "WITH put AS (INSERT INTO plain SELECT generate_series(1, 500)
         ON CONFLICT DO NOTHING RETURNING 1) SELECT count(*) FROM put";
    postgres.sql(statement).parse().unwrap()
}

#[test]
fn a_server_that_is_killed_under_load_forgets_nothing() {
    let mut postgres = Postgres::start(&[]);
    let store = settled(&format!("{}?timeout=10s", postgres.url()));
    let rounds = if is_full_run() { 20 } else { 2 };
    let mut granted = Vec::new();
    for _ in 0..rounds {
        granted.extend(under_load(&store, || postgres.restart()));
    }
    assert_eq!(doubles(&store, &granted), 0);
    // Each is still known, and so is who has it.
    let last = &granted[granted.len() - 100..];
    let retried = claim_all(&store, last);
    assert!(retried.len() == 100 && retried.iter().all(|(_, grant)| *grant == Grant::Retry));
    recovers(&store);
    println!(
        "table: Postgres: {rounds} kills and restarts under load | {} first answers, 0 doubles",
        granted.len()
    );
}

#[test]
fn a_promoted_synchronous_standby_doubles_nothing() {
    let mut primary = Postgres::start(&[]);
    // Later ones find its horizon, for each has the data of the one before.
    drop(settled(&primary.url()));
    let rounds = if is_full_run() { 20 } else { 2 };
    let (mut granted, mut longest) = (0, Duration::ZERO);
    for _ in 0..rounds {
        let standby = primary.standby("s", &[]);
        primary.wait_for_commits_of("s");
        let store = open(&both(&primary, &standby));
        wait_until("connected", || wait(store.horizon()).ok());
        let (claims, slowest) = loaded_while(&store, || {
            primary.kill();
            standby.promote();
        });
        assert!(claims.len() >= 32, "nothing was granted before the kill");
        assert_eq!(doubles(&store, &claims), 0);
        (granted, longest) = (granted + claims.len(), longest.max(slowest));
        // It waits for a standby of its own, which it does not have yet.
        standby.set("synchronous_standby_names", "");
        recovers(&store);
        primary = standby;
    }
    println!(
        "table: Postgres: synchronous standby promoted under load, {rounds} times | {granted} first answers, 0 doubles, each answered within {:.1} s (timeout 5 s)",
        longest.as_secs_f64()
    );
    // A bound that no busy machine breaks: an answer that never comes would take longer.
    assert!(longest < Duration::from_secs(15), "{longest:?}");
}

#[test]
fn a_promoted_asynchronous_standby_loses_claims_and_doubles_none() {
    let mut primary = Postgres::start(&[]);
    let standby = primary.standby("s", &[]);
    let store = settled(&both(&primary, &standby));
    primary.sql("CREATE TABLE plain (n integer PRIMARY KEY)");
    wait_until("replicated", || standby.try_sql("SELECT FROM plain").ok());
    standby.cut();
    let granted = under_load(&store, || assert_eq!(insert(&primary), 500));
    primary.kill();
    standby.promote();
    assert_eq!(doubles(&store, &granted), 0);
    let control = insert(&standby);
    assert_eq!(control, 500, "nothing was lost, so this proves nothing");
    let rows: usize = standby
        .sql("SELECT count(*) FROM apply_cookies.claims")
        .parse()
        .unwrap();
    assert!(rows < granted.len());
    recovers(&store);
    println!(
        "table: Postgres: asynchronous standby promoted, cut off before | {} first answers, 0 doubles; INSERT alone: {control} of 500",
        granted.len()
    );
}

#[test]
fn an_answer_that_was_lost_with_its_connection_is_still_the_first() {
    let postgres = Postgres::start(&[]);
    let store = settled(&format!("{}?timeout=20s&connect=5s", postgres.url()));
    let stop = AtomicBool::new(false);
    let (mut asked, mut granted) = (0, 0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::SeqCst) {
                postgres.sql(
                    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                     WHERE application_name = 'apply-cookies' AND random() < 0.5",
                );
            }
        });
        for _ in 0..60 {
            // Without redemption ids: nobody else may get them, and this is their only call.
            let fresh: Vec<_> = (0..64).map(|_| token()).collect();
            asked += fresh.len();
            let answers = claim_all(&store, &fresh);
            granted += answers
                .iter()
                .filter(|(_, grant)| *grant == Grant::First)
                .count();
        }
        stop.store(true, Ordering::SeqCst);
    });
    assert_eq!(granted, asked);
    println!(
        "table: Postgres: connections broken under load, claims without a redemption id | {granted} of {asked} first answers, 0 doubles"
    );
}

#[test]
fn a_claim_is_safe_even_if_the_server_commits_late() {
    let late = ["synchronous_commit=off", "wal_writer_delay=10s"];
    let mut postgres = Postgres::start(&late);
    let store = settled(&format!("{}?timeout=10s", postgres.url()));
    postgres.sql("SET synchronous_commit = on; CREATE TABLE plain (n integer PRIMARY KEY)");
    let fresh: Vec<_> = (0..300).map(|_| by(token(), 1)).collect();
    let granted: Vec<_> = claim_all(&store, &fresh)
        .into_iter()
        .map(|(c, _)| c)
        .collect();
    assert_eq!(granted.len(), 300);
    assert_eq!(insert(&postgres), 500);
    postgres.restart();
    let retried = claim_all(&store, &granted);
    assert!(retried.len() == 300 && retried.iter().all(|(_, grant)| *grant == Grant::Retry));
    assert_eq!(doubles(&store, &granted), 0);
    assert_eq!(
        insert(&postgres),
        500,
        "nothing was lost, so this proves nothing"
    );
}

#[test]
fn a_wait_for_a_standby_that_is_cancelled_is_not_an_answer() {
    let postgres = Postgres::start(&[]);
    // By the role's own setting nobody would hear of it.
    postgres.sql("ALTER ROLE postgres SET client_min_messages = error");
    let store = settled(&format!("{}?timeout=3s", postgres.url()));
    postgres.set("synchronous_standby_names", "nobody");
    let fresh = by(token(), 1);
    let stop = AtomicBool::new(false);
    let answer = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::SeqCst) {
                postgres.sql(
                    "SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity
                     WHERE application_name = 'apply-cookies' AND wait_event = 'SyncRep'",
                );
            }
        });
        let answer = wait(store.claim(fresh));
        stop.store(true, Ordering::SeqCst);
        answer
    });
    // It was committed all the same, and says so as soon as that is safe.
    assert!(answer.is_err(), "{answer:?}");
    assert_eq!(
        postgres.sql("SELECT count(*) FROM apply_cookies.claims"),
        "1"
    );
    postgres.set("synchronous_standby_names", "");
    let retry = wait_until("answered", || wait(store.claim(fresh)).ok());
    assert!(matches!(
        retry,
        ClaimAnswer::Granted {
            grant: Grant::Retry,
            ..
        }
    ));
}

#[test]
fn forgetting_beside_claims_doubles_nothing() {
    let rounds = if is_full_run() { 5_000 } else { 300 };
    let postgres = Postgres::start(&[]);
    let stores: Vec<_> = (0..4).map(|_| open(&postgres.url())).collect();
    wait_until("connected", || wait(stores[0].horizon()).ok());
    sleep(Duration::from_secs(6));
    let stop = AtomicBool::new(false);
    // Everything is over at once.
    let forget = "SELECT apply_cookies.forget_v1(9000000000000000, -9000000000000);
        SELECT apply_cookies.sweep_v1(100000);";
    let (mut first, mut double) = (0, 0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::SeqCst) {
                postgres.sql(&forget.repeat(50));
            }
        });
        for round in 0..rounds {
            // Each in a generation of its own.
            let mut token = token();
            token.expires_at = token.expires_at.plus(round * 10_000);
            token.issued_at = token.expires_at.minus(60_000);
            let granted: usize = std::thread::scope(|scope| {
                let threads: Vec<_> = (0..)
                    .zip(&stores)
                    .map(|(id, store)| {
                        scope.spawn(move || claim_all(store, &[by(token, id)]).len())
                    })
                    .collect();
                threads
                    .into_iter()
                    .map(|thread| thread.join().unwrap())
                    .sum()
            });
            first += granted.min(1);
            double += granted.saturating_sub(1);
        }
        stop.store(true, Ordering::SeqCst);
    });
    assert_eq!(double, 0);
    assert!(first > 30, "{first}");
    println!(
        "table: Postgres: claims of {rounds} tokens by four stores each while their generations are forgotten | {first} first answers, 0 doubles"
    );
}

#[test]
fn a_pooler_in_transaction_mode_does_no_harm() {
    let postgres = Postgres::start(&[]);
    let pgbouncer = crate::servers::Pgbouncer::start(&postgres, "transaction");
    let store = settled(&format!("{}?timeout=10s&listen=none", pgbouncer.url()));
    let other = open(&format!("{}?timeout=10s&listen=none", pgbouncer.url()));
    let stop = AtomicBool::new(false);
    let granted = std::thread::scope(|scope| {
        let loads = [&store, &other].map(|store| scope.spawn(|| load(store, &stop)));
        sleep(Duration::from_secs(1));
        stop.store(true, Ordering::SeqCst);
        loads.map(|load| load.join().unwrap().0).concat()
    });
    assert!(granted.len() > 100);
    assert_eq!(doubles(&other, &granted), 0);
    println!(
        "table: Postgres: two stores through pgbouncer in transaction mode | {} first answers, 0 doubles",
        granted.len()
    );
}
