//! Redis, beside a bare `SET NX PX` through the same client.

use std::time::Duration;

use apply_cookies_replay::{Clock, RedisReplayStore};

use crate::load::{nonce, rate, report, runtime, settle, store_rate};
use crate::servers::Redis;

pub(crate) fn run(rounds: usize, each: Duration) {
    let server = Redis::start(&[]);
    let clock = Clock::system();
    let store = RedisReplayStore::new(&server.url(), clock.clone()).expect("a URL");
    runtime().block_on(async {
        let client = redis::Client::open(server.url()).expect("a URL");
        let connection = client.get_multiplexed_async_connection().await;
        let connection = connection.expect("a connection");
        settle(&store).await;
        for (in_flight, goal) in [(64, Some(0.8)), (1, None)] {
            let mut figures = Vec::new();
            for _ in 0..rounds {
                let ours = store_rate(&store, &clock, in_flight, each).await;
                let theirs = rate(in_flight, each, |_| async {
                    let mut set = redis::cmd("SET");
                    set.arg(&nonce()).arg(1).arg("NX").arg("PX").arg(60_000);
                    let done: Option<String> = set
                        .query_async(&mut connection.clone())
                        .await
                        .expect("an answer");
                    assert!(done.is_some());
                });
                figures.push((ours, theirs.await));
            }
            report("Redis, beside SET NX", in_flight, &figures, goal);
        }
    });
}
