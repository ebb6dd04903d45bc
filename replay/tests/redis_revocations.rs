//! Revocations in Redis, on real servers: the contract, two processes on one server, rights, replicas and
//! a Cluster. What a server can lose is in `redis_revocations_lost.rs`.
//!
//! `APPLY_COOKIES_FAULTS=full` runs more; `scripts/faults` does.

#[path = "support/revoking.rs"]
mod revoking;
#[path = "support/servers/mod.rs"]
mod servers;

use apply_cookies_replay::conformance::revocations::{self, Rule};
use apply_cookies_replay::{Clock, RedisRevocations};
use revoking::{Maker, Shared, open};
use servers::{Redis, RedisOptions};

impl Shared for RedisRevocations {
    const NAME: &str = "Redis";

    fn at(url: &str, clock: Clock) -> Self {
        Self::new(url, clock).unwrap()
    }
}

#[test]
fn it_keeps_every_rule_of_the_contract() {
    let clock = servers::Clock::new();
    let redis = Redis::start_with(RedisOptions {
        clock: Some(clock.clone()),
        ..RedisOptions::new(&[])
    });
    let url = redis.url();
    let maker = Maker::<RedisRevocations>::new(&clock, move |n| {
        format!("{url}?prefix=store-{n}&sweep=20ms&timeout=20s")
    });
    assert_eq!(revocations::check(&maker).unwrap(), [] as [Rule; 0]);
}

#[test]
fn what_one_process_revokes_no_other_lets_pass() {
    let redis = Redis::start(&[]);
    revoking::what_one_revokes_no_other_lets_pass::<RedisRevocations>(&redis.url());
}

#[test]
fn a_session_that_begins_in_another_process_is_later_than_a_revocation() {
    let redis = Redis::start(&[]);
    revoking::a_session_that_begins_elsewhere_is_later_than_a_revocation::<RedisRevocations>(
        &redis.url(),
    );
}

#[test]
fn another_process_hears_of_it() {
    let redis = Redis::start(&[]);
    let [one, other] = [(); 2].map(|()| open::<RedisRevocations>(&redis.url()));
    revoking::another_hears_of_it(&one, &other);
}

#[test]
fn a_server_that_stops_answering_is_an_error_in_time() {
    let redis = Redis::start(&[]);
    revoking::silence_is_an_error_in_time::<RedisRevocations>(
        &redis.url(),
        || redis.pause(),
        || redis.resume(),
    );
}

#[test]
fn those_that_wait_together_are_answered_together() {
    let redis = Redis::start(&[]);
    revoking::those_that_wait_together_are_answered_together::<RedisRevocations>(&redis.url());
}
