//! Stores on servers, 64 claims in flight and one, beside what most would do instead: a bare `SET NX`
//! in Redis, and single-row inserts in Postgres. Both sides in turns, in one run, on private servers.
//!
//! ```sh
//! cargo bench -p apply-cookies-replay --features redis,postgres --bench shared    # a minute and a half
//! cargo bench -p apply-cookies-replay --features redis,postgres --bench shared -- redis
//! ```
//!
//! Postgres syncs to the disk of `TMPDIR`, or of the build; `TMPDIR=/dev/shm` would be a lie.

#![expect(clippy::disallowed_methods, reason = "random loads")]

mod load;
mod postgres;
mod redis;
#[path = "../../tests/support/servers/mod.rs"]
mod servers;

use std::time::Duration;

fn main() {
    let has = |wanted: &str| std::env::args().any(|argument| argument == wanted);
    let bench = has("--bench");
    // `cargo test --benches` only wants to see that it runs.
    let (rounds, each) = if bench {
        (9, Duration::from_secs(1))
    } else {
        (1, Duration::from_millis(20))
    };
    println!(
        "| store | in flight | claims/s | the other/s | ratio, median [least to most] | goal | |"
    );
    println!("|---|---|---|---|---|---|---|");
    if !has("postgres") {
        redis::run(rounds, each);
    }
    if !has("redis") {
        postgres::run(rounds, each);
    }
}
