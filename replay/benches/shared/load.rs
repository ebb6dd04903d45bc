//! Claims in flight, and how many are answered.

use std::future::Future;
use std::time::{Duration, Instant};

use apply_cookies_protocol::{BindingCookie, Lifetime, Nonce, RedemptionDigest};
use apply_cookies_replay::{Claim, ClaimAnswer, Clock, ReplayStore};
use futures_util::future::join_all;
use rand::Rng;

pub(crate) fn nonce() -> [u8; 16] {
    let mut nonce = [0; 16];
    rand::rng().fill_bytes(&mut nonce);
    nonce
}

/// A token of somebody, just issued, as a page posts it.
fn token(clock: &Clock) -> Claim {
    let (now, life, nonce) = (clock.now(), Lifetime::default(), nonce());
    let expires_at = now.plus(life.as_millis());
    let mut claim = Claim::new(Nonce::from_random(nonce), now, expires_at, life, now);
    claim.redemption = RedemptionDigest::from_id(&nonce);
    let mut browser = [0; 32];
    browser[..16].copy_from_slice(&nonce);
    claim.binding = Some(BindingCookie::from_random(browser).digest());
    claim
}

pub(crate) fn runtime() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build().expect("a runtime")
}

/// Asks again and again, so many at a time; how many a second.
pub(crate) async fn rate<F: Future<Output = ()>>(
    in_flight: usize,
    each: Duration,
    ask: impl Fn(usize) -> F,
) -> f64 {
    let begun = Instant::now();
    let loops = (0..in_flight).map(|place| {
        let ask = &ask;
        async move {
            let mut count = 0_u32;
            while begun.elapsed() < each {
                ask(place).await;
                count += 1;
            }
            count
        }
    });
    let count: u32 = join_all(loops).await.into_iter().sum();
    f64::from(count) / begun.elapsed().as_secs_f64()
}

pub(crate) async fn store_rate(
    store: &dyn ReplayStore,
    clock: &Clock,
    in_flight: usize,
    each: Duration,
) -> f64 {
    rate(in_flight, each, |_| async {
        let answer = store.claim(token(clock)).await.expect("an answer");
        assert!(matches!(answer, ClaimAnswer::Granted { .. }), "{answer:?}");
    })
    .await
}

/// Waits until the store's horizon is far enough in the past.
pub(crate) async fn settle(store: &dyn ReplayStore) {
    store.horizon().await.expect("a horizon");
    tokio::time::sleep(Duration::from_millis(5_100)).await;
}

/// A row of the table.
pub(crate) fn report(name: &str, in_flight: usize, rounds: &[(f64, f64)], goal: Option<f64>) {
    let sorted = |mut numbers: Vec<f64>| {
        numbers.sort_by(f64::total_cmp);
        numbers
    };
    let middle = |numbers: &[f64]| numbers[numbers.len() / 2];
    let ours = sorted(rounds.iter().map(|round| round.0).collect());
    let theirs = sorted(rounds.iter().map(|round| round.1).collect());
    let ratios = sorted(rounds.iter().map(|round| round.0 / round.1).collect());
    let ratio = middle(&ratios);
    let verdict = match goal {
        Some(goal) if ratio >= goal => format!("{goal} | met"),
        Some(goal) => format!("{goal} | missed"),
        None => "– |".to_owned(),
    };
    println!(
        "| {name} | {in_flight} | {:.0} | {:.0} | {ratio:.2} [{:.2} to {:.2}] | {verdict} |",
        middle(&ours),
        middle(&theirs),
        ratios[0],
        ratios[ratios.len() - 1],
    );
}
