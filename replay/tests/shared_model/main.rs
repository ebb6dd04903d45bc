//! Several stores on one server: whatever happens to it, to connections and clocks, no token has two
//! owners, and none passes a barrier that was raised.
//!
//! `APPLY_COOKIES_FAULTS=full` runs longer, and `APPLY_COOKIES_SEED` draws the same again.

#[path = "../support/losses.rs"]
mod losses;
#[path = "../support/servers/mod.rs"]
mod servers;

mod draw;
mod law;
mod world;

use std::sync::Arc;

use apply_cookies_protocol::UnixMillis;
use apply_cookies_replay::{Clock, PostgresReplayStore, RedisReplayStore, inspect};
use servers::{Postgres, PostgresOptions, Redis, RedisOptions};
use world::run;

/// Patient, and always forgetting.
const SETTINGS: &str = "connect=10s&timeout=20s&sweep=20ms";

fn forget(url: &str, now: UnixMillis) {
    inspect::forget(url, &Clock::from_fn(move || now)).unwrap();
}

#[test]
fn nothing_breaks_the_law_on_redis() {
    let clock = servers::Clock::new();
    let redis = Redis::start_with(RedisOptions {
        clock: Some(clock.clone()),
        ..RedisOptions::new(&[])
    });
    let url = format!("{}?{SETTINGS}", redis.url());
    let open = |clock| Arc::new(RedisReplayStore::new(&url, clock).unwrap()) as _;
    run("Redis", &clock, &open, |draw, now| {
        let lose = "local key = redis.call('RANDOMKEY') if key then redis.call('DEL', key) end";
        match draw.below(6) {
            0 => drop(redis.cli(&["FLUSHALL"])),
            1 => drop(redis.cli(&["DEL", "{apply-cookies}h"])),
            2 => drop(redis.cli(&["EVAL", lose, "0"])),
            3 => drop(redis.cli(&["SCRIPT", "FLUSH"])),
            4 => drop(redis.cli(&["CLIENT", "KILL", "TYPE", "normal"])),
            _ => forget(&url, now),
        }
    });
}

#[test]
fn nothing_breaks_the_law_on_postgres() {
    let clock = servers::Clock::new();
    let postgres = Postgres::start_with(PostgresOptions {
        clock: Some(clock.clone()),
        ..PostgresOptions::new(&[])
    });
    let url = format!("{}?{SETTINGS}", postgres.url());
    let open = |clock| Arc::new(PostgresReplayStore::new(&url, clock).unwrap()) as _;
    let each = |what: &str| {
        let of = "FROM pg_stat_activity WHERE application_name = 'apply-cookies'";
        drop(postgres.sql(&format!("SELECT count({what}(pid)) {of}")));
    };
    run("Postgres", &clock, &open, |draw, now| match draw.below(4) {
        0 => drop(postgres.try_sql("DELETE FROM apply_cookies.head")),
        1 => each("pg_terminate_backend"),
        2 => each("pg_cancel_backend"),
        _ => forget(&url, now),
    });
}
