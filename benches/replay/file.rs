//! The store in a file beside what the disk can do: claims in flight, against as many records
//! appended to a plain file and synced as one.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use apply_cookies::protocol::{Nonce, RedemptionDigest, UnixMillis};
use apply_cookies::replay::{Claim, ClaimAnswer, FileReplayStore, ReplayStore};
use apply_cookies::{Clock, protocol::limits::LIFETIME_MAX_MS};
use futures_util::future::join_all;
use rand::Rng;

/// Bytes that a claim adds to the file: a nonce, a digest, and a byte that says which.
const RECORD: usize = 33;

const WHOLE_ROUND: Duration = Duration::from_millis(400);
const ROUNDS: usize = 9;

/// `scale`: how many times less than a whole run.
pub(crate) fn run(scale: usize) {
    let round = WHOLE_ROUND / u32::try_from(scale).unwrap_or(u32::MAX);
    let folder = Folder::new();
    println!(
        "store in a file: claims /s, and records /s of the disk: as many appended, then fdatasync"
    );
    println!(
        "{:>10} {:>10} {:>12} {:>12} {:>7}",
        "entries", "in flight", "claims", "disk", "ratio"
    );
    let mut disk = Appended::new(&folder.0.join("floor"));
    let path = folder.0.join("store");
    for entries in [0, 1_000_000 / scale] {
        let store =
            FileReplayStore::open_with_capacity(&path, Clock::system(), usize::MAX).unwrap();
        while store.len() < entries {
            claims(&store, round, 1024);
        }
        for in_flight in [1, 64, 1024] {
            let held = store.len();
            let mut rounds: Vec<(f64, f64)> = (0..ROUNDS)
                .map(|_| {
                    (
                        claims(&store, round, in_flight),
                        disk.records(round, in_flight),
                    )
                })
                .collect();
            rounds.sort_by(|a, b| (a.0 / a.1).total_cmp(&(b.0 / b.1)));
            let (ours, floor) = rounds[ROUNDS / 2];
            println!(
                "{held:>10} {in_flight:>10} {ours:>12.0} {floor:>12.0} {:>7.2}",
                ours / floor
            );
        }
        let held = store.len();
        drop(store);
        let begun = Instant::now();
        drop(FileReplayStore::open_with_capacity(&path, Clock::system(), usize::MAX).unwrap());
        println!(
            "{held:>10} entries in {} bytes, opened and closed in {:.2} s",
            std::fs::metadata(&path).unwrap().len(),
            begun.elapsed().as_secs_f64()
        );
    }
}

/// Claims per second with so many in flight on one thread, as in a worker of the service.
fn claims(store: &FileReplayStore, time: Duration, in_flight: usize) -> f64 {
    // Late enough for a store of this moment, and long enough for the whole run.
    let issued_at = Clock::system().now().plus(10_000);
    let begun = Instant::now();
    let claims: usize = actix_web::rt::System::new().block_on(async {
        let clients = (0..in_flight).map(|_| async {
            let mut count = 0;
            while begun.elapsed() < time {
                let answer = store.claim(claim(issued_at)).await.unwrap();
                assert!(matches!(answer, ClaimAnswer::Claimed(_)));
                count += 1;
            }
            count
        });
        join_all(clients).await.into_iter().sum()
    });
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let claims = claims as f64;
    claims / begun.elapsed().as_secs_f64()
}

fn claim(issued_at: UnixMillis) -> Claim {
    let mut bytes = [0; 32];
    rand::rng().fill_bytes(&mut bytes);
    let (nonce, id) = bytes.split_at(16);
    let nonce = Nonce::from_random(nonce.try_into().unwrap());
    let mut claim = Claim::new(nonce, issued_at, issued_at.plus(LIFETIME_MAX_MS));
    claim.redemption = RedemptionDigest::of(id);
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

    /// Records per second, so many with each sync.
    fn records(&mut self, time: Duration, each: usize) -> f64 {
        let records = vec![7; RECORD * each];
        let begun = Instant::now();
        let mut count = 0;
        while begun.elapsed() < time {
            self.0.write_all(&records).unwrap();
            self.0.sync_data().unwrap();
            count += each;
        }
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let count = count as f64;
        count / begun.elapsed().as_secs_f64()
    }
}

/// A folder on the disk that the target lies on: a temporary one may be in memory.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let name = format!("bench-{}", std::process::id());
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
