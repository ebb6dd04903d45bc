//! The store in a file: the contract, and mistakes that only a file can make. Failures of the disk
//! are in `faults/`.
//!
//! `APPLY_COOKIES_FAULTS=full` runs more schedules; `scripts/faults` does.

#[path = "support/folder.rs"]
mod folder;
#[path = "support/tokens.rs"]
mod tokens;

use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use apply_cookies_protocol::Nonce;
use apply_cookies_replay::conformance::{self, StoreMaker};
use apply_cookies_replay::{
    Barrier, BarrierAnswer, BarrierFuture, Claim, ClaimAnswer, ClaimFuture, ClaimListener, Clock,
    FileReplayStore, FileStoreError, HorizonFuture, ReplayStore, StoreError, StoreFuture,
};
use folder::Folder;
use redb::ReadableDatabase;
use tokens::{FIRST, START, at, claim, clock};

/// A store in its own folder.
struct Kept {
    store: FileReplayStore,
    folder: Folder,
}

impl ReplayStore for Kept {
    fn claim(&self, claim: Claim) -> ClaimFuture<'_> {
        self.store.claim(claim)
    }

    fn raise_barrier(&self, barrier: Barrier) -> BarrierFuture<'_> {
        self.store.raise_barrier(barrier)
    }

    fn scope(&self) -> Option<apply_cookies_protocol::StoreScope> {
        self.store.scope()
    }

    fn listen(&self, listener: Weak<dyn ClaimListener>) {
        self.store.listen(listener);
    }

    fn horizon(&self) -> HorizonFuture<'_> {
        self.store.horizon()
    }
}

struct Maker;

impl StoreMaker for Maker {
    type Store = Kept;

    fn make(&self, clock: Clock) -> Kept {
        let folder = Folder::new();
        let store = FileReplayStore::open(folder.file(), clock).unwrap();
        Kept { store, folder }
    }

    fn make_small(&self, clock: Clock) -> Option<Kept> {
        let folder = Folder::new();
        let store = FileReplayStore::open_with_capacity(folder.file(), clock, 100).unwrap();
        Some(Kept { store, folder })
    }

    fn reopen(&self, kept: Kept, clock: Clock) -> Option<Kept> {
        let Kept { store, folder } = kept;
        drop(store);
        let store = FileReplayStore::open(folder.file(), clock).unwrap();
        Some(Kept { store, folder })
    }

    fn schedules(&self) -> u64 {
        match std::env::var("APPLY_COOKIES_FAULTS").as_deref() {
            Ok("full") => 1_000,
            _ => 20,
        }
    }
}

#[test]
fn it_keeps_every_rule_of_the_contract() {
    let begun = Instant::now();
    assert_eq!(conformance::check(&Maker).unwrap(), []);
    println!(
        "table: {} schedules with clock steps of -600 to +600 s and restarts, {} without steps | 0 doubles, in {:.0} s",
        Maker.schedules(),
        Maker.schedules(),
        begun.elapsed().as_secs_f64()
    );
}

fn refusal(folder: &Folder) -> FileStoreError {
    FileReplayStore::open(folder.file(), Clock::system()).unwrap_err()
}

#[test]
fn a_second_store_on_the_same_file_is_refused() {
    let folder = Folder::new();
    let first = FileReplayStore::open(folder.file(), Clock::system()).unwrap();
    let refused = refusal(&folder);
    assert!(matches!(refused, FileStoreError::Locked(_)), "{refused}");
    assert!(refused.to_string().contains("in use"));
    drop(first);
    FileReplayStore::open(folder.file(), Clock::system()).unwrap();
}

#[test]
fn of_many_that_start_at_once_one_makes_the_file() {
    for _ in 0..5 {
        let folder = Folder::new();
        let start = std::sync::Barrier::new(8);
        let opened: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(|| {
                        start.wait();
                        FileReplayStore::open(folder.file(), Clock::system())
                    })
                })
                .collect();
            threads.into_iter().map(|t| t.join().unwrap()).collect()
        });
        let (stores, refused): (Vec<_>, Vec<_>) = opened.into_iter().partition(Result::is_ok);
        assert_eq!(stores.len(), 1);
        for refused in refused {
            assert!(
                matches!(refused, Err(FileStoreError::Locked(_))),
                "{refused:?}"
            );
        }
        let left = std::fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(left, 1, "drafts are left");
    }
}

