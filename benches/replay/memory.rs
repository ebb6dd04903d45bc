//! The store in memory, claimed from as the redeemer does.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use apply_cookies::Clock;
use apply_cookies::protocol::Claimed;
use apply_cookies::replay::{Claim, ClaimAnswer, MemoryReplayStore, ReplayStore};
use futures_util::FutureExt;

use crate::load::{BEGIN, Load, at};
use crate::report::{self, Contender};
use crate::stopwatch::stopwatch;

/// The store, and a clock that is set by hand. Reading it costs what the machine's own does.
pub(crate) struct Store {
    store: Arc<dyn ReplayStore>,
    hands: Arc<AtomicU64>,
}

impl Contender for Store {
    const NAME: &'static str = "memory store, retries";

    fn new() -> Self {
        // The horizon lies behind every token of the load.
        let hands = Arc::new(AtomicU64::new(BEGIN - 600_000));
        let (read, real) = (hands.clone(), Clock::system());
        let clock = Clock::from_fn(move || {
            black_box(real.now());
            at(read.load(Ordering::Relaxed))
        });
        let store = Arc::new(MemoryReplayStore::new(clock).capacity(30_000_000));
        hands.store(BEGIN, Ordering::Relaxed);
        Self { store, hands }
    }

    fn claim(&self, claim: &Claim) -> bool {
        self.answer(claim) == ClaimAnswer::Claimed(Claimed::First)
    }
}

impl Store {
    fn answer(&self, claim: &Claim) -> ClaimAnswer {
        let answer = self.store.claim(*claim).now_or_never().expect("in memory");
        answer.expect("not full")
    }
}

pub(crate) fn run(scale: usize) {
    report::fill::<Store>(scale);
    pauses(scale);
}

/// The longest claims: while all generations grow to fourteen million, and then at work, while
/// the oldest ones are forgotten.
fn pauses(scale: usize) {
    const LIVE: usize = 14_000_000;
    const SECONDS: u64 = 40;
    let mut load = Load::new();
    let store = Store::new();
    let mut growing = Longest::default();
    for _ in 0..LIVE / scale / Load::BATCH {
        growing.time(&store, load.spread(BEGIN));
    }
    print_longest("growing to 14 million", &mut growing);

    let mut working = Longest::default();
    let batches = (LIVE / scale / Load::BATCH) as u64 * SECONDS / 60;
    let mut kept = None;
    for n in 0..batches {
        let now = BEGIN + n * SECONDS * 1_000 / batches;
        store.hands.store(now, Ordering::Relaxed);
        let batch = load.fresh(now);
        working.time(&store, batch);
        kept.get_or_insert(batch[0]);
    }
    print_longest("at work, forgetting", &mut working);
    let retry = kept.map(|claim| store.answer(&claim));
    assert_eq!(retry, Some(ClaimAnswer::Claimed(Claimed::Retry)));
}

#[derive(Default)]
struct Longest {
    processor: f64,
    wall: Vec<f32>,
}

impl Longest {
    fn time(&mut self, store: &Store, batch: &[Claim]) {
        let mut before = stopwatch();
        for claim in batch {
            let start = Instant::now();
            assert!(store.claim(black_box(claim)));
            self.wall.push(start.elapsed().as_secs_f32());
            let after = stopwatch();
            self.processor = self.processor.max(after - before);
            before = after;
        }
    }
}

fn print_longest(when: &str, longest: &mut Longest) {
    longest.wall.sort_by(f32::total_cmp);
    let wall = &longest.wall;
    let nth = |share: f64| 1e6 * wall[((wall.len() - 1) as f64 * share) as usize];
    println!(
        "    longest claim, {when:<22} {:>6.0} us of processor time; by the wall clock {:.1} us for \
         1 in 1,000, {:.0} for 1 in 100,000, {:.0} at most",
        longest.processor * 1e6,
        nth(0.999),
        nth(0.999_99),
        nth(1.0),
    );
}
