//! Fills a structure, and prints one row: bytes per entry, nanoseconds per claim.

use std::hint::black_box;

use apply_cookies::replay::Claim;

use crate::load::{BEGIN, Load};
use crate::stopwatch::stopwatch;

/// What holds claims, and refuses one that it holds.
pub(crate) trait Contender {
    const NAME: &'static str;
    fn new() -> Self;
    /// Whether it is the first of this nonce.
    fn claim(&self, claim: &Claim) -> bool;
}

/// At these many entries the memory is read: a doubling, so that a structure that doubles shows
/// its worst.
const MILLIONS: std::ops::RangeInclusive<usize> = 7..=14;

/// Entries at which claims are timed: from, to.
const SPANS: [(&str, usize, usize); 3] = [
    ("0", 0, 100_000),
    ("1M", 900_000, 1_100_000),
    ("10M", 9_500_000, 10_500_000),
];

pub(crate) fn heading(scale: usize) {
    if scale > 1 {
        println!("every number of entries divided by {scale}: the figures say little");
    }
    print!("{:<24}", "bytes per entry at");
    for millions in MILLIONS {
        print!("{millions:>6}M");
    }
    print!("{:>7}   ns per claim at", "worst");
    for (name, ..) in SPANS {
        print!("{name:>6}");
    }
    println!("{:>8}", "10M : 0");
}

pub(crate) fn fill<C: Contender>(scale: usize) {
    let mut load = Load::new();
    let at_zero = at_zero::<C>(&mut load);
    let empty = resident();
    let structure = C::new();
    let mut held = 0;
    let mut bytes = Vec::new();
    let mut seconds = [0.0; SPANS.len()];
    let mut calls = [0_u32; SPANS.len()];
    for millions in MILLIONS {
        while held * scale < millions * 1_000_000 {
            let batch = load.spread(BEGIN);
            let start = stopwatch();
            for claim in batch {
                assert!(structure.claim(black_box(claim)), "random nonces differ");
            }
            let took = stopwatch() - start;
            for (n, (_, from, to)) in SPANS.iter().enumerate() {
                if (*from..*to).contains(&(held * scale)) {
                    seconds[n] += took;
                    calls[n] += u32::try_from(batch.len()).expect("few");
                }
            }
            held += batch.len();
        }
        bytes.push((resident() - empty) / held as f64);
    }
    print!("  {:<22}", C::NAME);
    for bytes in &bytes {
        print!("{bytes:>7.1}");
    }
    let worst = bytes.iter().copied().fold(0.0, f64::max);
    print!("{worst:>7.1}{:>18}", "");
    let times: Vec<f64> = (1..SPANS.len())
        .map(|n| seconds[n] * 1e9 / f64::from(calls[n].max(1)))
        .collect();
    print!("{at_zero:>6.0}");
    for time in &times {
        print!("{time:>6.0}");
    }
    println!("{:>8.2}", times[1] / at_zero);
    drop(structure);
}

/// The first claims of a fresh structure; the median of several.
fn at_zero<C: Contender>(load: &mut Load) -> f64 {
    let mut rounds: Vec<f64> = (0..9)
        .map(|_| {
            let structure = C::new();
            let mut seconds = 0.0;
            let mut calls = 0_u32;
            while (calls as usize) < SPANS[0].2 {
                let batch = load.spread(BEGIN);
                let start = stopwatch();
                for claim in batch {
                    assert!(structure.claim(black_box(claim)));
                }
                seconds += stopwatch() - start;
                calls += u32::try_from(batch.len()).expect("few");
            }
            seconds * 1e9 / f64::from(calls)
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    rounds[rounds.len() / 2]
}

/// Bytes of memory that this process has in use. Other systems than Linux print none.
fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
    kilobytes.map_or(f64::NAN, |kilobytes| {
        1024.0 * kilobytes.parse::<f64>().expect("a number")
    })
}
