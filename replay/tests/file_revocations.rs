//! Revocations in a file: the contract, and what a restart, a kill and another process must not undo.

#[path = "support/folder.rs"]
mod folder;

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::Weak;

use apply_cookies_protocol::{StoreScope, UnixMillis};
use apply_cookies_replay::conformance::revocations::{self, StoreMaker};
use apply_cookies_replay::{
    Clock, FileReplayStore, FileRevocations, FileStoreError, HorizonFuture, MomentFuture,
    Revocation, RevocationDigest, RevocationListener, Revocations, SessionCheck, SessionLength,
    Standing, StandingFuture, StandingsFuture, StoreError, StoreFuture, Subject,
};
use folder::Folder;

/// A store in its own folder.
struct Kept {
    store: FileRevocations,
    folder: Folder,
}

impl Revocations for Kept {
    fn now(&self) -> MomentFuture<'_> {
        self.store.now()
    }

    fn revoke(&self, revocation: Revocation) -> MomentFuture<'_> {
        self.store.revoke(revocation)
    }

    fn check(&self, session: SessionCheck) -> StandingFuture<'_> {
        self.store.check(session)
    }

    fn check_all(&self, sessions: &[SessionCheck]) -> StandingsFuture<'_> {
        self.store.check_all(sessions)
    }

    fn scope(&self) -> Option<StoreScope> {
        self.store.scope()
    }

    fn listen(&self, listener: Weak<dyn RevocationListener>) {
        self.store.listen(listener);
    }

    fn horizon(&self) -> HorizonFuture<'_> {
        self.store.horizon()
    }
}

struct Maker;

impl Maker {
    fn open(folder: Folder, clock: Clock, entries: usize) -> Kept {
        let store = FileRevocations::open_with_capacity(folder.file(), clock, entries).unwrap();
        Kept { store, folder }
    }
}

impl StoreMaker for Maker {
    type Store = Kept;

    fn make(&self, clock: Clock) -> Kept {
        Self::open(Folder::new(), clock, 20_000)
    }

    fn make_small(&self, clock: Clock) -> Option<Kept> {
        Some(Self::open(Folder::new(), clock, 100))
    }

    fn reopen(&self, kept: Kept, clock: Clock) -> Option<Kept> {
        let Kept { store, folder } = kept;
        drop(store);
        Some(Self::open(folder, clock, 20_000))
    }

    fn schedules(&self) -> u64 {
        match std::env::var("APPLY_COOKIES_FAULTS").as_deref() {
            Ok("full") => 300,
            _ => 10,
        }
    }

    fn races(&self) -> u64 {
        match std::env::var("APPLY_COOKIES_FAULTS").as_deref() {
            Ok("full") => 10_000,
            _ => 500,
        }
    }
}

#[test]
fn it_keeps_every_rule_of_the_contract() {
    assert_eq!(revocations::check(&Maker).unwrap(), []);
}

fn wait<T: Unpin + Send>(answer: StoreFuture<'_, T>) -> Result<T, StoreError> {
    Maker.wait(answer)
}

fn subject(n: u64) -> Subject {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&n.to_be_bytes());
    Subject::Timed(RevocationDigest::from_bytes(bytes))
}

fn revocation(n: u64) -> Revocation {
    Revocation::new(subject(n), SessionLength::from_millis(43_200_000).unwrap())
}

fn standing(store: &FileRevocations, n: u64, since: UnixMillis) -> Result<Standing, StoreError> {
    let mut session = SessionCheck::new(since, subject(n));
    session.scope = store.scope();
    wait(store.check(session))
}

#[test]
fn opened_again_and_again_it_stays_a_second_ahead_of_the_clock_at_most() {
    let folder = Folder::new();
    let at = |millis: u64| UnixMillis::new(1_800_000_000_000 + millis).unwrap();
    for opening in 0..100 {
        let store = FileRevocations::open(folder.file(), Clock::from_fn(move || at(opening)));
        let moment = wait(store.unwrap().now()).unwrap();
        assert!(
            moment <= at(opening + 1_100),
            "opening {opening}: {moment:?}"
        );
    }
}

