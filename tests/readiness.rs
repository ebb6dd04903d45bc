//! Clocks that do not fit together are said: in words, once in the log, and as gauges.

use std::cell::RefCell;
use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Once};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use apply_cookies::protocol::{Lifetime, Nonce};
use apply_cookies::replay::{Claim, MemoryReplayStore, ReplayStore};
use apply_cookies::{ApplyCookies, Clock, Readiness, Secrets, UnixMillis};
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};

const START: u64 = 1_795_000_000_000;
const DAY: i64 = 86_400_000;

/// A machine: its wall clock can be set.
#[derive(Clone, Default)]
struct Machine {
    /// Milliseconds since the start.
    elapsed: Arc<AtomicU64>,
    set: Arc<AtomicI64>,
}

impl Machine {
    fn clock(&self) -> Clock {
        let (machine, other) = (self.clone(), self.clone());
        Clock::steady(
            move || {
                let right = START + machine.elapsed.load(Ordering::SeqCst);
                let wall = right.saturating_add_signed(machine.set.load(Ordering::SeqCst));
                UnixMillis::new(wall).unwrap()
            },
            move || Duration::from_millis(other.elapsed.load(Ordering::SeqCst)),
        )
    }

    fn wait(&self, millis: u64) {
        self.elapsed.fetch_add(millis, Ordering::SeqCst);
    }

    /// How far the wall clock is off the time since the start.
    fn set(&self, off: i64) {
        self.set.store(off, Ordering::SeqCst);
    }
}

/// The stores here answer at once.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("it waits"),
    }
}

fn deployment(clock: Clock) -> ApplyCookies {
    start_logging();
    ApplyCookies::builder(Secrets::random())
        .origin("https://app.example")
        .clock(clock)
        .build()
        .unwrap()
}

fn readiness(apply: &ApplyCookies) -> Readiness {
    now(apply.readiness()).unwrap()
}

