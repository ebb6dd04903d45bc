//! Minting and verifying a token of three cookies, beside other crates' tokens of the same
//! operations and beside what the cryptography alone costs.
//!
//! All contenders take turns in short rounds, and a ratio is the median of the rounds' own ratios,
//! so that a change of the machine's speed meets both sides. The processor time of this thread is
//! counted, so that other work on the machine is not.

mod floor;
mod ours;
mod peers;

use std::hint::black_box;
use std::time::SystemTime;

use apply_cookies::protocol::UnixMillis;
use rand::Rng;

use floor::Floor;
use ours::Ours;
use peers::{Biscotti, FernetCrate, Jwt, Paseto, Payload, Peer, PrivateJar, SignedJar};

/// Name, value and Max-Age of what every token carries; the rest of each cookie is the default.
const COOKIES: [(&str, &str, Option<u64>); 3] = [
    ("session", "Zk3vT0pQ8sX1yB6nM4cJ7wL2hG5dF9aR", Some(3600)),
    ("csrf", "nM4cJ7wL2hG5dF9aRZk3vT", None),
    ("theme", "dark", Some(31_536_000)),
];

/// An hour: the run takes longer than a minute.
const LIFETIME_MS: u64 = 3_600_000;

const GOALS: [(&str, &str, f64); 4] = [
    ("signed mint", "SignedJar mint", 4.0),
    ("signed verify", "SignedJar verify", 4.0),
    ("encrypted mint", "PrivateJar mint", 3.0),
    ("encrypted verify", "PrivateJar verify", 4.0),
];

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::rng().fill_bytes(&mut bytes);
    bytes
}

fn now() -> UnixMillis {
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .expect("after 1970");
    let millis = u64::try_from(since.as_millis()).expect("before 9999");
    UnixMillis::new(millis).expect("before 9999")
}

/// Seconds of processor time that this thread has used.
#[cfg(unix)]
fn stopwatch() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    std::time::Duration::try_from(time)
        .expect("not before the start")
        .as_secs_f64()
}

#[cfg(not(unix))]
fn stopwatch() -> f64 {
    static START: std::sync::LazyLock<std::time::Instant> =
        std::sync::LazyLock::new(std::time::Instant::now);
    START.elapsed().as_secs_f64()
}

#[derive(Default)]
struct Contest<'c> {
    contenders: Vec<(String, Box<dyn FnMut() + 'c>)>,
}

impl<'c> Contest<'c> {
    fn enter<T>(&mut self, name: impl Into<String>, mut call: impl FnMut() -> T + 'c) {
        let call = move || drop(black_box(call()));
        self.contenders.push((name.into(), Box::new(call)));
    }

    /// A way of making tokens, and of opening what it made.
    fn enter_pair<T>(
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

    /// Runs all in turns, and gives the nanoseconds per call of each in each round.
    fn run(mut self, rounds: usize) -> Times {
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
struct Times(Vec<(String, Vec<f64>)>);

impl Times {
    fn of(&self, name: &str) -> &[f64] {
        let found = self.0.iter().find(|(key, _)| key == name);
        &found.expect("measured").1
    }

    /// How many times as long `one` takes as `other`.
    fn ratio(&self, one: &str, other: &str) -> f64 {
        let rounds = self.of(one).iter().zip(self.of(other));
        median(rounds.map(|(one, other)| one / other).collect())
    }
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

fn main() {
    // `cargo bench` says so; `cargo test --benches` only wants to see that it runs.
    let rounds = if std::env::args().any(|argument| argument == "--bench") {
        301
    } else {
        1
    };
    let ours = Ours::new();
    let peers: [(&str, Box<dyn Peer>); 7] = [
        ("SignedJar", Box::new(SignedJar::new())),
        ("PrivateJar", Box::new(PrivateJar::new())),
        ("biscotti signed", Box::new(Biscotti::signed())),
        ("biscotti encrypted", Box::new(Biscotti::encrypted())),
        ("jsonwebtoken HS256", Box::new(Jwt::new())),
        ("pasetors v4.local", Box::new(Paseto::new())),
        ("fernet crate", Box::new(FernetCrate::new())),
    ];

    let mut contest = Contest::default();
    println!("three cookies: characters of a token");
    for (name, encrypted, bound) in [
        ("signed", false, false),
        ("encrypted", true, false),
        ("encrypted, bound", true, true),
    ] {
        let ours = &ours;
        let mut buffer = Vec::new();
        contest.enter_pair(
            name,
            move || ours.mint(encrypted, bound),
            move |token| ours.verify(token, &mut buffer),
        );
    }
    let token = ours.mint(true, false);
    let mut buffer = Vec::new();
    let redeemer = &ours;
    contest.enter("encrypted to lines", move || {
        redeemer.redeem(&token, &mut buffer)
    });
    for (name, peer) in &peers {
        let mut payload = Payload::new();
        contest.enter_pair(
            name,
            move || peer.mint(&mut payload),
            |token| peer.verify(token),
        );
    }
    for (name, encrypted) in [("signed", false), ("encrypted", true)] {
        let mut floor = Floor::below(&ours.mint(encrypted, false), encrypted);
        contest.enter(format!("{name} mint, floor"), move || floor.mint());
        let mut floor = Floor::below(&ours.mint(encrypted, false), encrypted);
        contest.enter(format!("{name} verify, floor"), move || floor.verify());
    }
    report(&contest.run(rounds));
}

fn report(times: &Times) {
    println!("\nnanoseconds of processor time, medians of interleaved rounds");
    for (name, rounds) in &times.0 {
        println!("  {name:<28}{:>8.0}", median(rounds.clone()));
    }
    println!("\nhow many times as long as ours: mint, verify");
    for (mine, peer) in [
        ("signed", "SignedJar"),
        ("signed", "biscotti signed"),
        ("signed", "jsonwebtoken HS256"),
        ("encrypted", "PrivateJar"),
        ("encrypted", "biscotti encrypted"),
        ("encrypted", "pasetors v4.local"),
        ("encrypted", "fernet crate"),
    ] {
        let [mint, verify] = ["mint", "verify"]
            .map(|step| times.ratio(&format!("{peer} {step}"), &format!("{mine} {step}")));
        println!("  {peer:<20} / {mine:<12}{mint:>8.2}{verify:>8.2}");
    }
    println!("\ngoals");
    for (mine, peer, goal) in GOALS {
        let ratio = times.ratio(peer, mine);
        let met = if ratio >= goal { "met" } else { "missed" };
        println!("  {peer:<20} / {mine:<18}{ratio:>6.2}  {goal} {met}");
    }
    println!("\nshare of the floor (cryptography, base64, clock and randomness alone)");
    for (mine, _, _) in GOALS {
        let share = 100.0 * times.ratio(&format!("{mine}, floor"), mine);
        println!("  {mine:<20}{share:>5.0} %");
    }
}