#[test]
fn a_file_of_another_kind_or_in_use_is_refused() {
    let folder = Folder::new();
    let first = FileRevocations::open(folder.file(), Clock::system()).unwrap();
    let second = FileRevocations::open(folder.file(), Clock::system());
    assert!(
        matches!(second, Err(FileStoreError::Locked(_))),
        "{second:?}"
    );
    drop(first);
    let claims = FileReplayStore::open(folder.file(), Clock::system());
    assert!(
        matches!(claims, Err(FileStoreError::Foreign(_))),
        "{claims:?}"
    );
    let other = Folder::new();
    drop(FileReplayStore::open(other.file(), Clock::system()).unwrap());
    let refused = FileRevocations::open(other.file(), Clock::system());
    assert!(
        matches!(refused, Err(FileStoreError::Foreign(_))),
        "{refused:?}"
    );
    FileRevocations::open(folder.file(), Clock::system()).unwrap();
}

#[test]
fn once_its_file_is_gone_nobody_passes() {
    let folder = Folder::new();
    let store = FileRevocations::open(folder.file(), Clock::system()).unwrap();
    let since = wait(store.now()).unwrap();
    assert!(matches!(standing(&store, 1, since), Ok(Standing::Valid)));
    std::fs::remove_file(folder.file()).unwrap();
    let revoked = wait(store.revoke(revocation(1)));
    assert!(matches!(revoked, Err(StoreError::Broken(_))), "{revoked:?}");
    // Said to everyone, a moment after it is said to those who waited.
    let mut left = 5_000;
    while standing(&store, 2, since).is_ok() {
        left -= 1;
        assert!(left > 0, "the store goes on");
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    let checked = wait(store.check_all(&[SessionCheck::new(since, subject(1))]));
    assert!(matches!(checked, Err(StoreError::Broken(_))), "{checked:?}");
}

/// Also the program that the next test kills: it revokes one after the other, without an end, and
/// says so after each answer.
#[test]
fn each_revocation_is_later_than_the_session_that_it_ends() {
    let own = Folder::new();
    let path = std::env::var_os("REVOKE_IN").map_or_else(|| own.file(), Into::into);
    let first = std::env::var("REVOKE_FROM").ok();
    let first = first.map(|first| first.parse::<u64>().unwrap());
    let store = FileRevocations::open(path, Clock::system()).unwrap();
    for n in first.unwrap_or(0).. {
        let since = wait(store.now()).unwrap();
        let at = wait(store.revoke(revocation(n))).unwrap();
        assert!(at >= since);
        println!("revoked {n} {}", since.get());
        if first.is_none() && n == 20 {
            break;
        }
    }
}

#[test]
fn what_was_answered_before_a_kill_is_revoked() {
    let folder = Folder::new();
    let mut answered = Vec::new();
    for _ in 0..5 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "each_revocation_is_later_than_the_session_that_it_ends",
                "--nocapture",
            ])
            .env("REVOKE_IN", folder.file())
            .env("REVOKE_FROM", answered.len().to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let until = answered.len() + 40;
        while answered.len() < until {
            let line = lines.next().unwrap().unwrap();
            // The harness's own words may be in front.
            let Some((_, said)) = line.split_once("revoked ") else {
                continue;
            };
            let (n, since) = said.split_once(' ').unwrap();
            assert_eq!(n.parse(), Ok(answered.len()));
            answered.push(UnixMillis::new(since.parse().unwrap()).unwrap());
        }
        child.kill().unwrap();
        // What it said before it died.
        for said in lines.map_while(Result::ok) {
            if let Some((_, since)) = said
                .strip_prefix("revoked ")
                .and_then(|s| s.split_once(' '))
            {
                answered.push(UnixMillis::new(since.parse().unwrap()).unwrap());
            }
        }
        child.wait().unwrap();
        let store = FileRevocations::open(folder.file(), Clock::system()).unwrap();
        let latest = *answered.last().unwrap();
        for (n, since) in (0..).zip(&answered) {
            let standing = standing(&store, n, *since).unwrap();
            assert_eq!(standing, Standing::Revoked, "{n} of {}", answered.len());
        }
        let begun = wait(store.now()).unwrap();
        assert!(begun > latest, "the time goes back");
        let fresh = standing(&store, 0, begun).unwrap();
        assert_eq!(fresh, Standing::Valid, "who signs in again");
    }
    println!(
        "table: revocations in a file, killed 5 times | {} answered, 0 pass",
        answered.len()
    );
}
