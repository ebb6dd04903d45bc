//! Whatever the disk does, and whenever the power fails, the file opens and nothing that was
//! answered is forgotten.
//!
//! `APPLY_COOKIES_FAULTS=full` tries more; `scripts/faults` does.

mod disk;

use std::collections::HashMap;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

use apply_cookies_protocol::limits::LIFETIME_MAX_MS;
use apply_cookies_protocol::{
    BindingCookie, Grant, Lifetime, Nonce, RedemptionDigest, StoreScope, UnixMillis,
};

use self::disk::{Disk, Fault};
use super::journal::Journal;
use super::ledger::Epoch;
use super::{FileReplayStore, OpenError};
use crate::answer::{BarrierAnswer, ClaimAnswer, StoreError};
use crate::capacity::Capacity;
use crate::claim::Claim;
use crate::clock::Clock;
use crate::store::ReplayStore;

const START: u64 = 1_795_000_000_000;

fn at(millis: u64) -> UnixMillis {
    UnixMillis::new(millis).unwrap()
}

fn is_full_run() -> bool {
    std::env::var_os("APPLY_COOKIES_FAULTS").is_some_and(|value| value == "full")
}

/// Numbers that look random and are the same in each run (`SplitMix64`).
struct Dice(u64);

impl Dice {
    fn throw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(value) => return value,
            Poll::Pending => std::thread::park(),
        }
    }
}

/// A store on such a disk, and the hands of its clock.
struct Rig {
    store: FileReplayStore,
    hands: Arc<AtomicU64>,
}

impl Rig {
    fn open(disk: &Disk, now: u64) -> Result<Self, OpenError> {
        let (journal, ledger) = Journal::open(disk.clone())?;
        let hands = Arc::new(AtomicU64::new(now));
        let clock = {
            let hands = hands.clone();
            Clock::from_fn(move || at(hands.load(Ordering::SeqCst)))
        };
        let store =
            FileReplayStore::start(journal, ledger, None, clock, Capacity::DEFAULT).unwrap();
        Ok(Self { store, hands })
    }

    fn claim(&self, claim: Claim) -> Result<ClaimAnswer, StoreError> {
        wait(self.store.claim(claim))
    }
}

/// A new store's file.
fn new_file() -> Vec<u8> {
    let disk = Disk::with(Vec::new(), Fault::None);
    let epoch = Epoch {
        scope: StoreScope::from_random([9; 16]),
        horizon: at(START - 60_000),
    };
    Journal::create(disk.clone(), epoch).unwrap();
    disk.after_a_kill()
}

/// The token with this number, under redemption id 1. Every seventh signs its browser out.
fn token(number: u32, now: u64) -> Claim {
    let mut nonce = [0; 16];
    nonce[..4].copy_from_slice(&number.to_le_bytes());
    let lifetime = [1_000, 60_000, LIFETIME_MAX_MS][number as usize % 3];
    let mut claim = Claim::new(
        Nonce::from_random(nonce),
        at(now),
        at(now + lifetime),
        Lifetime::from_millis(LIFETIME_MAX_MS).unwrap(),
        at(now),
    );
    claim.barrier = number.is_multiple_of(7);
    claim.binding =
        Some(BindingCookie::from_random([u8::try_from(number % 251).unwrap(); 32]).digest());
    claim.redemption = RedemptionDigest::from_id(b"1");
    claim
}

/// The end of a run: the claims that were answered, and those that may have been.
#[derive(Default)]
struct Run {
    answered: Vec<Claim>,
    unknown: Vec<Claim>,
    ended_at: u64,
}

/// Claims in batches, while time passes and old claims are forgotten, until something fails.
fn run(disk: &Disk, batches: u32, batch: u32) -> Run {
    let mut run = Run {
        ended_at: START,
        ..Run::default()
    };
    let Ok(rig) = Rig::open(disk, START) else {
        return run;
    };
    for n in 0..batches {
        let now = START + u64::from(n) * 4_000;
        run.ended_at = now;
        rig.hands.store(now, Ordering::SeqCst);
        let claims: Vec<_> = (0..batch).map(|i| token(n * batch + i, now)).collect();
        let answers: Vec<_> = claims.iter().map(|claim| rig.store.claim(*claim)).collect();
        for (claim, answer) in claims.into_iter().zip(answers) {
            match wait(answer) {
                Ok(ClaimAnswer::Granted {
                    grant: Grant::First,
                    barrier: BarrierAnswer::Raised | BarrierAnswer::NotAsked,
                }) => run.answered.push(claim),
                // Signed out by one of the same moment.
                Ok(ClaimAnswer::BehindBarrier) => {}
                Ok(answer) => panic!("a fresh nonce: {answer:?}"),
                Err(StoreError::Broken(_)) => run.unknown.push(claim),
                Err(error) => panic!("{error:?}"),
            }
        }
        if !run.unknown.is_empty() {
            // It stays broken, though the disk may work again.
            let fresh = token(u32::MAX, now);
            assert!(matches!(rig.claim(fresh), Err(StoreError::Broken(_))));
            assert!(matches!(
                wait(rig.store.horizon()),
                Err(StoreError::Broken(_))
            ));
            return run;
        }
    }
    run
}

