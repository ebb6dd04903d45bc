//! The store in memory, claimed from as the redeemer does.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use apply_cookies_protocol::Grant;
use apply_cookies_replay::{
    BarrierAnswer, Claim, ClaimAnswer, Clock, MemoryReplayStore, ReplayStore,
};
use futures_util::FutureExt;
use rand::Rng;

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
        // The horizon is before every token of the load.
        let hands = Arc::new(AtomicU64::new(BEGIN - 600_000));
        let (by_hand, system) = (hands.clone(), Clock::system());
        let clock = Clock::from_fn(move || {
            black_box(system.now());
            at(by_hand.load(Ordering::Relaxed))
        });
        let store = Arc::new(MemoryReplayStore::new(clock).capacity(30_000_000));
        hands.store(BEGIN, Ordering::Relaxed);
        let store = Self { store, hands };
        // Every browser has signed out once, so each claim is compared with a barrier.
        for claim in Load::new().of_any_age(BEGIN - 300_000) {
            let mut sign_out = *claim;
            sign_out.barrier = true;
            store.answer(&sign_out);
        }
        store
    }

    fn claim(&self, claim: &Claim) -> bool {
        granted(Grant::First).contains(&self.answer(claim))
    }
}

impl Store {
    fn answer(&self, claim: &Claim) -> ClaimAnswer {
        let answer = self.store.claim(*claim).now_or_never().expect("in memory");
        answer.expect("not full")
    }
}

/// With or without a barrier.
fn granted(grant: Grant) -> [ClaimAnswer; 2] {
    [BarrierAnswer::NotAsked, BarrierAnswer::Raised]
        .map(|barrier| ClaimAnswer::Granted { grant, barrier })
}

pub(crate) fn run(scale: usize) {
    report::fill::<Store>(scale);
    floors(scale);
    pauses(scale);
}

/// The least that any store needs: the time, and one atomic step somewhere in as much memory.
fn floors(scale: usize) {
    const CALLS: u32 = 1_000_000;
    let mut random = rand::rng();
    let clock = Clock::system();
    let start = stopwatch();
    for _ in 0..CALLS {
        black_box(clock.now());
    }
    let time = stopwatch() - start;
    // As many bytes as ten million entries take.
    let memory: Vec<AtomicU64> = (0..32_000_000 / scale as u64).map(AtomicU64::new).collect();
    let places: Vec<usize> = (0..CALLS)
        .map(|_| random.next_u32() as usize % memory.len())
        .collect();
    let start = stopwatch();
    for place in places {
        black_box(memory[place].swap(1, Ordering::AcqRel));
    }
    let swap = stopwatch() - start;
    println!(
        "    of this: reading the clock {:.0} ns, one atomic step in the memory of 10 million {:.0} ns",
        time * 1e9 / f64::from(CALLS),
        swap * 1e9 / f64::from(CALLS),
    );
}

/// The longest claims: while all generations grow to fourteen million, and then at work, while the
/// oldest ones are forgotten. The store's own delays occur in every run, and those of a busy
/// machine do not, so the lower of two runs counts.
fn pauses(scale: usize) {
    let mut load = Load::new();
    let runs = || (0..2).map(|_| Longest::new()).collect::<Vec<_>>();
    let (mut growing, mut working) = (runs(), runs());
    for (growing, working) in growing.iter_mut().zip(&mut working) {
        const LIVE: usize = 14_000_000;
        const SECONDS: u64 = 15;
        let store = Store::new();
        for _ in 0..LIVE / scale / Load::BATCH {
            growing.time(&store, load.of_any_age(BEGIN));
        }
        let batches = (LIVE / scale / Load::BATCH) as u64 * SECONDS / 60;
        let mut kept = None;
        for n in 0..batches {
            let now = BEGIN + n * SECONDS * 1_000 / batches;
            store.hands.store(now, Ordering::Relaxed);
            let batch = load.just_issued(now);
            working.time(&store, batch);
            kept.get_or_insert(batch[0]);
        }
        let retry = kept.map(|claim| store.answer(&claim));
        assert!(retry.is_some_and(|retry| granted(Grant::Retry).contains(&retry)));
    }
    Longest::print("growing to 14 million", &growing);
    Longest::print("at work, forgetting", &working);
}

/// Tenths of microseconds by the wall clock, counted up to a millisecond, and the longest.
struct Longest {
    processor: f64,
    wall: f64,
    tenths: Vec<u32>,
}

impl Longest {
    fn new() -> Self {
        Self {
            processor: 0.0,
            wall: 0.0,
            tenths: vec![0; 10_000],
        }
    }

    fn time(&mut self, store: &Store, batch: &[Claim]) {
        let mut before = stopwatch();
        for claim in batch {
            let start = Instant::now();
            assert!(store.claim(black_box(claim)));
            let wall = start.elapsed();
            let after = stopwatch();
            self.processor = self.processor.max(after - before);
            self.wall = self.wall.max(wall.as_secs_f64());
            let last = self.tenths.len() - 1;
            let tenths = usize::try_from(wall.as_nanos() / 100).unwrap_or(last);
            self.tenths[tenths.min(last)] += 1;
            before = after;
        }
    }

    /// The time that one in this many claims reaches, in microseconds of the wall clock.
    fn one_in(&self, many: u32) -> f64 {
        let tenth = |nth: usize| f64::from(u32::try_from(nth).expect("few")) / 10.0;
        let mut above = self.tenths.iter().sum::<u32>() / many;
        let reached = self.tenths.iter().rposition(|count| {
            let is_within = above < *count;
            above = above.saturating_sub(*count);
            is_within
        });
        tenth(reached.unwrap_or(0))
    }

    fn print(when: &str, runs: &[Self]) {
        let least = |of: &dyn Fn(&Self) -> f64| runs.iter().map(of).fold(f64::MAX, f64::min);
        println!(
            "    longest claim, {when:<22}{:>6.0} us of processor time; by the wall clock {:.1} us \
             for 1 in 1,000, {:.0} for 1 in 100,000, {:.0} at most",
            least(&|run| run.processor * 1e6),
            least(&|run| run.one_in(1_000)),
            least(&|run| run.one_in(100_000)),
            least(&|run| run.wall * 1e6),
        );
    }
}
