//! The store in a file beside what the disk can do: 64 claims in flight, against 64 records
//! appended to a plain file and synced as one.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use apply_cookies::Clock;
use apply_cookies::protocol::{Nonce, RedemptionDigest};
use apply_cookies::replay::{Claim, ClaimAnswer, FileReplayStore, ReplayStore};
use futures_util::future::join_all;
use rand::Rng;

/// Claims that wait at a time.
const IN_FLIGHT: usize = 64;

/// Bytes that a claim adds to the file: a nonce, a digest, and a byte that says which.
const RECORD: usize = 33;

const ROUND: Duration = Duration::from_millis(500);

pub(crate) fn run() {
    let folder = Folder::new();
    println!(
        "store in a file, {IN_FLIGHT} claims in flight; the disk's own rate is {IN_FLIGHT} records appended, then fdatasync"
    );
    println!(
        "{:>12} {:>12} {:>12} {:>8}",
        "entries", "disk /s", "claims /s", "ratio"
    );
    let mut disk = Appended::new(&folder.0.join("floor"));
    let path = folder.0.join("store");
    for entries in [0, 1_000_000] {
        let store =
            FileReplayStore::open_with_capacity(&path, Clock::system(), usize::MAX).unwrap();
        while store.len() < entries {
            claims_for(&store, ROUND, 4096);
        }
        let mut rounds: Vec<(f64, f64)> = (0..9)
            .map(|_| (disk.rate(ROUND), claims_for(&store, ROUND, IN_FLIGHT)))
            .collect();
        rounds.sort_by(|a, b| (a.1 / a.0).total_cmp(&(b.1 / b.0)));
        let (disk, claims) = rounds[rounds.len() / 2];
        println!(
            "{:>12} {disk:>12.0} {claims:>12.0} {:>8.2}",
            store.len(),
            claims / disk
        );
        println!("{:>12} bytes", std::fs::metadata(&path).unwrap().len());
        drop(store);
        let start = Instant::now();
        drop(FileReplayStore::open(&path, Clock::system()).unwrap());
        println!(
            "{:>12.3} s to open and close again",
            start.elapsed().as_secs_f64()
        );
    }
    let store = FileReplayStore::open_with_capacity(&path, Clock::system(), usize::MAX).unwrap();
    println!(
        "one claim at a time: {:.0} /s",
        claims_for(&store, ROUND, 1)
    );
}

/// Claims per second with so many in flight on one thread, as in a worker of the service.
fn claims_for(store: &FileReplayStore, time: Duration, in_flight: usize) -> f64 {
    let start = Instant::now();
    let claims: usize = actix_web::rt::System::new().block_on(async {
        let clients = (0..in_flight).map(|_| async {
            let mut count = 0;
            while start.elapsed() < time {
                let answer = store.claim(claim()).await.unwrap();
                assert!(matches!(answer, ClaimAnswer::Claimed(_)));
                count += 1;
            }
            count
        });
        join_all(clients).await.into_iter().sum()
    });
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let claims = claims as f64;
    claims / start.elapsed().as_secs_f64()
}

fn claim() -> Claim {
    let mut bytes = [0; 32];
    rand::rng().fill_bytes(&mut bytes);
    let now = Clock::system().now();
    let nonce = Nonce::from_random(bytes[..16].try_into().unwrap());
    // Long enough to stay for the whole run; issued late enough for a store of this moment.
    let issued_at = now.plus(10_000);
    let mut claim = Claim::new(nonce, issued_at, issued_at.plus(600_000));
    claim.redemption = RedemptionDigest::of(&bytes[16..]);
    claim
}

/// What the disk does without us.
struct Appended(File);

impl Appended {
    fn new(path: &Path) -> Self {
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)
            .unwrap();
        Self(file)
    }

    /// Records per second.
    fn rate(&mut self, time: Duration) -> f64 {
        let records = [7; RECORD * IN_FLIGHT];
        let start = Instant::now();
        let mut syncs = 0_u32;
        while start.elapsed() < time {
            self.0.write_all(&records).unwrap();
            self.0.sync_data().unwrap();
            syncs += 1;
        }
        f64::from(syncs) * 64.0 / start.elapsed().as_secs_f64()
    }
}

/// A folder on the disk that the target lies on: a temporary one may be in memory.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let path =
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("replay-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
