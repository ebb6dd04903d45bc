//! Revocations in memory: the cost of a look-up with nothing revoked and with a million entries, of a
//! revocation, and the memory of an entry.
//!
//! ```sh
//! cargo bench -p apply-cookies-replay --bench revocations
//! ```

#![expect(clippy::disallowed_methods, reason = "random loads")]

#[path = "../replay/stopwatch.rs"]
mod stopwatch;

use std::hint::black_box;
use std::sync::Arc;

use apply_cookies_protocol::UnixMillis;
use apply_cookies_replay::{
    Clock, MemoryRevocations, Revocation, RevocationDigest, Revocations, SessionCheck,
    SessionLength, Standing, Subject, Subjects,
};
use futures_util::FutureExt;
use rand::Rng;
use stopwatch::stopwatch;

const ENTRIES: usize = 1_000_000;
const LOOK_UPS: usize = 200_000;
const ROUNDS: usize = 7;

fn main() {
    // `cargo test --benches` only wants to see that it runs.
    let scale = if std::env::args().any(|argument| argument == "--bench") {
        1
    } else {
        100
    };
    let before = resident();
    let store = MemoryRevocations::new(Clock::system());
    let empty = resident() - before;
    let store: Arc<dyn Revocations> = Arc::new(store);
    let mut none = Vec::new();
    for _ in 0..ROUNDS {
        none.push(look_up(&*store, LOOK_UPS / scale));
    }
    let before = resident();
    let begun = stopwatch();
    fill(&*store, ENTRIES / scale);
    let revoke = nanos(begun, ENTRIES / scale);
    let grown = resident() - before;
    let mut million = Vec::new();
    for _ in 0..ROUNDS {
        million.push(look_up(&*store, LOOK_UPS / scale));
    }
    let (none, million) = (median(none), median(million));
    println!(
        "table: a look-up of three digests, none revoked: {none:.0} ns with 0 entries, {million:.0} ns with {} ({:.2} times)",
        ENTRIES / scale,
        million / none
    );
    #[expect(clippy::cast_precision_loss, reason = "a figure")]
    let bytes = (grown + empty) as f64 / (ENTRIES / scale) as f64;
    println!(
        "table: a revocation {revoke:.0} ns; {bytes:.1} bytes an entry, of which {} kB from the beginning",
        empty / 1000
    );
}

/// Nanoseconds of a look-up, of sessions that were not revoked.
fn look_up(store: &dyn Revocations, count: usize) -> f64 {
    let since = store.now().now_or_never().expect("in memory").expect("now");
    let sessions: Vec<_> = (0..count).map(|_| session(store, since)).collect();
    let begun = stopwatch();
    for session in &sessions {
        let standing = store.check(*session).now_or_never().expect("in memory");
        assert!(matches!(black_box(standing), Ok(Standing::Valid)));
    }
    nanos(begun, count)
}

/// Of one secret: the session, its browser, its person.
fn session(store: &dyn Revocations, since: UnixMillis) -> SessionCheck {
    let subjects = [
        Subject::Absolute(digest()),
        Subject::Timed(digest()),
        Subject::Timed(digest()),
    ];
    let mut session = SessionCheck::new(since, Subjects::new(&subjects).expect("three"));
    session.scope = store.scope();
    session
}

fn digest() -> RevocationDigest {
    let mut bytes = [0; 16];
    rand::rng().fill_bytes(&mut bytes);
    RevocationDigest::from_bytes(bytes)
}

fn fill(store: &dyn Revocations, entries: usize) {
    let longest = SessionLength::from_millis(43_200_000).expect("half a day");
    for _ in 0..entries {
        let revocation = Revocation::new(Subject::Timed(digest()), longest);
        let revoked = store.revoke(revocation).now_or_never().expect("in memory");
        revoked.expect("not full");
    }
}

#[expect(clippy::cast_precision_loss, reason = "a figure")]
fn nanos(begun: f64, count: usize) -> f64 {
    (stopwatch() - begun) * 1e9 / count as f64
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// Bytes of this process in memory.
fn resident() -> usize {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = text.split_whitespace().nth(1).and_then(|n| n.parse().ok());
    pages.unwrap_or(0_usize) * 4096
}
