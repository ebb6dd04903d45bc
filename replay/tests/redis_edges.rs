//! A Redis that is full or waits for a replica, and what its store must not say then.

#[path = "support/losses.rs"]
mod losses;
#[path = "support/servers/mod.rs"]
mod servers;
#[path = "support/sign_outs.rs"]
mod sign_outs;

use std::sync::{Arc, Mutex, Weak};
use std::thread;
use std::time::Duration;

use apply_cookies_protocol::{Lifetime, Nonce, RedemptionDigest};
use apply_cookies_replay::{Barrier, BarrierAnswer, ClaimListener, RedisReplayStore, ReplayStore};
use futures_util::future::join_all;
use losses::{Ahead, token, wait};
use servers::{Redis, wait_until};

fn settled(url: &str) -> (RedisReplayStore, Ahead) {
    let time = Ahead::default();
    let store = RedisReplayStore::new(url, time.clock()).unwrap();
    wait(store.horizon()).unwrap();
    time.pass(6_000);
    (store, time)
}

#[test]
fn a_full_server_does_not_say_that_it_raised_what_does_not_stand() {
    let redis = Redis::start(&[]);
    let (store, time) = settled(&redis.url());
    let now = time.clock().now();
    let browser = token(1, now).binding.unwrap();
    redis.cli(&["CONFIG", "SET", "maxmemory", "1"]);
    // The latest first: if it stood, it would cover the others, which are asked with it.
    let asked = (0..64).map(|age| {
        let barrier = Barrier::new(browser, now.minus(age), Lifetime::default());
        store.raise_barrier(barrier)
    });
    let asked: Vec<_> = asked.collect();
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let answers = runtime.unwrap().block_on(join_all(asked));
    let raised = answers
        .iter()
        .filter(|answer| matches!(answer, Ok(BarrierAnswer::Raised)));
    assert_eq!(raised.count(), 0, "of {}", answers.len());
}

#[test]
fn two_sign_outs_of_one_millisecond_refuse_each_other() {
    let redis = Redis::start(&[]);
    let (store, time) = settled(&redis.url());
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let asked = sign_outs::granted_behind_the_other(&store, time.clock().now());
    assert_eq!(runtime.unwrap().block_on(asked), 0);
}

#[derive(Default)]
struct Ear(Mutex<Vec<[u8; 16]>>);

impl ClaimListener for Ear {
    fn claimed(&self, nonce: Nonce, _: BarrierAnswer) {
        self.0.lock().unwrap().push(nonce.to_bytes());
    }
}

#[test]
fn nobody_is_told_of_a_claim_that_the_replica_does_not_have() {
    let redis = Redis::start(&[]);
    let replica = redis.replica(&[]);
    let (_patient, time) = settled(&format!("{}?replicas=1&wait=2s&timeout=10s", redis.url()));
    let url = format!("{}?replicas=1&timeout=1s", redis.url());
    let open = || RedisReplayStore::new(&url, time.clock()).unwrap();
    replica.pause();
    let mut claim = token(1, time.clock().now());
    claim.redemption = RedemptionDigest::from_id(b"one");
    let stores = [open(), open()];
    // The second to ask finds the claim, and writes nothing that the replica could lack.
    for store in stores.iter().cycle().take(4) {
        assert!(wait(store.claim(claim)).is_err());
    }
    let ear = Arc::new(Ear::default());
    let weak: Weak<Ear> = Arc::downgrade(&ear);
    stores[1].listen(weak);
    thread::sleep(Duration::from_secs(1)); // it looks at once, and would tell
    let early = ear.0.lock().unwrap().len();
    assert_eq!(early, 0, "told of a claim that is not certain");
    replica.resume();
    wait_until("told of the claim", || {
        let heard = ear.0.lock().unwrap();
        (!heard.is_empty()).then_some(())
    });
}
