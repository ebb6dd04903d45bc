//! Fills a structure, and measures bytes per entry and nanoseconds per claim.

use std::hint::black_box;

use apply_cookies_replay::Claim;

use crate::load::{BEGIN, Load};
use crate::stopwatch::stopwatch;

/// A structure that keeps claims, and refuses one that it already has.
pub(crate) trait Contender {
    const NAME: &'static str;
    fn new() -> Self;
    /// Whether it is the first of this nonce.
    fn claim(&self, claim: &Claim) -> bool;
}

/// A contender's figures, in the order of the table's rows.
pub(crate) struct Figures(pub(crate) [f64; Self::COUNT]);

impl Figures {
    pub(crate) const COUNT: usize = 7;
    /// The places of those that [`fill`] leaves out.
    pub(crate) const GROWING: usize = 4;
    pub(crate) const FORGETTING: usize = 5;
    pub(crate) const FLOOR: usize = 6;

    pub(crate) fn to_line(&self) -> String {
        self.0.map(|figure| figure.to_string()).join(" ")
    }

    pub(crate) fn of_line(line: &str) -> Self {
        let mut figures = line
            .split(' ')
            .map(|figure| figure.parse().expect("a number"));
        Self([(); Self::COUNT].map(|()| figures.next().expect("all of them")))
    }
}

const MILLION: usize = 1_000_000;

/// As many as are live at most.
pub(crate) const LIVE: usize = 14 * MILLION;

/// The memory is read at each of these millions: a doubling, so that a structure that doubles shows
/// its worst.
const DOUBLING: std::ops::RangeInclusive<usize> = 7..=14;

pub(crate) fn heading(scale: usize) {
    if scale > 1 {
        println!("every number of entries divided by {scale}: the figures say little");
    }
    print!("{:<24}", "bytes per entry at");
    for millions in DOUBLING {
        print!("{millions:>5}M");
    }
    println!("  worst | ns per claim at 0    1M   10M  10M:0 | any age, 10M");
}

pub(crate) fn fill<C: Contender>(scale: usize) -> Figures {
    let mut load = Load::new();
    let mut filling = Filling {
        empty: resident(),
        structure: C::new(),
        held: 0,
    };
    filling.of_any_age(&mut load, MILLION / scale);
    let at_a_million = filling.just_issued(&mut load, MILLION / 10 / scale);
    let mut at_ten = 0.0;
    let mut of_any_age = 0.0;
    let mut bytes = Vec::new();
    for millions in DOUBLING {
        filling.of_any_age(&mut load, millions * MILLION / scale);
        bytes.push(filling.bytes());
        if millions == 10 {
            of_any_age = filling.of_any_age(&mut load, 10_200_000 / scale);
            at_ten = filling.just_issued(&mut load, MILLION / 2 / scale);
        }
    }
    drop(filling);
    let at_zero = at_zero::<C>(&mut load, scale);
    print!("  {:<22}", C::NAME);
    for bytes in &bytes {
        print!("{bytes:>6.1}");
    }
    let worst = bytes.iter().copied().fold(0.0, f64::max);
    println!(
        "{worst:>7.1} |{at_zero:>18.0}{at_a_million:>6.0}{at_ten:>6.0}{:>7.2} |{of_any_age:>13.0}",
        at_ten / at_zero
    );
    let rest = f64::NAN;
    Figures([at_zero, at_a_million, at_ten, worst, rest, rest, rest])
}

struct Filling<C> {
    empty: f64,
    structure: C,
    held: usize,
}

impl<C: Contender> Filling<C> {
    /// Fills until there are this many entries: nanoseconds for each claim.
    fn of_any_age(&mut self, load: &mut Load, until: usize) -> f64 {
        let mut times = Times::default();
        while self.held < until {
            self.held += times.time(&self.structure, load.of_any_age(BEGIN));
        }
        times.mean()
    }

    /// This many claims of fresh tokens: nanoseconds for each.
    fn just_issued(&mut self, load: &mut Load, claims: usize) -> f64 {
        let mut times = Times::default();
        let until = self.held + claims.max(Load::BATCH);
        while self.held < until {
            self.held += times.time(&self.structure, load.just_issued(BEGIN));
        }
        times.mean()
    }

    fn bytes(&self) -> f64 {
        (resident() - self.empty) / f64::from(u32::try_from(self.held).expect("millions"))
    }
}

/// The first claims of a fresh structure, in nanoseconds; the median of several.
fn at_zero<C: Contender>(load: &mut Load, scale: usize) -> f64 {
    let mut rounds: Vec<f64> = (0..9)
        .map(|_| {
            let mut fresh = Filling {
                empty: 0.0,
                structure: C::new(),
                held: 0,
            };
            fresh.just_issued(load, MILLION / 10 / scale)
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    rounds[rounds.len() / 2]
}

#[derive(Default)]
struct Times {
    seconds: f64,
    claims: u32,
}

impl Times {
    /// Returns how many claims it timed.
    fn time<C: Contender>(&mut self, structure: &C, batch: &[Claim]) -> usize {
        let start = stopwatch();
        for claim in batch {
            assert!(structure.claim(black_box(claim)), "random nonces differ");
        }
        self.seconds += stopwatch() - start;
        self.claims += u32::try_from(batch.len()).expect("few");
        batch.len()
    }

    /// Nanoseconds for each claim.
    fn mean(&self) -> f64 {
        self.seconds * 1e9 / f64::from(self.claims.max(1))
    }
}

/// Bytes of memory that this process uses. Systems other than Linux print none.
fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
    kilobytes.map_or(f64::NAN, |kilobytes| {
        1024.0 * kilobytes.parse::<f64>().expect("a number")
    })
}
