//! Revocations in Postgres, on real servers: the contract, two processes on one server, and what a server
//! can do to them.
//!
//! `APPLY_COOKIES_FAULTS=full` runs more; `scripts/faults` does.

#[path = "support/revoking.rs"]
mod revoking;
#[path = "support/servers/mod.rs"]
mod servers;

use apply_cookies_replay::conformance::revocations::{self, Rule};
use apply_cookies_replay::{Clock, PostgresRevocations, Revocations, Standing};
use revoking::{Maker, Shared, browser, open, revocation, session, two, wait};
use servers::{Postgres, PostgresOptions, wait_until};

impl Shared for PostgresRevocations {
    const NAME: &str = "Postgres";

    fn at(url: &str, clock: Clock) -> Self {
        Self::new(url, clock).unwrap()
    }
}

#[test]
fn it_keeps_every_rule_of_the_contract() {
    let clock = servers::Clock::new();
    let postgres = Postgres::start_with(PostgresOptions {
        clock: Some(clock.clone()),
        ..PostgresOptions::new(&["max_connections=200"])
    });
    let url = postgres.url();
    let maker = Maker::<PostgresRevocations>::new(&clock, move |n| {
        format!("{url}?schema=s{n}&timeout=20s")
    });
    assert_eq!(revocations::check(&maker).unwrap(), [] as [Rule; 0]);
}

#[test]
fn what_one_process_revokes_no_other_lets_pass() {
    let postgres = Postgres::start(&[]);
    revoking::what_one_revokes_no_other_lets_pass::<PostgresRevocations>(&postgres.url());
}

#[test]
fn a_session_that_begins_in_another_process_is_later_than_a_revocation() {
    let postgres = Postgres::start(&[]);
    revoking::a_session_that_begins_elsewhere_is_later_than_a_revocation::<PostgresRevocations>(
        &postgres.url(),
    );
}

#[test]
fn another_process_hears_of_it() {
    let postgres = Postgres::start(&[]);
    let [one, other] = [(); 2].map(|()| open::<PostgresRevocations>(&postgres.url()));
    revoking::another_hears_of_it(&one, &other);
}

#[test]
fn a_killed_server_forgets_nothing_and_signs_nobody_out() {
    let mut postgres = Postgres::start(&[]);
    let [one, other] = two::<PostgresRevocations>(&postgres.url());
    let since = wait(one.now()).unwrap();
    for round in 0..2 {
        for n in 0..100 {
            wait(one.revoke(revocation(browser(100 * round + n)))).unwrap();
        }
        postgres.kill();
        let down = wait(other.check(session(1_000, since)));
        assert!(
            !matches!(down, Ok(Standing::Valid)),
            "an error is never a pass"
        );
        postgres.restart();
        for store in [&one, &other] {
            wait_until("connected again", || wait(store.horizon()).ok());
            for n in 0..100 * (round + 1) {
                let standing = wait(store.check(session(n, since))).unwrap();
                assert_eq!(standing, Standing::Revoked);
            }
            let in_order = wait(store.check(session(1_000, since))).unwrap();
            assert_eq!(in_order, Standing::Valid);
        }
    }
}

#[test]
fn another_server_signs_everybody_out_and_a_lossless_failover_nobody() {
    let postgres = Postgres::start(&[]);
    let [one, _] = two::<PostgresRevocations>(&postgres.url());
    let since = wait(one.now()).unwrap();
    assert_eq!(wait(one.check(session(1, since))).unwrap(), Standing::Valid);
    let promoted = "UPDATE apply_cookies.head SET incarnation = split_part(incarnation, '/', 1) || '/00000099'";
    postgres.sql(promoted);
    let known = |lossless: bool| {
        postgres.sql(&format!(
            "SELECT known_from <= {} FROM apply_cookies.check_v1(0, {lossless}, 5000, '{{}}', '{{}}', '{{}}', '{{}}')",
            since.get()
        ))
    };
    assert_eq!(known(true), "t");
    assert_eq!(known(false), "f");
    let standing = wait(one.check(session(1, since))).unwrap();
    assert_eq!(standing, Standing::BeforeHorizon);
}

#[test]
fn a_role_needs_no_more_rights_than_for_claims() {
    let postgres = Postgres::start(&[]);
    drop(open::<PostgresRevocations>(&postgres.url()));
    postgres.add_user("app", "hunter2");
    postgres.sql(
        "GRANT USAGE ON SCHEMA apply_cookies TO app;
         GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA apply_cookies TO app",
    );
    let url = format!(
        "postgres://app:hunter2@127.0.0.1:{}/postgres",
        postgres.port()
    );
    let store: PostgresRevocations = open(&url);
    let since = wait(store.now()).unwrap();
    wait(store.revoke(revocation(browser(1)))).unwrap();
    let checked = wait(store.check(session(1, since))).unwrap();
    assert_eq!(checked, Standing::BeforeHorizon, "the store has just begun");
}

#[test]
fn a_server_that_stops_answering_is_an_error_in_time() {
    let postgres = Postgres::start(&[]);
    revoking::silence_is_an_error_in_time::<PostgresRevocations>(
        &postgres.url(),
        || postgres.pause(),
        || postgres.resume(),
    );
}

#[test]
fn those_that_wait_together_are_answered_together() {
    let postgres = Postgres::start(&[]);
    revoking::those_that_wait_together_are_answered_together::<PostgresRevocations>(
        &postgres.url(),
    );
}
