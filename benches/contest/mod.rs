//! Shared by the benchmarks: contenders take turns in short rounds, so that a change of the
//! machine's speed affects all of them, and only this thread's processor time is counted, not other
//! work.

mod floor;
#[path = "../../replay/benches/replay/stopwatch.rs"]
mod stopwatch;

use std::hint::black_box;
use std::time::SystemTime;

use apply_cookies::protocol::UnixMillis;
use rand::Rng;

pub(crate) use floor::Floor;
use stopwatch::stopwatch;

pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::rng().fill_bytes(&mut bytes);
    bytes
}

pub(crate) fn now() -> UnixMillis {
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .expect("after 1970");
    let millis = u64::try_from(since.as_millis()).expect("before 9999");
    UnixMillis::new(millis).expect("before 9999")
}

#[derive(Default)]
pub(crate) struct Contest<'c> {
    contenders: Vec<(String, Box<dyn FnMut() + 'c>)>,
}

impl<'c> Contest<'c> {
    pub(crate) fn enter<T>(&mut self, name: impl Into<String>, mut call: impl FnMut() -> T + 'c) {
        let call = move || drop(black_box(call()));
        self.contenders.push((name.into(), Box::new(call)));
    }

    /// A way to make tokens, and to open them.
    pub(crate) fn enter_pair<T>(
        &mut self,
        name: &str,
        mut mint: impl FnMut() -> String + 'c,
        mut verify: impl FnMut(&str) -> T + 'c,
    ) {
        let token = mint();
        println!("  {name:<22}{:>8}", token.len());
        self.enter(format!("{name} mint"), mint);
        self.enter(format!("{name} verify"), move || verify(&token));
    }

    /// Runs all in turns, and returns the nanoseconds per call for each in each round.
    pub(crate) fn run(mut self, rounds: usize) -> Times {
        const CALLS: u32 = 500;
        let mut times = vec![Vec::with_capacity(rounds); self.contenders.len()];
        for _ in 0..rounds {
            for ((_, call), times) in self.contenders.iter_mut().zip(&mut times) {
                let start = stopwatch();
                for _ in 0..CALLS {
                    call();
                }
                times.push((stopwatch() - start) * 1e9 / f64::from(CALLS));
            }
        }
        let names = self.contenders.into_iter().map(|(name, _)| name);
        Times(names.zip(times).collect())
    }
}

/// Each contender's nanoseconds, round by round.
pub(crate) struct Times(Vec<(String, Vec<f64>)>);

impl Times {
    fn of(&self, name: &str) -> &[f64] {
        let found = self.0.iter().find(|(key, _)| key == name);
        &found.expect("measured").1
    }

    /// How many times as long `one` takes as `other`.
    pub(crate) fn ratio(&self, one: &str, other: &str) -> f64 {
        let rounds = self.of(one).iter().zip(self.of(other));
        median(rounds.map(|(one, other)| one / other).collect())
    }
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

/// Enough rounds for steady medians; `cargo test --benches` only checks that it runs.
pub(crate) fn rounds() -> usize {
    let measured = std::env::args().any(|argument| argument == "--bench");
    if measured { 301 } else { 1 }
}

impl Times {
    /// Prints the median of each contender.
    pub(crate) fn print(&self) {
        println!("\nnanoseconds of processor time, medians of interleaved rounds");
        for (name, rounds) in &self.0 {
            println!("  {name:<28}{:>8.0}", median(rounds.clone()));
        }
    }
}

/// The name of another crate's contender, the name of the equivalent one in this project, and the
/// goals, if any: the other's time divided by this one's, to mint and to verify.
pub(crate) type Rival = (&'static str, &'static str, Option<[f64; 2]>);

impl Times {
    /// Prints the ratios as rows of Markdown: `docs/speed.md` has them.
    pub(crate) fn print_ratios(&self, rivals: &[Rival]) {
        println!("\n| rival / ours | times as long | goal | |");
        println!("|---|---|---|---|");
        for (rival, mine, goals) in rivals {
            for (nth, step) in ["mint", "verify"].into_iter().enumerate() {
                let (rival, mine) = (format!("{rival} {step}"), format!("{mine} {step}"));
                let ratio = self.ratio(&rival, &mine);
                let (goal, verdict) = match goals.map(|goals| goals[nth]) {
                    Some(goal) if ratio >= goal => (goal.to_string(), "met"),
                    Some(goal) => (goal.to_string(), "missed"),
                    None => ("–".to_owned(), ""),
                };
                println!("| {rival} / {mine} | {ratio:.2} | {goal} | {verdict} |");
            }
        }
    }
}
