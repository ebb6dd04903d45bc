//! Connections to Redis: rights, passwords, TLS, replicas that are waited for, servers that stop and
//! come back, Sentinels, Clusters, and receipts that cross processes.

#[path = "support/losses.rs"]
mod losses;
#[path = "support/relay.rs"]
mod relay;
#[path = "support/servers/mod.rs"]
mod servers;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

use apply_cookies_protocol::{Grant, Lifetime, Nonce};
use apply_cookies_replay::{
    Barrier, BarrierAnswer, Claim, ClaimAnswer, ClaimListener, Clock, RedisReplayStore,
    ReplayStore, StoreError,
};
use losses::{Ahead, Owners, count, token, wait};
use relay::Relay;
use servers::{Cluster, Redis, Sentinels, wait_until};

/// The rights of a store's user, as `docs/replay-stores.md` prints them.
const RIGHTS: &str = "~{apply-cookies* &{apply-cookies* +evalsha +eval +hmget +hset +hget +hdel +hexists +hkeys +hscan +hlen +unlink +time +info +publish +subscribe +wait +ping +select";

fn open(url: &str) -> RedisReplayStore {
    RedisReplayStore::new(url, Clock::system()).unwrap()
}

/// A store, five seconds after its server began.
fn settled(url: &str) -> (RedisReplayStore, Ahead) {
    let time = Ahead::default();
    let store = RedisReplayStore::new(url, time.clock()).unwrap();
    wait(store.horizon()).unwrap();
    time.pass(6_000);
    (store, time)
}

fn tokens(time: &Ahead, count: u64) -> Vec<Claim> {
    let now = time.clock().now();
    (0..count).map(|number| token(number, now)).collect()
}

fn why(error: &StoreError) -> String {
    let source = std::error::Error::source(error);
    source.map(ToString::to_string).unwrap_or_default()
}

#[derive(Default)]
struct Ear(Mutex<HashMap<[u8; 16], (BarrierAnswer, Instant)>>);

impl Ear {
    fn of(store: &RedisReplayStore) -> Arc<Self> {
        let ear = Arc::new(Self::default());
        let weak: Weak<Self> = Arc::downgrade(&ear);
        store.listen(weak);
        ear
    }

    fn heard(&self, nonce: Nonce) -> Option<(BarrierAnswer, Instant)> {
        self.0.lock().unwrap().get(&nonce.to_bytes()).copied()
    }

    fn comes_to_hear(&self, tokens: &[Claim]) {
        wait_until("heard of every claim", || {
            let all = tokens.iter().all(|token| self.heard(token.nonce).is_some());
            all.then_some(())
        });
    }
}

impl ClaimListener for Ear {
    fn claimed(&self, nonce: Nonce, barrier: BarrierAnswer) {
        let mut heard = self.0.lock().unwrap();
        heard
            .entry(nonce.to_bytes())
            .or_insert_with(|| (barrier, Instant::now()));
    }
}

#[test]
fn a_user_with_the_printed_rights_can_do_everything() {
    let app: Vec<&str> = ["--user", "app", "on", ">secret"]
        .into_iter()
        .chain(RIGHTS.split(' '))
        .collect();
    let redis = Redis::start(&[&app[..], &["--requirepass", "other"]].concat());
    let url = format!("redis://app:secret@{}/0?sweep=1ms", redis.address());
    let (store, time) = settled(&url);
    let other = RedisReplayStore::new(&url, time.clock()).unwrap();
    let ear = Ear::of(&other);
    let mut owners = Owners::default();
    let tokens = tokens(&time, 100);
    assert_eq!(owners.claim(&store, &tokens, 1), 100);
    assert_eq!(owners.claim(&other, &tokens, 2), 0);
    let browser = tokens[0].binding.unwrap();
    let barrier = Barrier::new(browser, time.clock().now(), Lifetime::default());
    assert_eq!(
        wait(store.raise_barrier(barrier)).unwrap(),
        BarrierAnswer::Raised
    );
    ear.comes_to_hear(&tokens);
    time.pass(300_000); // forgets nothing by one clock alone
    assert_eq!(owners.claim(&store, &tokens, 2), 0);
    assert_eq!(redis.cli(&["ACL", "LOG"]), "", "a right was missing");
}

#[test]
fn a_missing_right_is_named() {
    let rights = RIGHTS.replace(" +info", "");
    let app: Vec<&str> = ["--user", "app", "on", "nopass"]
        .into_iter()
        .chain(rights.split(' '))
        .collect();
    let redis = Redis::start(&app);
    let store = open(&format!("redis://app:x@{}", redis.address()));
    let error = wait(store.horizon()).unwrap_err();
    assert!(why(&error).contains("+info"), "{error:?}");
}

