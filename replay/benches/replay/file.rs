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

/// At 64 in flight: the least share of the disk's own rate where a sync takes this many
/// microseconds or more (where it takes less, the processor is what is measured), and the most
/// microseconds of processor time.
const GOAL_AT: usize = 64;
const GOAL_SHARE: f64 = 0.4;
const SLOW_SYNC: f64 = 200.0;
const GOAL_PROCESSOR: f64 = 7.0;

/// `scale`: how many times less than a whole run.
pub(crate) fn run(scale: usize) {
    let folder = Folder::new();
    println!(
        "\n| entries | in flight | claims /s | disk /s | a sync, µs | claims / disk | goal | \
         | processor time a claim, µs | goal | |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|");
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
            let rounds: Vec<Round> = (0..ROUNDS.div_ceil(scale))
                .map(|_| Round::measure(&store, &mut disk, in_flight))
                .collect();
            println!("| {held} | {}", row(&rounds, in_flight));
        }
        let held = store.len();
        drop(store);
        let begun = Instant::now();
        drop(FileReplayStore::open_with_capacity(&path, Clock::system(), usize::MAX).unwrap());
        let size = std::fs::metadata(&path).unwrap().len();
        let opened = begun.elapsed().as_secs_f64();
        println!("{held} entries in {size} bytes, opened and closed in {opened:.2} s");
    }
}

/// The store and then the disk.
struct Round {
    claims: f64,
    /// Microseconds of this process for each claim.
    processor: f64,
    records: f64,
}

impl Round {
    fn measure(store: &FileReplayStore, disk: &mut Appended, in_flight: usize) -> Self {
        let (held, begun) = (store.len(), processor_time());
        let claims = claims(store, ROUND, in_flight);
        let used = processor_time() - begun;
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let made = (store.len() - held) as f64;
        Self {
            claims,
            processor: used * 1e6 / made,
            records: disk.records(ROUND, in_flight),
        }
    }
}

fn row(rounds: &[Round], in_flight: usize) -> String {
    let median = |of: &dyn Fn(&Round) -> f64| {
        let mut figures: Vec<f64> = rounds.iter().map(of).collect();
        figures.sort_by(f64::total_cmp);
        figures[figures.len() / 2]
    };
    let share = median(&|round| round.claims / round.records);
    let processor = median(&|round| round.processor);
    #[expect(clippy::cast_precision_loss, reason = "a thousand")]
    let sync = median(&|round| in_flight as f64 * 1e6 / round.records);
    let verdict = |met| if met { "met" } else { "missed" };
    let [share_goal, processor_goal] = if in_flight == GOAL_AT {
        let share = if sync < SLOW_SYNC {
            format!("– | a sync takes less than {SLOW_SYNC} µs")
        } else {
            format!("{GOAL_SHARE} | {}", verdict(share >= GOAL_SHARE))
        };
        let processor = format!(
            "{GOAL_PROCESSOR} | {}",
            verdict(processor <= GOAL_PROCESSOR)
        );
        [share, processor]
    } else {
        ["– |", "– |"].map(str::to_owned)
    };
    format!(
        "{in_flight} | {:.0} | {:.0} | {sync:.0} | {share:.2} | {share_goal} | {processor:.1} | \
         {processor_goal} |",
        median(&|round| round.claims),
        median(&|round| round.records),
    )
}

/// Seconds of processor time that this process has used: its clients and the store's thread.
/// Systems other than Unix say none.
fn processor_time() -> f64 {
    #[cfg(unix)]
    {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
        let time = Duration::try_from(time).expect("not before the start");
        time.as_secs_f64()
    }
    #[cfg(not(unix))]
    f64::NAN
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
        issued_at,
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