/// Opens the file that a fault left, and claims everything again.
fn check(file: Vec<u8>, run: &Run, what: &str) {
    let disk = Disk::with(file, Fault::None);
    let rig = Rig::open(&disk, run.ended_at)
        .unwrap_or_else(|error| panic!("{what}: it does not open: {error:?}"));
    let horizon = wait(rig.store.horizon()).unwrap();
    assert_eq!(horizon, at(START - 60_000), "{what}");
    assert_eq!(rig.store.scope(), Some(StoreScope::from_random([9; 16])));
    let mut owners: HashMap<_, _> = HashMap::new();
    for claim in &run.answered {
        owners.insert(claim.nonce, claim.redemption);
    }
    for id in ["2", "1", "2"] {
        let redemption = RedemptionDigest::from_id(id.as_bytes());
        let asked: Vec<_> = run.answered.iter().chain(&run.unknown).collect();
        let answers: Vec<_> = (asked.iter())
            .map(|claim| {
                rig.store.claim(Claim {
                    redemption,
                    ..**claim
                })
            })
            .collect();
        for (claim, answer) in asked.into_iter().zip(answers) {
            let answer = wait(answer).unwrap();
            if matches!(answer, ClaimAnswer::Granted { .. }) {
                let owner = owners.entry(claim.nonce).or_insert(redemption);
                assert_eq!(*owner, redemption, "{what}: given away twice");
            } else if claim.expires_at > at(run.ended_at) && !claim.barrier {
                // It is refused for a reason, not because everything is lost.
                let is_owner = owners.get(&claim.nonce) == Some(&redemption);
                let signed_out = answer == ClaimAnswer::BehindBarrier;
                assert!(!is_owner || signed_out, "{what}: {answer:?}");
            }
        }
    }
    // A sign-out that was answered holds.
    for claim in run.answered.iter().filter(|claim| claim.barrier) {
        let mut older = Claim {
            nonce: Nonce::from_random([0xEE; 16]),
            issued_at: claim.issued_at.minus(1),
            ..*claim
        };
        older.barrier = false;
        let answer = rig.claim(older).unwrap();
        // Or its generation is forgotten, with all tokens that it could refuse.
        let refused = [ClaimAnswer::BehindBarrier, ClaimAnswer::BeforeHorizon].contains(&answer);
        assert!(refused, "{what}: {answer:?}");
    }
}

/// After a kill, and after power cuts that leave nothing, everything, or some sectors of what was
/// not synced.
fn check_all_survivors(disk: &Disk, run: &Run, what: &str) {
    check(disk.after_a_kill(), run, &format!("{what}, killed"));
    check(
        disk.after_a_power_cut(|| false),
        run,
        &format!("{what}, nothing left"),
    );
    let subsets = if is_full_run() { 16 } else { 2 };
    for seed in 0..subsets {
        let mut dice = Dice(seed);
        let odds = [2, 8, 2, 1 + seed][usize::try_from(seed % 4).unwrap()];
        let file = match seed % 2 {
            0 => disk.after_a_power_cut(|| dice.throw().is_multiple_of(odds)),
            _ => disk.after_a_power_cut(|| !dice.throw().is_multiple_of(odds)),
        };
        check(file, run, &format!("{what}, torn with seed {seed}"));
    }
}

/// Batches, claims in each, and at which operations a short run stops: small batches at each one,
/// and some that make the file grow.
const SHAPES: [(u32, u32, usize); 2] = [(6, 5, 1), (3, 500, 11)];

#[test]
fn no_operation_that_fails_or_is_the_last_loses_a_claim() {
    let mut tried = 0;
    for (batches, batch, step) in SHAPES {
        let step = if is_full_run() { 1 } else { step };
        for fault in [Fault::Stop as fn(u64) -> Fault, Fault::Once] {
            for n in (0..).step_by(step) {
                let disk = Disk::with(new_file(), fault(n));
                let run = run(&disk, batches, batch);
                check_all_survivors(&disk, &run, &format!("{:?}", fault(n)));
                if !disk.has_failed() {
                    break;
                }
                tried += 1;
            }
        }
    }
    println!(
        "table: {tried} operations of the disk that failed, or were the last before the power went | 0 doubles, always opens"
    );
    assert!(tried > 50, "{tried}");
}

#[test]
fn a_disk_that_is_full_loses_no_claim() {
    let (batches, batch, step) = SHAPES[1];
    let whole = Disk::with(new_file(), Fault::None);
    let blocks = whole.counts().2;
    run(&whole, batches, batch);
    let more = whole.counts().2;
    assert!(more > blocks + 10, "the file grows: {blocks}, {more}");
    let step = if is_full_run() { 1 } else { step };
    let (mut tried, mut full) = (0, 0);
    for limit in (blocks..more).step_by(step) {
        let disk = Disk::with(new_file(), Fault::Full(limit));
        let run = run(&disk, batches, batch);
        full += usize::from(disk.has_failed());
        check_all_survivors(&disk, &run, &format!("{:?}", Fault::Full(limit)));
        tried += 1;
    }
    println!("table: {full} disks that were full, each at another block | 0 doubles, always opens");
    // What is claimed together depends on the machine: one run may take a block less than another.
    assert!(full + 2 >= tried, "{full} of {tried}");
}

#[test]
fn a_batch_is_one_sync() {
    let disk = Disk::with(new_file(), Fault::None);
    let rig = Rig::open(&disk, START).unwrap();
    rig.claim(token(1, START)).unwrap(); // what opening does is done
    let (_, before, _) = disk.counts();
    for n in 2..12 {
        rig.claim(token(n, START)).unwrap();
    }
    let (_, after, _) = disk.counts();
    assert_eq!(after - before, 10);
    // A retry depends on what is already on the disk.
    assert_eq!(
        rig.claim(token(1, START)).unwrap(),
        ClaimAnswer::Granted {
            grant: Grant::Retry,
            barrier: BarrierAnswer::NotAsked,
        }
    );
    assert_eq!(disk.counts().1, after);
}
