//! What the store in a file keeps within bounds: floods of sign-outs, and numbers that somebody else
//! wrote.

#[path = "support/folder.rs"]
mod folder;
#[path = "support/tokens.rs"]
mod tokens;

use std::sync::atomic::Ordering;

use apply_cookies_protocol::{BindingCookie, BindingDigest, Lifetime};
use apply_cookies_replay::{
    Barrier, BarrierAnswer, Claim, ClaimAnswer, FileReplayStore, ReplayStore, StoreError,
    StoreFuture,
};
use folder::Folder;
use redb::ReadableTable;
use tokens::{FIRST, START, at, claim, clock};

fn wait<T: Unpin + Send>(answer: StoreFuture<'_, T>) -> Result<T, StoreError> {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(answer)
}

/// A browser that somebody has made up.
fn stranger(number: u64) -> BindingDigest {
    let mut cookie = [0; 32];
    cookie[..8].copy_from_slice(&number.to_be_bytes());
    BindingCookie::from_random(cookie).digest()
}

#[test]
fn a_flood_of_sign_outs_passes_as_the_tokens_do_that_it_could_refuse_across_a_restart_too() {
    for life in [1, 10_000, 60_000, 3_600_000, 86_400_000] {
        let max_lifetime = Lifetime::from_millis(life).unwrap();
        let folder = Folder::new();
        let (clock, hands) = clock();
        let open = || FileReplayStore::open_with_capacity(folder.file(), clock.clone(), 200);
        let flood = |store: &FileReplayStore, first: u64| {
            let now = at(hands.load(Ordering::SeqCst));
            let answers: Vec<_> = (first..first + 150)
                .map(|n| store.raise_barrier(Barrier::new(stranger(n), now, max_lifetime)))
                .collect();
            let answers = answers.into_iter().map(|answer| wait(answer).unwrap());
            answers
                .filter(|answer| *answer == BarrierAnswer::Raised)
                .count()
        };
        let mut store = open().unwrap();
        for _ in 0..2 {
            assert_eq!(flood(&store, 0), 100, "half of the room, for {life} ms");
            let sign_in = claim(hands.fetch_add(1, Ordering::SeqCst), START + 10_000);
            assert_eq!(wait(store.claim(sign_in)).unwrap(), FIRST);
            drop(store);
            store = open().unwrap();
        }
        hands.fetch_add(2 * life.max(10_000) + 8_000, Ordering::SeqCst);
        assert_eq!(
            flood(&store, 1_000),
            100,
            "the first has passed, for {life} ms"
        );
    }
}