#[test]
fn what_is_no_store_is_refused_and_left_as_it_is() {
    let other = redb::TableDefinition::<u64, u64>::new("other");
    let redb_file = |change: &dyn Fn(&redb::Database)| {
        let folder = Folder::new();
        let database = redb::Database::create(folder.file()).unwrap();
        change(&database);
        drop(database);
        std::fs::read(folder.file()).unwrap()
    };
    let of_another_program = redb_file(&|database| {
        let transaction = database.begin_write().unwrap();
        transaction.open_table(other).unwrap().insert(1, 2).unwrap();
        transaction.commit().unwrap();
    });
    for file in [
        Vec::new(),
        b"redb".to_vec(),
        b"#!/bin/sh\nrm -rf /".repeat(1000),
        vec![0; 1 << 20],
        of_another_program.clone(),
    ] {
        let folder = Folder::new();
        std::fs::write(folder.file(), &file).unwrap();
        let refused = refusal(&folder);
        assert!(matches!(refused, FileStoreError::Foreign(_)), "{refused}");
        if file != of_another_program {
            assert!(
                std::fs::read(folder.file()).unwrap() == file,
                "it was changed"
            );
        }
    }
    // redb notes in its own header that it had the file; the content is still there.
    let folder = Folder::new();
    std::fs::write(folder.file(), &of_another_program).unwrap();
    refusal(&folder);
    let database = redb::Database::open(folder.file()).unwrap();
    let table = database.begin_read().unwrap().open_table(other).unwrap();
    assert_eq!(table.get(1).unwrap().unwrap().value(), 2);
}

#[test]
fn another_format_and_a_damaged_file_are_refused() {
    let folder = Folder::new();
    drop(FileReplayStore::open(folder.file(), Clock::system()).unwrap());
    let about = redb::TableDefinition::<&str, &[u8]>::new("apply-cookies");
    let set_format = |number: u32| {
        let database = redb::Database::open(folder.file()).unwrap();
        let transaction = database.begin_write().unwrap();
        let format = number.to_be_bytes();
        transaction
            .open_table(about)
            .unwrap()
            .insert("format", &format[..])
            .unwrap();
        transaction.commit().unwrap();
    };
    for other in [0, 1, 3, u32::MAX] {
        set_format(other);
        let refused = refusal(&folder);
        assert!(
            matches!(refused, FileStoreError::Format { found, .. } if found == other),
            "{refused}"
        );
    }
    set_format(2);
    drop(FileReplayStore::open(folder.file(), Clock::system()).unwrap());

    let whole = std::fs::read(folder.file()).unwrap();
    for length in [9, 100, 512, whole.len() / 2] {
        std::fs::write(folder.file(), &whole[..length]).unwrap();
        let refused = refusal(&folder);
        assert!(
            matches!(refused, FileStoreError::Failed { .. }),
            "{refused}"
        );
        assert!(std::fs::read(folder.file()).unwrap().len() <= whole.len());
    }
}

#[test]
fn a_file_that_rotted_is_refused_or_whole() {
    let folder = Folder::new();
    let (clock, hands) = clock();
    let store = FileReplayStore::open(folder.file(), clock.clone()).unwrap();
    let now = START + 10_000;
    hands.store(now, Ordering::SeqCst);
    let claims: Vec<_> = (0..300).map(|n| claim(n, now)).collect();
    for batch in claims.chunks(60) {
        let answers: Vec<_> = batch.iter().map(|claim| store.claim(*claim)).collect();
        for answer in answers {
            assert_eq!(wait(answer).unwrap(), FIRST);
        }
    }
    drop(store);
    let whole = std::fs::read(folder.file()).unwrap();
    let used: Vec<_> = (0..whole.len()).filter(|at| whole[*at] != 0).collect();
    let mut refused = 0;
    for at in used.iter().step_by(used.len() / 150) {
        let mut rotten = whole.clone();
        rotten[*at] ^= 0x10;
        std::fs::write(folder.file(), &rotten).unwrap();
        let Ok(store) = FileReplayStore::open(folder.file(), clock.clone()) else {
            refused += 1;
            continue;
        };
        for claim in &claims {
            let answer = wait(store.claim(*claim)).unwrap();
            assert_ne!(answer, FIRST, "byte {at}");
        }
    }
    assert!(refused > 10, "{refused}");
}

#[cfg(unix)]
#[test]
fn a_new_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;

    let folder = Folder::new();
    let _store = FileReplayStore::open(folder.file(), Clock::system()).unwrap();
    let mode = std::fs::metadata(folder.file())
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_file_that_is_replaced_is_another_memory() {
    let folder = Folder::new();
    let (clock, hands) = clock();
    let first = FileReplayStore::open(folder.file(), clock.clone()).unwrap();
    let (scope, horizon) = (first.scope(), wait(first.horizon()).unwrap());
    drop(first);
    hands.fetch_add(30_000, Ordering::SeqCst);
    let again = FileReplayStore::open(folder.file(), clock.clone()).unwrap();
    assert_eq!(again.scope(), scope);
    assert_eq!(wait(again.horizon()).unwrap(), horizon);
    drop(again);
    std::fs::remove_file(folder.file()).unwrap();
    let other = FileReplayStore::open(folder.file(), clock).unwrap();
    assert_ne!(other.scope(), scope);
    assert_eq!(wait(other.horizon()).unwrap(), at(START + 30_000));
}