#[test]
fn a_wrong_password_is_an_error_at_once_and_is_not_printed() {
    let redis = Redis::start(&["--requirepass", "right"]);
    let store = open(&format!("redis://:hunter2@{}?timeout=60s", redis.address()));
    let error = wait(store.horizon()).unwrap_err();
    assert!(!why(&error).is_empty());
    for text in [why(&error), format!("{error:?} {error} {store:?}")] {
        assert!(!text.contains("hunter2"), "{text}");
    }
}

#[test]
fn a_password_comes_from_a_file_that_may_change() {
    let redis = Redis::start(&["--requirepass", "first"]);
    let folder = servers::Folder::new("password");
    let file = folder.path().join("password");
    std::fs::write(&file, "first\n").unwrap();
    let url = format!(
        "redis://{}?password_file={}",
        redis.address(),
        file.display()
    );
    let store = open(&url);
    wait(store.horizon()).unwrap();
    redis.cli(&["CONFIG", "SET", "requirepass", "second"]);
    std::fs::write(&file, "second").unwrap();
    redis.cli(&["CLIENT", "KILL", "TYPE", "normal"]);
    wait_until("connected with the new password", || {
        wait(store.horizon()).ok()
    });
}

#[cfg(feature = "tls")]
#[test]
fn a_server_is_known_by_its_certificate() {
    let certificates = servers::Certificates::new();
    let redis = Redis::start_with(servers::RedisOptions {
        certificates: Some(certificates.clone()),
        ..servers::RedisOptions::new(&[])
    });
    let url = |ca: &servers::Certificates| {
        let ca = ca.ca();
        format!("{}?timeout=5s&ca_file={}", redis.tls_url(), ca.display())
    };
    let (store, time) = settled(&url(&certificates));
    let mut owners = Owners::default();
    let ear = Ear::of(&store);
    let tokens = tokens(&time, 10);
    assert_eq!(owners.claim(&store, &tokens, 1), 10);
    ear.comes_to_hear(&tokens);
    let other = servers::Certificates::new();
    for url in [url(&other), format!("{}?timeout=1s", redis.tls_url())] {
        let error = wait(open(&url).horizon()).unwrap_err();
        assert!(
            why(&error).to_lowercase().contains("certificate"),
            "{error:?}"
        );
    }
}

#[test]
fn another_layout_is_refused() {
    let redis = Redis::start(&[]);
    redis.cli(&["HSET", "{apply-cookies}h", "v", "2"]);
    let error = wait(open(&redis.url()).horizon()).unwrap_err();
    assert!(why(&error).contains("another layout"), "{error:?}");
    let other = format!("{}?prefix=mine", redis.url());
    wait(open(&other).horizon()).unwrap();
}

#[test]
fn a_replica_is_not_asked() {
    let primary = Redis::start(&[]);
    let replica = primary.replica(&[]);
    let store = open(&format!("{}?timeout=500ms", replica.url()));
    let error = wait(store.horizon()).unwrap_err();
    assert!(why(&error).contains("replica"), "{error:?}");
}

/// A server that is read and takes no claim, as one with too few replicas or without memory: it is
/// not ready from the first claim on that it refused, and is again when it takes one.
#[test]
fn a_server_that_takes_no_claims_is_not_ready() {
    let redis = Redis::start(&[]);
    let (store, time) = settled(&format!("{}?timeout=500ms", redis.url()));
    for (setting, refusing, words) in [
        ("min-replicas-to-write", "1", "NOREPLICAS"),
        ("maxmemory", "1", "full"),
    ] {
        wait(store.horizon()).unwrap();
        redis.cli(&["CONFIG", "SET", setting, refusing]);
        wait(store.claim(token(1, time.clock().now()))).unwrap_err();
        let error = wait(store.horizon()).unwrap_err();
        assert!(why(&error).contains(words), "{error:?}");
        redis.cli(&["CONFIG", "SET", setting, "0"]);
        wait_until("a claim that is taken", || {
            wait(store.claim(token(2, time.clock().now()))).ok()
        });
        time.pass(1_000);
    }
    wait(store.horizon()).unwrap();
}