/// Numbers that only somebody who writes to the file can put there.
#[test]
fn numbers_of_a_tampered_file_end_in_a_refusal_and_never_in_a_panic() {
    let about = redb::TableDefinition::<&str, &[u8]>::new("apply-cookies");
    let rows = ["claims", "barriers"].map(redb::TableDefinition::<(u64, u64), &[u8]>::new);
    let floor = |numbers: &[u64]| {
        numbers
            .iter()
            .flat_map(|n| n.to_be_bytes())
            .collect::<Vec<_>>()
    };
    let files: [&dyn Fn(&redb::WriteTransaction); 12] = [
        &|to| put(to, about, "floor", &floor(&[u64::MAX, 0])),
        &|to| put(to, about, "floor", &floor(&[0, u64::MAX])),
        &|to| put(to, about, "floor", &floor(&[u64::MAX, u64::MAX])),
        &|to| put(to, about, "floor", &floor(&[0, u64::MAX, 0])),
        &|to| put(to, about, "floor", &floor(&[0, 0, u64::MAX])),
        &|to| put(to, about, "floor", &floor(&[u64::MAX; 4])),
        &|to| put(to, about, "floor", &[0xFF; 20]),
        &|to| put(to, about, "horizon", &u64::MAX.to_be_bytes()),
        &|to| put(to, about, "horizon", &253_402_300_799_999_u64.to_be_bytes()),
        &|to| put(to, rows[0], (u64::MAX, u64::MAX), &[7; 17]),
        &|to| put(to, rows[1], (u64::MAX, u64::MAX), &[0; 40]),
        &|to| put(to, rows[1], (0, u64::MAX), &[0xFF; 40]),
    ];
    for (n, tamper) in files.into_iter().enumerate() {
        let folder = Folder::new();
        let (clock, hands) = clock();
        drop(FileReplayStore::open(folder.file(), clock.clone()).unwrap());
        let database = redb::Database::open(folder.file()).unwrap();
        let transaction = database.begin_write().unwrap();
        tamper(&transaction);
        transaction.commit().unwrap();
        drop(database);
        hands.fetch_add(20_000, Ordering::SeqCst);
        // Refused, or a store that answers and says that it is behind.
        let Ok(store) = FileReplayStore::open(folder.file(), clock) else {
            continue;
        };
        let barrier = Barrier::new(stranger(1), at(START + 20_000), Lifetime::default());
        let raised = wait(store.raise_barrier(barrier));
        for number in 0..3 {
            let mut claim = claim(number, START + 20_000);
            claim.binding = Some(stranger(2));
            match wait(store.claim(claim)) {
                Ok(ClaimAnswer::BeforeHorizon) => {
                    let since = wait(store.horizon()).unwrap();
                    assert!(since > at(START + 20_000), "file {n} says that it is ready");
                }
                Ok(FIRST) | Err(StoreError::Broken(_)) => {}
                other => panic!("file {n}: {other:?}"),
            }
        }
        let is_sound = matches!(
            raised,
            Ok(BarrierAnswer::Raised) | Err(StoreError::Broken(_))
        );
        assert!(is_sound, "file {n}: {raised:?}");
    }
}

#[test]
fn a_file_without_the_time_of_forgotten_barriers_refuses_all_that_they_may_have_refused() {
    let about = redb::TableDefinition::<&str, &[u8]>::new("apply-cookies");
    for life in [1, 1_000, 60_000, 600_000, 3_600_000] {
        let folder = Folder::new();
        let (clock, hands) = clock();
        let store = FileReplayStore::open(folder.file(), clock.clone()).unwrap();
        let out = START + 10_000;
        let lifetime = Lifetime::from_millis(life).unwrap();
        wait(store.raise_barrier(Barrier::new(stranger(1), at(out), lifetime))).unwrap();
        let later = out + 2 * life.max(10_000) + 8_000;
        hands.store(later, Ordering::SeqCst);
        wait(store.raise_barrier(Barrier::new(stranger(2), at(later), lifetime))).unwrap();
        assert_eq!(store.len(), 1, "the first is forgotten, after {life} ms");
        drop(store);
        // As they were written before.
        let database = redb::Database::open(folder.file()).unwrap();
        let transaction = database.begin_write().unwrap();
        let table = transaction.open_table(about).unwrap();
        let floor = table.get("floor").unwrap().unwrap().value().to_vec();
        drop(table);
        put(&transaction, about, "floor", &floor[..16]);
        transaction.commit().unwrap();
        drop(database);

        let store = FileReplayStore::open(folder.file(), clock).unwrap();
        let longer_lived = |number, issued_at| {
            let day = Lifetime::from_millis(86_400_000).unwrap();
            let nonce = claim(number, issued_at).nonce;
            let mut claim = Claim::new(
                nonce,
                at(issued_at),
                at(issued_at + 80_000_000),
                day,
                at(issued_at),
            );
            claim.binding = Some(stranger(1));
            claim
        };
        for (number, issued_at) in (0..).zip([out - 1, out]) {
            let answer = wait(store.claim(longer_lived(number, issued_at))).unwrap();
            assert_eq!(answer, ClaimAnswer::BeforeHorizon, "{life} ms");
        }
        let answer = wait(store.claim(longer_lived(9, later))).unwrap();
        assert_eq!(answer, FIRST, "what is issued now, {life} ms");
    }
}

fn put<K: redb::Key + 'static>(
    to: &redb::WriteTransaction,
    table: redb::TableDefinition<'_, K, &'static [u8]>,
    key: K::SelfType<'_>,
    value: &[u8],
) {
    to.open_table(table).unwrap().insert(key, value).unwrap();
}