#[test]
fn a_file_that_is_removed_or_replaced_while_it_is_in_use_stops_the_store() {
    for replaced in [false, true] {
        let folder = Folder::new();
        let (clock, _) = clock();
        let store = FileReplayStore::open(folder.file(), clock.clone()).unwrap();
        let first = wait(store.claim(claim(1, START + 10_000))).unwrap();
        assert_eq!(first, FIRST);
        std::fs::remove_file(folder.file()).unwrap();
        // Its lock is on the old file: without checking the path, both would grant one token.
        let other = replaced.then(|| FileReplayStore::open(folder.file(), clock).unwrap());
        let after = wait(store.claim(claim(2, START + 10_000)));
        assert!(matches!(after, Err(StoreError::Broken(_))), "{after:?}");
        // Said to everyone, a moment after it is said to those who waited.
        let deadline = Instant::now() + Duration::from_secs(10);
        while wait(store.horizon()).is_ok() {
            assert!(Instant::now() < deadline, "the store goes on");
        }
        drop(other);
    }
}

#[test]
fn a_folder_that_is_missing_is_named_as_what_is_missing() {
    let folder = Folder::new();
    let path = folder.file().with_file_name("none").join("store");
    let error = FileReplayStore::open(&path, clock().0).unwrap_err();
    assert!(
        error.to_string().contains("its folder does not exist"),
        "{error}"
    );
}

#[test]
fn a_panic_while_claims_are_written_stops_the_store_and_keeps_nobody_waiting() {
    struct Clumsy;
    impl ClaimListener for Clumsy {
        fn claimed(&self, _: Nonce, _: BarrierAnswer) {
            panic!("on purpose");
        }
    }

    let folder = Folder::new();
    let (clock, _) = clock();
    let store = FileReplayStore::open(folder.file(), clock.clone()).unwrap();
    let clumsy = Arc::new(Clumsy);
    let weak: Weak<Clumsy> = Arc::downgrade(&clumsy);
    store.listen(weak);
    let own = |number| {
        let mut claim = claim(number, START);
        claim.scope = store.scope();
        claim
    };
    for number in 0..2 {
        let answer = wait(store.claim(own(number)));
        assert!(matches!(answer, Err(StoreError::Broken(_))), "{answer:?}");
    }
    let claims = [own(0), own(1)];
    drop(store);
    // The first was written before the panic, and the second never.
    let store = FileReplayStore::open(folder.file(), clock).unwrap();
    let answers = claims.map(|claim| wait(store.claim(claim)).unwrap());
    assert_eq!(answers, [ClaimAnswer::AlreadyUsed, FIRST]);
}

#[test]
fn space_is_given_back_as_tokens_expire() {
    let folder = Folder::new();
    let (clock, hands) = clock();
    let store = FileReplayStore::open(folder.file(), clock.clone()).unwrap();
    let length = || std::fs::metadata(folder.file()).unwrap().len();
    let mut longest = Vec::new();
    for round in 1..=24 {
        // A round is as long as a token lives.
        let now = START + round * 70_000;
        hands.store(now, Ordering::SeqCst);
        let claims: Vec<_> = (0..10_000)
            .map(|n| store.claim(claim(round * 100_000 + n, now)))
            .collect();
        for answer in claims {
            assert_eq!(wait(answer).unwrap(), FIRST);
        }
        assert!(store.len() <= 20_000, "{}", store.len());
        longest.push(length());
    }
    // The timing of batches decides where pages become free, and the file grows by doubling, so it may
    // do that once more; without freeing space it would be four times as long.
    assert!(
        longest[23] < longest[5] * 3,
        "the file goes on growing: {longest:?}"
    );
    // With nobody claiming, what is left is forgotten too.
    hands.fetch_add(80_000, Ordering::SeqCst);
    let until = Instant::now() + Duration::from_secs(20);
    while !store.is_empty() && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(store.len(), 0);
    // One floor for what was forgotten, however the clock is set after a restart.
    drop(store);
    hands.store(START + 24 * 70_000, Ordering::SeqCst);
    let store = FileReplayStore::open(folder.file(), clock).unwrap();
    let again = claim(24 * 100_000, START + 24 * 70_000);
    assert_eq!(
        wait(store.claim(again)).unwrap(),
        ClaimAnswer::BeforeHorizon
    );
}

/// Waits on this thread.
fn wait<T: Unpin + Send>(answer: StoreFuture<'_, T>) -> Result<T, StoreError> {
    Maker.wait(answer)
}
