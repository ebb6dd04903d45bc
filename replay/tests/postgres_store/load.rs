//! Claims under load, and the count of those that were granted twice.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use apply_cookies_protocol::{Grant, RedemptionDigest};
use apply_cookies_replay::{Claim, ClaimAnswer, Clock, PostgresReplayStore, ReplayStore};

use crate::servers::wait_until;
use crate::setup::wait;
use crate::tokens::claim;

/// How long after a horizon or a fault a token must be issued to pass.
const SETTLED: Duration = Duration::from_secs(6);

pub(crate) fn open(url: &str) -> PostgresReplayStore {
    PostgresReplayStore::new(url, Clock::system()).unwrap()
}

/// A store whose horizon has passed.
pub(crate) fn settled(url: &str) -> PostgresReplayStore {
    let store = open(url);
    wait_until("connected", || wait(store.horizon()).ok());
    sleep(SETTLED);
    store
}

/// A token that is issued now, which no other test has.
pub(crate) fn token() -> Claim {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let now = Clock::system().now().get();
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    claim(number, now)
}

pub(crate) fn by(mut claim: Claim, id: u64) -> Claim {
    claim.redemption = RedemptionDigest::from_id(&id.to_be_bytes());
    claim
}

/// Claims all of these at once. Returns those that were granted, and whether for the first time.
pub(crate) fn claim_all(store: &PostgresReplayStore, claims: &[Claim]) -> Vec<(Claim, Grant)> {
    let asked: Vec<_> = claims.iter().map(|claim| store.claim(*claim)).collect();
    let pairs = claims.iter().zip(asked);
    pairs
        .filter_map(|(claim, answer)| match wait(answer) {
            Ok(ClaimAnswer::Granted { grant, .. }) => Some((*claim, grant)),
            _ => None,
        })
        .collect()
}

/// Claims fresh tokens, 32 at a time, until it shall stop. Returns those that were granted, and the
/// longest wait for an answer.
pub(crate) fn load(store: &PostgresReplayStore, stop: &AtomicBool) -> (Vec<Claim>, Duration) {
    let (mut granted, mut longest) = (Vec::new(), Duration::ZERO);
    while !stop.load(Ordering::SeqCst) {
        let fresh: Vec<_> = (0..32).map(|_| by(token(), 1)).collect();
        let asked = Instant::now();
        granted.extend(claim_all(store, &fresh).into_iter().map(|(claim, _)| claim));
        longest = longest.max(asked.elapsed());
    }
    (granted, longest)
}

/// Loads a store while something happens. Returns the tokens that were granted.
pub(crate) fn under_load(store: &PostgresReplayStore, happens: impl FnOnce()) -> Vec<Claim> {
    loaded_while(store, happens).0
}

/// Loads a store while something happens, and says how long the slowest answer took besides.
pub(crate) fn loaded_while(
    store: &PostgresReplayStore,
    happens: impl FnOnce(),
) -> (Vec<Claim>, Duration) {
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let load = scope.spawn(|| load(store, &stop));
        sleep(Duration::from_millis(300));
        happens();
        sleep(Duration::from_millis(300));
        stop.store(true, Ordering::SeqCst);
        load.join().unwrap()
    })
}

/// How many of the granted tokens another redemption id gets.
pub(crate) fn doubles(store: &PostgresReplayStore, granted: &[Claim]) -> usize {
    wait_until("connected", || wait(store.horizon()).ok());
    let again: Vec<_> = granted.iter().map(|claim| by(*claim, 2)).collect();
    again
        .chunks(512)
        .map(|again| claim_all(store, again).len())
        .sum()
}

/// Long enough after a fault nearly every token is granted.
pub(crate) fn recovers(store: &PostgresReplayStore) {
    let released = Instant::now();
    sleep(SETTLED.saturating_sub(released.elapsed()));
    let fresh: Vec<_> = (0..500).map(|_| by(token(), 1)).collect();
    let granted = claim_all(store, &fresh).len();
    assert!(granted >= 495, "{granted} of 500");
}
