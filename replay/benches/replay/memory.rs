//! The store in memory, claimed from as the redeemer does.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use apply_cookies_protocol::Grant;
use apply_cookies_replay::{
    BarrierAnswer, Claim, ClaimAnswer, Clock, MemoryReplayStore, ReplayStore,
};
use futures_util::FutureExt;
use rand::Rng;

use crate::load::{BEGIN, Load, at};
use crate::pauses::Longest;
use crate::report::{self, Contender, Figures, LIVE};
use crate::stopwatch::stopwatch;

/// The store, and a clock that is set by hand. Reading it costs what the machine's own does.
/// With `SIGNED_OUT`, every browser has signed out once, so each claim is compared with a barrier.
pub(crate) struct Store<const SIGNED_OUT: bool> {
    store: Arc<dyn ReplayStore>,
    hands: Arc<AtomicU64>,
}

impl<const SIGNED_OUT: bool> Contender for Store<SIGNED_OUT> {
    const NAME: &'static str = if SIGNED_OUT {
        "the same, signed out"
    } else {
        "memory store, retries"
    };

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
        if SIGNED_OUT {
            for claim in Load::new().of_any_age(BEGIN - 300_000) {
                let mut sign_out = *claim;
                sign_out.barrier = true;
                store.answer(&sign_out);
            }
        }
        store
    }

    fn claim(&self, claim: &Claim) -> bool {
        granted(Grant::First).contains(&self.answer(claim))
    }
}

impl<const SIGNED_OUT: bool> Store<SIGNED_OUT> {
    pub(crate) fn run(scale: usize) -> Figures {
        let mut figures = report::fill::<Self>(scale);
        figures.0[Figures::FLOOR] = floor(scale);
        let mut load = Load::new();
        let runs = || [Longest::new(), Longest::new()];
        let (mut growing, mut working) = (runs(), runs());
        for (growing, working) in growing.iter_mut().zip(&mut working) {
            let store = Self::new();
            growing.fill(&mut load, &store, LIVE / scale);
            store.work(&mut load, working, LIVE / scale);
        }
        figures.0[Figures::GROWING] = Longest::print("growing to 14 million", &growing);
        figures.0[Figures::FORGETTING] = Longest::print("at work, forgetting", &working);
        figures
    }

    /// A quarter of a minute with as many claims a minute as are live: the oldest are forgotten.
    fn work(&self, load: &mut Load, longest: &mut Longest, live: usize) {
        const SECONDS: u64 = 15;
        let batches = (live / Load::BATCH) as u64 * SECONDS / 60;
        let mut kept = None;
        for n in 0..batches {
            let now = BEGIN + n * SECONDS * 1_000 / batches;
            self.hands.store(now, Ordering::Relaxed);
            let batch = load.just_issued(now);
            longest.time(self, batch);
            kept.get_or_insert(batch[0]);
        }
        let retry = kept.map(|claim| self.answer(&claim));
        assert!(retry.is_some_and(|retry| granted(Grant::Retry).contains(&retry)));
    }

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

/// The least that any store needs: one atomic step somewhere in as much memory, in nanoseconds.
fn floor(scale: usize) -> f64 {
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
    let swap = (stopwatch() - start) * 1e9 / f64::from(CALLS);
    println!(
        "    of this: reading the clock {:.0} ns, one atomic step in the memory of 10 million {swap:.0} ns",
        time * 1e9 / f64::from(CALLS),
    );
    swap
}