/// Every question is answered within its time, whatever the server does.
#[test]
fn a_server_that_stops_and_comes_back_is_survived() {
    let mut redis = Redis::start(&["--appendonly", "yes"]);
    let (store, time) = settled(&format!("{}?timeout=1s", redis.url()));
    let mut owners = Owners::default();
    let first = tokens(&time, 10);
    assert_eq!(owners.claim(&store, &first, 1), 10);
    let bounded = |store: &RedisReplayStore, claim: Claim| {
        let begun = Instant::now();
        let answer = wait(store.claim(claim));
        assert!(
            begun.elapsed() < Duration::from_secs(10),
            "no answer in time"
        );
        answer
    };
    redis.pause();
    let error = bounded(&store, token(1, time.clock().now())).unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
    redis.resume();
    wait_until("resumed", || wait(store.horizon()).ok());
    redis.kill();
    let error = bounded(&store, token(2, time.clock().now())).unwrap_err();
    assert!(!why(&error).is_empty());
    redis.restart();
    wait_until("restarted", || wait(store.horizon()).ok());
    time.pass(6_000);
    let later = tokens(&time, 10);
    assert_eq!(owners.claim(&store, &later, 1), 10);
    assert_eq!(owners.claim(&store, &first, 2), 0);
}

/// A connection that breaks between the question and its answer: the claim was made, and its own
/// first try is no retry to its caller.
#[test]
fn a_claim_whose_answer_is_lost_is_asked_again_under_its_own_digest() {
    let redis = Redis::start(&[]);
    let relay = Relay::to(redis.port());
    let url = format!("redis://127.0.0.1:{}?timeout=20s", relay.port());
    let (store, time) = settled(&url);
    let mut repeated = 0;
    for _ in 0..count(20, 200) {
        let tokens = tokens(&time, 64);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let answers =
            futures_util::future::join_all(tokens.iter().map(|token| store.claim(*token)));
        let answers = std::thread::scope(|scope| {
            scope.spawn(|| relay.lead_to(redis.port()));
            runtime.block_on(answers)
        });
        for (token, answer) in tokens.iter().zip(answers) {
            let granted = ClaimAnswer::Granted {
                grant: Grant::First,
                barrier: BarrierAnswer::NotAsked,
            };
            assert_eq!(answer.unwrap(), granted);
            assert_eq!(wait(store.claim(*token)).unwrap(), ClaimAnswer::AlreadyUsed);
        }
        repeated += 1;
    }
    assert!(repeated > 0);
}

#[test]
fn a_claim_is_answered_when_its_replica_has_it() {
    let primary = Redis::start(&[]);
    let replica = primary.replica(&[]);
    let (store, time) = settled(&format!("{}?replicas=1&wait=2s&timeout=10s", primary.url()));
    let url = format!("{}?replicas=1&timeout=500ms", primary.url());
    let impatient = RedisReplayStore::new(&url, time.clock()).unwrap();
    let mut owners = Owners::default();
    assert_eq!(owners.claim(&store, &tokens(&time, 100), 1), 100);
    replica.pause();
    let late = token(1, time.clock().now());
    let error = wait(impatient.claim(late)).unwrap_err();
    assert!(why(&error).contains("replicas"), "{error:?}");
    replica.resume();
    // The same id may ask again.
    wait_until("granted", || match wait(store.claim(late)) {
        Ok(ClaimAnswer::AlreadyUsed) => Some(()), // it has no id
        Ok(other) => panic!("{other:?}"),
        Err(_) => None,
    });
}

/// A partition: the old primary still answers its clients, and the replica was promoted.
#[test]
fn a_deposed_primary_answers_nobody_who_waits_for_replicas() {
    let old = Redis::start(&[]);
    let new = old.replica(&[]);
    let url = |redis: &Redis, more: &str| format!("{}?timeout=300ms{more}", redis.url());
    let (careless, time) = settled(&url(&old, ""));
    let careful = RedisReplayStore::new(&url(&old, "&replicas=1"), time.clock()).unwrap();
    let elsewhere = RedisReplayStore::new(&url(&new, ""), time.clock()).unwrap();
    let tokens = tokens(&time, 50);
    new.cut_link();
    new.promote();
    wait(elsewhere.horizon()).unwrap();
    time.pass(6_000);
    let granted = |store: &RedisReplayStore, tokens: &[Claim]| {
        tokens
            .iter()
            .filter(|token| matches!(wait(store.claim(**token)), Ok(ClaimAnswer::Granted { .. })))
            .count()
    };
    let now = time.clock().now();
    let later: Vec<Claim> = (100..150).map(|number| token(number, now)).collect();
    assert_eq!(granted(&careful, &tokens[..3]), 0);
    assert_eq!(granted(&careful, &later[..3]), 0);
    // What is outside the promise: without waiting, both sides grant the same tokens.
    let (here, there) = (granted(&careless, &later), granted(&elsewhere, &later));
    println!(
        "table: Redis: two primaries at once, 50 tokens | without replicas=1 {} doubles, with it 0 answered",
        here.min(there)
    );
    assert!(here >= 47 && there == 50, "the control must double");
}