thread_local! {
    /// The log's lines at WARN of this thread's test.
    static LOG: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

struct Log;

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        LOG.with_borrow_mut(|log| log.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// One subscriber for all threads, before any of them logs: what another thread has found to be of no
/// interest is cached.
fn start_logging() {
    static STARTED: Once = Once::new();
    STARTED.call_once(|| {
        tracing_subscriber::fmt()
            .with_max_level(tracing_subscriber::filter::LevelFilter::WARN)
            .with_ansi(false)
            .with_writer(|| Log)
            .init();
    });
}

fn logged() -> Vec<String> {
    let text = String::from_utf8(LOG.take()).unwrap();
    text.lines().map(str::to_owned).collect()
}

fn gauge(snapshotter: &Snapshotter, name: &str) -> f64 {
    let metrics = snapshotter.snapshot().into_vec();
    let found = metrics
        .into_iter()
        .find(|(key, ..)| key.key().name() == name);
    match found {
        Some((_, _, _, DebugValue::Gauge(value))) => value.into_inner(),
        other => panic!("{name}: {other:?}"),
    }
}

#[test]
fn a_clock_that_is_set_back_by_more_than_the_skew_is_not_ready_and_says_by_how_much() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    metrics::with_local_recorder(&recorder, || {
        for (off, back) in [
            (0, 0),
            (DAY, 0), // set forward: followed
            (-1, 0),
            (-5_000, 0),
            (-5_001, 6),
            (-6_000, 6),
            (-60_000, 60),
            (-3_600_000, 3_600),
            (-DAY, 86_400),
            (-400 * DAY, 34_560_000),
        ] {
            let machine = Machine::default();
            let apply = deployment(machine.clock());
            machine.wait(10_000);
            assert_eq!(readiness(&apply), Readiness::Ready);
            machine.set(off);
            // It does not pass by itself.
            for wait in [0, 1_000, 3_600_000] {
                machine.wait(wait);
                let readiness = readiness(&apply);
                let gauge = gauge(&snapshotter, "apply_cookies_clock_set_back_seconds");
                if back == 0 {
                    assert_eq!(readiness, Readiness::Ready, "{off} ms");
                } else {
                    let by = Duration::from_millis(off.unsigned_abs());
                    assert_eq!(readiness, Readiness::ClockSetBack { by }, "{off} ms");
                    let words = readiness.to_string();
                    assert!(words.contains(&format!("{back} seconds")), "{words}");
                    assert!((gauge - by.as_secs_f64()).abs() < 0.01, "{gauge}");
                }
            }
            machine.set(0);
            assert_eq!(readiness(&apply), Readiness::Ready, "set forward again");
        }
    });
}

#[test]
fn a_clock_that_jumped_ahead_and_came_back_counts_as_right() {
    let machine = Machine::default();
    let apply = deployment(machine.clock());
    machine.wait(10_000);
    machine.set(3_600_000);
    assert_eq!(readiness(&apply), Readiness::Ready);
    machine.set(0);
    assert_eq!(readiness(&apply), Readiness::Ready);
}

#[test]
fn each_step_back_is_said_once_and_not_with_every_request() {
    let machine = Machine::default();
    let apply = deployment(machine.clock());
    machine.wait(10_000);
    for off in [0, -60_000, -60_000, -3_600_000, 0, -60_000] {
        machine.set(off);
        for _ in 0..100 {
            let _ = readiness(&apply);
        }
    }
    let lines = logged();
    let said = |line: &&String| line.contains("set back");
    assert_eq!(lines.iter().filter(said).count(), 3, "{lines:#?}");
    assert_eq!(lines.len(), 3, "{lines:#?}");
    assert!(lines[0].contains("seconds=60") && lines[1].contains("seconds=3600"));
}

#[test]
fn a_store_that_began_or_forgot_ahead_of_the_clock_says_how_long_it_refuses() {
    for ahead in [
        1_000,
        60_000,
        3_600_000,
        DAY.unsigned_abs(),
        30 * DAY.unsigned_abs(),
    ] {
        let hands = Arc::new(AtomicU64::new(START + ahead));
        let shown = hands.clone();
        let clock = Clock::from_fn(move || UnixMillis::new(shown.load(Ordering::SeqCst)).unwrap());
        let store = Arc::new(MemoryReplayStore::new(clock.clone()));
        start_logging();
        let apply = ApplyCookies::builder(Secrets::random())
            .origin("https://app.example")
            .clock(clock)
            .replay_store(store.clone())
            .build()
            .unwrap();
        let begins = Readiness::StoreBegins {
            ready_in: Duration::from_secs(5),
        };
        assert_eq!(readiness(&apply), begins);
        hands.store(START, Ordering::SeqCst);
        let ready_in = Duration::from_millis(ahead + 5_000);
        let behind = readiness(&apply);
        assert_eq!(behind, Readiness::StoreAhead { ready_in });
        let words = format!("ready in {} seconds", ready_in.as_secs());
        assert!(behind.to_string().ends_with(&words), "{behind}");
        hands.store(START + ahead + 5_000, Ordering::SeqCst);
        assert_eq!(readiness(&apply), Readiness::Ready);

        // It has begun long ago, and forgets while the clock is ahead.
        let claim = |nonce, issued: u64| {
            let issued = UnixMillis::new(issued).unwrap();
            let nonce = Nonce::from_random([nonce; 16]);
            Claim::new(
                nonce,
                issued,
                issued.plus(60_000),
                Lifetime::default(),
                issued,
            )
        };
        let now_is = START + ahead + 100_000;
        for (n, jump) in (1..).zip([0, 10 * DAY.unsigned_abs(), 11 * DAY.unsigned_abs()]) {
            hands.store(now_is + jump, Ordering::SeqCst);
            now(store.claim(claim(n, now_is + jump))).unwrap();
        }
        hands.store(now_is, Ordering::SeqCst);
        let Readiness::StoreAhead { ready_in } = readiness(&apply) else {
            panic!("it says that it is ready");
        };
        assert_eq!(ready_in.as_secs() / 86_400, 10);
    }
}
