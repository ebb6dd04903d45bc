//! The cost of redeeming one of Mesop's tokens, by the number of remembered nonces: here, and in
//! Mesop itself, where every redemption looks at all of them.
//!
//! Mesop's half runs in the environment that `tests/mesop/install` makes; without it the bench
//! fails.

use std::process::Command;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use apply_cookies::Clock;
use apply_cookies::protocol::mesop::{MesopKeys, parse_batch, seal};
use apply_cookies::protocol::{BindingPolicy, Lifetime, Nonce, Secret, UnixMillis, UntrustedToken};
use apply_cookies::replay::{Claim, ClaimAnswer, MemoryReplayStore, ReplayStore};
use futures_util::FutureExt;
use rand::Rng;

const LIVE: [usize; 4] = [0, 1_000, 10_000, 100_000];
const REDEEMED: usize = 2_000;

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::rng().fill_bytes(&mut bytes);
    bytes
}

fn now() -> UnixMillis {
    let since = SystemTime::UNIX_EPOCH.elapsed().expect("after 1970");
    let millis = u64::try_from(since.as_millis()).expect("before 9999");
    UnixMillis::new(millis).expect("before 9999")
}

fn tokens(keys: &MesopKeys) -> Vec<String> {
    let batch = r#"{"operations":[{"op":"set","name":"session","value":"8f14e45fceea167a5a36dedd4bea2543","max_age":3600}]}"#;
    let cookies = parse_batch(batch, now()).expect("good");
    (0..REDEEMED)
        .map(|_| {
            let nonce = Nonce::from_random(random());
            seal(keys, nonce, now(), None, &cookies)
                .expect("good")
                .into_string()
        })
        .collect()
}

/// Verify, prepare, claim, release.
fn redeem(keys: &MesopKeys, store: &dyn ReplayStore, buffer: &mut Vec<u8>, token: &str) {
    let now = now();
    let prepared = UntrustedToken::new(token)
        .open_mesop(keys, buffer)
        .expect("ours")
        .verify(now, BindingPolicy::Optional, None)
        .expect("now")
        .prepare()
        .expect("good");
    let header = prepared.header();
    let claim = Claim::new(
        header.nonce,
        header.issued_at,
        header.expires_at,
        Lifetime::from_millis(61_000).expect("a minute"),
        now,
    );
    let answer = store.claim(claim).now_or_never().expect("in memory");
    let Ok(ClaimAnswer::Granted { grant, .. }) = answer else {
        panic!("refused: {answer:?}");
    };
    assert_eq!(prepared.release(grant).iter().len(), 1);
}

/// A store whose horizon is far in the past, and that remembers this many nonces.
fn store(live: usize) -> MemoryReplayStore {
    let started = std::sync::atomic::AtomicBool::new(false);
    let store = MemoryReplayStore::new(Clock::from_fn(move || {
        // The horizon is the time when the clock is first read.
        if started.swap(true, std::sync::atomic::Ordering::Relaxed) {
            now()
        } else {
            now().minus(600_000)
        }
    }));
    for _ in 0..live {
        let now = now();
        let claim = Claim::new(
            Nonce::from_random(random()),
            now,
            now.plus(60_000),
            Lifetime::default(),
            now,
        );
        let answer = store.claim(claim).now_or_never().expect("in memory");
        assert!(matches!(answer, Ok(ClaimAnswer::Granted { .. })));
    }
    store
}

/// The median microseconds of a redemption, with this many live nonces.
fn ours(keys: &MesopKeys, live: usize) -> f64 {
    let store: Arc<dyn ReplayStore> = Arc::new(store(live));
    let tokens = tokens(keys);
    let mut buffer = Vec::new();
    let mut times: Vec<f64> = tokens
        .iter()
        .map(|token| {
            let start = Instant::now();
            redeem(keys, &*store, &mut buffer, token);
            start.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[REDEEMED / 2]
}

/// What `tests/mesop/pop.py` prints: Mesop's microseconds, with each number of live nonces.
fn mesop() -> Result<Vec<f64>, String> {
    let installed = concat!(env!("CARGO_MANIFEST_DIR"), "/target/mesop-venv/bin/python");
    let python = std::env::var_os("MESOP_PYTHON").unwrap_or_else(|| installed.into());
    let output = Command::new(python)
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/mesop/pop.py"))
        .args(LIVE.map(|live| live.to_string()))
        .output()
        .map_err(|_| {
            "Mesop is not installed: call tests/mesop/install, and set MESOP_PYTHON to what it prints"
        })?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let lines = String::from_utf8_lossy(&output.stdout).into_owned();
    let cost = |line: &str| line.split_once('\t')?.1.parse().ok();
    lines
        .lines()
        .map(|line| cost(line).ok_or_else(|| line.to_owned()))
        .collect()
}

fn main() {
    // `cargo test --benches` only checks that it runs.
    let measured = std::env::args().any(|argument| argument == "--bench");
    let secret = Secret::from_mesop("8uNnT5lZQ0zGm1rVxkPqYc3sEJfHdOaW7bKtLi2vRyA").expect("strong");
    let keys = MesopKeys::new(&secret);
    let theirs = if measured {
        mesop().expect("Mesop's half")
    } else {
        mesop().unwrap_or_else(|error| {
            eprintln!("{error}");
            vec![f64::NAN; LIVE.len()]
        })
    };
    println!("microseconds to redeem a token, medians\n");
    println!("| live nonces | Mesop's `_CookieTokenCache.pop`, µs | ours, µs | times as long |");
    println!("|---|---|---|---|");
    for (live, theirs) in LIVE.into_iter().zip(theirs) {
        let ours = ours(&keys, live);
        let ratio = theirs / ours;
        println!("| {live} | {theirs:.1} | {ours:.2} | {ratio:.0} |");
    }
}