#[test]
fn receipts_cross_processes_even_those_of_a_time_without_a_connection() {
    let redis = Redis::start(&[]);
    let (here, time) = settled(&redis.url());
    let relay = Relay::to(redis.port());
    let url = format!("redis://127.0.0.1:{}", relay.port());
    let there = RedisReplayStore::new(&url, time.clock()).unwrap();
    let ear = Ear::of(&there);
    let mut owners = Owners::default();
    // Before it subscribed, while it is subscribed, and while it was away.
    let before = tokens(&time, 100);
    owners.claim(&here, &before, 1);
    ear.comes_to_hear(&before);
    let total = u64::try_from(count(1_000, 10_000)).unwrap();
    let (many, mut waits) = (tokens(&time, total), Vec::new());
    for claim in &many {
        let begun = Instant::now();
        assert_eq!(owners.claim(&here, std::slice::from_ref(claim), 1), 1);
        waits.push((claim.nonce, begun));
    }
    ear.comes_to_hear(&many);
    let mut waits: Vec<Duration> = waits
        .into_iter()
        .map(|(nonce, begun)| ear.heard(nonce).unwrap().1 - begun)
        .collect();
    waits.sort();
    println!(
        "table: Redis: receipts across two stores, {total} | 0 lost, p50 {:.2} ms, p99 {:.2} ms after the claim was asked",
        waits[waits.len() / 2].as_secs_f64() * 1e3,
        waits[waits.len() * 99 / 100].as_secs_f64() * 1e3,
    );
    relay.lead_to(1);
    let mut away = tokens(&time, 10);
    for claim in &mut away {
        claim.barrier = true;
    }
    owners.claim(&here, &away, 1);
    relay.lead_to(redis.port());
    ear.comes_to_hear(&away);
    assert_eq!(ear.heard(away[0].nonce).unwrap().0, BarrierAnswer::Raised);
    assert_eq!(ear.heard(many[0].nonce).unwrap().0, BarrierAnswer::NotAsked);
}

#[test]
fn sentinels_lead_to_the_primary_that_they_promote() {
    let mut sentinels = Sentinels::start(3, &[]);
    let url = format!(
        "redis+sentinel://{}/mymaster?timeout=5s",
        sentinels.addresses()
    );
    let (store, time) = settled(&url);
    let mut owners = Owners::default();
    let before = tokens(&time, 50);
    assert_eq!(owners.claim(&store, &before, 1), 50);
    sentinels.servers[0].kill();
    sentinels.wait_for_primary(1);
    wait_until("connected to the new one", || wait(store.horizon()).ok());
    assert_eq!(owners.claim(&store, &before, 2), 0);
    time.pass(6_000);
    assert_eq!(owners.claim(&store, &tokens(&time, 50), 2), 50);
    assert_eq!(owners.doubles, 0);
}

/// Slots move one after the other while tokens of all partitions are claimed by three.
#[test]
fn slots_of_a_cluster_move_under_load_and_nothing_doubles() {
    let cluster = Cluster::start(3);
    let url = format!("redis+cluster://{}?timeout=10s", cluster.addresses());
    let (store, time) = settled(&url);
    let mut owners = Owners::default();
    let moves = count(4, 48);
    let mut asked = 0;
    std::thread::scope(|scope| {
        let moving = scope.spawn(|| {
            for n in 0..moves {
                let slot = cluster.slot_of(&format!("{{apply-cookies:16:{}}}h", n % 16));
                let to = (cluster.owner_of(slot) + 1) % 3;
                cluster.move_slot(slot, to);
            }
        });
        while !moving.is_finished() {
            let tokens = tokens(&time, 200);
            asked += tokens.len();
            for who in 1..=3 {
                owners.claim(&store, &tokens, who);
            }
        }
    });
    cluster.wait_until_ok();
    time.pass(6_000);
    wait_until("a horizon of every partition", || {
        wait(store.horizon()).ok()
    });
    time.pass(6_000);
    let later = tokens(&time, 200);
    let released = owners.claim(&store, &later, 1);
    println!(
        "table: Redis Cluster: {moves} slots moved under load, {asked} tokens × 3 ids | {} first answers, {} doubles, {} refused, {} errors",
        owners.firsts, owners.doubles, owners.refused, owners.errors
    );
    assert_eq!(owners.doubles, 0);
    assert!(released >= 198, "{released} of 200 afterwards");
}
