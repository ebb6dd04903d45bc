//! The store in a file compared with the disk's own rate: claims in flight, against as many records
//! appended to a plain file and synced as one.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use apply_cookies_protocol::limits::LIFETIME_MAX_MS;
use apply_cookies_protocol::{Lifetime, Nonce, RedemptionDigest, UnixMillis};
use apply_cookies_replay::{Claim, ClaimAnswer, Clock, FileReplayStore, ReplayStore};
use futures_util::future::join_all;
use rand::Rng;

use crate::folder::Folder;

/// Bytes that a claim adds to the file: a nonce, a digest, and a byte that says which.
const RECORD: usize = 33;

/// Many short rounds: on a machine that does other things too, some of them are undisturbed.
const ROUND: Duration = Duration::from_millis(60);
const ROUNDS: usize = 45;

/// `scale`: how many times less than a whole run.
pub(crate) fn run(scale: usize) {
    let folder = Folder::new();
    println!(
        "store in a file: claims /s with so many in flight; disk: as many records appended, then \
         fdatasync"
    );
    println!(
        "{:>10} {:>10} {:>24} {:>24} {:>14}",
        "entries", "in flight", "claims, median and best", "disk, median and best", "ratio of each"
    );
    let mut disk = Appended::new(&folder.path().join("floor"));
    let path = folder.file();
    for entries in [0, 1_000_000 / scale] {
        let store =
            FileReplayStore::open_with_capacity(&path, Clock::system(), usize::MAX).unwrap();
        while store.len() < entries {
            claims(&store, ROUND, 1024);
        }
        for in_flight in [1, 64, 1024] {
            let held = store.len();
            let (mut ours, mut floor): (Vec<_>, Vec<_>) = (0..ROUNDS.div_ceil(scale))
                .map(|_| {
                    (
                        claims(&store, ROUND, in_flight),
                        disk.records(ROUND, in_flight),
                    )
                })
                .unzip();
            ours.sort_by(f64::total_cmp);
            floor.sort_by(f64::total_cmp);
            let middle = ours.len() / 2;
            let last = ours.len() - 1;
            println!(
                "{held:>10} {in_flight:>10} {:>12.0} {:>11.0} {:>12.0} {:>11.0} {:>7.2} {:>6.2}",
                ours[middle],
                ours[last],
                floor[middle],
                floor[last],
                ours[middle] / floor[middle],
                ours[last] / floor[last],
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

/// Claims per second with this many in flight on one thread, as in a worker of the service.
fn claims(store: &FileReplayStore, time: Duration, in_flight: usize) -> f64 {
    // Late enough for a store of this moment, and long enough for the whole run.
    let issued_at = Clock::system().now().plus(10_000);
    let begun = Instant::now();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let claims: usize = runtime.block_on(async {
        let clients = (0..in_flight).map(|_| async {
            let mut count = 0;
            while begun.elapsed() < time {
                let answer = store.claim(claim(issued_at)).await.unwrap();
                assert!(matches!(answer, ClaimAnswer::Granted { .. }));
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
    let mut claim = Claim::new(
        nonce,
        issued_at,
        issued_at.plus(LIFETIME_MAX_MS),
        Lifetime::from_millis(LIFETIME_MAX_MS).unwrap(),
    );
    claim.redemption = RedemptionDigest::from_id(id);
    claim
}

/// The disk's rate without the store.
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

    /// Records per second, with this many per sync.
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
