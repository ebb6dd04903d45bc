//! The longest claims: while all generations grow to fourteen million, and then at work, while the
//! oldest ones are forgotten. The store's own delays occur in every run, and those of a busy
//! machine do not, so the lower of two runs counts.

use std::hint::black_box;
use std::time::Instant;

use apply_cookies_replay::Claim;

use crate::load::{BEGIN, Load};
use crate::report::Contender;
use crate::stopwatch::stopwatch;

/// Tenths of microseconds by the wall clock, counted up to a millisecond, and the longest.
pub(crate) struct Longest {
    processor: f64,
    wall: f64,
    tenths: Vec<u32>,
}

impl Longest {
    pub(crate) fn new() -> Self {
        Self {
            processor: 0.0,
            wall: 0.0,
            tenths: vec![0; 10_000],
        }
    }

    /// Fills the structure with this many claims of any age.
    pub(crate) fn fill(&mut self, load: &mut Load, structure: &impl Contender, claims: usize) {
        for _ in 0..claims / Load::BATCH {
            self.time(structure, load.of_any_age(BEGIN));
        }
    }

    pub(crate) fn time(&mut self, structure: &impl Contender, batch: &[Claim]) {
        let mut before = stopwatch();
        for claim in batch {
            let start = Instant::now();
            assert!(structure.claim(black_box(claim)));
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

    /// Prints the lower of the runs, and returns its microseconds of processor time.
    pub(crate) fn print(when: &str, runs: &[Self]) -> f64 {
        let least = |of: &dyn Fn(&Self) -> f64| runs.iter().map(of).fold(f64::MAX, f64::min);
        let processor = least(&|run| run.processor * 1e6);
        println!(
            "    longest claim, {when:<22}{processor:>6.0} us of processor time; by the wall clock \
             {:.1} us for 1 in 1,000, {:.0} for 1 in 100,000, {:.0} at most",
            least(&|run| run.one_in(1_000)),
            least(&|run| run.one_in(100_000)),
            least(&|run| run.wall * 1e6),
        );
        processor
    }
}
